"""From a graph to a drawing: fold, frame, collapse, then name everything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..edges import references
from ..plan import Group, Location, Plan, SubFlow
from . import captions
from .choices import Choices
from .collapse import LIMIT, collapse, contract_joins
from .depth import around, close_below, frames_named
from .fold import fold
from .frames import Chain, frames_around
from .handling import handle
from .model import Box, Drawing, Frame, Line, LineKind
from .ranks import ranks
from .sketch import UNCOUNTED, FrameKey, Piece, Sketch, sketch
from .thin import LONGEST, length, thin

if TYPE_CHECKING:
    from ..graph import Graph

#: Pictures lead a group's value through a point where the graph would have more edges than this.
PAIRS = 8

#: Flows of up to this many boxes in a row are drawn from left to right, longer ones from the top down.
ROW = 8

#: Up to this many boxes and frames are marked as what the flow's value comes out of.
RESULTS = 3

#: Dense pictures are collapsed further until their lines can be laid out, but not to fewer boxes than this.
SMALLEST = 20

#: Where a sub-flow or group was written of which a plan made by hand says nothing.
NOWHERE = Location("", 0, 0, 0, 0)

KINDS: tuple[LineKind, ...] = ("data", "then", "on_error", "on_message")


def arrange(graph: Graph, choices: Choices) -> Drawing:
    """The drawing of a graph of :func:`flowc.compiler.graph.to_graph`, or of a part of it.

    Raises:
        DiagramError: a name to expand that the flow does not have.
    """
    plan: Plan = graph.graph["plan"]
    asked = named = frames_named(plan, choices.expand)
    into = fold(graph, plan, choices.few, named)
    whole = sketch(graph, into, frames_around(graph, plan, into))
    if choices.depth is not None:
        whole = close_below(whole, choices.depth, around(whole, named))
    small, notes = _fitted(whole, choices.limit, named)
    made = _Arranging(graph, plan, small, choices, asked).drawing(notes)
    bound = choices.bound
    limit = LIMIT if choices.limit is None else choices.limit
    while bound is not None and not bound.fits(made) and (limit > 2 or named):
        if limit <= 2:
            limit, named = 2 * LIMIT, frozenset()
        limit = max(2, min(limit, len(made.boxes)) // 2)
        small, notes = _fitted(whole, limit, named)
        made = _Arranging(graph, plan, small, choices, asked).drawing((*notes, bound.note))
    return made


def _fitted(whole: Sketch, limit: int | None, named: frozenset[FrameKey]) -> tuple[Sketch, tuple[str, ...]]:
    """The sketch with few enough boxes and lines for a quick layout, and notes on what that took."""
    if limit is None:
        return contract_joins(whole), ()
    while True:
        small, notes = collapse(whole, limit, named)
        if length(small) <= LONGEST:
            return small, notes
        thinned, left_out = thin(small)
        if length(thinned) <= LONGEST or limit <= SMALLEST:
            return thinned, (*notes, f"{left_out:,} lines that follow from others are left out") if left_out else notes
        limit //= 2


def _drawn(piece: Piece) -> bool:
    return piece.kind != "join" or piece.scope is None


def _box_of(small: Sketch, node: str) -> str | None:
    piece = small.piece_of(node)
    return piece.id if piece is not None and _drawn(piece) else None


class _Arranging:
    def __init__(self, graph: Graph, plan: Plan, small: Sketch, choices: Choices, unfolded: frozenset[FrameKey]) -> None:
        self._graph, self._plan, self._small, self._choices = graph, plan, small, choices
        self._unfolded = unfolded
        self._groups = {group.id: group for group in plan.groups}
        self._flows = {flow.id: flow for flow in plan.flows}
        self._scopes = {scope.id: scope for scope in plan.scopes}
        #: Folded groups that are just one box, by that box.
        self._within: dict[str, Group] = {}

    def drawing(self, notes: tuple[str, ...]) -> Drawing:
        handling = handle(self._small, self._chains())
        chains = handling.chains
        results, framed = self._results({frame for chain in chains.values() for frame in chain})
        lines = (*self._lines(chains), *handling.lines)
        boxes = tuple(self._box(piece, chains[key], key in results) for key, piece in self._small.pieces.items() if _drawn(piece))
        kinds = {line.kind for line in lines}
        longest = max(ranks((box.id for box in boxes), ((line.tail, line.head) for line in lines)).values(), default=0)
        legend = len(kinds) > 2 if self._choices.legend is None else self._choices.legend
        return Drawing(
            title=captions.cut_middle(self._plan.name, 2 * captions.NAME),
            description=captions.cut(" ".join((self._plan.description or "").split()), captions.VALUE),
            notes=notes,
            boxes=boxes,
            frames=tuple(self._frames(chains, framed)),
            lines=lines,
            legend=tuple(kind for kind in KINDS if kind in kinds) if legend else (),
            direction=self._choices.direction or ("LR" if longest <= ROW else "TB"),
            box_of=partial(_box_of, self._small),
        )

    def _chains(self) -> dict[str, Chain]:
        """The frames around each piece, without those of folded groups that are one box."""
        held: dict[FrameKey, list[str]] = {}
        for key, piece in self._small.pieces.items():
            for frame in piece.frames:
                held.setdefault(frame, []).append(key)
        for (kind, name), keys in held.items():
            piece = self._small.pieces[keys[0]]
            group = self._groups.get(name)
            if (
                kind == "group"
                and group
                and len(keys) == 1
                and piece.kind == "step"
                and piece.copies > 1
                and piece.frames[-1] == (kind, name)
            ):
                self._within[keys[0]] = group
        chains = {}
        for key, piece in self._small.pieces.items():
            chains[key] = piece.frames[:-1] if key in self._within else piece.frames
        return chains

    def _results(self, drawn: set[FrameKey]) -> tuple[set[str], set[FrameKey]]:
        """The pieces and the frames out of which the flow's value comes; none if they are many: then the marks say nothing."""
        pieces: set[str] = set()
        frames: set[FrameKey] = set()
        seen: set[str] = set()
        stack = [ref.id for ref in references(self._plan.value)]
        while stack:
            key = stack.pop()
            if key in seen:
                continue
            seen.add(key)
            piece = self._small.piece_of(key)
            if piece is not None:
                pieces.add(piece.id)
            elif ("group", key) in drawn:
                frames.add(("group", key))
            elif key in self._groups:
                stack.extend(ref.id for member in self._groups[key].members for ref in references(member))
        return (pieces, frames) if len(pieces) + len(frames) <= RESULTS else (set(), set())

    def _lines(self, chains: dict[str, Chain]) -> Iterator[Line]:
        edges = self._small.edges
        for (tail, head, kind), count in edges.items():
            if kind == "data" or (kind == "then" and (tail, head, "data") not in edges):
                a, b = self._small.pieces[tail], self._small.pieces[head]
                together = any(self._many(frame) for frame in chains[tail] if frame in chains[head])
                each = not together and count != UNCOUNTED and count == a.copies == b.copies > 1
                yield Line(tail, head, kind, tooltip=self._line_tooltip(a, b), each=each)

    def _line_tooltip(self, tail: Piece, head: Piece) -> str:
        edges: Any = self._graph.get_edge_data(tail.node, head.node) or {}
        used = [captions.uses_text(data["uses"], tail.node) for data in edges.values() if data.get("uses")]
        order = f"{captions.cut(tail.node, captions.NAME)}, then {captions.cut(head.node, captions.NAME)}"
        return captions.tooltip("; ".join(used) or order)

    def _box(self, piece: Piece, chain: Chain, result: bool) -> Box:
        title, detail, tooltip = self._texts(piece, result)
        around = self._times(chain)
        count = piece.copies // around if piece.copies % around == 0 else piece.copies
        return Box(
            id=piece.id,
            kind=piece.kind,
            title=title,
            detail=captions.cut(detail, captions.DETAIL),
            tooltip=tooltip,
            count=count,
            frame=_frame_id(chain[-1]) if chain else None,
            result=result,
            span=self._span(piece),
            task=piece.task if piece.kind in ("step", "errback", "listener") else "",
            steps=piece.steps,
        )

    def _span(self, piece: Piece) -> Location | None:
        """Where a box's task was called, or what it stands for was written."""
        if piece.kind in ("run", "rest"):
            return None
        if piece.kind in ("flow", "group"):
            found = (self._flow if piece.kind == "flow" else self._group)(piece.node).where
            return found if found.line else None
        span: Location | None = self._graph.nodes[piece.node].get("span") if piece.node in self._graph else None
        return span

    def _times(self, chain: Chain) -> int:
        """How many members all the folded groups around a box have, multiplied."""
        product = 1
        for frame in chain:
            product *= self._many(frame) or 1
        return product

    def _many(self, frame: FrameKey) -> int:
        group = self._groups.get(frame[1]) if frame[0] == "group" else None
        folded = group and group.kind != "list" and len(group.members) > self._choices.few and frame not in self._unfolded
        return len(group.members) if group and folded else 0

    def _texts(self, piece: Piece, result: bool) -> tuple[str, str, str]:
        more = f"{piece.steps:,} step{'' if piece.steps == 1 else 's'}"
        if piece.kind == "run":
            return f"… {more} …", "", f"{more} in a row, each with one before and one behind it"
        if piece.kind == "rest":
            return f"… {more} more", "", "all that comes later in the text"
        if piece.kind == "flow":
            flow = self._flow(piece.node)
            name, called = captions.flow_title(flow, piece.copies > 1)
            return name, " · ".join(filter(None, (called, more))), f"sub-flow {captions.cut(flow.name, captions.NAME)}: {more}"
        if piece.kind == "group":
            name, label = captions.group_title(self._group(piece.node))
            return name or label or "group", " · ".join(filter(None, (label if name else "", more))), f"group: {more}"
        data = self._graph.nodes[piece.node]
        if piece.kind == "join":
            return "", "", f"all of {captions.own_name(piece.node) or 'these'} as one list"
        if piece.kind != "step":
            word = captions.cut_middle(captions.short(data.get("task", "")), captions.NAME)
            each = "each " if self._each(data.get("scope")) else ""
            when = f"{each}on error" if piece.kind == "errback" else "on message"
            return word, "each failure" if each else "", f"{when}: {captions.step_tooltip(piece.node, data, piece.copies, False)}"
        name, word = captions.step_title(piece.node, captions.word_of(data), piece.copies > 1)
        parts = [word]
        if piece.id in self._within:
            parts.append(captions.group_title(self._within[piece.id])[1])
        if piece.copies == 1:
            parts.extend(captions.step_detail(data["options"]))
        return name, " · ".join(filter(None, parts)), captions.step_tooltip(piece.node, data, piece.copies, result)

    def _flow(self, key: str) -> SubFlow:
        return self._flows.get(key) or SubFlow(key, key, (), NOWHERE)

    def _group(self, key: str) -> Group:
        return self._groups.get(key) or Group(key, "list", (), "", (), (), (), NOWHERE)

    def _each(self, scope: str | None) -> bool:
        return scope in self._scopes and self._scopes[scope].each

    def _frames(self, chains: dict[str, Chain], results: set[FrameKey]) -> Iterator[Frame]:
        done: set[FrameKey] = set()
        for key, chain in chains.items():
            if not _drawn(self._small.pieces[key]):
                continue
            for at, frame in enumerate(chain):
                if frame not in done:
                    done.add(frame)
                    yield self._frame(frame, chain[at - 1] if at else None, frame in results)

    def _frame(self, frame: FrameKey, parent: FrameKey | None, result: bool) -> Frame:
        kind, key = frame
        outer = _frame_id(parent) if parent else None
        many = self._many(frame)
        if kind == "group":
            group = self._group(key)
            title, detail = captions.group_title(group)
            tip = captions.tooltip(f"{detail or 'group'} of {len(group.members):,}", captions.place(group.where))
            return Frame(_frame_id(frame), "group", title, detail, tip, many, outer, result, group.where)
        if kind == "flow":
            flow = self._flow(key)
            title, detail = captions.flow_title(flow, parent is not None and self._many(parent) > 0)
            tip = captions.tooltip(f"sub-flow {captions.cut(flow.name, captions.NAME)}", captions.place(flow.where))
            return Frame(_frame_id(frame), "flow", title, detail, tip, 0, outer, result, flow.where)
        return Frame(_frame_id(frame), "scope" if kind == "scope" else "messages", "", "", "a scope with handlers", 0, outer, result, None)


def _frame_id(frame: FrameKey) -> str:
    return f"{frame[0]} {frame[1]}"
