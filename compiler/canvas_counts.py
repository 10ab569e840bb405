"""How often the handlers of a scope may be called at most, as the messages stand: more than once where branches fail side by side.

The forest is walked from its leaves. For each scope a node answers with the most calls that its start can lead to: its own failure
makes one, or its success leads to what follows, all of it added up. On the path to a chord's member three numbers are kept: for a path
that succeeds (what hangs beside it may still fail), for a failure that the chord hears of, and for one that it does not hear of, so that
it waits for ever. Versions of Celery differ in the latter; where it may be either it is taken for both.
"""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from ..dsl.record import dataclass
from .canvas_errors import Errbacks
from .canvas_tree import Tree
from .plan import Plan

#: The most calls, by scope; a scope that is missing has none.
Calls: TypeAlias = dict[str, int]


@dataclass(slots=True)
class _Ways:
    """The most calls if a path succeeds, if it fails and its chord hears of it, and if it fails unheard."""

    good: Calls = field(default_factory=dict)
    told: Calls = field(default_factory=dict)
    silent: Calls = field(default_factory=dict)


class Counts:
    """The most calls of the handlers of each scope that several messages know.

    Args:
        plan: the plan.
        tree: its forest.
        errbacks: where its handlers are.
        children: what each node's success starts, and of a chord the first nodes of its header; not its body.
    """

    def __init__(self, plan: Plan, tree: Tree, errbacks: Errbacks, children: dict[str, list[str]]) -> None:
        self._tree, self._errbacks, self._children = tree, errbacks, children
        self._once = {scope.id for scope in plan.scopes if scope.kind == "error" and not scope.each}
        self._shared = self._carriers()
        self._most: dict[str, Calls] = {}
        self._ways: dict[str, _Ways] = {}
        self.most: Calls = {}
        if self._shared:
            self._walk()

    def _carriers(self) -> set[str]:
        """The scopes whose handlers more than one node has."""
        seen: dict[str, int] = {}
        for node in self._tree.nodes.values():
            if not node.lost and node.kind == "step":
                for scope in dict(self._errbacks.of(node.id)):
                    seen[scope] = seen.get(scope, 0) + 1
            elif not node.lost and node.kind == "chord":
                for scope in dict(self._errbacks.of_header(node.id)):
                    seen[scope] = seen.get(scope, 0) + 1
        return {scope for scope, number in seen.items() if number > 1 and scope in self._once}

    def _walk(self) -> None:
        nodes, chords = self._tree.nodes, self._tree.chords
        roots = [node.id for node in nodes.values() if node.under is None and not node.first and not node.lost]
        order: list[str] = []
        stack = roots[:]
        while stack:
            id_ = stack.pop()
            order.append(id_)
            stack.extend(self._children.get(id_, ()))
            if id_ in chords:
                stack.append(chords[id_].body)
        for id_ in reversed(order):
            if self._chord_of(id_) is not None:
                self._ways[id_] = self._on_path(id_)
            elif id_ in chords:
                self._most[id_] = self._around_chord(id_)
            else:
                self._most[id_] = _most(self._sides(id_), self._own(id_))
        for id_ in roots:
            self.most = _plus(self.most, self._most.pop(id_))

    def _chord_of(self, id_: str) -> str | None:
        chord = self._tree.nodes[id_].chord
        return chord if chord in self._tree.chords else None

    def _own(self, id_: str) -> Calls:
        """What the failure of a step calls."""
        if self._tree.nodes[id_].kind != "step":
            return {}
        return {scope: 1 for scope, _ in self._errbacks.of(id_) if scope in self._shared}

    def _sides(self, id_: str) -> Calls:
        """What the success of a node leads to, but for the rest of its path."""
        found: Calls = {}
        for child in self._children.get(id_, ()):
            if child in self._most:
                found = _plus(found, self._most.pop(child))
        return found

    def _rest(self, id_: str) -> _Ways:
        """The rest of the path that a node stands on."""
        following = next((child for child in self._children.get(id_, ()) if child in self._ways), None)
        return self._ways.pop(following) if following is not None else _Ways()

    def _on_path(self, id_: str) -> _Ways:
        if id_ in self._tree.chords:
            return self._inner_chord(id_)
        rest, sides = self._rest(id_), self._sides(id_)
        own = self._own(id_)
        told = _most(_shifted(rest.told, sides), own)
        silent = _shifted(rest.silent, sides)
        if id_ in self._errbacks.unheard:
            silent = _most(silent, own)
        return _Ways(_plus(rest.good, sides), told, silent)

    def _inner_chord(self, id_: str) -> _Ways:
        good, failed = self._header(id_)
        joined = self._tree.chords[id_]
        rest = self._ways.pop(joined.body)
        told, silent = _shifted(rest.told, good), _most(_shifted(rest.silent, good), failed)
        outer = self._chord_of(id_)
        assert outer is not None
        last = any(path[-1] == joined.body for path in self._tree.chords[outer].paths) and id_ not in self._errbacks.split
        return _Ways(_plus(rest.good, good), told if last else _most(told, failed), silent)

    def _around_chord(self, id_: str) -> Calls:
        good, failed = self._header(id_)
        return _most(_plus(good, self._most.pop(self._tree.chords[id_].body)), failed)

    def _header(self, id_: str) -> tuple[Calls, Calls]:
        """The most calls of a chord's header if it succeeds, and if it does not (those of its body's errbacks included)."""
        good: Calls = {}
        heard: Calls = {}
        unheard: Calls = {}
        for first in self._children.get(id_, ()):
            ways = self._ways.pop(first)
            if ways.good or ways.told or ways.silent:
                either = _most(dict(ways.good), ways.told)
                unheard = _plus(unheard, _most(dict(either), ways.silent))
                heard = _plus(heard, either)
                good = _plus(good, ways.good)
        collected = {scope: 1 for scope, _ in self._errbacks.of_header(id_) if scope in self._shared}
        return good, _most(_plus(heard, collected), unheard)


def _plus(one: Calls, other: Calls) -> Calls:
    """Both added up, in the greater of the two."""
    if len(one) < len(other):
        one, other = other, one
    for scope, calls in other.items():
        one[scope] = one.get(scope, 0) + calls
    return one


def _most(one: Calls, other: Calls) -> Calls:
    """The greater of both for each scope, in one of the two."""
    if len(one) < len(other):
        one, other = other, one
    for scope, calls in other.items():
        if calls > one.get(scope, 0):
            one[scope] = calls
    return one


def _shifted(one: Calls, before: Calls) -> Calls:
    """Those that there are, with what came before them added."""
    if one and before:
        for scope in one:
            one[scope] += before.get(scope, 0)
    return one
