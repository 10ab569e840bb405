"""The members of a group climb to the step from which they all come, and claim what they pass for the group's chord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from ..dsl.record import dataclass
from .canvas_feeds import Problem
from .canvas_nodes import Node


@dataclass(slots=True)
class Climber:
    """A member on its way up. ``at``: the node to pass next (None: the top). ``passed``: those behind it, the member itself first."""

    at: str | None
    passed: list[str] = field(default_factory=list)


def climb(nodes: Mapping[str, Node], group: str, members: Sequence[Climber], *, alone: bool) -> Problem | None:
    """Let members climb until all stand under the same node, having passed nothing twice.

    Args:
        nodes: the forest.
        group: whose members they are; what they pass is claimed for it, also when they do not get there.
        members: where they begin.
        alone: a single one passes its own step too, if nothing else has claimed that.

    Returns:
        Why they cannot start side by side, or None.
    """

    def step(one: Climber) -> Problem | None:
        assert one.at is not None
        node = nodes[one.at]
        if node.chord == group:
            return _uneven(group, node)
        if node.chord is not None:
            return Problem("F1009", f"`{_shown(node)}` leads to two joins, of `{node.chord}` and of `{group}`, and a step counts for one")
        node.chord = group
        one.passed.append(node.id)
        if node.under is not None and nodes[node.under].kind == "chord":  # which its body has passed for it
            node = nodes[node.under]
            node.chord = group
            one.passed.append(node.id)
        one.at = node.under
        return None

    def depth(one: Climber) -> int:
        return 0 if one.at is None else nodes[one.at].depth

    lowest = min(map(depth, members), default=0)
    for one in members:
        while depth(one) > lowest:
            problem = step(one)
            if problem is not None:
                return problem
    while len(places := {one.at for one in members}) > 1:
        if len(places) < len(members):
            seen: set[str | None] = set()
            shared = next(one.at for one in members if one.at in seen or seen.add(one.at))  # type: ignore[func-returns-value]
            return _uneven(group, nodes[shared] if shared is not None else None)
        for one in members:
            problem = step(one)
            if problem is not None:
                return problem
    if alone and len(members) == 1 and members[0].at is not None and nodes[members[0].at].chord is None:
        return step(members[0])
    return None


def _uneven(group: str, shared: Node | None) -> Problem:
    where = f"come from `{_shown(shared)}`" if shared is not None else "start with the flow"
    return Problem("F1006", f"some members of `{group}` {where}, and others do not")


def _shown(node: Node) -> str:
    """A node as the text of the flow knows it: glue by the name of its group."""
    return node.id if node.kind in ("step", "chord") else node.id.rpartition(".")[0]
