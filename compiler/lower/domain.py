"""What an expression can be worth before the run: known, a step's result, a group, late, or not known at all.

A value known at compile time is the plain Python value (lists are tuples, maps are dicts, never changed); everything else is one
of the classes here. A list or map that *contains* a result or a late value is a :class:`Compound`, so that a plain tuple or dict is
always wholly known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

from ...dsl.record import dataclass
from ..fits import type_of
from ..plan import Late, Map, Ref, Value
from ..types import ANY, ListOf, Record, Type, union


@dataclass(frozen=True, slots=True)
class StepValue:
    """The result of a step, or what ``path`` reaches in it. ``ends``: what else ``=>`` has to wait for (the rest of a sub-flow)."""

    id: str
    type: Type = ANY
    path: tuple[str | int, ...] = ()
    ends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupValue:
    """The list of a group's results. ``members`` are what each member is worth; ``size`` counts the results, groups inside it too."""

    id: str
    members: tuple[Elab, ...]
    type: Type
    size: int = 0
    ends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LateValue:
    """A value that is known at submission. ``secret``: it contains one."""

    late: Late
    type: Type
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Compound:
    """A list (tuple) or map (dict) with results or late values somewhere inside."""

    items: tuple[Elab, ...] | dict[str, Elab]
    type: Type


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing but its type is known: a parameter without a value, or what stands in for a mistake that was reported (``ANY``)."""

    type: Type = ANY


Known: TypeAlias = "bool | int | float | str | dt.date | dt.datetime | dt.timedelta | tuple[Known, ...] | dict[str, Known] | None"
Elab: TypeAlias = "Known | StepValue | GroupValue | LateValue | Compound | Unknown"

#: Stands in for the value of what was already reported, so that one mistake is one finding.
WRONG = Unknown()

# Looked up by class, not with isinstance: these run many times for each step.
_DYNAMIC = frozenset({StepValue, GroupValue, LateValue, Compound, Unknown})


def is_known(value: Elab) -> bool:
    """Whether the value is a plain compile-time value."""
    return value.__class__ not in _DYNAMIC


def elab_type(value: Elab) -> Type:
    """The type of any value."""
    return value.type if value.__class__ in _DYNAMIC else type_of(value)  # type: ignore[union-attr] # those have one


def list_of(items: tuple[Elab, ...]) -> Elab:
    """A list value from its items: known if all of them are."""
    if not _DYNAMIC.isdisjoint(map(type, items)):
        return Compound(items, group_type(items))
    return items  # type: ignore[return-value] # every item was just found to be known


def map_of(items: dict[str, Elab]) -> Elab:
    """A map value from its items: known if all of them are."""
    if not _DYNAMIC.isdisjoint(map(type, items.values())):
        return Compound(items, Record(tuple((k, elab_type(v)) for k, v in items.items())))
    return items  # type: ignore[return-value] # every item was just found to be known


def group_type(members: tuple[Elab, ...]) -> Type:
    """``list[T]`` of the members' types."""
    # Most members share one type, which may be large to compare.
    return ListOf(union({id(t): t for t in map(elab_type, members)}.values()))


def parts(value: Elab) -> Iterator[StepValue | GroupValue | LateValue | Unknown]:
    """Every result, group, late or unknown value inside a value, in written order (not inside groups)."""
    if isinstance(value, Compound):
        inner = value.items.values() if isinstance(value.items, dict) else value.items
        for item in inner:
            yield from parts(item)
    elif isinstance(value, (StepValue, GroupValue, LateValue, Unknown)):
        yield value


def results_in(value: Elab) -> int:
    """How many results a value is written out with."""
    return sum(p.size if isinstance(p, GroupValue) else 1 for p in parts(value)) or 1


def has_secret(value: Elab) -> bool:
    """Whether a secret is somewhere inside."""
    return any(isinstance(p, LateValue) and p.secret for p in parts(value))


@dataclass(slots=True)
class PlanValues:
    """Turns values into a plan's; a large constant used by many steps is turned once. ``negative``: it met a duration below zero."""

    negative: bool = False

    _done: dict[int, tuple[object, Value]] = field(default_factory=dict)

    def of(self, value: Elab) -> Value:
        """The plan's form of a value. An unknown one becomes null: a plan with such is thrown away."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, dt.timedelta):
            self.negative = self.negative or value < dt.timedelta()
            return seconds(value)
        if isinstance(value, (dt.datetime, dt.date)):
            return value
        if isinstance(value, StepValue):
            return Ref(value.id, value.path)
        if isinstance(value, GroupValue):
            return Ref(value.id)
        if isinstance(value, LateValue):
            return value.late
        if isinstance(value, Unknown):
            return None
        return self._container(value.items if isinstance(value, Compound) else value)

    def _container(self, items: tuple[Elab, ...] | Mapping[str, Elab]) -> Value:
        done = self._done.get(id(items))
        if done is not None:
            return done[1]
        made: Value = (
            Map(tuple((k, self.of(v)) for k, v in items.items())) if isinstance(items, Mapping) else tuple(self.of(v) for v in items)
        )
        self._done[id(items)] = (items, made)
        return made


def seconds(duration: dt.timedelta) -> int | float:
    """A duration as a plan holds it: seconds, whole ones as int."""
    total = duration.total_seconds()
    return int(total) if total == int(total) else total


def late_argument(value: Elab) -> Value:
    """A known or late value as an operand of a :class:`Late`: durations stay durations, so that ``now + 2d`` is a moment."""
    if isinstance(value, dt.timedelta):
        return Late("duration", (seconds(value),))
    if isinstance(value, LateValue):
        return value.late
    if isinstance(value, Compound):
        if isinstance(value.items, dict):
            return Map(tuple((k, late_argument(v)) for k, v in value.items.items()))
        return tuple(late_argument(v) for v in value.items)
    if isinstance(value, tuple):
        return tuple(late_argument(v) for v in value)
    if isinstance(value, dict):
        return Map(tuple((k, late_argument(v)) for k, v in value.items()))
    return value  # type: ignore[return-value] # the caller has refused results and unknown values
