"""Options that contradict each other, or are hardly meant together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from .option_values import Wrong
from .plan import Late
from .values import duration_text

_LATER = ("let `expires` lie behind the time at which the step may start",)


def contradictions(options: Mapping[str, object]) -> Iterator[tuple[str, Wrong]]:
    """What is wrong with options that are each right by themselves: the option to point at, and why."""
    if "countdown" in options and "eta" in options:
        yield "eta", Wrong("F0505", {"other": "countdown"}, ("keep one of them: both say when the step may start",))
    if "expires" in options:
        yield from _expires(options)
    soft, hard = options.get("soft_time_limit"), options.get("time_limit")
    if isinstance(soft, (int, float)) and isinstance(hard, (int, float)) and soft > hard:
        yield "soft_time_limit", Wrong("F0506", {"first": _shown(soft), "second": _shown(hard)}, ("make it shorter than `time_limit`",))


def _expires(options: Mapping[str, object]) -> Iterator[tuple[str, Wrong]]:
    expires, eta, countdown = options["expires"], options.get("eta"), options.get("countdown")
    if isinstance(expires, dt.datetime) and isinstance(eta, dt.datetime):
        if expires < eta:
            yield "expires", Wrong("F0511", {"expires": expires.isoformat(), "eta": eta.isoformat()}, _LATER)
        return
    ends = from_now(expires)
    if ends is None:
        return
    if ends < dt.timedelta(0):
        yield "expires", Wrong("F0503", {"value": f"now - {duration_text(-ends)}", "range": "a moment that is still to come"})
        return
    starts = from_now(eta) if eta is not None else None
    if starts is not None and ends < starts:
        yield "expires", Wrong("F0511", {"expires": _offset(ends), "eta": _offset(starts)}, _LATER)
    waits = from_now(countdown)
    if waits is not None and waits > ends:
        yield "countdown", Wrong("F0516", {"countdown": duration_text(waits), "expires": duration_text(ends)}, _LATER)


def from_now(value: object) -> dt.timedelta | None:
    """How far from the moment of submission a duration, ``now``, or ``now`` and durations lie; None where that is not known."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return dt.timedelta(seconds=value)
    if not isinstance(value, Late):
        return None
    if value.op == "now":
        return dt.timedelta(0)
    try:
        if value.op == "duration" and isinstance(value.args[0], (int, float)):
            return dt.timedelta(seconds=value.args[0])
        if value.op in ("+", "-"):
            a, b = (from_now(arg) if isinstance(arg, Late) else None for arg in value.args)
            if a is not None and b is not None:
                return a + b if value.op == "+" else a - b
    except OverflowError:
        return None
    return None


def _offset(value: dt.timedelta) -> str:
    if not value:
        return "now"
    return f"now {'-' if value < dt.timedelta(0) else '+'} {duration_text(abs(value))}"


def _shown(seconds: int | float) -> str:
    return duration_text(dt.timedelta(seconds=seconds))
