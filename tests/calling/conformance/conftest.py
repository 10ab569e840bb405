"""One worker for each combination of a broker, a result store and a pool; all tests of the folder run over it."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # a pool of processes imports the application by its name

import conformance_tasks as tasks  # type: ignore[import-not-found]

from flowc.runtime.worker.service import WorkerService

BROKERS = ("memory", "sqlite", "redis", "rabbitmq")
STORES = ("memory", "sqlite", "redis", "rpc")
POOLS = ("threads", "processes", "solo")

#: What every run of the tests goes through; the other combinations are for `make soak`.
ALWAYS = {
    ("memory", "memory", "threads"), ("sqlite", "sqlite", "threads"), ("redis", "redis", "threads"), ("rabbitmq", "rpc", "threads"),
    ("memory", "memory", "processes"), ("rabbitmq", "redis", "processes"), ("redis", "rpc", "solo"), ("sqlite", "memory", "solo"),
}  # fmt: skip


def _combinations() -> list[Any]:
    every = [(broker, store, pool) for broker in BROKERS for store in STORES for pool in POOLS]
    return [pytest.param(one, id="-".join(one), marks=() if one in ALWAYS else pytest.mark.soak) for one in every]


class Combination(NamedTuple):
    """What serves the tests."""

    broker: str
    store: str
    pool: str
    tasks: Any
    worker: WorkerService
    queue: str


@pytest.fixture(scope="module", params=_combinations())
def combination(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Combination]:
    """A running worker."""
    broker, store, pool = request.param
    folder = tmp_path_factory.mktemp("conformance")
    urls = {"memory": "memory://", "sqlite": f"sqlite:///{folder}/broker.db"}
    results = {"memory": "cache+memory://", "sqlite": f"sqlite:///{folder}/results.db", "rpc": "rpc://"}
    app = tasks.app
    app.close()
    queue = f"conformance-{uuid.uuid4().hex[:12]}"
    app.conf.update(
        broker_url=urls.get(broker) or request.getfixturevalue(f"{broker}_url"),
        result_backend=results.get(store) or request.getfixturevalue("redis_url"),
        task_default_queue=queue,
        result_extended=True,
        task_publish_retry_policy={"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
    )
    with app.embedded_worker(pool=pool, concurrency=1 if pool == "solo" else 2) as worker:
        yield Combination(broker, store, pool, tasks, worker, queue)
    app.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A file for tasks to write to."""
    return tmp_path / "notes"
