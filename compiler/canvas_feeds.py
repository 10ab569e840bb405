"""What each call takes from the steps before it, as far as a message can bring it.

A message brings one result, as the first positional argument, or none. Whatever else a call wants is an obstacle, and said as one.
Groups without a result inside have a value that is known now: it takes the place of the reference, and who needed such a group needs what
the group itself waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..dsl.record import dataclass
from .display import path_text
from .edges import free_name, inner_first, references
from .plan import Call, Group, Late, Location, Map, Plan, Ref, Value

#: Stands in reasons where the steps are to be named.
STEPS = "\0"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why something cannot be carried: a code of the registry and its words, with ``STEPS`` for the names of the steps."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Feed:
    """What a call waits for, and what it gets.

    ``source``: the one step or group that it follows; None: nothing. ``immutable``: it takes nothing from that. ``args``, ``kwargs``: its
    own. ``problems``: why no message can bring what it wants; then the rest says nothing.
    """

    source: str | None
    immutable: bool
    args: tuple[Value, ...]
    kwargs: Map
    problems: tuple[Problem, ...] = ()


class Constants:
    """The groups of a plan, with those settled whose value is known.

    ``values``: of the groups without a result inside. ``waits``: the steps and groups that such a group waits for.
    ``members``: of the others. ``places``: where all groups stand. ``outer``: how many groups mention a group.

    A step that waits for several others and uses no result of theirs follows a group of them, which is made for it.
    """

    def __init__(self, plan: Plan) -> None:
        groups = {group.id: group for group in plan.groups}
        self.places = {group.id: group.where for group in plan.groups}
        self.outer: dict[str, int] = {}
        self._gathered: dict[tuple[str, ...], str] = {}
        self._taken = {*groups, *(call.id for call in plan.calls)}
        self.values: dict[str, tuple[Value, ...]] = {}
        self.waits: dict[str, tuple[str, ...]] = {}
        self.members: dict[str, tuple[Value, ...]] = {}
        mentions = {group.id: [ref.id for ref in references(group.members)] for group in plan.groups}
        for mentioned in mentions.values():
            for id_ in dict.fromkeys(mentioned):
                self.outer[id_] = self.outer.get(id_, 0) + 1
        for id_ in inner_first(mentions):
            self._settle(groups[id_], mentions[id_])

    def _settle(self, group: Group, mentioned: list[str]) -> None:
        if any(id_ not in self.values for id_ in mentioned):
            self.members[group.id] = group.members
            return
        self.values[group.id] = tuple(self.fill(member) for member in group.members)
        self.waits[group.id] = self.needed((*group.after, *mentioned))

    def needed(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The steps and groups to wait for, in place of groups whose value is known."""
        if not self.waits:
            return tuple(dict.fromkeys(ids))
        found: dict[str, None] = {}
        for id_ in ids:
            found.update(dict.fromkeys(self.waits.get(id_, (id_,))))
        return tuple(found)

    def fill(self, value: Value) -> Any:
        """A value with the known groups in place of references to them."""
        if isinstance(value, Ref):
            return self._reached(value) if value.id in self.values else value
        if isinstance(value, tuple):
            return tuple(map(self.fill, value))
        if isinstance(value, Map):
            return Map(tuple((key, self.fill(item)) for key, item in value.items))
        if isinstance(value, Late):
            return Late(value.op, tuple(map(self.fill, value.args)))
        return value

    def _reached(self, ref: Ref) -> Value:
        value: Any = self.values[ref.id]
        for key in ref.path:
            try:
                value = value[key] if isinstance(value, tuple) and isinstance(key, int) else dict(value.items)[key]
            except (LookupError, AttributeError, TypeError):
                return ref  # reaching for what is not there fails when the flow runs
        filled: Value = value
        return filled

    def feed(self, call: Call) -> Feed:
        """What a call takes from the steps before it."""
        args, kwargs = call.args, call.kwargs
        if not call.trigger.needs:
            return Feed(None, True, args, kwargs)
        if self.values and any(ref.id in self.values for ref in references((args, kwargs))):
            args, kwargs = self.fill(args), self.fill(kwargs)
        needs = self.needed(call.trigger.needs)
        first = args[0] if args and isinstance(args[0], Ref) and not args[0].path else None
        if len(needs) > 1 and not any(True for _ in references((args, kwargs, call.options))):
            return Feed(self._gather(call, needs), True, args, kwargs)
        problems = tuple(_problems(call, needs, args, kwargs, first))
        if problems:
            return Feed(None, True, (), Map(), problems)
        if first is not None:
            return Feed(first.id, False, args[1:], kwargs)
        return Feed(needs[0] if needs else None, True, args, kwargs)

    def _gather(self, call: Call, needs: tuple[str, ...]) -> str:
        """A group of what a step waits for."""
        known = self._gathered.get(needs)
        if known is None:
            known = self._gathered[needs] = free_name(f"{call.id}.all", self._taken)
            self._taken.add(known)
            self.members[known] = tuple(map(Ref, needs))
            self.places[known] = call.where
            for id_ in needs:
                self.outer[id_] = self.outer.get(id_, 0) + 1
        return known


