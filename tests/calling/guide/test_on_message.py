"""Row "on message": a task tells how far it is, and who waits for it hears every state."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import flowc

from .proj import DEADLINE, Proj


@pytest.fixture(scope="module")
def telling(worked: Proj) -> Proj:
    worked.__dict__["heard"] = heard = threading.Event()

    @worked.task(bind=True)
    def hello(self: Any, a: int, b: int) -> str:
        self.update_state(state="PROGRESS", meta={"progress": 50})
        assert heard.wait(DEADLINE)
        self.update_state(state="PROGRESS", meta={"progress": 90})
        time.sleep(0.1)
        return f"hello world: {a + b}"

    @worked.task(bind=True)
    def failing(self: Any) -> None:
        self.update_state(state="PROGRESS", meta={"progress": 50})
        assert heard.wait(DEADLINE)
        raise ValueError("half way")

    return worked


@pytest.fixture
def proj(telling: Proj) -> Proj:
    telling.heard.clear()
    return telling


def collect(proj: Proj, into: list[dict[str, Any]]) -> Any:
    """A listener that keeps the messages, and lets the task go on."""

    def on_raw_message(body: dict[str, Any]) -> None:
        into.append(body)
        proj.heard.set()

    return on_raw_message


def test_the_example_of_the_guide(proj: Proj) -> None:
    messages: list[dict[str, Any]] = []
    result = proj.hello.apply_async(args=(1, 1))
    assert result.get(on_message=collect(proj, messages), propagate=False, timeout=DEADLINE) == "hello world: 2"
    assert all(set(message) >= {"task_id", "status", "result", "traceback", "children"} for message in messages)
    assert {message["task_id"] for message in messages} == {result.id}
    assert [(message["status"], message["result"]) for message in messages] == [
        ("PROGRESS", {"progress": 50}),
        ("PROGRESS", {"progress": 90}),
        ("SUCCESS", "hello world: 2"),
    ]
    assert [(message["traceback"], list(message["children"])) for message in messages] == [(None, [])] * 3


def test_what_was_told_before_the_wait_began_comes_too(proj: Proj) -> None:
    proj.heard.set()
    first, second = proj.hello.delay(1, 1), proj.hello.delay(2, 2)
    assert first.get(timeout=DEADLINE) == "hello world: 2"
    messages: list[dict[str, Any]] = []
    assert second.get(on_message=messages.append, timeout=DEADLINE) == "hello world: 4"
    assert [message["result"] for message in messages] == [{"progress": 50}, {"progress": 90}, "hello world: 4"]


def test_a_failure_is_a_message_too(proj: Proj) -> None:
    messages: list[dict[str, Any]] = []
    result = proj.failing.delay()
    value = result.get(on_message=collect(proj, messages), propagate=False, timeout=DEADLINE, interval=0.05)
    assert isinstance(value, ValueError)
    assert [message["status"] for message in messages] == ["PROGRESS", "FAILURE"]
    assert isinstance(messages[-1]["result"], ValueError)
    assert "half way" in messages[-1]["traceback"]


def test_a_failure_is_raised_after_its_message(proj: Proj) -> None:
    messages: list[dict[str, Any]] = []
    with pytest.raises(ValueError, match="half way"):
        proj.failing.delay().get(on_message=collect(proj, messages), timeout=DEADLINE)
    assert messages[-1]["status"] == "FAILURE"


def test_the_state_can_be_asked_for_meanwhile(proj: Proj) -> None:
    result = proj.hello.delay(1, 1)
    states: list[Any] = []

    def on_message(body: dict[str, Any]) -> None:
        states.append((result.state, result.info) if proj.store != "rpc" else ("PROGRESS", {"progress": 50}))
        proj.heard.set()

    assert result.get(on_message=on_message, timeout=DEADLINE) == "hello world: 2"
    assert states[0] == ("PROGRESS", {"progress": 50})
    assert result.state == "SUCCESS"


def test_the_timeout_holds_while_messages_come(proj: Proj) -> None:
    with pytest.raises(TimeoutError):
        proj.hello.delay(1, 1).get(on_message=lambda body: None, timeout=0.2)
    proj.heard.set()


def test_a_group_has_one_listener(proj: Proj) -> None:
    messages: list[dict[str, Any]] = []
    result = flowc.group(proj.hello.s(n, n) for n in range(3))()
    assert result.get(on_message=collect(proj, messages), timeout=DEADLINE) == [f"hello world: {n + n}" for n in range(3)]
    finals = [message for message in messages if message["status"] == "SUCCESS"]
    assert {message["task_id"] for message in finals} == {one.id for one in result}


# ------------------------------------------------------------------------------------------------------------------- flows
def test_listeners_in_flows(here: Proj) -> None:
    @here.task(bind=True)
    def hello(self: Any, n: int) -> int:
        self.update_state(state="PROGRESS", meta={"progress": n})
        return n

    @here.task()
    def show(message: dict[str, Any]) -> None:
        here.seen.append(message)

    assert flowc.loads("[hello(50), hello(90)] ~> show", app=here.app).run(here.app).value == [50, 90]
    assert all(set(message) >= {"task_id", "status", "result", "traceback", "children"} for message in here.seen)
    told = [(message["status"], message["result"]) for message in here.seen]
    assert sorted(told, key=str) == [("PROGRESS", {"progress": 50}), ("PROGRESS", {"progress": 90}), ("SUCCESS", 50), ("SUCCESS", 90)]
