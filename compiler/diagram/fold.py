"""Folding: the many alike members of a comprehension become one.

The members of ``[a(x) -> b for x in xs]`` differ in their values only, so the first member is drawn for all, with their number. Calls stand
in text order, member by member: with n members and k calls in each, call i stands for the same thing as call i mod k. Where the
members are not the same (``[a(x) if x else b(x) for x in xs]``), the first call of each task stands for the others of that task.
Outer groups are folded before the groups in them, of which then only those in the first member are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..plan import Group, Plan
from .sketch import FrameKey

if TYPE_CHECKING:
    from ..graph import Graph

#: A comprehension of up to this many members is drawn member by member.
FEW = 5


def fold(graph: Graph, plan: Plan, few: int = FEW, named: frozenset[FrameKey] = frozenset()) -> dict[str, str]:
    """For each node that another stands for: that other.

    Args:
        graph: the plan's graph, or a part of it.
        plan: for the groups and their kinds.
        few: groups of at most that many members stay as they are.
        named: frames that stay as they are.
    """
    nodes: dict[str, dict[str, Any]] = dict(iter(graph.nodes(data=True)))
    large = [group for group in plan.groups if group.kind != "list" and len(group.members) > few and ("group", group.id) not in named]
    if not large:
        return {}
    calls: dict[str, list[str]] = {group.id: [] for group in large}
    for node, data in nodes.items():
        if data.get("kind") == "step":
            for group in data["group"]:
                if group in calls:
                    calls[group].append(node)
    into: dict[str, str] = {}
    for group in sorted(large, key=lambda group: len(group.parents)):
        left = [call for call in calls[group.id] if call not in into]
        into.update(_fold_members(nodes, group, left))
    into = {node: _last(into, node) for node in into}
    into.update(_fold_handlers(nodes, plan, into))
    return into


def _fold_members(nodes: Mapping[str, Mapping[str, Any]], group: Group, calls: Sequence[str]) -> dict[str, str]:
    shapes = [_shape(nodes[call]) for call in calls]
    each, odd = divmod(len(calls), len(group.members))
    if each and not odd and shapes == shapes[:each] * len(group.members):
        return {call: calls[at % each] for at, call in enumerate(calls) if at >= each}
    first: dict[tuple[str, int, int], str] = {}
    into = {}
    for call, shape in zip(calls, shapes, strict=True):
        known = first.setdefault(shape, call)
        if known != call:
            into[call] = known
    return into


def _shape(data: Mapping[str, Any]) -> tuple[str, int, int]:
    return data["task"], len(data["group"]), len(data["flow"])


def _last(into: Mapping[str, str], node: str) -> str:
    while node in into:
        node = into[node]
    return node


def _fold_handlers(nodes: Mapping[str, Mapping[str, Any]], plan: Plan, into: Mapping[str, str]) -> dict[str, str]:
    """Where members have handlers of their own: those of the first member stand for the others'. The same for joins of inner groups."""
    parents = {scope.id: scope.parent for scope in plan.scopes}
    scopes: dict[str, str] = {}
    groups: dict[str, str] = {}
    for folded_node, stays in into.items():
        mine, known = nodes[folded_node], nodes[stays]
        groups.update((a, b) for a, b in zip(mine["group"], known["group"], strict=False) if a != b)
        scope, same = mine["scope"], known["scope"]
        while scope is not None and same is not None and scope != same and scope not in scopes:
            scopes[scope] = same
            scope, same = parents.get(scope), parents.get(same)
    places: dict[tuple[str, str, str, int], str] = {}
    folded: dict[str, str] = {}
    seen: dict[tuple[str, str], int] = {}
    for node, data in nodes.items():
        kind = data.get("kind")
        if kind in (None, "step"):
            continue
        inside = data["group"][-1] if data.get("group") else data.get("scope") or ""
        number = seen[kind, inside] = seen.get((kind, inside), -1) + 1
        other = groups.get(inside) if data.get("group") else scopes.get(inside)
        place = (kind, other or inside, data.get("task", ""), number)
        if other is None:
            places[place] = node
        elif place in places:
            folded[node] = places[place]
    return folded
