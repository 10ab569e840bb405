"""Which frames stand around which node: sub-flows and groups, outermost first.

A call knows the sub-flows and the groups around it as two lists. A group knows the sub-flows around itself, and that says where in the
one list the other's items belong. A handler knows its scope only: it is drawn beside the scope, in whatever is around that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ..edges import inner_first
from ..plan import Plan
from .sketch import FrameKey

if TYPE_CHECKING:
    from ..graph import Graph

Chain: TypeAlias = tuple[FrameKey, ...]

#: Frames nested deeper than that are left out of pictures: their boxes stand in the deepest one drawn.
DEEPEST = 12


def frames_around(graph: Graph, plan: Plan, into: Mapping[str, str]) -> dict[str, Chain]:
    """The frames around each node that stays in the picture (is no key of ``into``), outermost first."""
    return _Frames(plan).around(graph, into)


class _Frames:
    def __init__(self, plan: Plan) -> None:
        self._depths = {group.id: len(group.flow) for group in plan.groups}
        self._parents = {scope.id: scope.parent for scope in plan.scopes}
        self._chains: dict[tuple[tuple[str, ...], tuple[str, ...]], Chain] = {}

    def chain(self, flows: tuple[str, ...], groups: tuple[str, ...]) -> Chain:
        known = self._chains.get((flows, groups))
        if known is None:
            chain: list[FrameKey] = [("flow", flow) for flow in flows]
            for added, group in enumerate(groups):
                chain.insert(min(self._depths.get(group, len(flows)), len(flows)) + added, ("group", group))
            known = self._chains[flows, groups] = tuple(chain[:DEEPEST])
        return known

    def around(self, graph: Graph, into: Mapping[str, str]) -> dict[str, Chain]:
        found: dict[str, Chain] = {}
        handlers: list[tuple[str, Mapping[str, Any]]] = []
        for node, data in graph.nodes(data=True):
            if node in into:
                continue
            if data.get("kind") in ("errback", "listener") or "group" not in data:
                handlers.append((node, data))
            else:
                own = data["group"] if data["kind"] == "step" else data["group"][:-1]
                found[node] = self.chain(data["flow"], own)
        beside = self._beside(graph, found)
        for node, rest in handlers:  # (joins of scopes among them)
            found[node] = _handler_chain(node, beside.get(rest.get("scope", ""), ()))
        return found

    def _beside(self, graph: Graph, found: Mapping[str, Chain]) -> dict[str, Chain]:
        """What is around each scope. Scopes are contiguous in the text: what is around their first and last step is around all."""
        sizes: dict[FrameKey, int] = {}
        extent: dict[str, tuple[Chain, Chain, int]] = {}
        for node, chain in found.items():
            step = graph.nodes[node]
            if step["kind"] != "step":
                continue
            for frame in chain:
                sizes[frame] = sizes.get(frame, 0) + 1
            _extend(extent, step["scope"], chain, chain, 1)
        children: dict[str, list[str]] = {scope: [] for scope in self._parents}
        for scope, parent in self._parents.items():
            if parent in children:
                children[parent].append(scope)
        for scope in inner_first(children):
            if scope in extent:
                _extend(extent, self._parents[scope], *extent[scope])
        return {scope: _common(first, last, size, sizes) for scope, (first, last, size) in extent.items()}


def _extend(extent: dict[str, tuple[Chain, Chain, int]], scope: str | None, first: Chain, last: Chain, size: int) -> None:
    if scope is not None:
        known = extent.get(scope)
        extent[scope] = (known[0], last, known[2] + size) if known else (first, last, size)


def _common(first: Chain, last: Chain, size: int, sizes: Mapping[FrameKey, int]) -> Chain:
    """The frames around both, but for groups that hold nothing else than the scope: those are inside it."""
    common = []
    for a, b in zip(first, last, strict=False):
        if a != b or (a[0] == "group" and sizes[a] == size):
            break
        common.append(a)
    return tuple(common)


def _handler_chain(node: str, chain: Chain) -> Chain:
    """A handler written in a sub-flow bears its name; one written around the call of a sub-flow does not and stands outside."""
    for at, (kind, key) in enumerate(chain):
        if kind == "flow" and not node.startswith(f"{key}/"):
            return chain[:at]
    return chain
