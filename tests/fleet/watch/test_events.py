"""What events of workers tell, and that they are heard again after anything that goes wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from flowc.runtime.broker.inspecting import EventStream
from flowc.runtime.errors import ConnectionLost
from flowc.runtime.fleet.celery_events import KEYS, WORKER_KEYS, Events
from flowc.runtime.fleet.event_facts import fact_of, raised
from flowc.runtime.fleet.facts import Alive, Fact, Seen
from flowc.runtime.fleet.hosts import Hosts
from flowc.runtime.fleet.patience import Patience
from flowc.runtime.fleet.watched import Watched

TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in y\n    raise Boom\n'


@pytest.mark.parametrize(
    ("shown", "last", "made"),
    [
        ("ValueError('x')", "ValueError: x\n", {"exc_type": "ValueError", "exc_message": ["x"], "exc_module": "builtins"}),
        ("Boom('x', 7)", "proj.errors.Boom: ('x', 7)\n", {"exc_type": "Boom", "exc_message": ["x", 7], "exc_module": "proj.errors"}),
        ("KeyError()", "KeyError\n", {"exc_type": "KeyError", "exc_message": [], "exc_module": "builtins"}),
        ("proj.Odd(code=3)", "proj.Odd: 3", {"exc_type": "Odd", "exc_message": ["code=3"], "exc_module": "proj"}),
        ("ValueError('a long te...)", "ValueError: a long", {"exc_type": "ValueError", "exc_message": ["'a long te..."], "exc_module": "builtins"}),  # noqa: E501
        ("<Strange: one>", "proj.Strange: one\n", {"exc_type": "Strange", "exc_message": ["one"], "exc_module": "proj"}),
        ("<Strange: one>", "", {"exc_type": "Exception", "exc_message": ["<Strange: one>"]}),
        ("Retry(Retry(...), OSError('x', 2), 0)", "c.Retry: Retry in 0s", {"exc_type": "OSError", "exc_message": ["x", 2]}),
        ("ExceptionWithTraceback()", "a.b.Lost: 1\nmore\n", {"exc_type": "Lost", "exc_message": ["1"], "exc_module": "a.b"}),
        ("reject requeue=False: x", "a.Reject: x\n", {"exc_type": "Reject", "exc_message": ["x"], "exc_module": "a"}),
        ("NotRegistered('proj.x')", None, {"exc_type": "NotRegistered", "exc_message": ["proj.x"], "exc_module": "celery.exceptions"}),
        ("Odd('x')", None, {"exc_type": "Odd", "exc_message": ["x"]}),
        ("None", None, {"exc_type": "Exception", "exc_message": ["None"]}),
        ("ValueError(__import__('os'))", "ValueError", {"exc_type": "ValueError", "exc_message": ["__import__('os')"], "exc_module": "builtins"}),  # noqa: E501
        ("ValueError(" + "(" * 5000 + ")", None, {"exc_type": "ValueError", "exc_message": ["(" * 5000]}),
    ],
)  # fmt: skip
def test_exceptions_are_read_back_as_far_as_they_can_be(shown: str, last: str | None, made: dict[str, Any]) -> None:
    assert raised(shown, None if last is None else TRACEBACK + last) == made


@pytest.mark.parametrize(
    ("kind", "event", "fact"),
    [
        ("task-received", {"eta": None}, Alive("a", "received", "w")),
        ("task-received", {"eta": "2026-01-01T00:00:00"}, Alive("a", "scheduled", "w")),
        ("task-started", {}, Alive("a", "started", "w")),
        ("task-succeeded", {"result": "'long..."}, Seen("a", "SUCCESS", "'long...", None, "event", "w", complete=False)),
        ("task-rejected", {"requeue": True}, None),
        ("task-cancelled", {}, None),
        ("task-sent", {}, None),
        ("task-of-its-own", {}, None),
    ],
)
def test_what_each_event_tells(kind: str, event: dict[str, Any], fact: Fact | None) -> None:
    assert fact_of(kind, "a", "w", event) == fact


@pytest.mark.parametrize(
    ("kind", "event", "status", "name", "message"),
    [
        ("task-failed", {"exception": "ValueError('x')", "traceback": TRACEBACK + "ValueError: x"}, "FAILURE", "ValueError", "x"),
        ("task-retried", {"exception": "ValueError('x')", "traceback": ""}, "RETRY", "ValueError", "x"),
        ("task-revoked", {"expired": True, "terminated": False}, "REVOKED", "TaskRevokedError", "expired"),
        ("task-revoked", {"expired": False, "terminated": True, "signum": 15}, "REVOKED", "TaskRevokedError", "terminated"),
        ("task-revoked", {}, "REVOKED", "TaskRevokedError", "revoked"),
        ("task-rejected", {"requeue": False}, "FAILURE", "Reject", "the task rejected its message"),
    ],
)
def test_what_events_of_failures_tell(kind: str, event: dict[str, Any], status: str, name: str, message: str) -> None:
    seen = fact_of(kind, "a", "w", event)
    assert isinstance(seen, Seen)
    assert (seen.status, seen.result["exc_type"], seen.result["exc_message"], seen.worker) == (status, name, [message], "w")


class Channel(EventStream):
    """A stream of what the test puts into it."""

    def __init__(self, items: SimpleQueue[Any]) -> None:
        super().__init__()
        self.items = items
        self.closed = False

    def receive(self, timeout: float) -> list[tuple[bytes | str, str]]:
        try:
            item = self.items.get(timeout=0.01)
        except Empty:
            return []
        if isinstance(item, Exception):
            raise item
        return [item]

    def ends(self) -> list[Callable[[], object]]:
        return [lambda: setattr(self, "closed", True)]


class Radio:
    """Events with everything around them."""

    def __init__(self, *, tasks: bool = True) -> None:
        self.items: SimpleQueue[Any] = SimpleQueue()
        self.streams: list[Channel] = []
        self.keys: set[tuple[str, ...]] = set()
        self.refuse = 0
        self.facts: list[Fact] = []
        self.online: list[str] = []
        self.hosts = Hosts()
        self.watched = Watched(Patience())
        self.watched.add("a", "q", not_before=None, expires=None, priority=0, limited=False)
        self.events = Events(self.watched, self.hosts, self.facts.append, self._open, on_online=self.online.append, tasks=tasks)

    def _open(self, keys: tuple[str, ...]) -> Channel:
        self.keys.add(keys)
        if self.refuse:
            self.refuse -= 1
            raise ConnectionLost("not yet")
        self.streams.append(Channel(self.items))
        return self.streams[-1]

    def tell(self, *events: Any, content_type: str = "application/json") -> None:
        self.items.put((json.dumps(events[0] if len(events) == 1 else events), content_type))

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.005)


@contextmanager
def listening(radio: Radio) -> Iterator[Radio]:
    radio.events.start()
    try:
        yield radio
    finally:
        radio.events.close()
        assert not any(thread.name == "flowc-events" for thread in threading.enumerate())
        assert all(stream.closed for stream in radio.streams)


def event(kind: str, task_id: str = "a", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "uuid": task_id, "hostname": "w", **fields}


def test_single_ones_and_batches_are_read_and_others_passed_over() -> None:
    with listening(Radio()) as radio:
        radio.tell(event("task-received"))
        radio.tell(event("task-started", "somebody's"), event("task-started"), "no event", event("worker-heartbeat"))
        radio.items.put((b"no json", "application/json"))
        radio.tell(event("task-failed", exception="X()"), content_type="application/x-python-serialize")
        radio.tell(event("task-failed", exception="ValueError(1)"))
        radio.until(lambda: len(radio.facts) == 3)
    assert [type(fact).__name__ for fact in radio.facts] == ["Alive", "Alive", "Seen"]
    assert "a" not in radio.watched  # it has ended
    assert radio.keys == {KEYS}


def test_a_success_is_known_but_not_over() -> None:
    with listening(Radio()) as radio:
        radio.tell(event("task-succeeded", result="1"))
        radio.until(lambda: radio.facts)
    assert "a" in radio.watched


def test_workers_that_come_and_go() -> None:
    with listening(Radio(tasks=False)) as radio:
        radio.tell(event("worker-offline"))
        radio.until(lambda: set(radio.hosts.leaving) == {"w"})
        radio.tell(event("worker-online"))
        radio.until(lambda: radio.online == ["w"])
        assert radio.hosts.leaving == {}
    assert radio.keys == {WORKER_KEYS}


@pytest.mark.parametrize("wrong", [ConnectionLost("away"), KeyError("a bug")])
def test_after_anything_that_goes_wrong_they_are_heard_again(wrong: Exception) -> None:
    with listening(Radio()) as radio:
        radio.until(lambda: radio.streams)
        radio.refuse = 1
        radio.items.put(wrong)
        radio.tell(event("task-started"))
        radio.until(lambda: radio.facts)
    assert len(radio.streams) == 2


@pytest.mark.parametrize("refused", [0, 2])
def test_the_broker_was_away_when_it_cannot_be_reached_and_not_when_a_connection_breaks(refused: int) -> None:
    with listening(Radio()) as radio:
        radio.until(lambda: radio.streams)
        radio.refuse = refused
        radio.items.put(ConnectionLost("idle for too long"))
        radio.until(lambda: len(radio.streams) == 2)
    assert (radio.hosts.lost > 0) == (refused > 0)
