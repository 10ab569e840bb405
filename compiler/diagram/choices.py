"""What a caller, or a format, may ask of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from .model import Direction, Drawing


class Bound(NamedTuple):
    """What a format asks of a picture: whether a drawing keeps to it, and the note to make if it first had to be collapsed for that."""

    fits: Callable[[Drawing], bool]
    note: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a caller may choose. ``limit``: above how many boxes to collapse; None for never. ``few``: how many members of a comprehension
    are drawn one by one. ``direction``: None lets the flow's length decide. ``legend``: None for where three kinds of line occur.
    ``depth``: how many frames may stand in each other; None for any number. ``expand``: names of sub-flows and groups to draw in full,
    whatever else is collapsed. ``bound``: of the format."""

    limit: int | None
    few: int
    direction: Direction | None
    legend: bool | None
    depth: int | None = None
    expand: tuple[str, ...] = ()
    bound: Bound | None = None
