"""Compile-time values: how they look as text, and how they go into a plan.

A compile-time value is None, bool, int, float, str, ``timedelta``, ``date``, ``datetime``, a tuple (a list) or a dict with text
keys (a map), both
never changed once made. What else stands inside (late values, steps' results) is passed through.
"""

from __future__ import annotations

import datetime as dt
import json
import operator

from .plan import Map, Value

#: Seconds of the units of a duration as the language writes it, largest first.
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def seconds(duration: dt.timedelta) -> int | float:
    """A duration in seconds, as an int where that is exact."""
    if duration.microseconds:
        return duration.total_seconds()
    return duration.days * 86_400 + duration.seconds


def to_plan(value: object) -> Value:
    """A compile-time value as a plan holds it: maps become :class:`Map`, durations seconds. What needs no change stays the same object."""
    kind = value.__class__
    if kind is dt.timedelta:
        return seconds(value)  # type: ignore[arg-type]
    if kind is tuple:
        items = tuple([to_plan(item) for item in value])  # type: ignore[attr-defined]
        return value if all(map(operator.is_, items, value)) else items  # type: ignore[call-overload, return-value]
    if kind is dict:
        return Map(tuple([(name, to_plan(item)) for name, item in value.items()]))  # type: ignore[attr-defined]
    return value  # type: ignore[return-value]


def from_plan(value: object) -> object:
    """The compile-time value that a plan's value was made of, but for durations, which stay seconds."""
    if isinstance(value, Map):
        return {name: from_plan(item) for name, item in value.items}
    if isinstance(value, tuple):
        return tuple(from_plan(item) for item in value)
    return value


def to_text(value: object) -> str:
    """What ``str(…)`` and f-strings make of a value: a text as it is, the rest as the language writes it.

    Dates in ISO 8601, durations as seconds, ``true``, ``false`` and ``null``; texts inside lists and maps in quotes.
    """
    return value if isinstance(value, str) else written(value)


def written(value: object) -> str:
    """A value as the language writes it, but durations as seconds; texts in JSON's quotes."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def scalar_text(value: object) -> str:
    """A value that is neither list nor map, as the language writes it; durations as seconds."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dt.timedelta):
        return repr(seconds(value))
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def _write(value: object, put: object) -> None:
    assert callable(put)
    if isinstance(value, tuple):
        put("[")
        for number, item in enumerate(value):
            if number:
                put(", ")
            _write(item, put)
        put("]")
    elif isinstance(value, (dict, Map)):
        put("{")
        for number, (name, item) in enumerate(value.items() if isinstance(value, dict) else value.items):
            put(f"{', ' if number else ''}{key_text(name)}: ")
            _write(item, put)
        put("}")
    else:
        put(scalar_text(value))


def key_text(name: str) -> str:
    """A map's key as the language writes it: bare where it can be."""
    return name if name.isascii() and name.isidentifier() else json.dumps(name, ensure_ascii=False)


def duration_text(value: dt.timedelta) -> str:
    """A duration as the language writes it: ``1h30m``, ``500ms``; ``-`` before a negative one."""
    if value < dt.timedelta(0):
        return f"-{duration_text(-value)}"
    rest = value.days * 86_400 + value.seconds
    parts: list[str] = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    if value.microseconds:
        millis = value.microseconds / 1_000
        parts.append(f"{millis:g}ms" if millis.is_integer() else f"{millis}ms")
    return "".join(parts) or "0s"
