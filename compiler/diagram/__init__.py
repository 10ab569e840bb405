"""Graph to pictures: what a flow does, drawn so that it can be read.

``drawing(plan)`` says what to draw: boxes, frames and lines. ``to_dot``, ``to_mermaid``, ``to_json`` and ``to_text`` write that, or a plan,
in a format of text; ``render(dot, "svg")`` makes a picture of DOT text.
Tasks are rounded boxes, sub-flows and groups frames; lines are solid for results, dotted with a hollow head for order only, dashed and
red to an octagon for errors, dotted and blue for messages. Comprehensions are drawn once, with the number of their members; above
:data:`LIMIT` boxes the rest is collapsed as well, which a note in the picture says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..plan import Plan
from .choices import Bound, Choices
from .collapse import LIMIT
from .fold import FEW
from .model import Direction, Drawing
from .renderers import TIMEOUT, DiagramError, Format, render
from .theme import THEMES, ThemeName

if TYPE_CHECKING:
    from ..graph import Graph

__all__ = [
    "FEW",
    "LIMIT",
    "THEMES",
    "TIMEOUT",
    "DiagramError",
    "Direction",
    "Drawing",
    "Format",
    "ThemeName",
    "drawing",
    "for_mermaid",
    "render",
    "to_dot",
    "to_json",
    "to_mermaid",
    "to_text",
]


def drawing(
    flow: Plan | Graph,
    *,
    limit: int | None = LIMIT,
    few: int = FEW,
    direction: Direction | None = None,
    legend: bool | None = None,
    depth: int | None = None,
    expand: Iterable[str] = (),
    bound: Bound | None = None,
) -> Drawing:
    """What the picture of a plan, or of a graph made from one (or a part of it), shows.

    Args:
        flow: the plan or graph.
        limit: above how many boxes to collapse; None for never.
        few: comprehensions of at most that many members are drawn member by member.
        direction: ``LR`` (from left to right) or ``TB`` (from the top down); None: short flows the one, long ones the other.
        legend: whether to explain the lines; None: where three kinds or more occur.
        depth: how many sub-flows and groups may stand in each other; deeper ones are one box each. None: any number.
        expand: the names (or ids) of sub-flows and groups to draw in full, whatever else is collapsed; they are not counted for ``limit``.
        bound: what a format asks of the drawing; it is collapsed until it fits.

    Raises:
        DiagramError: ``expand`` names what the flow does not have.
    """
    from ..graph import no_collections, to_graph
    from .arrange import PAIRS, arrange
    from .rows import Rows

    with no_collections():
        choices = Choices(limit, few, direction, legend, depth, tuple(expand), bound)
        return arrange(to_graph(flow, pairs=PAIRS, kind=Rows) if isinstance(flow, Plan) else flow, choices)


def for_mermaid() -> Bound:
    """The ``bound`` of drawings that GitHub and GitLab are to draw."""
    from .mermaid import CHARACTERS, EDGES, fits

    return Bound(fits, f"collapsed further, since Mermaid draws at most {EDGES} lines and {CHARACTERS:,} characters")


def to_dot(flow: Plan | Graph | Drawing, *, base: str | None = "", theme: ThemeName = "light", **choices: Any) -> str:
    """DOT text of a plan, graph or drawing. The same input gives the same text.

    Args:
        flow: what to draw; for a drawing, all ``choices`` were made.
        base: what to put before the file names of links to the source; None for no links.
        theme: ``light`` or ``dark``.
        choices: as for :func:`drawing`.
    """
    from .dot import write_dot

    return write_dot(flow if isinstance(flow, Drawing) else drawing(flow, **choices), base, THEMES[theme])


def to_mermaid(flow: Plan | Graph | Drawing, *, theme: ThemeName = "light", **choices: Any) -> str:
    """A Mermaid flowchart that GitHub and GitLab draw; a plan or graph is collapsed as far as they ask. Arguments as for :func:`to_dot`."""
    from .mermaid import write_mermaid

    drawn = flow if isinstance(flow, Drawing) else drawing(flow, **{"bound": for_mermaid(), **choices})
    return write_mermaid(drawn, THEMES[theme])


def to_json(flow: Plan | Graph | Drawing, **choices: Any) -> str:
    """The model of the picture as JSON, for other tools. Arguments as for :func:`to_dot`."""
    from .model_json import write_json

    return write_json(flow if isinstance(flow, Drawing) else drawing(flow, **choices))


def to_text(flow: Plan | Graph | Drawing, **choices: Any) -> str:
    """Every step and what it waits for, as lines of text. Arguments as for :func:`to_dot`."""
    from .listing import write_text

    return write_text(flow if isinstance(flow, Drawing) else drawing(flow, **choices))
