"""Which boxes have to stand in text order: the members of a group.

Graphviz orders what has the same rank so that few lines cross, and of the orders that are as good takes any. Members of a group say
``[0]``, ``[1]``, ``[2]``, so theirs is not left to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .model import Box, Drawing, Frame

#: Of more members than this Graphviz may choose the order: holding them takes it long.
MOST = 100


def rows(
    drawing: Drawing, inside: Mapping[str | None, Sequence[Box | Frame]], rank: Mapping[str, int]
) -> Iterator[tuple[Frame, list[str]]]:
    """For each group, the boxes of one rank that are directly in it, by id in text order; single ones left out."""
    place = {box.id: number for number, box in enumerate(drawing.boxes)}
    for frame in drawing.frames:
        if frame.kind != "group":
            continue
        found: dict[int, list[str]] = {}
        for item in inside[frame.id]:
            if isinstance(item, Box) and item.kind in ("step", "flow", "group"):
                found.setdefault(rank[item.id], []).append(item.id)
        for keys in found.values():
            if 1 < len(keys) <= MOST:
                yield frame, sorted(keys, key=place.__getitem__)
