"""Both plans as one small graph: what is different, and what stands next to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from ..plan import Call, Group, Plan
from .folding import fold
from .model import Difference
from .pairing import stem
from .wiring import edges

Status: TypeAlias = Literal["added", "removed", "changed", "moved", "same"]


class Box(NamedTuple):
    """A step or group, or so many that are alike. ``word`` is its task, or the kind of the group."""

    name: str
    word: str
    status: Status
    many: int


class Line(NamedTuple):
    """An edge between two boxes, by their places."""

    tail: int
    head: int
    kind: str
    status: Status


class Union(NamedTuple):
    """What to draw; ``left_out``: how many boxes there would be besides."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    left_out: int


def unite(difference: Difference, new: Plan, most: int) -> Union:
    """The boxes that are different, and those next to them, up to ``most``; and the edges between these."""
    boxes: list[Box] = []
    place: dict[str, int] = {}
    gone: dict[str, int] = {}
    folds = [one for one in fold(difference.nodes) if one.nodes[0].kind != "handler"]
    for one in folds[:most]:
        for node in one.nodes:
            (gone if one.status == "removed" else place)[node.id] = len(boxes)
        boxes.append(Box(one.name, one.nodes[0].task, one.status, len(one.nodes)))
    left_out = len(folds) - len(boxes)
    changed = dict(place)
    old_lines = [edge for edge in difference.edges if edge.status == "removed"]
    wanted = [*_next_to(changed, new), *(key for edge in old_lines for key in (edge.source, edge.target) if key not in gone)]
    left_out += _add_same(wanted, new, boxes, place, most)
    added = {(edge.source, edge.target, edge.kind) for edge in difference.edges if edge.status == "added"}
    lines: dict[tuple[int, int, str], Status] = {}
    for source, target, kind in edges(new):
        if source in place and target in place and place[source] != place[target]:
            key = (place[source], place[target], kind)
            if (source, target, kind) in added:
                lines[key] = "added"
            elif source in changed or target in changed:
                lines.setdefault(key, "same")
    for edge in old_lines:
        tail, head = (gone.get(key, place.get(key)) for key in (edge.source, edge.target))
        if tail is not None and head is not None and tail != head:
            lines.setdefault((tail, head, edge.kind), "removed")
    return Union(tuple(boxes), tuple(Line(*key, status) for key, status in lines.items()), left_out)


def _next_to(changed: Iterable[str], new: Plan) -> Iterator[str]:
    there = frozenset(changed)
    for source, target, _ in edges(new):
        if (source in there) != (target in there):
            yield target if source in there else source


def _add_same(wanted: Iterable[str], new: Plan, boxes: list[Box], place: dict[str, int], most: int) -> int:
    """Add boxes that are as they were, those that differ in a number only as one; how many did not fit."""
    nodes: dict[str, Call | Group] = {call.id: call for call in new.calls}
    nodes.update((group.id, group) for group in new.groups)
    alike: dict[str, list[str]] = {}
    for key in dict.fromkeys(wanted):
        if key in nodes and key not in place:
            alike.setdefault(stem(key), []).append(key)
    left_out = 0
    for keys in alike.values():
        if len(boxes) >= most:
            left_out += 1
            continue
        node = nodes[keys[0]]
        for key in keys:
            place[key] = len(boxes)
        name = keys[0] if len(keys) == 1 else f"{keys[0]} … {keys[-1]}"
        boxes.append(Box(name, node.kind if isinstance(node, Group) else node.task, "same", len(keys)))
    return left_out
