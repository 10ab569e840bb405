"""Types of values that are known: what type a value has, and exactly why it does not fit another."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping

from ..dsl.diagnostics import quote
from .plan import Late, Map, Ref
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
    union,
)

#: A value of more cells than this has its inner types given as ``any``.
MOST_CELLS = 1_000

#: A map of more fields than this has the type ``map[…]``, not a record.
MOST_FIELDS = 32

_SCALARS: dict[type, Scalar] = {
    type(None): NULL,
    bool: BOOL,
    int: INT,
    float: FLOAT,
    str: STR,
    bytes: BYTES,
    dt.date: DATE,
    dt.datetime: DATETIME,
    dt.timedelta: DURATION,
}

_PYTHON: dict[Type, set[type]] = {scalar: {python} for python, scalar in _SCALARS.items()}

_KINDS: dict[type, str] = {str: "text", tuple: "a list", list: "a list", dict: "a map", Map: "a map", type(None): "null"}


def kind(value: object) -> str:
    """What a value is, in a user's words: ``text``, ``int``, ``a list``, ``null``…"""
    named = _KINDS.get(value.__class__)
    if named is not None:
        return named
    if isinstance(value, Late):
        return "a value known at submission only"
    if isinstance(value, Ref):
        return "a step's result"
    scalar = _SCALARS.get(value.__class__)
    return scalar.name if scalar is not None else value.__class__.__name__


def type_of(value: object) -> Type:
    """The type of a compile-time value. Lists give ``list[union of the items]``, maps records; values that are not known give ``any``."""
    return _type_of(value, [MOST_CELLS])


def _type_of(value: object, left: list[int]) -> Type:
    scalar = _SCALARS.get(value.__class__)
    if scalar is not None:
        return scalar
    left[0] -= 1
    if left[0] < 0:
        return ANY
    if isinstance(value, (tuple, list)):
        kinds = set(map(type, value))
        if kinds <= _SCALARS.keys():
            return ListOf(union(sorted((_SCALARS[k] for k in kinds), key=str)) if kinds else ANY)
        return ListOf(union(_type_of(item, left) if left[0] > 0 else ANY for item in value))
    if isinstance(value, (dict, Map)):
        items = value.items() if isinstance(value, dict) else value.items
        if len(value) <= MOST_FIELDS:
            return Record(tuple((name, _type_of(item, left)) for name, item in items))
        return MapOf(union(_type_of(item, left) if left[0] > 0 else ANY for _, item in items))
    return ANY


def fits(value: object, wanted: Type) -> str | None:
    """None when a compile-time value may stand where ``wanted`` is asked, else why not, with the path inside.

    As :func:`flowc.compiler.types.accepts`, but exact: ``item 2: "x" is text, int expected``. What is not known (a step's result,
    a late value)
    is let through. An empty list is a list of anything.
    """
    if wanted is ANY or wanted == ANY or isinstance(value, (Ref, Late)):
        return None
    if isinstance(wanted, Scalar):
        return _fits_scalar(value, wanted)
    if isinstance(wanted, (Union, Optional)):
        return _fits_one(value, wanted)
    if isinstance(wanted, Text):
        return None if value == wanted.value and isinstance(value, str) else _wrong(value, wanted)
    if isinstance(value, (tuple, list)):
        return _fits_list(value, wanted)
    if isinstance(value, (dict, Map)):
        return _fits_map(dict(value.items() if isinstance(value, dict) else value.items), wanted)
    return _wrong(value, wanted)


def _wrong(value: object, wanted: Type) -> str:
    shown = kind(value)
    if isinstance(value, str):
        shown = f"{quote(json.dumps(value, ensure_ascii=False), 40)} is text"
    elif value is None:
        shown = "null given"
    elif isinstance(value, (bool, int, float)):
        written = json.dumps(value) if not isinstance(value, int) or value.bit_length() < 200 else "a number"
        shown = f"{written} is {kind(value)}"
    elif isinstance(value, (dt.date, dt.timedelta)):
        shown = f"{value} is {kind(value)}"
    else:
        shown = f"{shown} given"
    return f"{shown}, {quote(wanted, 80)} expected"


def _fits_scalar(value: object, wanted: Scalar) -> str | None:
    given = _SCALARS.get(value.__class__)
    if given is wanted or given == wanted:
        return None
    if wanted == FLOAT and given in (INT, DURATION):
        return None
    if wanted == INT and isinstance(value, dt.timedelta) and not value.microseconds:
        return None
    if wanted == DURATION and given in (INT, FLOAT):
        return None
    if wanted == JSON:
        return _fits_json(value)
    return _wrong(value, wanted)


def _fits_json(value: object) -> str | None:
    given = _SCALARS.get(value.__class__)
    if given is not None:
        return _wrong(value, JSON) if given in (BYTES, DATE, DATETIME) else None
    if isinstance(value, (tuple, list)):
        return _fits_list(value, ListOf(JSON))
    if isinstance(value, (dict, Map)):
        return _fits_map(dict(value.items() if isinstance(value, dict) else value.items), MapOf(JSON))
    return None if isinstance(value, (Ref, Late)) else _wrong(value, JSON)


def _fits_one(value: object, wanted: Type) -> str | None:
    reasons = [fits(value, member) for member in members(wanted)]
    if None in reasons:
        return None
    # With one member beside null, its own reason says most.
    if isinstance(wanted, Optional) and not isinstance(wanted.inner, Union) and value is not None:
        reason = reasons[0]
        return reason if reason is not None and ": " in reason else _wrong(value, wanted)
    return _wrong(value, wanted)


def _fits_list(value: tuple[object, ...] | list[object], wanted: Type) -> str | None:
    if isinstance(wanted, TupleOf):
        if len(value) != len(wanted.items):
            return f"a list of {len(value)} given, {quote(wanted, 80)} expected"
        return _first(fits(item, t) for item, t in zip(value, wanted.items, strict=True))
    if not isinstance(wanted, ListOf):
        return _wrong(value, wanted)
    if isinstance(wanted.item, Scalar) and set(map(type, value)) == _PYTHON.get(wanted.item):
        return None
    return _first(fits(item, wanted.item) for item in value)


def _first(reasons: Iterable[str | None]) -> str | None:
    for number, reason in enumerate(reasons):
        if reason is not None:
            return f"item {number}: {reason}"
    return None


def _fits_map(value: Mapping[str, object], wanted: Type) -> str | None:
    if isinstance(wanted, MapOf):
        for key, item in value.items():
            reason = fits(item, wanted.item)
            if reason is not None:
                return f"key {quote(json.dumps(key, ensure_ascii=False), 40)}: {reason}"
        return None
    if not isinstance(wanted, Record):
        return _wrong(value, wanted)
    for name, field in wanted.fields:
        if name in value:
            reason = fits(value[name], field)
            if reason is not None:
                return f"field {quote(name)}: {reason}"
        elif not (isinstance(field, Optional) or field == ANY):
            return f"field {quote(name)} is missing, {quote(wanted, 80)} expected"
    return None
