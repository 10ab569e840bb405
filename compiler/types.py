"""The types of the language: what they are, how they are written, and which of them takes which.

``any`` is *unknown*: it fits everywhere and takes everything. ``json`` is checked as far as it can be: it takes what JSON can hold,
and fits where a JSON value could be meant. Values are checked more exactly than types (:mod:`.fits`).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..dsl.record import dataclass
from .source_text import key_source, text_source

#: A union of more members than this is not worth following: it becomes ``any``.
MOST_MEMBERS = 32


class Type:
    """A type of the language. Immutable and hashable; ``str()`` gives it as the language writes it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Scalar(Type):
    """A type that is one word: ``int``, ``json``, ``any``…"""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Text(Type):
    """``"a"``: that text and no other."""

    value: str

    def __str__(self) -> str:
        return text_source(self.value)


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """``list[T]``."""

    item: Type

    def __str__(self) -> str:
        return "list" if self.item is ANY else f"list[{self.item}]"


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """``map[T]``: text keys, values of type T."""

    item: Type

    def __str__(self) -> str:
        return "map" if self.item is ANY else f"map[{self.item}]"


@dataclass(frozen=True, slots=True)
class TupleOf(Type):
    """``tuple[T, U]``: a list of exactly these items."""

    items: tuple[Type, ...]

    def __str__(self) -> str:
        return f"tuple[{', '.join(map(str, self.items))}]"


@dataclass(frozen=True, slots=True)
class Optional(Type):
    """``T?``: a T or null. Made by :func:`optional`, which never nests it."""

    inner: Type

    def __str__(self) -> str:
        return f"{self.inner} | null" if isinstance(self.inner, Union) else f"{self.inner}?"


@dataclass(frozen=True, slots=True)
class Union(Type):
    """``T | U``. Made by :func:`union`: flat, without repeats, two members or more, null never among them."""

    members: tuple[Type, ...]

    def __str__(self) -> str:
        return " | ".join(map(str, self.members))


@dataclass(frozen=True, slots=True)
class Record(Type):
    """``{ok: bool, n: int}``: a map that has these fields (and maybe more). A field of an optional type may be missing."""

    fields: tuple[tuple[str, Type], ...]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{key_source(name)}: {field}" for name, field in self.fields) + "}"

    def field(self, name: str) -> Type | None:
        """The type of a field, None without such a field."""
        for field, found in self.fields:
            if field == name:
                return found
        return None


ANY = Scalar("any")
NULL = Scalar("null")
BOOL = Scalar("bool")
INT = Scalar("int")
FLOAT = Scalar("float")
STR = Scalar("str")
BYTES = Scalar("bytes")
DATE = Scalar("date")
DATETIME = Scalar("datetime")
DURATION = Scalar("duration")
JSON = Scalar("json")

SCALARS: dict[str, Scalar] = {t.name: t for t in (INT, FLOAT, STR, BOOL, BYTES, DATE, DATETIME, DURATION, JSON, ANY, NULL)}
"""The types of one word, by their names."""

_IN_JSON = frozenset({NULL, BOOL, INT, FLOAT, STR, JSON})


def optional(inner: Type) -> Type:
    """``inner?``; a type that has null already is given back."""
    return inner if inner is ANY or inner == NULL or isinstance(inner, Optional) else Optional(inner)


def union(types: Iterable[Type]) -> Type:
    """The type of a value that is of one of these types; ``any`` for none of them.

    Flat and without repeats: ``int`` and ``float`` stay two, null makes the rest optional, ``any`` swallows everything, and
    ``str`` the texts
    that it covers. More than ``MOST_MEMBERS`` give ``any``.
    """
    found: dict[Type, None] = {}
    null = False
    todo = list(types)[::-1]
    while todo:
        t = todo.pop()
        if t == ANY:
            return ANY
        if isinstance(t, Union):
            todo.extend(reversed(t.members))
        elif isinstance(t, Optional):
            null = True
            todo.append(t.inner)
        elif t == NULL:
            null = True
        else:
            found[t] = None
            if len(found) > MOST_MEMBERS:
                return ANY
    members = tuple(t for t in found if not (isinstance(t, Text) and STR in found))
    if not members:
        return NULL if null else ANY
    inner = members[0] if len(members) == 1 else Union(members)
    return Optional(inner) if null else inner


