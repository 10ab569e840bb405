"""Values written as text outside a flow: as the language writes its constants, of which JSON is a part."""

from __future__ import annotations

import datetime as dt
import json
import math
import re

from .budget import DEEPEST, MOST_BITS

_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*)(?:\.\d+)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d\d:?\d\d)?\Z", re.ASCII)
_WORD = re.compile(r"[^\s,:\[\]{}\"']+(?::[^\s,\[\]{}\"']+)*")
_NAME = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_SPACE = re.compile(r"\s*")


class ParameterError(ValueError):
    """A value that a parameter cannot take, or a file that holds no parameters. ``reason`` is for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LiteralError(ParameterError):
    """A text that is no such value; ``reason`` says why."""


def read_number(text: str) -> int | float:
    """A number. Raises LiteralError."""
    if len(text) > 2_000 or not _NUMBER.match(text):
        raise LiteralError(f"{_shown(text)} is no number")
    if text.lstrip("+-").replace("_", "").isdigit():
        number = int(text)
        if number.bit_length() > MOST_BITS:
            raise LiteralError(f"an int may have at most {MOST_BITS:,} bits")
        return number
    value = float(text)
    if not math.isfinite(value):
        raise LiteralError("the number is too large for a float")
    return value


def read_duration(text: str) -> dt.timedelta:
    """A duration (``1h30m``), or a number of seconds. Raises LiteralError."""
    try:
        if _NUMBER.match(text):
            return dt.timedelta(seconds=read_number(text))
        match = _DURATION.match(text) if text and len(text) < 100 else None
        if match is None:
            raise LiteralError(f"{_shown(text)} is no duration: write 10s, 5m, 1h30m, 2d, or a number of seconds")
        w, d, h, m, s, ms = (int(group or 0) for group in match.groups())
        return dt.timedelta(weeks=w, days=d, hours=h, minutes=m, seconds=s, milliseconds=ms)
    except OverflowError:
        raise LiteralError(f"the duration {_shown(text)} is too long") from None


def read_date(text: str) -> dt.date:
    """A date, ``2026-11-22``. Raises LiteralError."""
    if _DATE.match(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise LiteralError(f"{text} is no day of the calendar") from None
    raise LiteralError(f"{_shown(text)} is no date: write it like 2026-11-22")


def read_moment(text: str) -> dt.datetime:
    """A datetime with a zone, ``2026-11-22T10:00:00Z``. Raises LiteralError."""
    if not _MOMENT.match(text):
        raise LiteralError(f"{_shown(text)} is no datetime: write it like 2026-11-22T10:00:00Z")
    try:
        moment = dt.datetime.fromisoformat(text.upper())
        if moment.tzinfo is not None:
            moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise LiteralError(f"{text} is no moment of the calendar") from None
    if moment.tzinfo is None:
        raise LiteralError(f"{text} has no time zone: add one, as in {text}Z")
    return moment


def read_literal(text: str) -> object:
    """Any constant as a flow writes it (lists as tuples, maps as dicts), or JSON.

    Raises:
        LiteralError: it is none; the message says where.
    """
    reader = _Reader(text)
    value = reader.value(0)
    reader.end()
    return value


def _shown(text: str) -> str:
    return json.dumps(text if len(text) <= 40 else text[:39] + "…", ensure_ascii=False)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _peek(self) -> str:
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._text[self._at : self._at + 1]

    def _error(self, expected: str) -> LiteralError:
        found = self._peek()
        where = f"{_shown(self._text[self._at : self._at + 20])} found" if found else "the text ends"
        return LiteralError(f"{where} where {expected} is expected (character {self._at + 1})")

    def end(self) -> None:
        if self._peek():
            raise self._error("the end")

    def value(self, depth: int) -> object:
        if depth > DEEPEST:
            raise LiteralError(f"the value nests deeper than {DEEPEST} levels")
        first = self._peek()
        if first == "[":
            return self._list(depth)
        if first == "{":
            return self._map(depth)
        if first in ("'", '"') and first:
            return self._string()
        match = _WORD.match(self._text, self._at)
        if match is None:
            raise self._error("a value")
        value = _word(match.group())
        self._at = match.end()
        return value

    def _list(self, depth: int) -> tuple[object, ...]:
        self._at += 1
        items: list[object] = []
        while self._peek() != "]":
            items.append(self.value(depth + 1))
            if not self._comma("]"):
                break
        self._at += 1
        return tuple(items)

    def _comma(self, end: str) -> bool:
        found = self._peek()
        if found == ",":
            self._at += 1
            return True
        if found != end:
            raise self._error(f"`,` or `{end}`")
        return False

    def _map(self, depth: int) -> dict[str, object]:
        self._at += 1
        items: dict[str, object] = {}
        while self._peek() != "}":
            key = self._key()
            if self._peek() != ":":
                raise self._error("`:`")
            self._at += 1
            if key in items:
                raise LiteralError(f"the key {_shown(key)} stands twice")
            items[key] = self.value(depth + 1)
            if not self._comma("}"):
                break
        self._at += 1
        return items

    def _key(self) -> str:
        if self._peek() in ("'", '"') and self._peek():
            return self._string()
        match = _NAME.match(self._text, self._at)
        if match is None:
            raise self._error("a key")
        self._at = match.end()
        return match.group()

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise LiteralError(f"the text that begins at character {self._at + 1} does not end")
        body = match.group()
        if body[0] == "'":
            body = '"' + re.sub(r'\\.|"', lambda m: {"\\'": "'", '"': '\\"'}.get(m.group(), m.group()), body[1:-1], flags=re.DOTALL) + '"'
        try:
            text = json.loads(body, strict=False)
            text.encode()
        except ValueError:
            raise LiteralError(f"the text that begins at character {self._at + 1} has an escape that JSON does not know") from None
        self._at = match.end()
        assert isinstance(text, str)
        return text


_CONSTANTS = {"null": None, "true": True, "false": False}


def _word(text: str) -> object:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NUMBER.match(text):
        return read_number(text)
    if _DATE.match(text):
        return read_date(text)
    if _MOMENT.match(text):
        return read_moment(text)
    if text[0].isdigit() and _DURATION.match(text):
        return read_duration(text)
    raise LiteralError(f"{_shown(text)} is no value: a text stands in quotes")
