"""What a picture shows, before any format: boxes in frames, lines between them, a legend and notes.

Frozen data, made by :func:`flowc.compiler.diagram.arrange.arrange`, read by one writer per format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..plan import Location

#: ``step``, ``errback``, ``listener``: a task. ``join``: a point where a list comes together. ``flow``, ``group``: a collapsed sub-flow or
#: group. ``run``: consecutive steps left out. ``rest``: all that did not fit.
BoxKind: TypeAlias = Literal["step", "errback", "listener", "join", "flow", "group", "run", "rest"]

#: What a line says: a value goes on, only order, the steps' errors, the steps' messages.
LineKind: TypeAlias = Literal["data", "then", "on_error", "on_message"]

#: ``scope`` and ``messages``: steps with handlers, of failures or of messages.
FrameKind: TypeAlias = Literal["flow", "group", "scope", "messages"]

Direction: TypeAlias = Literal["LR", "TB"]


@dataclass(frozen=True, slots=True)
class Box:
    """One box. ``id`` is the graph node (or frame) it shows. With ``count`` > 1 it stands for that many alike, ``id`` being the first.

    ``task`` is the task's name (empty for what is no one task's), ``steps`` how many steps of the flow it is in all.
    ``title`` is its name, ``detail`` the small second line (may be empty), ``tooltip`` all the rest, lines parted by line feeds.
    ``frame``: the innermost frame around it. ``result``: the flow's value comes out of it.
    """

    id: str
    kind: BoxKind
    title: str
    detail: str
    tooltip: str
    count: int
    frame: str | None
    result: bool
    span: Location | None
    task: str = ""
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A sub-flow, a group, or a scope with handlers, drawn around its boxes. ``many``: of a folded group, how many members; else 0."""

    id: str
    kind: FrameKind
    title: str
    detail: str
    tooltip: str
    many: int
    parent: str | None
    result: bool
    span: Location | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line from box to box. ``frame``: it begins at the border of this frame, which is around ``tail``. ``each``: member to member."""

    tail: str
    head: str
    kind: LineKind
    tooltip: str = ""
    frame: str | None = None
    each: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a flow. ``legend``: the kinds of line to explain, none when fewer than three occur. ``notes``: what was left out.

    ``box_of`` says for a node of the graph (a step's id, a handler's, …) the id of the box that shows it; None where none does.
    """

    title: str
    description: str
    notes: tuple[str, ...]
    boxes: tuple[Box, ...]
    frames: tuple[Frame, ...]
    lines: tuple[Line, ...]
    legend: tuple[LineKind, ...]
    direction: Direction
    box_of: Callable[[str], str | None] = field(default=lambda _: None, repr=False, compare=False)
