"""What becomes of messages: acknowledged early or late, dropped, given back, and never run twice for a lost connection."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from flowc import App
from flowc.exceptions import Reject
from flowc.runtime.errors import ConnectionLost
from flowc.runtime.results.interface import Stored

from .scripted import Scripted, wait_for, worker_of


class Gate:
    """A task waits in it until the test opens it."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.open = threading.Event()

    def enter(self) -> None:
        self.inside.release()
        assert self.open.wait(60)


@pytest.fixture
def broker() -> Scripted:
    return Scripted()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture
def app(gate: Gate) -> App:
    made = App("messages", broker="memory://", backend=f"cache+memory://{uuid.uuid4().hex}/", set_as_current=False)
    runs: list[Any] = []
    made.runs = runs  # type: ignore[attr-defined]

    @made.task(name="early")
    def early(key: Any = None) -> Any:
        runs.append(key)
        return key

    made.task(name="late", acks_late=True)(early.function)

    @made.task(name="waits_early")
    def waits(key: Any = None) -> Any:
        runs.append(key)
        gate.enter()
        return key

    made.task(name="waits_late", acks_late=True)(waits.function)

    @made.task(name="fails", acks_late=True)
    def fails() -> None:
        raise ValueError("no")

    made.task(name="fails_unacked", acks_late=True, acks_on_failure_or_timeout=False)(fails.function)

    @made.task(name="rejects", acks_late=True)
    def rejects(requeue: bool) -> None:
        raise Reject("not mine", requeue=requeue)

    return made


def state(app: App, id_: str) -> str:
    return str(app.AsyncResult(id_).state)


def test_early_means_when_it_begins(app: App, broker: Scripted, gate: Gate) -> None:
    broker.put("waits_early", id="a")
    with worker_of(app, broker):
        assert gate.inside.acquire(timeout=60)
        wait_for(lambda: broker.acked == ["a"])
        gate.open.set()


