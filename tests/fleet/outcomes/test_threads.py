"""The outcomes of steps on stock workers with pools of threads: with results in Redis, with rpc, and with events alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.shared import SharedStock
from tests.fleet.watch.apart import Apart

from .rows import Place, Row, common

SOURCES = [
    "redis",
    pytest.param("redis-events", marks=pytest.mark.soak),
    "rabbitmq-rpc",
    pytest.param("rabbitmq-events", marks=pytest.mark.soak),
]


@pytest.fixture(params=SOURCES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    broker, _, source = request.param.partition("-")
    if source != "events":
        stock: SharedStock = request.getfixturevalue(f"stock_{broker}")
        yield Place(stock.broker, stock.backend, stock.queue)
    else:
        apart = Apart(request.getfixturevalue(f"{broker}_url"), tmp_path)
        with apart.worker(concurrency=8):
            yield Place(apart.broker, None, apart.name, apart.settings)


def test_every_outcome(place: Place) -> None:
    revoked = f"revoked-{uuid.uuid4()}"
    place.revoke(revoked)
    rows = {
        **common(),
        # the worker says for ever that it runs
        "system_exit": Row("system_exit", (), "FAILURE", "TimeoutError", {"timeout": 3.0}),
        "hard_limit": Row("sleep", (1.0, "kept"), "SUCCESS", "kept", {"time_limit": 0.2}),
        "soft_limit": Row("sleep", (1.0, "kept"), "SUCCESS", "kept", {"soft_time_limit": 0.2}),
        "revoked": Row("echo", (), "REVOKED", "revoked", {"task_id": revoked}),
        "too_long": Row("sleep", (6.0,), "FAILURE", "TimeoutError", {"timeout": 3.0}),
        "no_worker": Row("echo", (), "LOST", "nothing was heard", {"timeout": 2.0, "queue": f"nobody-{uuid.uuid4()}"}),
    }
    place.check(rows)
