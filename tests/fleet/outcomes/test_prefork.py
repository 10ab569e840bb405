"""The outcomes of steps on stock workers with child processes, which can be killed, and limited in time."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fleet.stock import StockWorker
from tests.fleet.watch.listening import QUICK

from .rows import Place, Row, common, key


@pytest.fixture(scope="module", params=["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
def worker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockWorker]:
    """One for all tests of a broker: what ends in it are its children."""
    url = request.getfixturevalue(f"{request.param}_url")
    queue = f"prefork-{uuid.uuid4().hex[:8]}"
    with StockWorker(
        url, url if request.param == "redis" else "rpc://", folder=tmp_path_factory.mktemp("prefork"), pool="prefork", concurrency=4,
        queues=(queue,), application="tests.fleet.outcomes.tasks",
    ) as started:  # fmt: skip
        yield started


@pytest.fixture(params=["backend", pytest.param("events", marks=pytest.mark.soak)])
def place(request: pytest.FixtureRequest, worker: StockWorker) -> Place:
    return Place(worker.broker, worker.backend if request.param == "backend" else None, worker.queue)


def test_every_outcome(place: Place, worker: StockWorker) -> None:
    revoked = f"revoked-{uuid.uuid4()}"
    place.revoke(revoked)
    counts = worker.backend != "rpc://"
    rows = {
        **common(),
        "unpicklable": Row("unpicklable", (), "FAILURE", "Unpicklable|Pickl|lambda"),
        "replaced_by_group": Row("replaced_by_group", (1,), *(("SUCCESS", r"^\[2, 3\]$") if counts else ("FAILURE", None))),
        "system_exit": Row("system_exit", (), "FAILURE"),
        "interrupt": Row("interrupt", (), "FAILURE"),
        "exit": Row("exit", (), "FAILURE", "WorkerLostError"),
        "kill": Row("kill", (), "FAILURE", "WorkerLostError"),
        "die_once": Row("die_once", (key(), "ok"), "SUCCESS", "^'ok'$"),
        "die_late": Row("die_late", (key(),), "FAILURE", "WorkerLostError"),
        "hard_limit": Row("sleep", (60.0,), "FAILURE", "TimeLimitExceeded", {"time_limit": 0.5}),
        "soft_limit": Row("sleep", (60.0,), "FAILURE", "SoftTimeLimitExceeded", {"soft_time_limit": 0.5}),
        "revoked": Row("echo", (), "REVOKED", "revoked", {"task_id": revoked}),
        "too_long": Row("sleep", (9.0,), "FAILURE", "TimeoutError", {"timeout": 4.0}),
    }
    place.check(rows, replace(QUICK, untold_after=5.0))  # a group that replaces a step may wait for its turn


@pytest.mark.soak
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
def test_a_step_that_is_terminated(place: Place, worker: StockWorker, signal: str) -> None:
    task_id, began = f"terminated-{uuid.uuid4()}", key()

    def terminate() -> None:
        while not worker.calls(began):
            threading.Event().wait(0.05)
        with place.app() as app:
            app.control.terminate(task_id, signal)

    thread = threading.Thread(target=terminate, daemon=True)
    thread.start()
    place.check({"a": Row("sleep", (60.0, None, began), "REVOKED", "terminated", {"task_id": task_id})})
    thread.join()


@pytest.mark.soak
def test_a_worker_without_memory_ends(tmp_path: Path, redis_database: str) -> None:
    """Its parent process goes with it, after its errback was sent."""
    with StockWorker(
        redis_database, redis_database, folder=tmp_path / "w", pool="prefork", concurrency=1, application="tests.fleet.outcomes.tasks"
    ):
        Place(redis_database, redis_database, "celery").check({"a": Row("memory", (), "FAILURE", "MemoryError")})
