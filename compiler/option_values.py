"""What each option may hold, by itself: one function a kind of value, which gives it as a plan holds it, or raises WrongValue."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from ..dsl.record import dataclass
from .late import static_type
from .option_table import DOC, RETRY_KEYS
from .plan import Late, Ref
from .suggest import did_you_mean, suggest
from .types import ANY, BOOL, DATE, DATETIME, DURATION, FLOAT, INT, JSON, STR, Type, accepts, members
from .values import seconds

#: The longest duration: a hundred years. Past it a moment may lie beyond the calendar.
LONGEST = 36_525 * 86_400

#: The longest name that AMQP carries, in bytes of UTF-8.
LONGEST_NAME = 255

#: The longest text in headers and ``shadow``.
LONGEST_TEXT = 4_096

SERIALIZERS = ("json", "pickle", "yaml", "msgpack")
COMPRESSIONS = ("brotli", "bzip2", "gzip", "lzma", "zlib", "zstd")


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a value is none for its option. ``given`` holds the value itself where the message names its kind."""

    code: str
    values: dict[str, object] = field(default_factory=dict)
    help: tuple[str, ...] = ()
    given: tuple[object, ...] | None = None


class WrongValue(ValueError):
    """Carries a :class:`Wrong` through the schema."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.code)
        self.wrong = wrong


def _mistyped(value: object, *helps: str) -> WrongValue:
    return WrongValue(Wrong("F0502", help=helps, given=(value,)))


def _out_of_range(shown: object, range_: str) -> WrongValue:
    return WrongValue(Wrong("F0503", {"value": shown, "range": range_}))


def a_bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise _mistyped(value, "write `true` or `false`")
    return value


def an_int(least: int, most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _mistyped(value)
        if not least <= value <= most:
            shown = value if value.bit_length() < 128 else "the number"
            raise _out_of_range(shown, f"a number from {least} to {most:,}")
        return value

    return check


def a_duration(least: float) -> Callable[[object], int | float]:
    def check(value: object) -> int | float:
        if isinstance(value, dt.timedelta):
            value = seconds(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            helps = ("write it without quotes, as in `10s`",) if isinstance(value, str) else ()
            raise _mistyped(value, *helps)
        if not (isinstance(value, int) or math.isfinite(value)) or value > LONGEST:
            raise _out_of_range("the duration", "at most 100 years")
        if value < 0:
            raise _out_of_range(f"{value}s", "a duration that is not negative")
        if value == 0 and least > 0:
            raise _out_of_range("0s", "a duration longer than nothing")
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return check


def a_moment(value: object) -> dt.datetime:
    if isinstance(value, dt.datetime):
        if value.utcoffset() is None:
            raise WrongValue(Wrong("F0504", {"value": value.isoformat()}, (f"add a zone, as in `{value.isoformat()}Z` (UTC)",)))
        return value
    if isinstance(value, dt.date):
        raise _mistyped(value, f"write a time and a zone too, as in `{value.isoformat()}T00:00:00Z`")
    if isinstance(value, (dt.timedelta, int, float)) and not isinstance(value, bool):
        raise _mistyped(value, "for a duration from now write `now + 2h`, or use `countdown`")
    raise _mistyped(value)


def an_expiry(value: object) -> int | float | dt.datetime:
    return a_moment(value) if isinstance(value, dt.date) else a_duration(0)(value)


def _check_text(value: str, longest: int) -> str:
    if not value:
        raise WrongValue(Wrong("F0507", {"reason": "it is empty"}))
    bad = next((c for c in value if (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000)), None)
    if bad is not None:
        what = "half a character (a lone surrogate)" if ord(bad) >= 0xD800 else f"the control character U+{ord(bad):04X}"
        raise WrongValue(Wrong("F0507", {"reason": f"it holds {what}"}))
    size = len(value.encode())
    if size > longest:
        raise WrongValue(Wrong("F0507", {"reason": f"it is {size:,} bytes long, and at most {longest:,} are possible"}))
    return value


def a_text(longest: int) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str):
            raise _mistyped(value)
        return _check_text(value, longest)

    return check


def a_retry_policy(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _mistyped(value)
    out: dict[str, Any] = {}
    for key, item in value.items():
        if key not in RETRY_KEYS:
            raise WrongValue(Wrong("F0508", {"key": key}, did_you_mean(key, RETRY_KEYS)))
        if isinstance(item, (Late, Ref)) or (item is None and key != "max_retries"):
            raise WrongValue(Wrong("F0509", {"key": key, "wanted": "a value that the compiler knows"}))
        try:
            check = an_int(0, 2**31 - 1) if key == "max_retries" else a_duration(0)
            out[key] = None if item is None else check(item)
        except WrongValue:
            wanted = "an int from 0 up, or null" if key == "max_retries" else "a duration that is not negative"
            raise WrongValue(Wrong("F0509", {"key": key, "wanted": wanted})) from None
    return out


def some_headers(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _mistyped(value)
    for key, item in value.items():
        try:
            _check_text(key, LONGEST_NAME)
        except WrongValue:
            raise WrongValue(Wrong("F0509", {"key": key, "wanted": "a name without control characters"})) from None
        if isinstance(item, Late):
            plain = all(t in (ANY, JSON, STR, BOOL, INT, FLOAT, DATETIME, DATE, DURATION) for t in members(static_type(item)))
        elif isinstance(item, str):
            plain = len(item) <= LONGEST_TEXT and not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in item)
        else:
            plain = item is None or isinstance(item, (bool, int, float, dt.date, dt.timedelta))
        if not plain:
            wanted = f"a number, a bool, a date, null, or a text of at most {LONGEST_TEXT:,} characters without control characters"
            raise WrongValue(Wrong("F0509", {"key": key, "wanted": wanted}))
    return dict(value)


def a_delivery_mode(value: object) -> int:
    named = {"transient": 1, "persistent": 2}
    if isinstance(value, str) and value in named:
        return named[value]
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _mistyped(value)
    if value not in (1, 2):
        raise _out_of_range(value, '1 or "transient" (in memory), 2 or "persistent" (on disk)')
    return int(value)


def misspelt(accepted: Mapping[str, Any]) -> list[tuple[str, Wrong]]:
    """Names that look like a misspelt known one (others may be registered, so they pass)."""
    found: list[tuple[str, Wrong]] = []
    for name, known in (("serializer", SERIALIZERS), ("compression", COMPRESSIONS)):
        value = accepted.get(name)
        if isinstance(value, str) and value not in known:
            near = suggest(value, known)
            if near is not None:
                found.append((name, Wrong("F0512", {"value": value}, (f"did you mean `{near}`?",))))
    return found


_LATE: dict[str, tuple[Type, ...]] = {
    "duration": (DURATION,),
    "datetime": (DATETIME,),
    "duration or datetime": (DURATION, DATETIME),
    "bool": (BOOL,),
    "text": (STR,),
    "int from 0 to 255": (INT,),
    '1, 2, "transient" or "persistent"': (INT, STR),
}


def check_late(name: str, value: Late) -> Wrong | None:
    """What is wrong with a late value for an option, as far as its type tells."""
    given = static_type(value)
    wanted = _LATE.get(DOC[name].type)
    if wanted is None:
        return Wrong("F0510")
    if all(any(accepts(w, g) for w in wanted) for g in members(given)):
        return None
    return Wrong("F0502", {"given": str(given)})
