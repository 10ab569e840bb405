"""What single words and strings stand for: numbers, durations, dates, and the text between quotes."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import NamedTuple, TypeAlias

Number: TypeAlias = int | float | dt.timedelta | dt.date

#: Digits of a whole number, at most: Python's own limit for turning texts into numbers and back.
MOST_DIGITS = 4_300

_MOST_BITS = int(MOST_DIGITS * math.log2(10))

# Patterns are compiled when they are first used: most flows need few of them, and `flowc check` should start at once.
_DURATION = r"(?a)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?"
_LIKE_DURATION = r"[0-9.]+(?i:w|d|h|m|s)"
_DURATIONS = "a duration is one word of descending units: w d h m s ms, as in 1h30m or 500ms"
_DECIMAL_DURATION = r"(?a)(\d+\.\d+)(w|d|h|ms|m|s)"
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_DASHED = r"(?a)\d+-\d"
_DATE = r"(?a)\d{4}-\d\d-\d\d"
_DATETIME = r"(?a)\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?"
_FLOAT = r"(?a)\d[\d_]*(\.\d[\d_]*)?([eE][+-]?\d[\d_]*)?"

_ESCAPE = r"(?s)\\(?:u([0-9a-fA-F]{4})|(.))"
_SURROGATE = "[\ud800-\udfff]"
_ESCAPED = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class BadWord(Exception):
    """A word beginning with a digit that is no number, duration or date. ``code`` and ``help`` are for the finding."""

    def __init__(self, code: str, help: str = "") -> None:  # noqa: A002 - the word of findings
        super().__init__(code)
        self.code = code
        self.help = help


def number(word: str) -> Number:
    """The value of a NUMBER word; durations are timedeltas, dates and (perhaps naive) datetimes are themselves. Raises BadWord."""
    if word.isdigit() and word.isascii() and word[0] != "0" and len(word) <= MOST_DIGITS:
        return int(word)
    if len(word) > 2 * MOST_DIGITS:
        raise BadWord("F0107")
    if word[-1] in "smhdw" and word[:2] not in ("0x", "0X"):
        return _duration(word)
    if re.match(_DASHED, word):
        return _date(word)
    try:
        if re.fullmatch(_FLOAT, word) and not word.replace("_", "").isdigit():
            return _float(word)
        value = int(word, 0)
    except ValueError:
        if not word.isascii() or not word.replace("_", "").isdigit():
            raise BadWord("F0106", _DURATIONS if re.match(_LIKE_DURATION, word) else "") from None
        if len(word) > MOST_DIGITS:
            raise BadWord("F0107") from None
        raise BadWord("F0106", "a number does not begin with 0; octal numbers are written 0o17") from None
    if value.bit_length() > _MOST_BITS:
        raise BadWord("F0107")
    return value


def _float(word: str) -> float:
    value = float(word)
    if math.isinf(value):
        raise BadWord("F0107")
    return value


def _duration(word: str) -> dt.timedelta:
    try:
        decimal = re.fullmatch(_DECIMAL_DURATION, word)
        if decimal:
            return dt.timedelta(**{_UNITS[decimal[2]]: float(decimal[1])})
        match = re.fullmatch(_DURATION, word)
        if not match:
            raise BadWord("F0106", _DURATIONS)
        weeks, days, hours, minutes, seconds, millis = (int(part or 0) for part in match.groups())
        return dt.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=millis)
    except (OverflowError, ValueError):
        raise BadWord("F0107") from None


def _date(word: str) -> dt.date:
    try:
        if re.fullmatch(_DATE, word):
            return dt.date.fromisoformat(word)
        if re.fullmatch(_DATETIME, word):
            return dt.datetime.fromisoformat(word)
    except ValueError:
        raise BadWord("F0106", "there is no such day or time in the calendar") from None
    if re.fullmatch(r"[0-9]+-[0-9]+", word):
        raise BadWord("F0106", f"to subtract, put blanks round the minus: {word.replace('-', ' - ')}")
    raise BadWord("F0106", "dates are written 2026-11-22, times 2026-11-22T10:00:00Z or 2026-11-22T10:00+01:00")


class BadEscape(NamedTuple):
    """A backslash sequence that means nothing, at ``start`` to ``end`` of the raw text."""

    start: int
    end: int


def unescape(raw: str) -> tuple[str, list[BadEscape]]:
    """The text that stands between quotes as ``raw``, and what was wrong with it. Line breaks come out as ``\\n``."""
    if "\\" in raw:
        return _unescape(raw)
    return raw.replace("\r\n", "\n"), []


def _unescape(raw: str) -> tuple[str, list[BadEscape]]:
    bad: list[BadEscape] = []
    pieces: list[str] = []
    high: BadEscape | None = None
    at = 0
    for match in re.finditer(_ESCAPE, raw):
        if match.start() > at:
            high = None
            pieces.append(raw[at : match.start()].replace("\r\n", "\n"))
        at = match.end()
        place = BadEscape(match.start(), at)
        char = chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[2], "")
        low = "\udc00" <= char <= "\udfff"
        if low and high:
            bad.remove(high)
            pieces[-1] = (pieces[-1] + char).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            high = None
            continue
        high = place if "\ud800" <= char <= "\udbff" else None
        if not char or low or high:
            bad.append(place)
        pieces.append(char)
    pieces.append(raw[at:].replace("\r\n", "\n"))
    if bad:
        return re.sub(_SURROGATE, "\ufffd", "".join(pieces)), bad
    return "".join(pieces), bad
