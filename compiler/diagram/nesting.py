"""What stands inside what in a drawing, and what to call its boxes where a NUL in a name would not do."""

from __future__ import annotations

from ..edges import free_name
from .model import Box, Drawing, Frame


def nested(drawing: Drawing) -> dict[str | None, list[Box | Frame]]:
    """What is directly inside each frame (None: in no frame), in text order; a frame stands where its first box does."""
    frames = {frame.id: frame for frame in drawing.frames}
    inside: dict[str | None, list[Box | Frame]] = {None: [], **{key: [] for key in frames}}
    placed: set[str] = set()
    for box in drawing.boxes:
        inside[box.frame].append(box)
        key = box.frame
        while key is not None and key not in placed:
            placed.add(key)
            inside[frames[key].parent].append(frames[key])
            key = frames[key].parent
    return inside


def public_names(drawing: Drawing) -> dict[str, str]:
    """A name of its own for each box, by its id: a step's id, the frame's where it is a collapsed one, ``x…`` of a row from ``x`` on."""
    taken = {box.id for box in drawing.boxes}
    names: dict[str, str] = {}
    for box in drawing.boxes:
        name = box.id
        if name.startswith("\0"):
            kind, _, key = name[1:].partition(" ")
            wanted = f"{key}…" if kind == "run" else "…" if kind == "rest" else key
            name = free_name(wanted, taken)
            taken.add(name)
        names[box.id] = name
    return names
