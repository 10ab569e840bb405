"""The parts of the forest in which messages carry a flow: see :mod:`.canvas_tree`."""

from __future__ import annotations

from typing import Literal

from ..dsl.record import dataclass
from .canvas_feeds import Feed
from .plan import Value


@dataclass(slots=True)
class Node:
    """A step, chord or piece of glue.

    ``under``: the node that it follows. ``feed``: of a step. ``literal``: of a value. ``depth``: how many stand above it, itself counted,
    but no chords. ``chord``: that on whose path it was claimed. ``first``: it begins such a path. ``lost``: it cannot be carried.
    """

    id: str
    kind: Literal["step", "chord", "pass", "list", "value"]
    under: str | None
    feed: Feed | None = None
    literal: Value = None
    depth: int = 1
    chord: str | None = None
    first: bool = False
    lost: bool = False


@dataclass(slots=True)
class Joined:
    """A chord. ``paths``: for each member the nodes from the header to the collected one, bodies of inner chords too.

    ``body``: the node that gets the list: a step, or glue.
    """

    id: str
    paths: list[tuple[str, ...]]
    body: str = ""
