"""The option ``timeout``: how long a run waits for a step, on each pool."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.app import App
from flowc.runtime.driver import run
from flowc.runtime.outcome import RunEvent, RunResult, StepEnded
from flowc.runtime.worker.pools.threads import ThreadPool

from .plans import Ref, call, handler, on_error, plan, states, step

app = App("timed")
gate = threading.Event()


@app.task(name="stay")
def stay() -> str:
    """In threads: until the gate is opened. In a process of its own: too long."""
    gate.wait(60)
    return "stayed"


@app.task(name="echo")
def echo(x: Any = None) -> Any:
    return x


@app.task(name="note")
def note(request: Any, exc: Any, traceback: Any, path: str) -> None:
    Path(path).write_text(f"{type(exc).__name__}: {exc}")


@app.task(name="again", bind=True, max_retries=None)
def again(self: Any, countdown: float) -> None:
    raise self.retry(exc=ConnectionError("away"), countdown=countdown)


@app.task(name="pid")
def pid(path: str) -> None:
    """Leaves its process's number, then stays."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    gate.clear()
    yield
    gate.set()


def run_here(*parts: Any, pool: str = "threads", **options: Any) -> RunResult:
    return run(plan(*parts), app, pool=pool, **options)


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_past_it_a_step_has_failed_and_the_run_goes_on(pool: str, tmp_path: Path) -> None:
    """With one place in the pool: the step that is given up does not hold it."""
    said = tmp_path / "said"
    result = run_here(
        call("a", "stay", scope="s", options={"timeout": 0.3}),
        call("b", "echo", Ref("a")),
        call("c", "echo", 7),
        on_error("s", handler("h", "note", str(said))),
        pool=pool,
        concurrency=1,
    )
    assert states(result) == {"a": "FAILURE", "b": "SKIPPED", "c": "SUCCESS"}
    late = step(result, "a")
    assert late.error == "TimeoutError: no end within 0.3s"
    assert late.started is not None
    assert late.finished is not None
    assert late.worker
    assert said.read_text() == "TimeoutError: no end within 0.3s"
    assert [called.ok for called in result.handlers] == [True]
    assert not result.ok
    assert result.exit_code == 4


def test_a_thread_that_goes_on_is_told_of() -> None:
    result = run_here(call("a", "stay", options={"timeout": 0.2}), call("b", "stay", options={"timeout": 0.2}))
    assert result.notes == ("no thread can be stopped, so a and 1 more went on after the timeout; --pool processes ends such tasks",)
    assert result.abandoned == ("a", "b")


def test_one_that_ends_late_changes_nothing_more() -> None:
    events: list[RunEvent] = []

    def watch(event: RunEvent) -> None:
        events.append(event)
        if isinstance(event, StepEnded) and event.step.id == "a":
            gate.set()

    result = run_here(call("a", "stay", options={"timeout": 0.2}), call("b", "stay"), on_event=watch)
    assert states(result) == {"a": "FAILURE", "b": "SUCCESS"}
    assert [event.step.id for event in events if isinstance(event, StepEnded)] == ["a", "b"]


def test_the_process_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    result = run_here(call("a", "pid", str(path), options={"timeout": 1.5}), call("b", "echo", 1, after=()), pool="processes")
    assert states(result) == {"a": "FAILURE", "b": "SUCCESS"}
    assert result.notes == ()
    assert result.abandoned == ()
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)


@pytest.mark.parametrize("pool", ["threads", "processes", "solo"])
def test_what_ends_in_time_is_left_alone(pool: str) -> None:
    calls = [call(f"a{n}", "echo", n, options={"timeout": 30}) for n in range(20)]
    result = run_here(*calls, pool=pool)
    assert result.ok
    assert [one.result for one in result.steps] == list(range(20))


def test_it_counts_from_the_beginning_not_from_sending() -> None:
    """The second has no place in the pool before the first has gone."""
    threading.Timer(0.5, gate.set).start()
    result = run_here(call("a", "stay"), call("b", "echo", 1, options={"timeout": 0.2}), concurrency=1)
    assert states(result) == {"a": "SUCCESS", "b": "SUCCESS"}


@pytest.mark.parametrize("pool", ["threads", "processes"])
@pytest.mark.parametrize("countdown", [60.0, 0.01])
def test_it_spans_retries_and_the_pauses_before_them(pool: str, countdown: float) -> None:
    result = run_here(call("a", "again", countdown, options={"timeout": 0.5}), call("b", "echo", 1), pool=pool)
    assert states(result) == {"a": "FAILURE", "b": "SUCCESS"}
    assert step(result, "a").error == "TimeoutError: no end within 0.5s"


def test_solo_cannot_and_says_so() -> None:
    threading.Timer(0.4, gate.set).start()
    result = run_here(call("a", "stay", options={"timeout": 0.1}), pool="solo")
    assert states(result) == {"a": "SUCCESS"}
    assert result.notes == ("timeouts are not kept by --pool solo, so not for a",)


def test_a_place_in_the_pool_of_threads_is_free_again() -> None:
    """As often as it is needed; the threads that were left alone end after their tasks, and take no further."""
    before = threading.active_count()
    result = run_here(*(call(f"a{n}", "stay", options={"timeout": 0.05}) for n in range(8)), call("b", "echo", 1), concurrency=2)
    assert set(states(result).values()) == {"FAILURE", "SUCCESS"}
    gate.set()
    until = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_nobody_runs_that_job_any_more() -> None:
    pool = ThreadPool(app, 1, lambda report: None)
    assert pool.abandon("nobody's")
    pool.close()
