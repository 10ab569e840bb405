"""Two plans of one flow side by side: which steps, groups, handlers and edges were added, removed, changed or moved.

A step is the same on both sides if it has the same name. Steps without a name of their own are numbered (``add#1``, ``rows[0]``), and
their numbers shift when something is put before them: among those that differ in nothing but a number, the ones of equal content are
matched first, in order, then the others between them. What is left over on both sides with equal content was renamed or moved. Layout,
comments and the order of statements that depend on each other in the same way make no difference. :mod:`.pairing` says who is who,
:mod:`.details` what is different, :mod:`.wiring` which edges are.
"""

from __future__ import annotations

from ..plan import Plan
from .details import Sides
from .model import Change, Difference, Edge, Node
from .pairing import pair_plans
from .wiring import compare_edges

__all__ = ["Change", "Difference", "Edge", "Node", "compare"]


def compare(old: Plan, new: Plan) -> Difference:
    """What makes one plan of another. Time and memory are linear in the size of both.

    Args:
        old: the plan before.
        new: the plan after.

    Returns:
        the difference: nodes in the order of the new plan, removed ones after them in the order of the old one.
    """
    pairs = pair_plans(old, new)
    sides = Sides(old, new, pairs)
    nodes, same = sides.nodes()
    return Difference(nodes, compare_edges(old, new, pairs), sides.value(), sides.description(), same)
