"""The same flows, submitted and driven, on stock workers of each version of Celery, over each broker, in each pool."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Literal

import pytest

import flowc

from ..shared import SharedStock
from ..stock import StockWorker
from ..versions import VERSIONS
from . import table
from .playing import FINE, REFUSED, Calls, driven, submitted
from .programs import PROGRAMS, Program

#: For both ends, so that queues on RabbitMQ have priorities.
PRIORITIES = {"task_queue_max_priority": 10}

Pool = Literal["prefork", "threads", "solo"]


def played(programs: list[Program], app: flowc.App, calls: Calls, *, rpc: bool) -> dict[str, dict[str, str]]:
    """How each program went, submitted where messages can carry it, and driven."""
    carried = [program for program in programs if program.carried and not (rpc and program.untold)]
    return {
        "submitted": {program.name: submitted(program, app, calls, counts=not rpc) for program in carried},
        "driven": {program.name: driven(program, app, calls) for program in programs},
    }


def application(broker: str, backend: str, queue: str) -> flowc.App:
    """An application that has no tasks itself."""
    settings = {"task_default_queue": queue, **PRIORITIES}
    return flowc.App("proj", broker=broker, backend=backend, settings=settings, set_as_current=False)


def failures(found: dict[str, dict[str, str]]) -> list[str]:
    """What did not go as it should."""
    return [f"{way} {name}: {went}" for way, of in found.items() for name, went in of.items() if went not in (FINE, REFUSED)]


def test_flows_on_a_stock_worker(stock_redis: SharedStock) -> None:
    programs = [program for program in PROGRAMS if "threads" in program.pools and not program.slow]
    with application(stock_redis.broker, stock_redis.backend, stock_redis.queue) as app:
        found = played(programs, app, stock_redis.calls, rpc=False)
    assert failures(found) == []
    assert len(found["submitted"]) > 25


@pytest.mark.soak
@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
@pytest.mark.parametrize("version", VERSIONS)
def test_matrix(version: str, broker: str, pool: Pool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    rpc = broker == "rabbitmq"
    url = str(request.getfixturevalue("rabbitmq_url" if rpc else "redis_database"))
    backend, queue = "rpc://" if rpc else url, f"matrix-{uuid.uuid4().hex}"
    worker = StockWorker(
        url, backend, folder=tmp_path / "w", version=version, pool=pool, concurrency=2, queues=(queue,), settings=PRIORITIES
    )
    with worker, application(url, backend, queue) as app:
        programs = [program for program in PROGRAMS if pool in program.pools]
        found = played(programs, app, worker.calls, rpc=rpc)
        ran = worker.running
    table.keep(f"{version} {broker} {pool}", found)
    assert failures(found) == []
    assert ran
