"""States that a result backend tells, by itself or when it is looked into."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import flowc
from flowc.runtime.errors import BackendError, DecodeError
from flowc.runtime.fleet.facts import Alive, Fact, Seen
from flowc.runtime.fleet.patience import Patience
from flowc.runtime.fleet.states import States, make_states
from flowc.runtime.fleet.watched import Watched
from flowc.runtime.results.interface import Stored
from tests.servers.redis import RedisServer

QUICK = Patience(linger=0.05, look_first=0.01, look_most=0.1, look_backstop=60.0)


class Reader:
    """The states of a run, with everything around them."""

    def __init__(self, url: str, patience: Patience = QUICK) -> None:
        self.id = uuid.uuid4().hex
        self.app = flowc.App("states", broker="memory://", backend=url, set_as_current=False)
        self.facts: list[Fact] = []
        self.watched = Watched(patience)
        made = make_states(self.app.backend, self.id, self.watched, self.facts.append, patience)
        assert made is not None
        self.states: States = made

    def send(self, name: str, *, own: bool = False) -> str:
        task_id = f"{uuid.uuid4()}-{name}" if own else f"{self.id}.{name}"
        self.watched.add(task_id, "q", not_before=None, expires=None, priority=0, limited=False)
        self.states.add(task_id)
        return task_id

    def store(self, task_id: str, status: str, result: Any = None, traceback: str | None = None) -> None:
        meta = {"task_id": task_id, "status": status, "result": result, "traceback": traceback, "children": [], "date_done": None}
        self.app.backend.store([Stored(meta)])

    def until(self, count: int, seconds: float = 30) -> list[Fact]:
        deadline = time.monotonic() + seconds
        while len(self.facts) < count:
            assert time.monotonic() < deadline, self.facts
            time.sleep(0.005)
        return self.facts


@contextmanager
def reading(url: str, patience: Patience = QUICK) -> Iterator[Reader]:
    reader = Reader(url, patience)
    reader.states.start()
    try:
        yield reader
    finally:
        reader.states.close()
        reader.app.close()
        assert not any(thread.name == "flowc-states" for thread in threading.enumerate())


@pytest.fixture(params=["redis", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(request.getfixturevalue("redis_database")) if request.param == "redis" else f"sqlite:///{tmp_path}/r.db"


def test_each_state_is_told_once(url: str) -> None:
    with reading(url) as reader:
        a, other = reader.send("a"), reader.send("other", own=True)
        reader.store(a, "STARTED", {"pid": 1, "hostname": "w@h"})
        assert reader.until(1) == [Alive(a, "started", "w@h")]
        reader.store(a, "PROGRESS", {"done": 1})
        reader.until(2)
        reader.store(a, "PROGRESS", {"done": 2})
        reader.until(3)
        reader.store(a, "FAILURE", {"exc_type": "ValueError", "exc_message": ["x"], "exc_module": "builtins"}, "the traceback")
        reader.store(other, "REVOKED", {"exc_type": "TaskRevokedError", "exc_message": ["revoked"], "exc_module": "celery.exceptions"})
        reader.until(5)
        time.sleep(0.3)
    found = [fact for fact in reader.facts if isinstance(fact, Seen)]
    assert [(seen.task_id, seen.status) for seen in found[:2]] == [(a, "PROGRESS")] * 2
    assert {(seen.task_id, seen.status, seen.traceback) for seen in found[2:]} == {
        (a, "FAILURE", "the traceback"),
        (other, "REVOKED", None),
    }
    assert len(reader.facts) == 5
    assert len(reader.watched) == 0


def test_a_success_is_told_when_its_link_has_not_come_for_a_while(url: str) -> None:
    with reading(url, replace(QUICK, linger=0.5)) as reader:
        a, b = reader.send("a"), reader.send("b")
        reader.store(a, "SUCCESS", {"value": 1})
        reader.store(b, "SUCCESS", {"value": 2})
        reader.watched.remove([a])  # by its link
        assert reader.until(1) == [Seen(b, "SUCCESS", {"value": 2})]
        time.sleep(0.2)
    assert len(reader.facts) == 1


def test_what_is_asked_for_is_told_at_once(url: str) -> None:
    with reading(url, replace(QUICK, linger=1000.0, look_first=30.0, look_most=60.0)) as reader:
        a = reader.send("a")
        reader.store(a, "SUCCESS", 1)
        reader.states.ask(a)
        assert reader.until(1) == [Seen(a, "SUCCESS", 1)]


def test_what_nobody_waits_for_is_not_told(url: str) -> None:
    with reading(url) as reader:
        a = reader.send("a")
        reader.store(f"{reader.id}.unknown", "FAILURE", {})
        reader.store(a, "PROGRESS", 1)
        reader.until(1)
    assert [fact.task_id for fact in reader.facts] == [a]


def test_redis_is_heard_again_after_a_restart(tmp_path: Path) -> None:
    """What was stored meanwhile is found when it is there again."""
    with RedisServer(tmp_path / "r") as server, reading(server.url) as reader:
        a = reader.send("a")
        reader.store(a, "PROGRESS", 1)
        reader.until(1)
        server.stop()
        server.start()
        reader.store(a, "PROGRESS", 2)
        reader.until(2)
        reader.store(a, "REVOKED", {})
        reader.until(3)
    assert [fact.status for fact in reader.facts if isinstance(fact, Seen)] == ["PROGRESS", "PROGRESS", "REVOKED"]


def test_a_lost_message_is_found_by_looking(redis_database: str) -> None:
    """Publish and subscribe of Redis may lose one."""
    with reading(redis_database, replace(QUICK, look_backstop=0.1)) as reader:
        a = reader.send("a")
        stored = reader.app.backend.client()  # type: ignore[attr-defined]
        stored.set(f"celery-task-meta-{a}", '{"status": "FAILURE", "result": {"exc_type": "X", "exc_message": []}, "traceback": null}')
        reader.until(1)


def test_one_document_that_cannot_be_read_hides_no_other(redis_database: str, caplog: pytest.LogCaptureFixture) -> None:
    with reading(redis_database, replace(QUICK, look_backstop=0.1)) as reader:
        a, b = reader.send("a"), reader.send("b")
        client = reader.app.backend.client()  # type: ignore[attr-defined]
        for how in (client.set, client.publish):
            how(f"celery-task-meta-{a}", b"\x80\x05pickled")
        client.set(f"celery-task-meta-{b}", '{"status": "FAILURE", "result": {}, "traceback": null}')
        reader.until(1)
        time.sleep(0.3)
    assert [fact.task_id for fact in reader.facts] == [b]
    assert len([record for record in caplog.records if record.name == "flowc.fleet"]) == 1


class Moody:
    """A backend that fails before it answers."""

    def __init__(self) -> None:
        self.errors: list[Exception] = [BackendError("away"), RuntimeError("a bug"), DecodeError("one of them")]

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Any]:
        if self.errors:
            raise self.errors.pop(0)
        return {task_id: {"status": "FAILURE", "result": {}} for task_id in task_ids}

    def get(self, task_id: str) -> dict[str, Any] | None:
        if task_id == "a":
            raise DecodeError("this one")
        return {"status": "PROGRESS", "result": 1}


def test_whatever_a_backend_raises_it_is_looked_into_again() -> None:
    watched, facts = Watched(QUICK), list[Fact]()
    for task_id in ("a", "b"):
        watched.add(task_id, "q", not_before=None, expires=None, priority=0, limited=False)
    states = make_states(Moody(), "run", watched, facts.append, QUICK)  # type: ignore[arg-type]
    assert states is not None
    states.start()
    until = time.monotonic() + 30
    while len(watched) and time.monotonic() < until:
        time.sleep(0.01)
    states.close()
    assert [(fact.task_id, fact.status) for fact in facts if isinstance(fact, Seen)] == [
        ("b", "PROGRESS"),
        ("a", "FAILURE"),
        ("b", "FAILURE"),
    ]


@pytest.mark.parametrize("kind", ["rpc://", "disabled://"])
def test_some_keep_no_states(kind: str) -> None:
    app = flowc.App("states", broker="memory://", backend=kind, set_as_current=False)
    assert make_states(app.backend, "run", Watched(QUICK), lambda fact: None, QUICK) is None
    app.close()
