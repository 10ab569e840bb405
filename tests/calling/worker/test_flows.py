"""Tasks of a flow that runs here: retries, priorities, and what a task may raise or call that is not for flows."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import flowc
from flowc import App
from flowc.exceptions import Ignore, Reject
from flowc.runtime.driver import run
from flowc.runtime.outcome import RunEvent, StepTold

app = App("flows", set_as_current=False)


@app.task(name="again", bind=True, max_retries=3)
def again(self: Any, path: str, times: int, countdown: float = 0.0, **more: Any) -> list[Any]:
    with Path(path).open("a") as file:
        file.write(f"{self.request.retries} {time.time()} {self.request.id}\n")
    if self.request.retries < times:
        raise self.retry(countdown=countdown, exc=ValueError(f"no {self.request.retries}"), **more)
    return ["after", self.request.retries]


@app.task(name="changed", bind=True, default_retry_delay=0)
def changed(self: Any, number: int, *, word: str = "a") -> Any:
    if self.request.retries < 2:
        raise self.retry(args=(number + 1,), kwargs={"word": word + "b"})
    return [number, word]


@app.task(name="auto", autoretry_for=(KeyError,), retry_kwargs={"max_retries": 2, "countdown": 0})
def auto(path: str) -> None:
    with Path(path).open("a") as file:
        file.write("x\n")
    raise KeyError("lost")


@app.task(name="throwless", bind=True)
def throwless(self: Any) -> str:
    if not self.request.retries:
        self.retry(throw=False, countdown=0)
        return "first"
    return "second"


@app.task(name="echo")
def echo(value: Any = None) -> Any:
    return value


@app.task(name="note")
def note(path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(word + "\n")


@app.task(name="ignoring")
def ignoring() -> None:
    raise Ignore


@app.task(name="rejecting")
def rejecting() -> None:
    raise Reject("later", requeue=True)


@app.task(name="calls")
def calls(path: str) -> str:
    note.delay(path, "called")
    return "sent"


heard: list[Any] = []


@app.task(name="hear")
def hear(message: Any) -> None:
    heard.append((message["status"], message["result"]))


@pytest.fixture(params=["threads", "processes", "solo"])
def pool(request: pytest.FixtureRequest) -> str:
    heard.clear()
    return str(request.param)


def flow(text: str, pool: str, on_event: Any = None) -> Any:
    """Run a flow of these tasks."""
    return run(flowc.loads(text, app=app).plan, app, pool=pool, concurrency=1, on_event=on_event)


def test_a_step_ends_with_its_last_attempt(pool: str, tmp_path: Path) -> None:
    path, told = tmp_path / "tries", []

    def watch(event: RunEvent) -> None:
        if isinstance(event, StepTold):
            told.append(event.state)

    result = flow(f'(again("{path}", 2, 0.1) ~> hear) -> echo', pool, watch)
    assert result.value == ["after", 2]
    tries = [line.split() for line in path.read_text().splitlines()]
    assert [retries for retries, _, _ in tries] == ["0", "1", "2"]
    assert len({id_ for _, _, id_ in tries}) == 1
    moments = [float(moment) for _, moment, _ in tries]
    assert moments[1] - moments[0] >= 0.1
    assert moments[2] - moments[1] >= 0.1
    assert told == ["RETRY", "RETRY"]
    failures = [("RETRY", {"exc_type": "ValueError", "exc_message": [f"no {n}"], "exc_module": "builtins"}) for n in range(2)]
    assert heard == [*failures, ("SUCCESS", ["after", 2])]


def test_retries_that_are_used_up_fail_the_step(pool: str, tmp_path: Path) -> None:
    result = flow(f'again("{tmp_path}/tries", 100)', pool)
    assert [str(step.error) for step in result.steps] == ["ValueError: no 3"]
    assert len((tmp_path / "tries").read_text().splitlines()) == 4


def test_a_retry_may_change_the_arguments(pool: str) -> None:
    assert flow("changed(1)", pool).value == [3, "abb"]


def test_autoretry(pool: str, tmp_path: Path) -> None:
    result = flow(f'auto("{tmp_path}/tries")', pool)
    assert [str(step.error) for step in result.steps] == ["KeyError: 'lost'"]
    assert len((tmp_path / "tries").read_text().splitlines()) == 3


def test_a_retry_that_does_not_throw(pool: str) -> None:
    assert flow("throwless()", pool).value == "second"


def test_ignore_and_reject_fail_the_step(pool: str) -> None:
    result = flow("[ignoring(), rejecting(), echo(1)]", pool)
    errors = [str(step.error) for step in result.steps]
    assert errors[0].startswith("Ignore: the task raised Ignore: a step of a flow ends with a result or a failure")
    assert "its reason: 'later'" in errors[1]
    assert errors[2] == "None"


def test_the_highest_priority_is_first(pool: str, tmp_path: Path) -> None:
    path = tmp_path / "order"
    names = {n: f'note("{path}", "p{n}") {{priority = {n}}}' for n in (3, 0, 9, 5, 7)}
    flow("[" + ", ".join(names.values()) + "]", pool)
    assert path.read_text().split() == ["p9", "p7", "p5", "p3", "p0"]


def test_a_call_that_nobody_would_run_is_an_error(pool: str, tmp_path: Path) -> None:
    result = flow(f'calls("{tmp_path}/called")', pool)
    assert "nobody would run" in str(result.steps[0].error)
    assert "set broker_url" in str(result.steps[0].error).lower()


def test_a_call_inside_a_step_goes_to_the_applications_workers(tmp_path: Path) -> None:
    path = tmp_path / "called"
    with app.embedded_worker(concurrency=1) as worker:
        assert flow(f'calls("{path}")', "threads").value == "sent"
        deadline = time.monotonic() + 60
        while not worker.counts["SUCCESS"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert path.read_text() == "called\n"


def test_a_stop_while_a_step_waits_to_be_tried_again(pool: str, tmp_path: Path) -> None:
    def watch(event: RunEvent) -> None:
        if isinstance(event, StepTold):
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    result = flow(f'again("{tmp_path}/tries", 2, 3600)', pool, watch)
    (step,) = result.steps
    assert step.state == "REVOKED"
    assert "stopped before it was tried again (it had raised ValueError: no 0)" in str(step.error)
    assert result.signal == signal.SIGINT
