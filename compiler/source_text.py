"""Values as source text: what a flow has to say for a parser to get exactly that value back."""

from __future__ import annotations

import datetime as dt
import json
import math
import re

from ..dsl.columns import escaped
from ..dsl.literals import BadWord, number
from ..dsl.words import RESERVED
from .values import duration_text

#: Characters of a default, at most: of a longer one a declaration only says that it is there.
LONGEST_VALUE = 200

#: Lists and maps inside each other, at most.
_DEEPEST = 16

_SURROGATE = re.compile("[\ud800-\udfff]")
#: A quote that would end a text in three quotes, or lengthen its end; and what stands for it.
_ENDING = re.compile(r'"(?="")|"\Z')
_QUOTE = r'\\"'

_WORD = re.compile(r"[^\W\d]\w*")


def is_word(text: str) -> bool:
    """Whether a name can stand bare where the language asks for one."""
    return text.isidentifier() and _WORD.fullmatch(text) is not None


def is_bindable(text: str) -> bool:
    """Whether a flow can bind the name and call what it stands for."""
    return is_word(text) and text not in RESERVED and text != "_"


def text_source(text: str) -> str:
    """A text in double quotes, on one line. What is not printable is escaped; a surrogate without its other half becomes U+FFFD."""
    return escaped(json.dumps(_without_surrogates(text), ensure_ascii=False))


def long_text_source(text: str) -> str:
    """A text as :func:`text_source`, but with its line breaks, in three quotes, if it has any."""
    if "\n" not in text:
        return text_source(text)
    lines = (text_source(line)[1:-1].replace('\\"', '"') for line in text.split("\n"))
    return f'"""{_ENDING.sub(_QUOTE, chr(10).join(lines))}"""'


def key_source(name: str) -> str:
    """The name of a record's field or a map's key: bare where it can be."""
    return name if is_word(name) else text_source(name)


def value_source(value: object, longest: int = LONGEST_VALUE) -> str | None:
    """A value as a flow writes it; None for what a flow cannot write, or only in more than ``longest`` characters.

    It can write None, bools, ints, finite floats, texts, dates, datetimes with a zone, durations of whole milliseconds that are not
    negative, and lists, tuples and maps (with texts as keys) of these.
    """
    try:
        written = _Writer(longest).value(value, 0)
    except (_UnwritableError, ValueError, OverflowError):
        return None
    return written if len(written) <= longest else None


class _UnwritableError(Exception):
    """The language has no way to write a value."""


class _Writer:
    """Writes one value; gives up where it sees that there are more than ``longest`` characters to come."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._left = longest  # a list may be inside itself, or inside another very often

    def value(self, value: object, depth: int) -> str:
        self._left -= 1
        if self._left < 0:
            raise _UnwritableError
        kind = value.__class__
        if value is None or kind is bool:
            return "null" if value is None else "true" if value else "false"
        if isinstance(value, str) and kind is str and len(value) <= self._longest and not _SURROGATE.search(value):
            return text_source(value)
        if kind in (int, float):
            return self._number(value)
        if isinstance(value, dt.date) and kind in (dt.date, dt.datetime):
            return _date(value)
        if isinstance(value, dt.timedelta) and kind is dt.timedelta and value >= dt.timedelta(0) and not value.microseconds % 1_000:
            return duration_text(value)
        if isinstance(value, (list, tuple, dict)) and kind in (list, tuple, dict) and depth < _DEEPEST and len(value) <= self._longest:
            return self._collection(value, depth)
        raise _UnwritableError

    def _number(self, value: object) -> str:
        if isinstance(value, float):
            if not math.isfinite(value):
                raise _UnwritableError
            return repr(value)
        assert isinstance(value, int)
        if value.bit_length() > 4 * self._longest:
            raise _UnwritableError
        return str(value)

    def _collection(self, value: list[object] | tuple[object, ...] | dict[object, object], depth: int) -> str:
        if not isinstance(value, dict):
            return f"[{', '.join([self.value(item, depth + 1) for item in value])}]"
        items: list[str] = []
        for key, item in value.items():
            if not isinstance(key, str) or key.__class__ is not str or _SURROGATE.search(key):
                raise _UnwritableError
            items.append(f"{key_source(key)}: {self.value(item, depth + 1)}")
        return f"{{{', '.join(items)}}}"


def _date(value: dt.date) -> str:
    written = value.isoformat()
    try:
        read = number(written)
    except BadWord:
        raise _UnwritableError from None
    if isinstance(value, dt.datetime) and (value.utcoffset() is None or not isinstance(read, dt.datetime)):
        raise _UnwritableError
    return written


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if _SURROGATE.search(text) else text