def test_late_means_when_its_result_is_kept(app: App, broker: Scripted, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = threading.Event()
    store = app.backend.store

    def held_up(states: Any) -> Any:
        assert kept.wait(60)
        return store(states)

    monkeypatch.setattr(app.backend, "store", held_up)
    broker.put("waits_late", id="a")
    with worker_of(app, broker) as worker:
        assert gate.inside.acquire(timeout=60)
        gate.open.set()
        wait_for(lambda: worker._keeper.backlog == 1)
        assert broker.acked == []
        kept.set()
        wait_for(lambda: broker.acked == ["a"])
        assert state(app, "a") == "SUCCESS"


def test_a_store_that_fails_is_asked_again(app: App, broker: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.runtime.worker.keeper.FIRST", 0.01)
    store, tries = app.backend.store, []

    def away(states: list[Stored]) -> Any:
        tries.append(len(states))
        if len(tries) < 4:
            raise OSError("the store is away")
        return store(states)

    monkeypatch.setattr(app.backend, "store", away)
    broker.put("late", 5, id="a")
    with worker_of(app, broker):
        wait_for(lambda: broker.acked == ["a"])
    assert (len(tries), app.AsyncResult("a").result) == (4, 5)


def test_how_a_late_task_ends_decides(app: App, broker: Scripted) -> None:
    for name in ("late", "fails", "fails_unacked"):
        broker.put(name, id=name)
    broker.put("rejects", True, id="again")
    broker.put("rejects", False, id="never")
    broker.put("nonsense", id="unknown")
    with worker_of(app, broker) as worker:
        wait_for(lambda: sum(worker.counts.values()) == 6)
    assert (broker.acked, broker.returned, broker.dropped) == (["late", "fails"], ["again"], ["fails_unacked", "never", "unknown"])
    assert [state(app, id_) for id_ in ("again", "never", "unknown")] == ["PENDING", "FAILURE", "FAILURE"]


def test_what_runs_when_the_connection_is_lost_does_not_run_again(app: App, broker: Scripted, gate: Gate) -> None:
    broker.put("waits_late", 1, id="late")
    broker.put("waits_early", 2, id="early")
    broker.put("late", 3, id="not begun")
    with worker_of(app, broker, concurrency=2) as worker:
        assert gate.inside.acquire(timeout=60)
        assert gate.inside.acquire(timeout=60)
        broker.cut()
        wait_for(lambda: worker.counts["DUPLICATE"] == 1)
        gate.open.set()
        wait_for(lambda: sorted(broker.acked) == ["early", "late", "not begun"])
    assert sorted(app.runs) == [1, 2, 3]  # type: ignore[attr-defined]


def test_what_ends_without_a_connection_does_not_run_again(app: App, broker: Scripted, gate: Gate) -> None:
    broker.put("waits_late", 1, id="a")
    with worker_of(app, broker) as worker:
        assert gate.inside.acquire(timeout=60)
        broker.refusals = 3
        broker.cut()
        wait_for(lambda: broker.tries > 1)
        gate.open.set()
        wait_for(lambda: broker.acked == ["a"])
        assert worker.counts["DUPLICATE"] == 1
    assert app.runs == [1]  # type: ignore[attr-defined]


def test_what_had_ended_before_does_not_run_again(app: App, broker: Scripted) -> None:
    broker.put("late", 1, id="a")
    with worker_of(app, broker):
        wait_for(lambda: broker.acked == ["a"])
    again = Scripted()
    again.put("late", 2, id="a", redelivered=True)
    again.put("late", 3, id="b", redelivered=True)
    with worker_of(app, again) as worker:
        wait_for(lambda: again.acked == ["a", "b"])
        assert (worker.counts["DUPLICATE"], worker.counts["REDELIVERED"]) == (1, 1)
    assert app.runs == [1, 3]  # type: ignore[attr-defined]
    assert app.AsyncResult("a").result == 1


def test_the_broker_is_given_up_after_so_many_tries(app: App, broker: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.runtime.worker.connecting.FIRST", 0.001)
    app.conf.broker_connection_max_retries = 3
    broker.refusals = 100
    with pytest.raises(ConnectionLost, match=r"4 tries.*scripted://"), worker_of(app, broker):
        pass
    assert broker.tries == 4
    app.conf.broker_connection_retry_on_startup = False
    with pytest.raises(ConnectionLost, match="cannot connect to scripted://"), worker_of(app, broker):
        pass
    assert broker.tries == 5


def test_no_more_is_taken_than_may_be(app: App, broker: Scripted, gate: Gate) -> None:
    for n in range(20):
        broker.put("waits_late", n, id=str(n))
    with worker_of(app, broker, concurrency=2, prefetch_multiplier=3):
        assert gate.inside.acquire(timeout=60)
        assert gate.inside.acquire(timeout=60)
        wait_for(lambda: broker.most_out == 6)
        gate.open.set()
        wait_for(lambda: len(broker.acked) == 20)
    assert broker.most_out == 6


def test_held_calls_do_not_count_against_what_may_be_taken(app: App, broker: Scripted) -> None:
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    for n in range(3000):
        broker.put("late", n, id=f"held{n}", eta=later)
    broker.put("late", "now", id="now")
    before = threading.active_count()
    with worker_of(app, broker, prefetch_multiplier=1) as worker:
        wait_for(lambda: broker.acked == ["now"])
        assert len(worker.scheduled()) == 3000
        assert threading.active_count() <= before + 3  # the loop, the task's, the keeper's
    assert sorted(broker.returned) == sorted(f"held{n}" for n in range(3000))
    assert worker.counts["RETURNED"] == 3000


def test_an_orderly_stop_gives_back_what_has_not_begun(app: App, broker: Scripted, gate: Gate) -> None:
    broker.put("waits_late", 0, id="runs")
    for n in range(3):
        broker.put("early", n, id=f"waits{n}")
    with worker_of(app, broker) as worker:
        assert gate.inside.acquire(timeout=60)
        wait_for(lambda: broker.most_out == 4)
        worker.stop()
        wait_for(lambda: broker.returned == ["waits0", "waits1", "waits2"])
        assert (broker.acked, broker.cancelled, broker.closed) == ([], True, False)
        gate.open.set()
        wait_for(lambda: broker.closed)
    assert (broker.acked, app.runs) == (["runs"], [0])  # type: ignore[attr-defined]


def test_stopped_at_once_what_runs_is_given_back(app: App, broker: Scripted, gate: Gate) -> None:
    broker.put("waits_late", 1, id="late")
    broker.put("waits_early", 2, id="early", shadow="other")
    with worker_of(app, broker, concurrency=2) as worker:
        assert gate.inside.acquire(timeout=60)
        assert gate.inside.acquire(timeout=60)
        wait_for(lambda: broker.acked == ["early"])
        worker.stop(now=True)
        wait_for(lambda: broker.closed)
    assert broker.returned == ["late"]
    (sent,) = broker.published
    assert (sent.headers["id"], sent.headers["shadow"], sent.destination.routing_key) == ("early", "other", "scripted")
    assert worker.counts["RETURNED"] == 2


def test_the_log_has_a_line_for_each_event(app: App, broker: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="flowc.worker"), worker_of(app, broker) as worker:
        broker.put("early", "x" * 10_000, id="good")
        broker.put("fails", id="bad")
        broker.put("nonsense", id="unknown")
        broker.put("early", id="")
        wait_for(lambda: sum(worker.counts.values()) == 3)
        wait_for(lambda: sorted(broker.dropped) == ["", "unknown"])
    lines = {(record.levelname, record.getMessage().split("\n")[0][:60]) for record in caplog.records if record.name == "flowc.worker"}
    assert ("DEBUG", "received early[good] from scripted") in lines
    assert ("ERROR", "fails[bad] failed: ValueError: no") in lines
    assert ("ERROR", "nonsense[unknown] is rejected: NotRegistered: no task is reg") in lines
    assert ("ERROR", "a message from scripted has no id and is rejected") in lines
    succeeded = next(record.getMessage() for record in caplog.records if "succeeded" in record.getMessage())
    assert succeeded.startswith("early[good] succeeded in ")
    assert len(succeeded) < 300


def test_started_is_told_where_it_is_asked_for(app: App, broker: Scripted, gate: Gate) -> None:
    app.tasks["waits_late"].track_started = True
    broker.put("waits_late", id="a")
    with worker_of(app, broker) as worker:
        assert gate.inside.acquire(timeout=60)
        wait_for(lambda: state(app, "a") == "STARTED")
        assert app.AsyncResult("a").result["hostname"] == worker.hostname
        gate.open.set()
        wait_for(lambda: state(app, "a") == "SUCCESS")
