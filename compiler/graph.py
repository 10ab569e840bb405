"""The plan as a networkx graph: what waits for what, for people and tools that ask about graphs.

**Nodes**, in text order, calls first. Each has a ``kind``:

- ``step``: one call; its node is the call's id, its attributes ``task args kwargs options group flow scope returns span`` are the call's.
- ``errback`` and ``listener``: one handler of a scope; attributes ``task args kwargs options scope span``.
- ``join``: one node for a whole group (by the group's id) or for all steps of a scope (by the scope's id), where members × consumers would
  make more than ``pairs`` edges. Attributes ``group flow span`` (of a scope's: ``scope span``).

**Edges** go from what is waited for to what waits, at most one of each kind between two nodes; the kind is the edge's key and its attribute
``kind``:

- ``link``: the result handed over by ``->``; ``argument``: a result used as an argument, or by a join. Both have ``uses``: a tuple of
  ``(argument, path)``, the argument's position or name and what is read inside the result (keys and positions, often none).
- ``then``: order without a value. ``on_error``, ``on_message``: from a step to the handlers of its scopes.

A reference to a group is an edge from each of its steps (or from its join); one to an empty group a ``then`` from what the group waits for.
The graph has no cycle: a plan's calls are listed after what they need. The graph's own attributes are ``name description version plan``.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from .edges import Joins, dependencies, free_name, inner_first, uses_of
from .plan import Plan, Scope

if TYPE_CHECKING:
    import networkx

    Graph: TypeAlias = networkx.MultiDiGraph[str]

#: Above this many edges between the steps of one group and their consumers, a join stands between them.
PAIRS = 64


def to_graph(plan: Plan, *, pairs: int = PAIRS, kind: Any = None) -> Graph:
    """The graph of a plan, as the module's text describes it. Time and memory are linear in the plan's size.

    Args:
        plan: a compiled flow.
        pairs: above how many edges (members × consumers, at least two of each) a group's value goes through a join.
        kind: the class of the graph, which has the methods of networkx's that are used here; None for networkx's own.
    """
    if kind is None:
        from networkx import MultiDiGraph as kind  # noqa: N813 - a class among others

    graph: Graph = kind(name=plan.name, description=plan.description, version=plan.version, plan=plan)
    with no_collections():
        bulk: Any = graph  # the stubs know no edges with keys
        joins = Joins(plan, pairs)
        bulk.add_nodes_from(_steps(plan))
        bulk.add_nodes_from(joins.nodes())
        bulk.add_edges_from(dependencies(plan, joins))
        bulk.add_edges_from(joins.edges())
        _Handling(plan, graph, pairs).connect()
    return graph


@contextmanager
def no_collections() -> Iterator[None]:
    """Hundreds of thousands of small dicts, none of them garbage: looking for cycles among them doubles the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _steps(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    for call in plan.calls:
        yield (
            call.id,
            {
                "kind": "step",
                "task": call.task,
                "args": call.args,
                "kwargs": call.kwargs,
                "options": call.options,
                "group": call.group,
                "flow": call.flow,
                "scope": call.scope,
                "returns": call.returns,
                "span": call.where,
            },
        )


class _Handling:
    """The handlers of scopes, and the edges to them.

    Inner scopes come before the scopes around them, each handing on what feeds it: all its steps, or the one join that gathers them.
    So the edges stay linear in steps and scopes, however deep scopes nest.
    """

    def __init__(self, plan: Plan, graph: Graph, pairs: int) -> None:
        self._plan, self._graph, self._pairs = plan, graph, pairs
        self._bulk: Any = graph
        self._feeds: dict[str, list[str]] = {scope.id: [] for scope in plan.scopes}

    def connect(self) -> None:
        for call in self._plan.calls:
            if call.scope in self._feeds:
                self._feeds[call.scope].append(call.id)
        handlers = {scope.id: self._handlers(scope) for scope in self._plan.scopes}
        scopes = {scope.id: scope for scope in self._plan.scopes}
        for key in _innermost_first(self._plan.scopes):
            self._feed(scopes[key], handlers[key])

    def _handlers(self, scope: Scope) -> list[str]:
        nodes = []
        for handler in scope.handlers:
            node = free_name(handler.id, self._graph)
            nodes.append(node)
            self._graph.add_node(
                node,
                kind="errback" if scope.kind == "error" else "listener",
                task=handler.task,
                args=handler.args,
                kwargs=handler.kwargs,
                options=handler.options,
                scope=scope.id,
                span=handler.where,
            )
            for used, uses in uses_of(handler.args, handler.kwargs).items():
                if used in self._graph:
                    self._graph.add_edge(used, node, key="argument", kind="argument", uses=uses)
        return nodes

    def _feed(self, scope: Scope, handlers: list[str]) -> None:
        kind = "on_error" if scope.kind == "error" else "on_message"
        feeds = self._feeds[scope.id]
        consumers = len(handlers) + (scope.parent is not None)
        if len(feeds) > 1 and consumers > 1 and len(feeds) * consumers > self._pairs:
            join = free_name(scope.id, self._graph)
            self._graph.add_node(join, kind="join", scope=scope.id, span=scope.where)
            self._bulk.add_edges_from((step, join, kind, {"kind": kind}) for step in feeds)
            feeds = [join]
        for handler in handlers:
            self._bulk.add_edges_from((step, handler, kind, {"kind": kind}) for step in feeds)
        if scope.parent in self._feeds:
            self._feeds[scope.parent].extend(feeds)


def _innermost_first(scopes: Iterable[Scope]) -> Iterator[str]:
    children: dict[str, list[str]] = {scope.id: [] for scope in scopes}
    for scope in scopes:
        if scope.parent in children:
            children[scope.parent].append(scope.id)
    return inner_first(children)
