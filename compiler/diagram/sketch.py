"""A graph on its way to a picture: pieces, each standing for one or many nodes, and counted edges between them.

Folding and collapsing are quotients: a mapping sends every node (later: every piece) to the one that stands for it. Edges follow; those
that end where they began vanish. Sketches are never changed: :meth:`Sketch.merge` gives a smaller one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .model import BoxKind, LineKind
from .rows import kinds_of

if TYPE_CHECKING:
    from ..graph import Graph

#: A frame around a piece, as kind and id.
FrameKey: TypeAlias = tuple[str, str]
Edge: TypeAlias = tuple[str, str, LineKind]

#: For each piece its neighbours on one side, in order, with the kind of the line between (of several, the last).
Near: TypeAlias = dict[str, dict[str, LineKind]]

#: How each kind of edge of the graph is drawn.
DRAWN: Mapping[str, LineKind] = {"link": "data", "argument": "data", "then": "then", "on_error": "on_error", "on_message": "on_message"}

#: The count of an edge that does not lead from member to member, whatever the counts of its ends.
UNCOUNTED = -1


class Piece(NamedTuple):
    """One box to be. ``node``: the first graph node it stands for; ``copies``: of how many alike ones; ``steps``: how many steps in all."""

    id: str
    kind: BoxKind
    node: str
    task: str
    copies: int
    steps: int
    frames: tuple[FrameKey, ...]
    scope: str | None


@dataclass(frozen=True, slots=True)
class Sketch:
    """Pieces by id, in text order, and edges with the number of edges each stands for. ``merged``: the mappings that led here."""

    pieces: dict[str, Piece]
    edges: dict[Edge, int]
    merged: tuple[Mapping[str, str], ...] = ()
    #: What :meth:`before` and :meth:`after` found, once they were asked.
    near: list[tuple[Near, Near]] = field(default_factory=list, init=False, repr=False, compare=False)

    def merge(self, into: Mapping[str, str], new: Mapping[str, Piece] | None = None) -> Sketch:
        """The sketch with pieces merged: ``into`` says for each piece that goes where it goes: to another piece or to one of ``new``."""
        steps: dict[str, int] = {}
        copies: dict[str, int] = {}
        for key, piece in self.pieces.items():
            target = into.get(key, key)
            if target not in steps:
                steps[target] = copies[target] = 0
            if piece.kind != "join" or target == key:
                steps[target] += piece.steps
                copies[target] += piece.copies
        pieces: dict[str, Piece] = {}
        for target, number in steps.items():
            known = new.get(target) if new else None
            if known is not None:
                pieces[target] = known._replace(steps=number)
            else:
                piece = self.pieces[target]
                same = (piece.steps, piece.copies) == (number, copies[target])
                pieces[target] = piece if same else piece._replace(steps=number, copies=copies[target])
        return Sketch(pieces, _moved(self.edges, into), (*self.merged, into))

    def piece_of(self, node: str) -> Piece | None:
        """The piece that a node of the graph is in."""
        for into in self.merged:
            node = into.get(node, node)
        return self.pieces.get(node)

    def before(self) -> Near:
        """For each piece those right before it."""
        return self._neighbours()[0]

    def after(self) -> Near:
        """For each piece those right after it."""
        return self._neighbours()[1]

    def _neighbours(self) -> tuple[Near, Near]:
        if not self.near:
            before: Near = {key: {} for key in self.pieces}
            after: Near = {key: {} for key in self.pieces}
            for tail, head, kind in self.edges:
                before[head][tail] = kind
                after[tail][head] = kind
            self.near.append((before, after))
        return self.near[0]


def _moved(edges: Mapping[Edge, int], into: Mapping[str, str]) -> dict[Edge, int]:
    moved: dict[Edge, int] = {}
    for edge, count in edges.items():
        tail, head, kind = edge
        if tail in into or head in into:
            edge = (into.get(tail, tail), into.get(head, head), kind)
            if edge[0] == edge[1]:
                continue
        known = moved.get(edge)
        moved[edge] = count if known is None else UNCOUNTED if UNCOUNTED in (known, count) else known + count
    return moved


def sketch(graph: Graph, into: Mapping[str, str], frames: Mapping[str, tuple[FrameKey, ...]]) -> Sketch:
    """A first sketch.

    Args:
        graph: of :func:`flowc.compiler.graph.to_graph`.
        into: for nodes that another stands for, that other.
        frames: the frames around each node that stays, outermost first.
    """
    counts = Counter(into.get(node, node) for node in graph)
    pieces = {node: _piece(node, data, counts[node], frames.get(node, ())) for node, data in graph.nodes(data=True) if node in counts}
    joins = {node for node, data in graph.nodes(data=True) if data.get("kind") == "join"}
    edges: dict[Edge, int] = {}
    for tail, head, kind in kinds_of(graph):
        if into:
            start, end = into.get(tail, tail), into.get(head, head)
        else:
            start, end = tail, head
        if start != end:
            edge = (start, end, DRAWN.get(kind, "data"))
            edges[edge] = UNCOUNTED if tail in joins else edges.get(edge, 0) + 1
    return Sketch(pieces, edges, (into,))


def _piece(node: str, data: Mapping[str, Any], count: int, frames: tuple[FrameKey, ...]) -> Piece:
    kind = data.get("kind", "step")
    steps = count if kind == "step" else 0
    return Piece(node, kind, node, data.get("task", ""), count, steps, frames, data.get("scope"))
