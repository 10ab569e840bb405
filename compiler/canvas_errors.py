"""Which handlers go with which message, so that a scope's handlers are called once where that can be.

A worker calls the errbacks of a step when that step fails. When a step of a chord's header fails, or one on the way to a member, it also
calls those of the chord's body, once, when the rest of the header has ended. So the body is the place for the handlers of scopes that hold
*all* steps of the header (the chord is then *covered* by them), and the steps of the header do without. Which leads to:

* A step has the handlers of its scopes, innermost first, but for those that cover the chord on whose path it stands. (``each`` ones stay.)
* What stands as a chord's body has the handlers of the scopes that cover the chord. If the step that follows has just those, it is the
  body; else glue is, and the step comes behind it, with its own.
* The failure of an inner chord's header does not reach the outer chord (before Celery 5.7), so its body has handlers even where the
  outer chord is covered by them. A step before an inner chord that ends a path is likewise not heard of, and keeps its handlers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .canvas_nodes import Joined
from .canvas_tree import Tree
from .edges import free_name
from .plan import Plan, Scope

#: Handlers as a message has them: (scope id, handler id), in order.
Called = tuple[tuple[str, str], ...]


class Errbacks:
    """The errbacks of one plan's steps and glue.

    ``split``: the chords between which and the step behind them there is glue, with its id. ``covers``: the innermost scope around all of
    a chord's header, by chord, where there is one. ``unheard``: the steps of whose failure the chord on whose path they stand may not hear.
    """

    def __init__(self, plan: Plan, tree: Tree) -> None:
        self._tree = tree
        self._scopes = {scope.id: scope for scope in plan.scopes}
        self._depths = dict(_depths(self._scopes))
        self._written = {call.id: call.scope for call in plan.calls}
        self._known: dict[tuple[str | None, str | None], Called] = {}
        self._empty: set[str] = set()
        self.covers: dict[str, str | None] = {}
        self.unheard: set[str] = set()
        self.split: dict[str, str] = {}
        if not plan.scopes:
            return
        taken = {*tree.nodes, *(group.id for group in plan.groups)}
        for joined in tree.chords.values():
            self.covers[joined.id] = self._cover(joined)
            self.unheard.update(_unheard(tree, joined))
        for joined in tree.chords.values():
            if tree.nodes[joined.body].kind == "step" and self.of(joined.body) != self.of_header(joined.id):
                name = free_name(f"{joined.id}.join", taken)
                taken.add(name)
                self.split[joined.id] = name

    def of(self, step: str) -> Called:
        """The errbacks of a step."""
        scope = self._written[step]
        if scope is None:
            return ()
        chord = self._tree.nodes[step].chord
        cover = self.covers.get(chord) if chord is not None and step not in self.unheard else None
        return self._called(scope, cover)

    def of_header(self, chord: str) -> Called:
        """What is to be called when a chord's header fails."""
        return self._called(None, self.covers.get(chord))

    def _called(self, scope: str | None, cover: str | None) -> Called:
        """The handlers of a scope and those around it, without those at and above ``cover``; of no scope: of those alone."""
        known = self._known.get((scope, cover))
        if known is None:
            limit = self._depths[cover] if cover is not None else 0
            chain = self.chain(scope if scope is not None else cover)
            if scope is None:
                chosen: Iterable[Scope] = (one for one in chain if not one.each)
            else:
                chosen = (one for one in chain if one.each or self._depths[one.id] > limit)
            known = tuple((one.id, handler.id) for one in chosen for handler in one.handlers)
            self._known[scope, cover] = known
        return known

    def chain(self, scope: str | None) -> Iterator[Scope]:
        """A scope of errors and those around it, innermost first."""
        while scope is not None:
            one = self._scopes[scope]
            if one.kind == "error":
                yield one
            scope = one.parent

    def _cover(self, joined: Joined) -> str | None:
        """The innermost scope around all steps of a header; notes headers without any."""
        common: str | None = None
        found = False
        for path in joined.paths:
            for id_ in path:
                kind = self._tree.nodes[id_].kind
                if kind not in ("step", "chord") or id_ in self._empty:
                    continue
                scope = self.covers[id_] if kind == "chord" else self._written[id_]
                common = self._around(common, scope) if found else scope
                found = True
        if not found:
            self._empty.add(joined.id)
        return common

    def _around(self, one: str | None, other: str | None) -> str | None:
        """The innermost scope around two."""
        while one != other:
            if one is None or other is None:
                return None
            if self._depths[one] >= self._depths[other]:
                one = self._scopes[one].parent
            else:
                other = self._scopes[other].parent
        return one


def _depths(scopes: dict[str, Scope]) -> Iterator[tuple[str, int]]:
    """How many scopes stand around each, itself counted."""
    known: dict[str, int] = {}
    for start in scopes:
        trail: list[str] = []
        at: str | None = start
        while at is not None and at not in known:
            trail.append(at)
            at = scopes[at].parent
        depth = known[at] if at is not None else 0
        for id_ in reversed(trail):
            depth += 1
            known[id_] = depth
            yield id_, depth


def _unheard(tree: Tree, joined: Joined) -> Iterator[str]:
    """The nodes before an inner chord whose glue ends a path."""
    for path in joined.paths:
        if len(path) > 2 and path[-2] in tree.chords and tree.nodes[path[-1]].kind == "pass":
            yield from path[:-2]
