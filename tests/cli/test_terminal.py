"""Colours and progress: where they are wanted, and what lines say."""

from __future__ import annotations

import io

import pytest

from flowc.cli.outcome import value_text
from flowc.cli.progress import progress, seconds
from flowc.cli.terminal import is_live, wants_colour
from flowc.compiler.plan import Call, Location, Map, Plan, Trigger
from flowc.runtime.events import State
from flowc.runtime.failures import Failure
from flowc.runtime.outcome import HandlerCalled, HandlerResult, RunStarted, StepEnded, StepResult, StepTold, Stopping

HERE = Location("a.flow", 1, 1, 1, 2)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colour(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], terminal: bool, wanted: bool) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Terminal() if terminal else io.StringIO()) is wanted


def test_a_dumb_terminal_is_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert is_live(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not is_live(Terminal())


def plan(steps: int) -> Plan:
    call = Call("a", "t", (), Map(), Map(), Trigger(), (), (), None, "any", HERE)
    return Plan("p", None, (call,) * steps, (), (), (), None)


def ended(id_: str, state: State = State.SUCCESS, **more: object) -> StepEnded:
    return StepEnded(StepResult(id_, "t", state, HERE, started=0.0, finished=0.25, **more))  # type: ignore[arg-type]


def test_plain_lines() -> None:
    stream = io.StringIO()
    with progress(plan(4), stream) as watch:
        watch(ended("a"))
        watch(StepTold("b", "PROGRESS", {"done": 5}))
        watch(ended("b\x1b[31m", State.FAILURE, failure=Failure("ValueError", "builtins", "first\nsecond")))
        watch(StepEnded(StepResult("c", "t", State.SKIPPED, HERE, because="b")))
        watch(HandlerCalled(HandlerResult("h#1", "h", "scope#1", "b", "error", HERE)))
        watch(HandlerCalled(HandlerResult("h#2", "h", "scope#1", "b", "error", HERE, Failure("KeyError", "builtins", "x"))))
        watch(Stopping(2, ("d",)))
    assert stream.getvalue() == (
        "[1/4] a succeeded in 0.25 s\n"
        "b says PROGRESS: {'done': 5}\n"
        "[2/4] b␛[31m failed in 0.25 s: ValueError: first\n"
        "[3/4] c was skipped, because b did not succeed\n"
        "h#1 was called for b\n"
        "h#2 was called for b and failed: KeyError: x\n"
        "SIGINT: stopping, waiting for d (again to kill)\n"
    )


def test_a_large_run_says_only_failures_and_now_and_then_how_far_it_is() -> None:
    stream = io.StringIO()
    with progress(plan(1_000), stream) as watch:
        for number in range(999):
            watch(ended(f"a[{number}]"))
        watch(StepTold("b", "PROGRESS", 1))
        watch(ended("b", State.FAILURE, failure=Failure("ValueError", "builtins", "no")))
    lines = stream.getvalue().splitlines()
    assert lines[-1] == "[1000/1000] b failed in 0.25 s: ValueError: no"
    assert len(lines) < 20


def test_a_terminal_gets_a_bar_and_loses_it_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with progress(plan(2), stream) as watch:
        watch(RunStarted(2))
        watch(ended("first"))
        watch(ended("evil\x1b]0;title\x07"))
    text = stream.getvalue()
    assert "first succeeded in 0.25 s" in text
    assert "steps" in text
    assert "\x1b]0;" not in text


@pytest.mark.parametrize(
    ("duration", "text"), [(0.004, "0.00 s"), (9.99, "9.99 s"), (59.94, "59.9 s"), (200, "3 min 20 s"), (7_260, "2 h 1 min")]
)
def test_durations(duration: float, text: str) -> None:
    assert seconds(duration) == text


def test_values_are_always_json() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert value_text({"ä": (1, 2.5, None, True)}) == '{"ä": [1, 2.5, null, true]}\n'
    assert value_text([float("nan"), {1: object}]).startswith('[null, {"1": "')
    assert value_text(deep).endswith("]\n")
