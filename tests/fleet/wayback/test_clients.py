"""Stock Celery clients call our worker: every kind of call, failure and canvas, with results as from a stock worker."""

from __future__ import annotations

import uuid
from pathlib import Path

import celery
import pytest

import flowc

from .monitors import wait_for
from .ours import OurWorker, run_client

#: What a client sees, whatever lies between.
EXPECTED = {
    "calls": [5, [1, 2]],
    "failures": [["ValueError", True, ["no such thing"]], "FAILURE", True],
    "own_exception": ["OutOfStock", True, ["nails", 7]],
    "unknown_task": ["NotRegistered", True],
    "many": [2 * n for n in range(50)],
    "on_message": [3, True, "SUCCESS"],
    "ignored": [["ran"], "PENDING"],
    "retries": ["done", [0, 1, 2]],
    "countdown": [2, True],
    "expires": ["TaskRevokedError", True],
    "revoked_before_it_began": [["TaskRevokedError", True], []],
    "terminated": [["TaskRevokedError", True], ["began"]],
    "links": [4, [4], True],
    "chains": [10, 6, 3],
    "chain_failing": [["ValueError", True, [3]], []],
    "groups": [2 * n for n in range(10)],
    "chain_to_group": [3, 4],
    "unknown_options": [10, 11],
    "chords": [90, 9, "ChordError", 30],
}

SLOW = pytest.mark.soak


@pytest.mark.parametrize(
    ("broker", "backend", "pool", "version"),
    [
        ("redis", "redis", "processes", None),
        ("rabbitmq", "rpc", "threads", None),
        pytest.param("redis", "rpc", "threads", None, marks=SLOW),
        pytest.param("rabbitmq", "redis", "processes", None, marks=SLOW),
        *(
            pytest.param(broker, backend, "threads", version, marks=SLOW)
            for version in ("5.5", "5.6", "5.7")
            for broker, backend in (("redis", "redis"), ("rabbitmq", "rpc"), ("rabbitmq", "redis"))
        ),
    ],
)
def test_everything_that_a_client_can_do(
    broker: str, backend: str, pool: str, version: str | None, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("redis_database" if broker == "redis" else f"{broker}_url")
    store = "rpc://" if backend == "rpc" else request.getfixturevalue("redis_database")
    name = uuid.uuid4().hex[:8]
    options = ["-P", pool, "-c", "4", "-E"]
    with OurWorker(url, store, queue=f"wayback-{name}", hostname=f"ours-{name}@here", folder=tmp_path / "w", options=options) as worker:
        more = {"CLIENT_PROCESSES": "1"} if pool == "processes" else {}
        seen = run_client(worker, "tests.fleet.wayback.client", version, **more, **({} if backend == "rpc" else {"CLIENT_CHORDS": "1"}))
        assert seen == EXPECTED, worker.log()


@pytest.mark.parametrize(("broker", "urgent", "patient"), [("redis", 0, 9), ("rabbitmq", 9, 0)])
def test_priorities(broker: str, urgent: int, patient: int, request: pytest.FixtureRequest) -> None:
    """Of many calls that wait, the urgent ones run first, though they came last."""
    url = request.getfixturevalue("redis_database" if broker == "redis" else f"{broker}_url")
    queue, settings = f"urgent-{uuid.uuid4().hex[:8]}", {"task_queue_max_priority": 9}
    client = celery.Celery("client", broker=url, set_as_current=False)
    client.conf.update(task_default_queue=queue, **settings)
    for priority in (patient, urgent, patient, urgent):
        for _ in range(5):
            client.send_task("note", (priority,), priority=priority, ignore_result=True)
    client.close()
    seen: list[int] = []
    app = flowc.App("ours", broker=url, settings={**settings, "task_default_queue": queue}, set_as_current=False)
    app.task(name="note")(seen.append)
    with app, app.embedded_worker(concurrency=1):
        wait_for(lambda: len(seen) == 20)
    assert seen == [urgent] * 10 + [patient] * 10
