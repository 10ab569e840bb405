"""What is different in a node that is on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from ..diagram.captions import cut, option_text, value_text
from ..display import display
from ..plan import Call, Group, Handler, Location, Map, Plan, Scope, Value
from .model import Change, Kind, Node, Status
from .pairing import Pairs, renamed, stem

#: Characters of a call.
_LONGEST = 100
#: Changes by which a node has but moved.
_PLACES = frozenset(("name", "group", "sub-flow"))


class Sides:
    """Both plans, and who is who in them."""

    def __init__(self, old: Plan, new: Plan, pairs: Pairs) -> None:
        self._old, self._new, self._pairs = old, new, pairs
        self._same = 0
        self._served: tuple[_Served, _Served] = (_Served(old, self._handler_name), _Served(new, lambda handler: handler.id))

    # ------------------------------------------------------------------------------------------------------------- nodes
    def nodes(self) -> tuple[tuple[Node, ...], int]:
        """The nodes that are not as they were, and how many steps are."""
        old, new, pairs = self._old, self._new, self._pairs
        found = [
            *self._compared("step", old.calls, new.calls, pairs.nodes, self._call),
            *self._compared("group", old.groups, new.groups, pairs.nodes, self._group),
            *self._compared("handler", _handlers(old), _handlers(new), pairs.handlers, self._handler),
        ]
        return tuple(found), self._same

    def value(self) -> Change | None:
        """The flow's value."""
        return next(self._value("value", self._old.value, self._new.value), None)

    def description(self) -> Change | None:
        """The flow's description."""
        before, after = self._old.description, self._new.description
        return None if before == after else Change("description", before, after)

    def _compared(
        self, kind: Kind, old: Any, new: Any, pairs: Mapping[str, str], changes: Callable[[Any, Any], Iterator[Change]]
    ) -> Iterator[Node]:
        before = {pairs[thing.id]: thing for thing in old if thing.id in pairs}
        for thing in new:
            was = before.get(thing.id)
            if was is None:
                yield _node(kind, "added", thing)
                continue
            found = tuple(changes(was, thing))
            if found:
                status: Status = "moved" if all(change.what in _PLACES for change in found) else "changed"
                yield _node(kind, status, thing, was.id if was.id != thing.id else None, found, was.where)
            elif kind == "step":
                self._same += 1
        for thing in old:
            if thing.id not in pairs:
                yield _node(kind, "removed", thing)

    # ----------------------------------------------------------------------------------------------------------- changes
    def _call(self, old: Call, new: Call) -> Iterator[Change]:
        yield from self._name(old.id, new.id)
        yield from self._calling(old, new)
        before, after = self._served
        for kind in ("error", "message"):
            yield from _changed(f"on {kind}", before.handlers(old.scope, kind) or None, after.handlers(new.scope, kind) or None)
        yield from self._places(old, new, "group")
        yield from self._places(old, new, "flow")

    def _group(self, old: Group, new: Group) -> Iterator[Change]:
        yield from self._name(old.id, new.id)
        yield from _changed("kind", old.kind, new.kind)
        if self._text(old.members) != display(new.members):
            if len(old.members) != len(new.members):
                yield Change("members", str(len(old.members)), str(len(new.members)))
            else:
                for place, (before, after) in enumerate(zip(old.members, new.members, strict=True)):
                    yield from self._value(f"member {place + 1}", before, after)
        yield from self._places(old, new, "parents")
        yield from self._places(old, new, "flow")

    def _handler(self, old: Handler, new: Handler) -> Iterator[Change]:
        yield from self._name(old.id, new.id)
        yield from self._calling(old, new)

    def _calling(self, old: Call | Handler, new: Call | Handler) -> Iterator[Change]:
        yield from _changed("task", old.task, new.task)
        for place, (before, after) in enumerate(zip_longest(old.args, new.args, fillvalue=_NOTHING)):
            yield from self._value(f"argument {place + 1}", before, after)
        yield from self._maps("argument", old.kwargs, new.kwargs)
        yield from self._maps("option", old.options, new.options)

    def _maps(self, what: str, old: Map, new: Map) -> Iterator[Change]:
        before, after = dict(old.items), dict(new.items)
        for key in (*after, *(key for key in before if key not in after)):
            yield from self._value(f"{what} {key}", before.get(key, _NOTHING), after.get(key, _NOTHING), key if what == "option" else "")

    def _value(self, what: str, old: Any, new: Any, option: str = "") -> Iterator[Change]:
        # compared as texts: 1, 1.0 and true are equal in Python
        if old is _NOTHING or new is _NOTHING or self._text(old) != display(new):
            told = [None if value is _NOTHING else option_text(option, value) for value in (old, new)]
            yield Change(what, *told)

    def _text(self, old: Value) -> str:
        return display(renamed(old, self._pairs.nodes.get))

    def _name(self, old: str, new: str) -> Iterator[Change]:
        if stem(old) != stem(new):
            yield Change("name", old, new)

    def _places(self, old: Any, new: Any, what: str) -> Iterator[Change]:
        names = self._pairs.flows if what == "flow" else self._pairs.nodes
        before, after = getattr(old, what), getattr(new, what)
        if tuple(names.get(key) for key in before) != after:
            yield Change("sub-flow" if what == "flow" else "group", ".".join(before) or None, ".".join(after) or None)

    def _handler_name(self, handler: Handler) -> str:
        return self._pairs.handlers.get(handler.id, f"?{handler.id}")


class _Served:
    """Which handlers each scope's steps have, those of the scopes around it after its own."""

    def __init__(self, plan: Plan, name: Callable[[Handler], str]) -> None:
        self._scopes: Mapping[str, Scope] = {scope.id: scope for scope in plan.scopes}
        self._name = name
        self._known: dict[tuple[str | None, str], str] = {}

    def handlers(self, scope: str | None, kind: str) -> str:
        """Their names, in order."""
        chain: list[str | None] = []
        while scope is not None and (scope, kind) not in self._known:
            chain.append(scope)
            scope = self._scopes[scope].parent
        said = self._known.get((scope, kind), "")
        for key in reversed(chain):
            here = self._scopes[key or ""]
            own = [self._name(handler) for handler in here.handlers] if here.kind == kind else []
            said = ", ".join(filter(None, (*own, "each" if own and here.each else "", said)))
            self._known[key, kind] = said
        return said


_NOTHING: Any = object()


def _handlers(plan: Plan) -> list[Handler]:
    return [handler for scope in plan.scopes for handler in scope.handlers]


def _node(
    kind: Kind, status: Status, thing: Any, was: str | None = None, changes: tuple[Change, ...] = (), before: Location | None = None
) -> Node:
    if isinstance(thing, Group):
        return Node(kind, status, thing.id, was, thing.kind, thing.kind, changes, thing.where, before)
    return Node(kind, status, thing.id, was, thing.task, _call_text(thing), changes, thing.where, before)


def _call_text(thing: Call | Handler) -> str:
    """A call with its arguments, up to some length."""
    said = [value_text(value, _LONGEST) for value in thing.args[:_LONGEST]]
    said += [f"{key}={value_text(value, _LONGEST)}" for key, value in thing.kwargs.items[:_LONGEST]]
    return cut(f"{thing.task}({', '.join(said)})", _LONGEST)


def _changed(what: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old != new:
        yield Change(what, old, new)
