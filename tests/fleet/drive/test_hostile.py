"""What anybody who can write to a run's queue, or a worker that is not as it should be, may tell a driven run."""

from __future__ import annotations

import json
import pickle
import queue
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

import flowc
from flowc.runtime.broker.interface import Delivery
from flowc.runtime.fleet.facts import Fact, Raised, Returned, Seen
from flowc.runtime.fleet.links import RAISED, RETURNED
from flowc.runtime.fleet.replies import Replies

from .scripted import Message, ScriptedFleet

PICKLE = "application/x-python-serialize"

#: What pickles have done when they were read.
DONE: list[str] = []


def do(what: str) -> None:
    DONE.append(what)


class Bomb:
    """Does something when it is read from a pickle."""

    def __reduce__(self) -> Any:
        return (do, ("harm",))


class _Queue:
    """A run's queue that gives these deliveries, once."""

    name = exchange = routing_key = "q"
    expected = 0

    def __init__(self, deliveries: list[Delivery]) -> None:
        self._deliveries = deliveries
        self._woken = threading.Event()
        self.opened = 0

    def open(self) -> None:
        self.opened += 1

    def receive(self, timeout: float) -> list[Delivery]:
        given, self._deliveries = self._deliveries, []
        if not given:
            self._woken.wait(timeout)
        return given

    def wake(self) -> None:
        self._woken.set()

    def close(self, *, forget: bool) -> None:
        pass


def sent(body: bytes | str, headers: dict[str, Any], content_type: str = "application/json") -> Delivery:
    encoding = "binary" if content_type == PICKLE else "utf-8"
    return Delivery(headers, {}, body, content_type, encoding, {}, None)


def link(result: Any = 1, **headers: Any) -> Delivery:
    return sent(json.dumps([[result], {}, {}]), {"task": RETURNED, "id": "r.good:ok", **headers})


DEEP = "[" * 900 + "]" * 900
HOSTILE = {
    "no map": sent("[]", {}),
    "an empty text": sent('""', {"task": RETURNED, "id": "r.x:ok"}),
    "no arguments": sent("[[], {}, {}]", {"task": RETURNED, "id": "r.x:ok"}),
    "no id": sent("[[1], {}, {}]", {"task": RETURNED}),
    "an id of another type": sent("[[1], {}, {}]", {"task": RETURNED, "id": ["r.x:ok"]}),
    "another task": sent("[[1], {}, {}]", {"task": "proj.add", "id": "r.x"}),
    "a task of another type": sent("[[1], {}, {}]", {"task": {"a": 1}, "id": "r.x"}),
    "endless nesting": sent("[" * 100_000, {"task": "x", "id": "r.x"}),
    "deep protocol 1": sent(f'{{"task": "{RETURNED}", "id": "r.x", "args": {DEEP}, "kwargs": 5}}', {}),
    "a reply without a state": sent('{"task_id": "r.x"}', {}),
    "not compressed": sent("x", {"task": "x", "compression": "application/x-gzip"}),
    "unknown bytes": sent(b"\xff\xfe", {}, "application/x-whatever"),
    "a pickle": sent(pickle.dumps(Bomb()), {}, PICKLE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_news_is_dropped_and_the_next_is_read(name: str) -> None:
    told: queue.Queue[Sequence[Fact]] = queue.Queue()
    run_queue = _Queue([HOSTILE[name], link()])
    replies = Replies(run_queue, flowc.App("t", set_as_current=False).conf, told.put, lambda text: None)
    replies.open()
    try:
        facts = told.get(timeout=20)
    finally:
        replies.close(forget=True)
    assert facts[-1] == Returned("r.good", 1)
    assert len(facts) == 1 or name == "deep protocol 1"  # which can be read
    assert run_queue.opened == 1, "nothing was read twice"
    assert DONE == []


def test_a_pickled_result_is_a_failure_and_is_not_read() -> None:
    told: queue.Queue[Sequence[Fact]] = queue.Queue()
    message = sent(pickle.dumps(Bomb()), {"task": RETURNED, "id": "r.x:ok"}, PICKLE)
    errback = sent(pickle.dumps(Bomb()), {"task": RAISED, "id": "r.y:failed"}, PICKLE)
    replies = Replies(_Queue([message, errback]), flowc.App("t", set_as_current=False).conf, told.put, lambda text: None)
    replies.open()
    try:
        seen, raised = told.get(timeout=20)
    finally:
        replies.close(forget=True)
    assert isinstance(seen, Seen)
    assert seen.status == "FAILURE"
    assert "is not accepted here" in str(seen.result)
    assert raised == Raised("r.y")
    assert DONE == []


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def deeper(depth: int, what: Any) -> Any:
    return what() if depth == 0 else deeper(depth - 1, what)


@pytest.mark.parametrize("depth", [300, 700, 985])
@pytest.mark.parametrize("kind", ["result", "message", "meta", "reply"])
def test_no_nesting_ends_a_run(depth: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(message: Message) -> Iterable[Fact]:
        value = nested(depth)
        match kind:
            case "result":
                return [Returned(message.id, value)]
            case "message":
                failure = {"exc_type": "E", "exc_message": [value, value], "exc_module": "x"}
                return [Seen(message.id, "FAILURE", failure, "tb")]
            case "meta":
                return [Seen(message.id, "PROGRESS", value), Seen(message.id, "PROGRESS", nested(depth)), Returned(message.id, 1)]
        return [Seen(message.id, "FAILURE", value, "tb")]

    monkeypatch.setenv("PW", "hunter2")
    plan = flowc.loads("f(secret('PW'))\nf(1) !> on_error('x')").plan
    result = deeper(15, lambda: ScriptedFleet(script).drive(plan))
    assert {str(step.state) for step in result.steps} == {"SUCCESS" if kind in ("result", "meta") else "FAILURE"}
