"""Python annotations → types: how a registered function's signature is read."""

from __future__ import annotations

import collections.abc
import datetime as dt
import inspect
import types as python
import typing
from collections.abc import Callable

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

#: Types that one annotation may be made of; what is behind them is ``any``.
_MOST = 1_000


def hints_of(function: object) -> dict[str, object]:
    """A function's annotations as objects, by parameter (and ``return``); those that cannot be worked out are left out. Never raises."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # one of them is about something that is there for type checkers alone, say
        found: dict[str, object] = {}
    try:
        inner = inspect.unwrap(function) if callable(function) else function
        written = dict(getattr(inner, "__annotations__", {}))
        names = getattr(inner, "__globals__", {})
    except Exception:  # the object is the user's own
        return found
    for name, annotation in written.items():
        try:
            found.update(typing.get_type_hints(python.SimpleNamespace(__annotations__={name: annotation}), names, include_extras=True))
        except Exception:  # an annotation is the user's code: whatever it raises, it only means that the type is not known
            continue
    return found


def from_annotation(annotation: object) -> Type:
    """The type that a Python annotation (an object, not its text) means; ``any`` for what the language has no word for.

    Containers, ``Optional`` and unions, ``Literal`` of texts, ``TypedDict`` (a field that is not required is optional),
    ``Annotated``, ``NewType``
    and type aliases are followed. Never raises.
    """
    try:
        return _Reader().read(annotation, 0)
    except Exception:  # an annotation is the user's object: whatever looking at it raises, only its type is unknown
        return ANY


class _Reader:
    """Reads one annotation. What refers to itself is ``any`` inside itself, and so is all behind the ``_MOST`` first types."""

    def __init__(self) -> None:
        self._inside: set[int] = set()
        self._left = _MOST

    def read(self, annotation: object, depth: int) -> Type:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            return ANY
        try:
            if annotation in _PLAIN:
                return _PLAIN[annotation]
        except TypeError:  # not hashable: a Literal of a list, say
            return ANY
        supertype = getattr(annotation, "__supertype__", None)  # NewType
        if supertype is not None:
            return self.read(supertype, depth + 1)
        if isinstance(annotation, type) and typing.is_typeddict(annotation):
            return self._within(annotation, lambda: self._record(annotation, depth))
        origin = typing.get_origin(annotation)
        if origin is None:
            value = getattr(annotation, "__value__", None)  # type X = … (Python 3.12)
            return ANY if value is None else self._within(annotation, lambda: self.read(value, depth + 1))
        return self._generic(origin, typing.get_args(annotation), depth + 1)

    def _within(self, annotation: object, read: Callable[[], Type]) -> Type:
        if id(annotation) in self._inside:
            return ANY
        self._inside.add(id(annotation))
        try:
            return read()
        finally:
            self._inside.discard(id(annotation))

    def _generic(self, origin: object, args: tuple[object, ...], depth: int) -> Type:
        if origin in (typing.Union, python.UnionType):
            return union([self.read(arg, depth) for arg in args])
        if origin is typing.Literal:
            return union([Text(arg) if isinstance(arg, str) else _PLAIN.get(type(arg), ANY) for arg in args])
        if origin in (typing.Annotated, typing.Required, typing.NotRequired, typing.Final, typing.ClassVar):
            return self.read(args[0], depth)
        if origin is tuple:
            if args in ((), ((),)):
                return ListOf(ANY)  # of no items at all: the language has no word for it
            if len(args) == 2 and args[1] is Ellipsis:
                return ListOf(self.read(args[0], depth))
            return TupleOf(tuple(self.read(arg, depth) for arg in args))
        if origin in _LISTS:
            return ListOf(self.read(args[0], depth))
        if origin in _MAPS:
            return MapOf(self.read(args[1], depth)) if args[0] in (str, typing.Any) else ANY
        return ANY

    def _record(self, annotation: type, depth: int) -> Type:
        # With extras: where annotations are texts, only they tell which fields are not required.
        hints = typing.get_type_hints(annotation, include_extras=True)
        required: frozenset[str] = getattr(annotation, "__required_keys__", frozenset(hints))
        fields: list[tuple[str, Type]] = []
        for name, hint in hints.items():
            t = self.read(hint, depth + 1)
            marked = typing.get_origin(hint)
            needed = marked is typing.Required or (name in required and marked is not typing.NotRequired)
            fields.append((name, t if needed else optional(t)))
        return Record(tuple(fields))
