"""Who is who: the nodes of an older plan and those that they are in a newer one."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from ...dsl.alignment import changes
from ..display import display
from ..plan import Call, Group, Handler, Late, Map, Plan, Ref, Value

#: What is counted in an id: the calls of a task without a name, and the members of a group.
_NUMBER = re.compile(r"#\d+|\[\d+\]")
#: Rounds in which renamed steps and groups lead to those that use them.
_ROUNDS = 4

Thing: TypeAlias = Call | Group | Handler


class Pairs(NamedTuple):
    """Ids of the old plan, and what they are called in the new one: of calls and groups, of handlers, of sub-flows."""

    nodes: dict[str, str]
    handlers: dict[str, str]
    flows: dict[str, str]


def pair_plans(old: Plan, new: Plan) -> Pairs:
    """Find the pairs."""
    nodes: dict[str, str] = {}
    _by_stem(old.calls, new.calls, nodes, nodes)
    _by_stem(old.groups, new.groups, nodes, nodes)
    for _ in range(_ROUNDS):
        known = len(nodes)
        for before, after in ((old.calls, new.calls), (old.groups, new.groups)):
            _renamed(before, after, nodes.get, nodes)
        if len(nodes) == known:
            break
    _named(old.calls, new.calls, nodes)
    handlers: dict[str, str] = {}
    _by_stem(_handlers(old), _handlers(new), nodes, handlers)
    _renamed(_handlers(old), _handlers(new), nodes.get, handlers)
    _named(_handlers(old), _handlers(new), handlers)
    return Pairs(nodes, handlers, _flows(old, new, nodes))


def content(thing: Thing, name: Callable[[str], str | None]) -> str:
    """What a node does, as text that is equal for equal nodes; ``name`` says what to call those that it uses."""
    if isinstance(thing, Group):
        return f"{thing.kind} {display(renamed(thing.members, name))} {[name(one) for one in thing.after]}"
    after = [name(one) for one in thing.trigger.after] if isinstance(thing, Call) else []
    options = sorted(thing.options.items, key=lambda item: item[0])
    said = (display(renamed(value, name)) for value in (thing.args, thing.kwargs, Map(tuple(options))))
    return f"{thing.task} {' '.join(said)} {after}"


def renamed(value: Value, name: Callable[[str], str | None]) -> Value:
    """A value with other names in its references; those without one are marked, so that they equal no other."""
    if isinstance(value, Ref):
        return Ref(name(value.id) or f"?{value.id}", value.path)
    if isinstance(value, tuple):
        return tuple(renamed(item, name) for item in value) if value else value
    if isinstance(value, Map):
        return Map(tuple((key, renamed(item, name)) for key, item in value.items)) if value.items else value
    if isinstance(value, Late):
        return Late(value.op, tuple(renamed(item, name) for item in value.args))
    return value


def stem(key: str) -> str:
    """An id without its numbers."""
    return _NUMBER.sub("#", key)


def _by_stem(old: Iterable[Thing], new: Iterable[Thing], nodes: Mapping[str, str], found: dict[str, str]) -> None:
    """Those that have the same name, but for numbers. What they use is the same, too, where that is known already."""
    taken = set(nodes.values())

    def before(key: str) -> str:
        return nodes.get(key) or stem(key)

    def after(key: str) -> str:
        return key if key in taken else stem(key)

    alike = _stems(new)
    for key, some in _stems(old).items():
        others = alike.get(key, [])
        if len(some) == len(others) == 1:
            pairs = [(some[0].id, others[0].id)]
        else:
            aligned = _aligned([content(one, before) for one in some], [content(one, after) for one in others])
            pairs = [(some[one].id, others[other].id) for one, other in aligned]
        found.update(pairs)
        taken.update(other for _, other in pairs if found is nodes)


def _stems(things: Iterable[Thing]) -> Mapping[str, list[Thing]]:
    found: defaultdict[str, list[Thing]] = defaultdict(list)
    for thing in things:
        found[stem(thing.id)].append(thing)
    return found


def _aligned(old: list[str], new: list[str]) -> Iterator[tuple[int, int]]:
    """Positions of equal ones, and between them of others in order."""
    i = j = 0
    for start, stop, begin, end in (*changes(old, new), (len(old), len(old), len(new), len(new))):
        yield from zip(range(i, start), range(j, begin), strict=True)
        yield from zip(range(start, stop), range(begin, end), strict=False)
        i, j = stop, end


def _renamed(old: Iterable[Thing], new: Iterable[Thing], name: Callable[[str], str | None], found: dict[str, str]) -> None:
    """Those left over that do the same with the same."""
    taken = set(found.values())
    left, others = [one for one in old if one.id not in found], [one for one in new if one.id not in taken]
    if not left or not others:
        return
    waiting: defaultdict[str, deque[Thing]] = defaultdict(deque)
    for thing in others:
        waiting[content(thing, lambda key: key)].append(thing)
    for thing in left:
        same = waiting.get(content(thing, name))
        if same:
            found[thing.id] = same.popleft().id


def _named(old: Iterable[Call | Handler], new: Iterable[Call | Handler], found: dict[str, str]) -> None:
    """The only one left over that calls some task, where it got or lost a name: it may do so with something else."""
    taken = set(found.values())
    left, others = defaultdict(list), defaultdict(list)
    for one in old:
        if one.id not in found:
            left[one.task].append(one.id)
    for one in new:
        if one.id not in taken:
            others[one.task].append(one.id)
    for task, ids in left.items():
        if len(ids) == len(others[task]) == 1 and "#" in stem(ids[0]) + stem(others[task][0]):
            found[ids[0]] = others[task][0]


def _handlers(plan: Plan) -> list[Handler]:
    return [handler for scope in plan.scopes for handler in scope.handlers]


def _flows(old: Plan, new: Plan, nodes: Mapping[str, str]) -> dict[str, str]:
    """Sub-flows: by their names; else by where the first step inside went."""
    there = {flow.id for flow in new.flows}
    found = {flow.id: flow.id for flow in old.flows if flow.id in there}
    inside = {call.id: call.flow for call in new.calls}
    for call in old.calls:
        if call.id in nodes and len(inside[nodes[call.id]]) == len(call.flow):
            for before, after in zip(call.flow, inside[nodes[call.id]], strict=True):
                found.setdefault(before, after)
    return found
