"""What came of a run: the report for people, and JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..dsl.columns import visible
from ..dsl.render import Painter, number, place_lines
from ..dsl.source import Source, Span
from .progress import seconds
from .terminal import wants_colour

if TYPE_CHECKING:
    from ..compiler.plan import Location, Plan
    from ..runtime.outcome import HandlerResult, RunResult, StepResult

#: The version of the JSON form.
JSON_VERSION = 1

#: Failed steps that are shown with their traceback; the rest get a line.
MOST_SHOWN = 10
MOST_NAMED = 12

WORDS = {
    "SUCCESS": "succeeded",
    "FAILURE": "failed",
    "REVOKED": "revoked",
    "LOST": "lost",
    "SKIPPED": "skipped",
    "PENDING": "not started",
    "STARTED": "not ended",
}


def value_text(value: object) -> str:
    """A flow's value as one JSON text."""
    return _dumps(value) + "\n"


def as_json_text(plan: Plan, result: RunResult) -> str:
    """Everything about a run as JSON: the value, and the state, result and times of every step."""
    document = {
        "version": JSON_VERSION,
        "flow": plan.name,
        "ok": result.ok,
        "value": result.shown_value,
        "duration": round(result.duration, 6),
        "steps": [_step(step) for step in result.steps],
        "handlers": [_handler(handler) for handler in result.handlers],
        "notes": list(result.notes),
    }
    return _dumps(document, indent=2) + "\n"


def _step(step: StepResult) -> dict[str, object]:
    return {
        "id": step.id,
        "task": step.task,
        "state": step.state.value,
        "result": step.result,
        "error": step.error,
        "traceback": step.traceback,
        "because": step.because,
        "started": None if step.started is None else round(step.started, 6),
        "finished": None if step.finished is None else round(step.finished, 6),
        "worker": step.worker,
        "groups": list(step.groups),
        "where": str(step.where),
    }


def _handler(handler: HandlerResult) -> dict[str, object]:
    return {
        "id": handler.id,
        "task": handler.task,
        "scope": handler.scope,
        "step": handler.step,
        "kind": handler.kind,
        "ok": handler.ok,
        "error": None if handler.failure is None else str(handler.failure),
        "where": str(handler.where),
    }


def _dumps(value: object, indent: int | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return json.dumps(_finite(value, 0), ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: object) -> object:
    """What JSON has no word for: dates in ISO 8601, durations in seconds, bytes as text or Base64, anything else as Python shows it."""
    import base64
    import datetime as dt
    import decimal
    import uuid

    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    return repr(value)


def _finite(value: Any, depth: int) -> Any:
    """A value that strict JSON carries: infinities and NaN become null, keys text, nesting too deep for JSON its repr."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth > 200 and isinstance(value, (dict, list, tuple)):
        return "…"
    if isinstance(value, dict):
        return {str(key): _finite(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item, depth + 1) for item in value]
    return value


def report(result: RunResult, source: Source, *, left: str = "the run was ended") -> str:
    """What people want to know after a run: what failed, where and why, what was skipped, which handlers ran; counts come last.

    ``left``: what happened when steps are still out.
    """
    return "".join(f"{line}\n" for line in _report(result, source, Painter(wants_colour(sys.stderr)), left))


def _report(result: RunResult, source: Source, paint: Painter, left: str) -> Iterator[str]:
    failed = result.failed
    for step in failed[:MOST_SHOWN]:
        yield ""
        what = {"REVOKED": "was revoked", "LOST": "is lost"}.get(step.state.value, "failed")
        message = paint("message", visible(f"step {step.id} {what}: {step.error}"))
        yield f"{paint('place', visible(str(step.where)))}: {paint('error', 'error')}: {message}"
        yield from snippet(step.where, source, paint)
        if '  File "' in (step.traceback or ""):  # else it says no more than the line above
            yield from _indented(step.traceback)
    if len(failed) > MOST_SHOWN:
        yield f"\nand {number(len(failed) - MOST_SHOWN, 'more step')} failed: {_names([step.id for step in failed[MOST_SHOWN:]])}"
    if result.skipped or result.handlers:
        yield ""
    yield from _skipped(result)
    yield from _handlers(result)
    if result.value_error:
        yield visible(f"The flow's value cannot be made: {result.value_error}")
    if result.abandoned:
        yield visible(f"Still running when {left}: {_names(result.abandoned)}")
    yield from (visible(f"note: {remark}") for remark in result.notes)
    yield _counts(result)


def snippet(where: Location, source: Source, paint: Painter) -> Iterator[str]:
    """The lines of the flow, where they are at hand: in the file of the command line."""
    if where.file == source.name:
        starts = source.line_starts
        if where.line <= len(starts) and where.end_line <= len(starts):
            span = Span(starts[where.line - 1] + where.column - 1, starts[where.end_line - 1] + where.end_column - 1)
            yield from place_lines(source, span, paint)


def _skipped(result: RunResult) -> Iterator[str]:
    because: dict[str, list[str]] = {}
    for step in result.skipped:
        because.setdefault(step.because or "?", []).append(step.id)
    for cause, ids in because.items():
        yield visible(f"Skipped, because {cause} did not succeed: {_names(ids)}")
    pending = [step.id for step in result.steps if step.state.value == "PENDING"]
    if pending:
        yield visible(f"Never started: {_names(pending)}")


def _handlers(result: RunResult) -> Iterator[str]:
    for handler in result.handlers[:MOST_NAMED]:
        how = "ran" if handler.ok else f"failed: {handler.failure}"
        yield visible(f"Handler {handler.id} ({handler.task}) for {handler.step}: {how}")
        if handler.failure is not None:
            yield from _indented(handler.failure.traceback)
    if len(result.handlers) > MOST_NAMED:
        yield f"and {number(len(result.handlers) - MOST_NAMED, 'more handler')}"


def _indented(text: str | None) -> Iterator[str]:
    for line in (text or "").rstrip().splitlines():
        yield f"  {visible(line)}".rstrip()


def _names(ids: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(ids) - MOST_NAMED:,} more" if len(ids) > MOST_NAMED else ""
    return ", ".join(ids[:MOST_NAMED]) + more


def _counts(result: RunResult) -> str:
    counts = dict.fromkeys(WORDS, 0)
    for step in result.steps:
        counts[step.state.value] = counts.get(step.state.value, 0) + 1
    parts = [f"{n:,} {WORDS[state]}" for state, n in counts.items() if n]
    return f"{number(len(result.steps), 'step')}: {', '.join(parts) or 'nothing to do'}, in {seconds(result.duration)}."
