"""A drawing as text: every step, within its sub-flow or group, and what it waits for. For terminals, snapshots and comparisons.

Each name has a line of its own, without columns, so that a wide name moves nothing else, and a change of a flow changes few lines.
What a step waits for is named by its id, which occurs once; ids with other characters than the language's stand in quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .escape import visible
from .model import Box, Drawing, Frame, LineKind
from .nesting import nested, public_names

_PLAIN = re.compile(r"[\w#./'\[\]…-]+\Z")

#: What the lines into a step are called, in the order in which they are listed.
WORDS: dict[LineKind, str] = {"data": "result of", "then": "after", "on_error": "on error of", "on_message": "on messages of"}

KINDS = {"errback": "handler of errors", "listener": "handler of messages", "join": "all of them", "flow": "sub-flow", "group": "group"}


def write_text(drawing: Drawing) -> str:
    """The listing, which ends with a line feed."""
    return "".join(f"{line}\n" for line in _Listing(drawing).lines())


class _Listing:
    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._names = {key: quoted(name) for key, name in public_names(drawing).items()}
        self._frames = {frame.id: frame for frame in drawing.frames}
        self._into: dict[str, dict[LineKind, list[str]]] = {box.id: {} for box in drawing.boxes}
        for line in drawing.lines:
            tail = self._frame_name(self._frames[line.frame]) if line.frame else self._names[line.tail]
            name = f"each {tail}" if line.each else tail
            self._into[line.head].setdefault(line.kind, []).append(name)

    def lines(self) -> Iterator[str]:
        drawing = self._drawing
        yield f"flow {quoted(drawing.title)}"
        for text in filter(None, (drawing.description, *drawing.notes)):
            yield f"# {visible(text)}"
        inside = nested(drawing)
        stack: list[tuple[Box | Frame, int]] = [(item, 0) for item in reversed(inside[None])]
        while stack:
            item, depth = stack.pop()
            indent = "  " * depth
            if isinstance(item, Frame):
                yield f"{indent}{self._frame(item)}:"
                stack.extend((held, depth + 1) for held in reversed(inside[item.id]))
            else:
                yield f"{indent}{self._box(item)}"
                for kind, word in WORDS.items():
                    tails = self._into[item.id].get(kind)
                    if tails:
                        yield f"{indent}    {word}: {', '.join(tails)}"

    def _box(self, box: Box) -> str:
        words = [KINDS[box.kind]] if box.kind in KINDS else []
        if box.kind in ("run", "rest"):
            words.append(visible(box.title.strip("… ")))
        elif box.task:
            words.append(visible(box.task))
        if box.count > 1:
            words.append(f"× {box.count:,}")
        short = box.task.rpartition(".")[2]
        words.extend(visible(part) for part in box.detail.split(" · ") if part not in ("", short))
        if box.result:
            words.append("the value of the flow")
        return f"{self._names[box.id]} ({', '.join(words)})" if words else self._names[box.id]

    def _frame(self, frame: Frame) -> str:
        words = [visible(frame.detail)] if frame.detail else []
        if frame.many:
            words.append(f"× {frame.many:,}")
        if frame.result:
            words.append("the value of the flow")
        name = self._frame_name(frame)
        return f"{name} ({', '.join(words)})" if words else name

    def _frame_name(self, frame: Frame) -> str:
        kind, _, key = frame.id.partition(" ")
        if kind in ("flow", "group"):
            return f"{'sub-flow' if kind == 'flow' else 'group'} {quoted(key)}"
        number = [other.id for other in self._drawing.frames if other.kind in ("scope", "messages")].index(frame.id) + 1
        return f"scope {number}"


def quoted(name: str) -> str:
    """A name as it is, or between quotes where it could be taken for something else."""
    return name if _PLAIN.match(name) and visible(name) == name else json.dumps(visible(name), ensure_ascii=False)
