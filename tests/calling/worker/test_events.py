"""Events: what is made of a worker's notes, and what becomes of them when the broker is away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from kombu.clocks import LamportClock

from flowc.runtime.broker.interface import Delivery
from flowc.runtime.codec import encode_json, pack
from flowc.runtime.failures import failure_of
from flowc.runtime.worker import events as module
from flowc.runtime.worker.entry import Entry
from flowc.runtime.worker.events import Events
from flowc.runtime.worker.jobs import Ended, Following

from .scripted import wait_for

FOLLOWING = Following()


class Publisher:
    """Keeps messages as they would leave, or refuses them, or never comes back."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any]] = []
        self.away = False
        self.stuck = threading.Event()
        self.stuck.set()
        self.closed = False

    def publish(self, events: Any, routing_key: str, hostname: str) -> None:
        assert self.stuck.wait(60)
        if self.away:
            raise ConnectionError("away")
        self.messages.append((routing_key, json.loads(encode_json(events))))

    def close(self) -> None:
        self.closed = True

    def of(self, group: str) -> list[dict[str, Any]]:
        """The events of tasks, or of the worker, in their order."""
        told = [event for key, said in self.messages for event in (said if key.endswith(".multi") else [said])]
        return [event for event in told if event["type"].startswith(group)]


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def events(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Iterator[Events]:
    monkeypatch.setattr(module, "FIRST", 0.01)
    made = Events(publisher, "me@here", LamportClock(), lambda: (1, 2), tasks=True, heartbeat=0.05)  # type: ignore[arg-type]
    yield made
    publisher.stuck.set()
    made.stop()


def entry(id_: str = "x", **headers: Any) -> Entry:
    told = {"id": id_, "task": "t", "argsrepr": "(1,)", "kwargsrepr": "{}", **headers}
    return Entry(1, id_, "t", Delivery(told, {}, b"", "", "", {}), 0, None)


def end(state: str, result: Any = None, failure: BaseException | None = None, following: Following = FOLLOWING) -> Ended:
    told = None if failure is None else failure_of(failure, keep=False)
    return Ended(1, state, pack(result, "the result"), told, 1.0, 3.5, "w", None, following)


def raised() -> BaseException:
    try:
        raise KeyError("no", 1)
    except KeyError as exc:
        return exc


def test_what_the_ends_of_tasks_become(events: Events, publisher: Publisher) -> None:
    events.ended(entry("good"), end("SUCCESS", [1, "a"]))
    events.ended(entry("ignored", ignore_result=True), end("SUCCESS"))
    events.ended(entry("again"), end("SUCCESS", following=Following(duplicate=True)))
    events.ended(entry("large"), end("SUCCESS", ["x" * 50_000]))
    events.ended(entry("bad"), end("FAILURE", failure=raised()))
    events.ended(entry("lost"), end("FAILURE", failure=OSError("lost with its process")))
    events.ended(entry("dropped"), end("REJECTED", failure=ValueError("no"), following=Following(rejected=False)))
    events.ended(entry("returned"), end("REJECTED", failure=ValueError("no"), following=Following(rejected=True)))
    events.ended(entry("silent"), end("IGNORED"))
    killed = entry("killed")
    killed.signal = 9
    events.ended(killed, end("REVOKED", failure=ValueError("terminated")))
    events.ended(entry("late"), end("REVOKED", failure=ValueError("expired at 2020-01-01")))
    events.rejected(entry("returned"), requeue=True)
    events.start()
    wait_for(lambda: len(publisher.of("task")) == 10)
    told = {event["uuid"]: event for event in publisher.of("task")}
    assert told["good"]["type"] == "task-succeeded"
    assert (told["good"]["result"], told["good"]["runtime"]) == ("[1, 'a']", 2.5)
    assert ["result" in told[id_] for id_ in ("ignored", "again")] == [False, False]
    assert told["large"]["result"].startswith('["xxx')
    assert len(told["large"]["result"]) < 1200
    assert told["bad"]["type"] == "task-failed"
    assert told["bad"]["exception"] == "KeyError('no', 1)"
    assert told["bad"]["traceback"].startswith("Traceback")
    assert told["lost"]["traceback"] == "OSError: lost with its process\n"
    assert told["dropped"]["type"] == "task-failed"
    assert (told["returned"]["type"], told["returned"]["requeue"]) == ("task-rejected", True)
    assert [told["killed"][key] for key in ("terminated", "signum", "expired")] == [True, 9, False]
    assert [told["late"][key] for key in ("terminated", "signum", "expired")] == [False, None, True]


def test_many_go_together_in_their_order(events: Events, publisher: Publisher) -> None:
    for number in range(1000):
        events.received({"id": str(number), "task": "t"})
    events.start()
    wait_for(lambda: len(publisher.of("task")) == 1000)
    assert [event["uuid"] for event in publisher.of("task")] == [str(number) for number in range(1000)]
    assert {len(said) for key, said in publisher.messages if key == "task.multi"} == {100}
    clocks = [event["clock"] for event in publisher.of("")]
    assert clocks == sorted(set(clocks))


def test_a_broker_that_is_away_costs_the_oldest(events: Events, publisher: Publisher, caplog: pytest.LogCaptureFixture) -> None:
    publisher.away = True
    events.start()
    for number in range(module.MOST + 5000):
        events.started(entry(str(number)))
    wait_for(lambda: "events cannot be sent" in caplog.text)
    publisher.away = False
    wait_for(lambda: publisher.of("task") and publisher.of("task")[-1]["uuid"] == str(module.MOST + 4999))
    assert publisher.messages[0][0] == "worker.online"
    assert len(publisher.of("task")) <= 2 * module.MOST
    wait_for(lambda: "events are sent again" in caplog.text)
    assert caplog.text.count("events cannot be sent: ConnectionError: away") == 1
    before = len(publisher.of("worker-heartbeat"))
    wait_for(lambda: len(publisher.of("worker-heartbeat")) > before)
    events.stop()
    assert publisher.messages[-1][0] == "worker.offline"
    assert publisher.closed


def test_nobody_waits_for_a_broker_that_is_stuck(events: Events, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAREWELL", 0.05)
    publisher.stuck.clear()
    events.start()
    for number in range(10):
        events.started(entry(str(number)))
    events.stop()  # comes back
    assert publisher.messages == []


def test_switched_on_and_off(publisher: Publisher) -> None:
    events = Events(publisher, "me@here", LamportClock(), lambda: (0, 0), tasks=False, heartbeat=None)  # type: ignore[arg-type]
    events.start()
    assert (events.on, events.switch(False), events.switch(True), events.on, events.switch(True)) == (False, False, True, True, False)
    events.started(entry("a"))
    wait_for(lambda: publisher.of("task"))
    events.beat()
    wait_for(lambda: publisher.of("worker"))
    assert [event["type"] for event in publisher.of("worker")] == ["worker-heartbeat"]
    events.stop()
    assert [event["type"] for event in publisher.of("worker")] == ["worker-heartbeat"]


def test_nothing_is_said_where_nobody_can_hear(publisher: Publisher) -> None:
    events = Events(publisher, "me", LamportClock(), lambda: (0, 0), tasks=True, heartbeat=1.0, heard=False)  # type: ignore[arg-type]
    events.start()
    events.beat()
    assert not events.on
    events.stop()
    assert publisher.messages == []


def nested(depth: int) -> Any:
    """A list in a list in a list …"""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [{1, 2}, object(), nested(5000)], ids=["set", "object", "nested"])
@pytest.mark.parametrize("header", ["argsrepr", "parent_id", "retries", "eta"])
def test_a_header_that_json_cannot_carry_does_not_hold_up_other_events(
    events: Events, publisher: Publisher, header: str, value: Any
) -> None:
    events.received({"id": "a", "task": "t", header: value})
    events.received({"id": "b", "task": "t"})
    events.start()
    wait_for(lambda: len(publisher.of("task-")) == 2)
    events.stop()
    assert publisher.of("task-")[1]["uuid"] == "b"
