"""Values of parameters: from ``-p name=value``, from data (JSON, YAML, Python), and the files that hold them."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

from ..dsl.diagnostics import quote
from .budget import DEEPEST, MOST_BITS, MOST_ITEMS
from .fits import fits, kind
from .literals import LiteralError, ParameterError, read_date, read_duration, read_literal, read_moment, read_number
from .types import (
    ANY,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    DURATION,
    FLOAT,
    INT,
    JSON,
    NULL,
    STR,
    ListOf,
    MapOf,
    Optional,
    Record,
    Scalar,
    Text,
    TupleOf,
    Type,
    Union,
    members,
)


def from_text(text: str, wanted: Type) -> object:
    """The compile-time value that the text behind ``-p name=`` means for a parameter's type.

    ``str`` takes the text as it is, quotes and all. Numbers, ``true``, ``false``, dates, datetimes with a zone and durations
    (``1h30m``, or a number
    of seconds) are written as in a flow; ``null`` is null for ``T?``. Lists, maps, records, tuples and json are written as in a flow or as
    JSON; a list of plain values also as ``a,b,c``. ``any`` takes what a flow would read, else the text. Of a union, a text of
    its own comes first, then null, bool, numbers, dates and durations, lists and maps, and ``str`` last.

    Raises:
        ParameterError: the text is no such value.
    """
    _check_text(text, "the value")
    if isinstance(wanted, (Union, Optional)):
        return _one_of(text, wanted)
    if isinstance(wanted, Text):
        if text != wanted.value:
            raise ParameterError(f"{_shown(text)} is not {wanted}")
        return text
    try:
        if isinstance(wanted, Scalar):
            return _scalar(text, wanted)
        if isinstance(wanted, ListOf) and not text.lstrip().startswith("[") and _is_plain(wanted.item):
            return tuple(from_text(item.strip(), wanted.item) for item in text.split(",")) if text.strip() else ()
        return from_data(read_literal(text), wanted)
    except LiteralError as error:
        lead, reason = f"{_shown(text)} is no ", str(error)
        if reason.startswith(lead):
            # It has the text in front already: `"soon" is no date: write it like …`.
            _, colon, way_out = reason[len(lead) :].partition(": ")
            reason = way_out if colon else ""
        raise ParameterError(f"{lead}{quote(wanted, 80)}{': ' if reason else ''}{reason}") from None


def _shown(text: str) -> str:
    return quote(json.dumps(text, ensure_ascii=False))


def _is_plain(t: Type) -> bool:
    return all(isinstance(member, Text) or (isinstance(member, Scalar) and member not in (ANY, JSON)) for member in members(t))


def _scalar(text: str, wanted: Scalar) -> object:
    if wanted == STR:
        return text
    if wanted == ANY:
        try:
            return read_literal(text)
        except LiteralError:
            return text
    word = text.strip()
    if wanted == BOOL:
        if word not in ("true", "false"):
            raise ParameterError(f"{_shown(text)} is no bool: write true or false")
        return word == "true"
    if wanted == NULL:
        if word != "null":
            raise ParameterError(f"{_shown(text)} is not null")
        return None
    if wanted == BYTES:
        raise ParameterError("a flow has no way to write bytes; give a text, or the path of a file")
    if wanted == DATE:
        return read_date(word)
    if wanted == DATETIME:
        return read_moment(word)
    return from_data(read_literal(word), wanted) if wanted == JSON else _number(word, wanted)


def _number(word: str, wanted: Scalar) -> object:
    if wanted == DURATION:
        return read_duration(word)
    number = read_number(word)
    if wanted == FLOAT:
        return _float(number)
    if isinstance(number, float):
        raise ParameterError(f"{_shown(word)} is float, int expected")
    return number


def _float(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:
        raise ParameterError("the number is too large for a float") from None


_ORDER = {NULL: 1, BOOL: 2, INT: 3, FLOAT: 4, DATE: 5, DATETIME: 6, DURATION: 7, STR: 10}


def _one_of(text: str, wanted: Type) -> object:
    """The first member that takes the text, the most special first."""
    kinds = sorted(members(wanted), key=lambda m: 0 if isinstance(m, Text) else _ORDER.get(m, 8) if isinstance(m, Scalar) else 9)
    reason = ""
    for member in kinds:
        try:
            return from_text(text, member)
        except ParameterError as error:
            if member != NULL:
                reason = error.reason
    if len(kinds) == 2 and NULL in kinds:
        raise ParameterError(reason)
    raise ParameterError(f"{_shown(text)} is no {quote(wanted, 80)}")


def from_data(value: object, wanted: Type) -> object:
    """The compile-time value of a JSON, YAML or Python value for a parameter's type.

    Lists become tuples; where the type asks for it, an int becomes a float, text in ISO 8601 a date or datetime, a number or text
    like ``1h30m`` a
    duration.

    Raises:
        ParameterError: it does not fit (with the path to what does not), or is no value of the language.
    """
    plain = _plain(value, [MOST_ITEMS], "", 0)
    try:
        converted = _convert(plain, wanted)
    except LiteralError as error:
        raise ParameterError(str(error)) from None
    reason = fits(converted, wanted)
    if reason is not None:
        raise ParameterError(reason)
    return converted


def _at(path: str, reason: str) -> ParameterError:
    return ParameterError(f"{quote(path, 80)}: {reason}" if path else reason)


def _check_text(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParameterError(f"{what} holds bytes that are no UTF-8 text") from None
    if len(text) > MOST_ITEMS:
        raise ParameterError(f"{what} has {len(text):,} characters; at most {MOST_ITEMS:,} are possible")


def _plain(value: object, left: list[int], path: str, depth: int) -> Any:
    """A value made of the language's own; lists are tuples. ``left`` bounds the cells as written out: aliases count each time."""
    left[0] -= 1
    if left[0] < 0:
        raise ParameterError(f"the value has more than {MOST_ITEMS:,} parts")
    if depth > DEEPEST:
        raise ParameterError(f"the value nests deeper than {DEEPEST} levels")
    if value is None or isinstance(value, (bool, dt.timedelta)):
        return value
    if isinstance(value, str):
        _check_text(value, path or "the value")
        return str(value)
    if isinstance(value, int):
        if value.bit_length() > MOST_BITS:
            raise _at(path, f"an int may have at most {MOST_BITS:,} bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _at(path, "the number is not finite")
        return float(value)
    if isinstance(value, dt.date):
        return _aware(value, path)
    if isinstance(value, (list, tuple)):
        return tuple([_plain(item, left, f"{path}[{number}]", depth + 1) for number, item in enumerate(value)])
    if isinstance(value, Mapping):
        return _plain_map(value, left, path, depth)
    raise _at(path, f"{type(value).__name__} is no value of a flow")


def _aware(value: dt.date, path: str) -> dt.date:
    if isinstance(value, dt.datetime) and value.utcoffset() is None:
        raise _at(path, f"{value.isoformat()} has no time zone: add one, as in {value.isoformat()}Z")
    return value


def _plain_map(value: Mapping[object, object], left: list[int], path: str, depth: int) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise _at(path, f"the key {quote(key)} is {kind(key)}; keys are text: put it in quotes")
        _check_text(key, "a key")
        out[str(key)] = _plain(item, left, f"{path}.{key}" if path else key, depth + 1)
    return out


def _convert(value: Any, wanted: Type) -> Any:
    """A plain value with what its type asks for made of what data can hold. What does not fit stays, for :func:`~.fits.fits` to name."""
    if isinstance(wanted, (Union, Optional)):
        for member in members(wanted):
            try:
                converted = _convert(value, member)
            except (LiteralError, ParameterError):
                continue
            if fits(converted, member) is None:
                return converted
        return _convert(value, wanted.inner) if isinstance(wanted, Optional) and value is not None else value
    if wanted == FLOAT and isinstance(value, int) and not isinstance(value, bool):
        return _float(value)
    if isinstance(value, str) and wanted in _READ:
        return _READ[wanted](value)
    if wanted == DURATION and isinstance(value, (int, float)) and not isinstance(value, bool):
        return read_duration(repr(value))
    if isinstance(value, tuple):
        if isinstance(wanted, ListOf):
            return tuple([_convert(item, wanted.item) for item in value])
        if isinstance(wanted, TupleOf) and len(value) == len(wanted.items):
            return tuple([_convert(item, t) for item, t in zip(value, wanted.items, strict=True)])
    if isinstance(value, dict):
        if isinstance(wanted, MapOf):
            return {name: _convert(item, wanted.item) for name, item in value.items()}
        if isinstance(wanted, Record):
            return {name: _convert(item, wanted.field(name) or ANY) for name, item in value.items()}
    return value


_READ: dict[Type, Any] = {DATE: read_date, DATETIME: read_moment, DURATION: read_duration}


def read_params_file(path: str) -> Mapping[str, object]:
    """The parameters that a ``.json``, ``.yaml`` or ``.yml`` file holds, by name, as data for :func:`from_data`.

    Raises:
        ParameterError: it cannot be read, is larger than 1 MiB, or holds no map of such values; the message names the file.
    """
    from .params_file import read

    found = read(path)
    try:
        plain: Mapping[str, object] = _plain(found, [MOST_ITEMS], "", 0)
    except ParameterError as error:
        raise ParameterError(f"{path}: {error.reason}") from None
    return plain