def members(t: Type) -> tuple[Type, ...]:
    """What a type is a union of: itself if it is none; ``T?`` is T and null."""
    if isinstance(t, Optional):
        return (*members(t.inner), NULL)
    return t.members if isinstance(t, Union) else (t,)


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a value of type ``given`` may stand where ``wanted`` is asked.

    int → float and number → duration (seconds) yes; duration → float yes, as it travels as seconds; bool → int and date → datetime no;
    null only to ``T?``; lists, tuples, maps and records member by member; every member of a given union must be taken.
    """
    if wanted is given or wanted == ANY or given == ANY:
        return True
    if isinstance(given, (Union, Optional)):
        return all(accepts(wanted, member) for member in members(given))
    if isinstance(wanted, (Union, Optional)):
        return any(accepts(member, given) for member in members(wanted))
    if isinstance(wanted, Scalar):
        return _scalar_accepts(wanted, given)
    if given == JSON:
        return True
    if isinstance(wanted, ListOf):
        if isinstance(given, ListOf):
            return accepts(wanted.item, given.item)
        return isinstance(given, TupleOf) and all(accepts(wanted.item, item) for item in given.items)
    if isinstance(wanted, TupleOf):
        return _tuple_accepts(wanted, given)
    if isinstance(wanted, MapOf):
        if isinstance(given, MapOf):
            return accepts(wanted.item, given.item)
        return isinstance(given, Record) and all(accepts(wanted.item, field) for _, field in given.fields)
    if isinstance(wanted, Record):
        return _record_accepts(wanted, given)
    return wanted == given


def _scalar_accepts(wanted: Scalar, given: Type) -> bool:
    if wanted == given:
        return True
    if isinstance(given, Text):
        return wanted in (STR, JSON)
    if wanted == JSON:
        return _is_json(given)
    if given == JSON:
        return wanted in _IN_JSON or wanted == DURATION
    if wanted == FLOAT:
        return given in (INT, DURATION)
    return wanted == DURATION and given in (INT, FLOAT)


def _is_json(given: Type) -> bool:
    if isinstance(given, Scalar):
        return given in _IN_JSON or given == DURATION
    if isinstance(given, (ListOf, MapOf)):
        return accepts(JSON, given.item)
    if isinstance(given, TupleOf):
        return all(accepts(JSON, item) for item in given.items)
    return isinstance(given, Record) and all(accepts(JSON, field) for _, field in given.fields)


def _tuple_accepts(wanted: TupleOf, given: Type) -> bool:
    if isinstance(given, TupleOf):
        return len(wanted.items) == len(given.items) and all(map(accepts, wanted.items, given.items))
    # A list's length is not in its type, nor which item has which of its types: only what can never fit is refused.
    return isinstance(given, ListOf) and all(any(accepts(w, g) for g in members(given.item)) for w in wanted.items)


def _record_accepts(wanted: Record, given: Type) -> bool:
    if isinstance(given, MapOf):
        return all(accepts(field, given.item) for _, field in wanted.fields)
    if not isinstance(given, Record):
        return False
    have = dict(given.fields)
    return all(accepts(field, have[name]) if name in have else isinstance(field, Optional) or field == ANY for name, field in wanted.fields)


def reach(t: Type, key: str | int) -> Type | None:
    """The type of ``t.key`` or ``t[key]``; None when a value of this type has nothing there.

    ``any`` stays ``any``, ``json`` stays ``json``. ``T?`` may be null and is not reachable: ask :func:`may_be_null` to say so. A union is
    reachable if each member is.
    """
    if t in (ANY, JSON):
        return t
    if isinstance(t, Union):
        found = [reach(member, key) for member in t.members]
        return None if None in found else union(f for f in found if f is not None)
    if isinstance(key, str):
        if isinstance(t, Record):
            return t.field(key)
        return t.item if isinstance(t, MapOf) else None
    if isinstance(t, ListOf):
        return t.item
    if isinstance(t, TupleOf):
        return t.items[key] if -len(t.items) <= key < len(t.items) else None
    return STR if t == STR or isinstance(t, Text) else None


def may_be_null(t: Type) -> bool:
    """Whether null is among the values of a known type."""
    return t == NULL or isinstance(t, Optional)
