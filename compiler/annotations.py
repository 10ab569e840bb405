"""Python annotations → types: how a registered function's signature is read."""

from __future__ import annotations

import collections.abc
import datetime as dt
import types as python
import typing

from .types import (
    ANY,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    DURATION,
    FLOAT,
    INT,
    NULL,
    STR,
    ListOf,
    MapOf,
    Record,
    Text,
    TupleOf,
    Type,
    optional,
    union,
)

_PLAIN: dict[object, Type] = {
    None: NULL,
    type(None): NULL,
    bool: BOOL,
    int: INT,
    float: FLOAT,
    str: STR,
    bytes: BYTES,
    dt.date: DATE,
    dt.datetime: DATETIME,
    dt.timedelta: DURATION,
    list: ListOf(ANY),
    tuple: ListOf(ANY),
    dict: MapOf(ANY),
}

_LISTS = (list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_MAPS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)

#: Annotations nested deeper than this are ``any`` (they may refer to themselves).
_DEEPEST = 16


def from_annotation(annotation: object) -> Type:
    """The type that a Python annotation (an object, not its text) means; ``any`` for what the language has no word for.

    Containers, ``Optional`` and unions, ``Literal`` of texts, ``TypedDict`` (a field that is not required is optional),
    ``Annotated``, ``NewType``
    and type aliases are followed. Never raises.
    """
    try:
        return _from(annotation, 0)
    except Exception:  # an annotation is the user's object: whatever looking at it raises, only its type is unknown
        return ANY


def _from(annotation: object, depth: int) -> Type:
    if depth > _DEEPEST:
        return ANY
    try:
        if annotation in _PLAIN:
            return _PLAIN[annotation]
    except TypeError:  # not hashable: a Literal of a list, say
        return ANY
    supertype = getattr(annotation, "__supertype__", None)  # NewType
    if supertype is not None:
        return _from(supertype, depth + 1)
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        return _record(annotation, depth)
    origin = typing.get_origin(annotation)
    if origin is None:
        value = getattr(annotation, "__value__", None)  # type X = … (Python 3.12)
        return ANY if value is None else _from(value, depth + 1)
    return _generic(origin, typing.get_args(annotation), depth + 1)


def _generic(origin: object, args: tuple[object, ...], depth: int) -> Type:
    if origin in (typing.Union, python.UnionType):
        return union([_from(arg, depth) for arg in args])
    if origin is typing.Literal:
        return union([Text(arg) if isinstance(arg, str) else _PLAIN.get(type(arg), ANY) for arg in args])
    if origin in (typing.Annotated, typing.Required, typing.NotRequired, typing.Final, typing.ClassVar):
        return _from(args[0], depth)
    if origin is tuple:
        if args == ((),):
            return TupleOf(())
        if len(args) == 2 and args[1] is Ellipsis:
            return ListOf(_from(args[0], depth))
        return TupleOf(tuple(_from(arg, depth) for arg in args))
    if origin in _LISTS:
        return ListOf(_from(args[0], depth))
    if origin in _MAPS:
        return MapOf(_from(args[1], depth)) if args[0] in (str, typing.Any) else ANY
    return ANY


def _record(annotation: type, depth: int) -> Type:
    # With extras: where annotations are texts, only they tell which fields are not required.
    hints = typing.get_type_hints(annotation, include_extras=True)
    required: frozenset[str] = getattr(annotation, "__required_keys__", frozenset(hints))
    fields: list[tuple[str, Type]] = []
    for name, hint in hints.items():
        t = _from(hint, depth + 1)
        marked = typing.get_origin(hint)
        needed = marked is typing.Required or (name in required and marked is not typing.NotRequired)
        fields.append((name, t if needed else optional(t)))
    return Record(tuple(fields))
