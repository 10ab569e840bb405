"""Graph to pictures: what a flow does, drawn so that it can be read.

``to_dot(plan)`` gives DOT text, ``render(text, "svg")`` a picture of it, ``drawing(plan)`` the boxes, frames and lines themselves.
Tasks are rounded boxes, sub-flows and groups frames; lines are solid for results, dotted with a hollow head for order only, dashed and
red to an octagon for errors, dotted and blue for messages. Comprehensions are drawn once, with the number of their members; above
:data:`LIMIT` boxes the rest is collapsed as well, which a note in the picture says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..plan import Plan
from .collapse import LIMIT
from .fold import FEW
from .model import Direction, Drawing
from .renderers import TIMEOUT, DiagramError, Format, render

if TYPE_CHECKING:
    from ..graph import Graph

__all__ = ["FEW", "LIMIT", "TIMEOUT", "DiagramError", "Direction", "Drawing", "Format", "drawing", "render", "to_dot"]


def drawing(
    flow: Plan | Graph,
    *,
    limit: int | None = LIMIT,
    few: int = FEW,
    direction: Direction | None = None,
    legend: bool | None = None,
) -> Drawing:
    """What the picture of a plan, or of a graph made from one (or a part of it), shows.

    Args:
        flow: the plan or graph.
        limit: above how many boxes to collapse; None for never.
        few: comprehensions of at most that many members are drawn member by member.
        direction: ``LR`` (from left to right) or ``TB`` (from the top down); None: short flows the one, long ones the other.
        legend: whether to explain the lines; None: where three kinds or more occur.
    """
    from ..graph import no_collections, to_graph
    from .arrange import PAIRS, Choices, arrange

    with no_collections():
        graph = to_graph(flow, pairs=PAIRS) if isinstance(flow, Plan) else flow
        return arrange(graph, Choices(limit, few, direction, legend))


def to_dot(
    flow: Plan | Graph | Drawing,
    *,
    limit: int | None = LIMIT,
    few: int = FEW,
    direction: Direction | None = None,
    legend: bool | None = None,
    base: str | None = "",
) -> str:
    """DOT text of a plan, graph or drawing. The same input gives the same text.

    Args:
        flow: what to draw; for a drawing all choices but ``base`` were made.
        limit: as for :func:`drawing`, and so ``few``, ``direction`` and ``legend``.
        base: what to put before the file names of links to the source; None for no links.
    """
    from .dot import write_dot

    drawn = flow if isinstance(flow, Drawing) else drawing(flow, limit=limit, few=few, direction=direction, legend=legend)
    return write_dot(drawn, base)
