"""Submits and drives the programs, and says of each how it went."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import flowc
from flowc.runtime.outcome import RunResult

from .programs import Program

#: Seconds that a flow may take, on a machine that is busy with other tests.
DEADLINE = 60.0

#: What is said of a program that did what it should, and of one that was refused as it should be.
FINE, REFUSED = "ok", "refused"

Calls = Callable[[str], list[Any]]


def driven(program: Program, app: flowc.App, calls: Calls) -> str:
    """How it went with ``flowc run --broker``: ``ok``, or what was wrong."""
    text, key = _text(program)
    return _judged(program, lambda: flowc.loads(text).drive(app, timeout=DEADLINE), calls, key)


def submitted(program: Program, app: flowc.App, calls: Calls, *, counts: bool) -> str:
    """How it went with ``flowc submit --wait``. ``counts``: whether the result backend counts joins."""
    text, key = _text(program)
    if program.counted and not counts:
        try:
            flowc.loads(text).submit(app)
        except Exception as exc:
            return REFUSED if type(exc).__name__ == "SubmissionRefused" else _said(exc)
        return "was not refused"
    return _judged(program, lambda: flowc.loads(text).submit(app).wait(DEADLINE), calls, key)


def _text(program: Program) -> tuple[str, str]:
    key = uuid.uuid4().hex
    return program.text.replace("KEY", key), key


def _said(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}".partition("\n")[0][:200]


def _judged(program: Program, run: Callable[[], RunResult], calls: Calls, key: str) -> str:
    try:
        result = run()
    except Exception as exc:
        return _said(exc)
    states = {step.task: step.state.value for step in result.steps if step.state.value != "SUCCESS"}
    if states != program.states:
        return f"ended as {states or 'SUCCESS'}, not {dict(program.states) or 'SUCCESS'}" + (", out of time" if result.timed_out else "")
    if result.ok != program.ok or (program.ok and result.value != program.value):
        return f"came to {result.value!r}, not {program.value!r}"
    return FINE if program.notes is None else _noted(program, calls, key)


def _noted(program: Program, calls: Calls, key: str) -> str:
    assert program.notes is not None
    until = time.monotonic() + DEADLINE
    while True:
        found = [_nameless(note) for note in calls(key)]
        if len(found) >= len(program.notes) or time.monotonic() > until:
            break
        time.sleep(0.02)
    return FINE if found == program.notes else f"noted {found}, not {program.notes}"


def _nameless(note: Any) -> Any:
    """A note of a handler without the id of the failed step."""
    return ["on_error", "ID", *note[2:]] if isinstance(note, list) and note[0] == "on_error" else _by_id(note)


def _by_id(note: Any) -> Any:
    return [note[0], "ID"] if isinstance(note, list) and str(note[0]).startswith("on_error_") else note
