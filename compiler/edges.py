"""What waits for what in a plan: the edges of its graph, as plain rows.

A call waits for other calls (one edge each) and for groups. A group of m steps with n consumers would make m × n edges, so where that is a
lot one *join* stands between them and m + n do: 50,000 steps that feed 50,000 others make 100,000 edges, not 2,500,000,000.
Groups of groups count a joined group as one source, so that neither nesting nor doubling (``b = [a, a]``, ``c = [b, b]``, …) makes the
graph grow faster than the text. Nothing here recurses: groups may nest as deep as a text can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from .plan import Group, Late, Map, Plan, Ref, Value

#: One use of a result: the argument's position or name, and the path read inside the result.
Use: TypeAlias = tuple[int | str, tuple[str | int, ...]]

#: One edge: source, target, kind, attributes.
EdgeRow: TypeAlias = tuple[str, str, str, dict[str, Any]]


def references(value: Value) -> Iterator[Ref]:
    """Every reference inside a value, in written order."""
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        if type(item) is Ref:
            yield item
        elif type(item) is tuple:
            stack.extend(reversed(item))
        elif type(item) is Map:
            stack.extend(value for _, value in reversed(item.items))
        elif type(item) is Late:
            stack.extend(reversed(item.args))


def uses_of(args: Iterable[Value], kwargs: Map) -> dict[str, tuple[Use, ...]]:
    """Which results the arguments of a call use, by id, and where."""
    found: dict[str, tuple[Use, ...]] = {}
    places: Iterable[tuple[int | str, Value]] = (*enumerate(args), *kwargs.items)
    for place, value in places:
        if type(value) is Ref:
            found[value.id] = (*found.get(value.id, ()), (place, value.path))
        elif isinstance(value, tuple | Map | Late):
            for ref in references(value):
                found[ref.id] = (*found.get(ref.id, ()), (place, ref.path))
    return found


def dependencies(plan: Plan, joins: Joins) -> Iterator[EdgeRow]:
    """The edges into calls, in the order of the calls."""
    shared: dict[tuple[Use, ...], tuple[Use, ...]] = {}
    for call in plan.calls:
        trigger = call.trigger
        used = uses_of(call.args, call.kwargs)
        for needed in trigger.needs:
            uses = used.pop(needed, None)
            if uses is not None:
                uses = shared.setdefault(uses, uses)
            if needed == trigger.link:
                yield from joins.between(needed, call.id, "link", uses or ())
            elif uses is not None:
                yield from joins.between(needed, call.id, "argument", uses)
            if needed in trigger.after or (uses is None and needed != trigger.link):
                yield from joins.between(needed, call.id, "then", None)
        for needed, uses in used.items():
            yield from joins.between(needed, call.id, "link" if needed == trigger.link else "argument", uses)


class Joins:
    """References to groups: spread over the members, or gathered in a join where that would be more than ``pairs`` edges."""

    def __init__(self, plan: Plan, pairs: int) -> None:
        self.calls = {call.id for call in plan.calls}
        self._groups = {group.id: group for group in plan.groups}
        self._members = {group.id: _mentioned(group) for group in plan.groups}
        self._names: dict[str, str] = {}
        for key in self._joined(plan, pairs):
            self._names[key] = free_name(key, self.calls)

    def _joined(self, plan: Plan, pairs: int) -> list[str]:
        consumers = dict.fromkeys(self._groups, 0)
        if not consumers:
            return []
        for call in plan.calls:
            for needed in call.trigger.needs:
                if needed in consumers:
                    consumers[needed] += 1
        for members in self._members.values():
            for member in members:
                if member in consumers:
                    consumers[member] += 1
        sizes: dict[str, int] = {}
        joined: set[str] = set()
        for key in inner_first(self._members):
            size = sum(sizes.get(member, 1) for member in self._members[key])
            many = size > 1 and consumers[key] > 1 and size * consumers[key] > pairs
            sizes[key] = 1 if many else size
            if many:
                joined.add(key)
        return [key for key in self._groups if key in joined]

    def sources(self, key: str) -> Iterator[tuple[str, bool]]:
        """The nodes that an id stands for, each once, and whether only their order counts (what an empty group waits for)."""
        seen: set[str] = set()
        stack = [(key, False)]
        while stack:
            here, ordered = stack.pop()
            if here in seen:
                continue
            seen.add(here)
            if here in self.calls:
                yield here, ordered
            elif here in self._names:
                yield self._names[here], ordered
            elif here in self._groups:
                stack.extend((member, ordered) for member in reversed(self._members[here]))
                if not self._members[here]:
                    stack.extend((waited, True) for waited in reversed(self._groups[here].after))

    def between(self, source: str, target: str, kind: str, uses: tuple[Use, ...] | None) -> Iterator[EdgeRow]:
        """The edges that one use of a result makes; ``uses`` None: of its order."""
        if source in self.calls:
            yield source, target, kind, {"kind": kind} if uses is None else {"kind": kind, "uses": uses}
            return
        for node, ordered in self.sources(source):
            if ordered or uses is None:
                yield node, target, "then", {"kind": "then"}
            else:
                yield node, target, kind, {"kind": kind, "uses": uses}

    def nodes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The joins, in text order."""
        for key, name in self._names.items():
            group = self._groups[key]
            yield name, {"kind": "join", "group": (*group.parents, key), "flow": group.flow, "span": group.where}

    def edges(self) -> Iterator[EdgeRow]:
        """The edges into joins: each member is an argument, by its position in the list."""
        for key, name in self._names.items():
            for place, member in enumerate(self._groups[key].members):
                for ref in references(member):
                    for node, ordered in self._inside(ref.id):
                        kind = "then" if ordered else "argument"
                        yield node, name, kind, {"kind": kind} if ordered else {"kind": kind, "uses": ((place, ref.path),)}

    def _inside(self, member: str) -> Iterable[tuple[str, bool]]:
        return ((member, False),) if member in self.calls else self.sources(member)


def _mentioned(group: Group) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ref.id for member in group.members for ref in references(member)))


def inner_first(members: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The keys, each after those of its members that are keys themselves."""
    done: set[str] = set()
    for root in members:
        stack = [(root, False)]
        while stack:
            key, expanded = stack.pop()
            if expanded:
                yield key
            elif key not in done:
                done.add(key)
                stack.append((key, True))
                stack.extend((member, False) for member in members[key] if member in members)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """``wanted``, with a prime (or more) behind it where a call has that id already. ``taken`` answers ``in`` quickly."""
    while wanted in taken:
        wanted += "'"
    return wanted