def _problems(call: Call, needs: tuple[str, ...], args: tuple[Value, ...], kwargs: Map, first: Ref | None) -> Iterator[Problem]:
    places: list[tuple[int | str, Value]] = [*enumerate(args), *kwargs.items]
    used = dict.fromkeys(ref.id for _, value in places for ref in references(value))
    twice = first is not None
    for place, value in places[1:] if first is not None else places:
        for ref in references(value):
            yield from _misplaced(place, value, ref, twice, several=len(used) > 1)
            twice = True
    if any(True for _ in references(call.options)):
        yield Problem("F1005", f"{STEPS} has an option that is the result of a step")
    if len(used) > 1:
        yield Problem("F1001", f"{STEPS} gets the results of {listed(used)}, and a message brings the result of one step")
    others = [need for need in needs if need not in used]
    if others and len(used) == 1:
        whose = _quoted(next(iter(used)))
        yield Problem("F1002", f"{STEPS} waits for {listed(others)} besides {whose}, whose result it gets, and one message starts a step")


def _misplaced(place: int | str, value: Value, ref: Ref, twice: bool, several: bool) -> Iterator[Problem]:
    name = _quoted(ref.id)
    argument = f"argument {place + 1}" if isinstance(place, int) else f"the argument `{place}`"
    if ref.path:
        yield Problem("F1004", f"{argument} of {STEPS} reaches into a result (`{ref.id}{''.join(map(path_text, ref.path))}`)")
    elif not isinstance(value, Ref):
        what = "a map" if isinstance(value, Map) else "a list" if isinstance(value, tuple) else "an expression"
        yield Problem("F1005", f"{argument} of {STEPS} is {what} with the result of {name} inside")
    elif several:
        return
    elif twice:
        yield Problem("F1003", f"{STEPS} gets the result of {name} twice, and a message brings it once, as the first positional argument")
    else:
        yield Problem("F1003", f"{STEPS} gets the result of {name} as {argument}, and a message brings it as the first positional argument")


def member_problems(group: str, members: Iterable[Value]) -> Iterator[Problem]:
    """Why the members of a group cannot be collected by a message: each must be a step, a group or a known value."""
    for place, member in enumerate(members):
        if isinstance(member, Ref):
            if member.path:
                shown = f"{member.id}{''.join(map(path_text, member.path))}"
                yield Problem("F1004", f"member {place} of {_quoted(group)} reaches into a result (`{shown}`)")
        elif any(True for _ in references(member)):
            what = "a map" if isinstance(member, Map) else "a list" if isinstance(member, tuple) else "an expression"
            yield Problem("F1005", f"member {place} of {_quoted(group)} is {what} with a result inside")


def handler_problems(plan: Plan) -> Iterator[tuple[Problem, tuple[str, ...], Location]]:
    """What stands in the way in the scopes of a plan, with the steps concerned and the place."""
    inside = _steps_inside(plan)
    for scope in plan.scopes:
        if scope.kind == "message":
            for handler in scope.handlers:
                told = f"`{handler.task}` is to be called with every message of a step's state, in the process that submits the flow"
                yield Problem("F1008", told), tuple(inside.get(scope.id, ())), handler.where
            continue
        for handler in scope.handlers:
            used = tuple(dict.fromkeys(ref.id for ref in references((handler.args, handler.kwargs, handler.options))))
            if used:
                yield Problem("F1007", f"the handler `{handler.task}` gets the results of {listed(used)}"), used, handler.where


def _steps_inside(plan: Plan) -> Mapping[str, list[str]]:
    """The steps written in each scope of messages."""
    parents = {scope.id: scope.parent for scope in plan.scopes}
    told = {scope.id for scope in plan.scopes if scope.kind == "message"}
    found: dict[str, list[str]] = {id_: [] for id_ in told}
    if told:
        for call in plan.calls:
            at = call.scope
            while at is not None:
                if at in found:
                    found[at].append(call.id)
                at = parents[at]
    return found


def _quoted(id_: str) -> str:
    return f"`{id_}`"


def listed(ids: Iterable[str]) -> str:
    """Identities as they stand in a message; of many only the first."""
    names = list(map(_quoted, ids))
    some = [*names[:4], f"{len(names) - 4:,} more"] if len(names) > 5 else names
    return " and ".join([", ".join(some[:-1]), some[-1]] if len(some) > 1 else some)
