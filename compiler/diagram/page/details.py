"""All that the page tells of each box, frame by frame of what was written about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from ...plan import Call, Handler, Location, Plan
from ..captions import option_text, value_text
from ..escape import visible
from ..model import Box, Drawing

#: Gives the text of a source file, or None.
Excerpts: TypeAlias = Callable[[str], str | None]

#: Lines of a source that are shown for one box, and of arguments and options.
_LINES, _ROWS = 12, 50

_KINDS = {
    "step": "step", "errback": "handler of failures", "listener": "listener", "join": "join", "flow": "sub-flow", "group": "group",
    "run": "steps left out", "rest": "the rest",
}  # fmt: skip


class Remark(NamedTuple):
    """A finding, where it is."""

    code: str
    severity: str
    message: str
    where: Location


def details(drawing: Drawing, plan: Plan, excerpts: Excerpts, remarks: Sequence[Remark]) -> dict[str, Any]:
    """What the page's program reads: ``boxes`` in the order of the drawing, and ``lines`` as pairs of their numbers."""
    calls: dict[str, Call | Handler] = {call.id: call for call in plan.calls}
    calls.update((handler.id, handler) for scope in plan.scopes for handler in scope.handlers)
    texts = _Texts(excerpts)
    found = _by_place(remarks)
    number = {box.id: place for place, box in enumerate(drawing.boxes)}
    return {
        "boxes": [_box(box, calls.get(box.id), texts, found) for box in drawing.boxes],
        "lines": [[number[line.tail], number[line.head], line.kind] for line in drawing.lines],
    }


def _box(box: Box, call: Call | Handler | None, texts: _Texts, remarks: dict[str, list[Remark]]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "title": visible(box.title), "kind": _KINDS[box.kind], "task": visible(box.task), "count": box.count, "steps": box.steps,
        "about": [visible(line) for line in box.tooltip.split("\n") if line],
    }  # fmt: skip
    if call is not None and box.count <= 1 and box.kind in ("step", "errback", "listener"):
        arguments = [(str(place + 1), value_text(value)) for place, value in enumerate(call.args[:_ROWS])]
        arguments += [(key, value_text(value)) for key, value in call.kwargs.items[:_ROWS]]
        said["arguments"] = [[visible(key), visible(text)] for key, text in arguments]
        said["options"] = [[visible(key), visible(option_text(key, value))] for key, value in call.options.items[:_ROWS]]
        if isinstance(call, Call):
            said["returns"] = visible(call.returns)
    if box.span is not None and box.span.line:
        said["where"] = visible(str(box.span))
        said["source"] = texts.lines(box.span)
        said["findings"] = [
            {"code": remark.code, "severity": remark.severity, "message": visible(remark.message)}
            for remark in remarks.get(box.span.file, ())
            if box.span.line <= remark.where.line <= box.span.end_line
        ]
    return said


def _by_place(remarks: Sequence[Remark]) -> dict[str, list[Remark]]:
    found: defaultdict[str, list[Remark]] = defaultdict(list)
    for remark in remarks:
        found[remark.where.file].append(remark)
    return found


class _Texts:
    """The lines of source files, each read once."""

    def __init__(self, excerpts: Excerpts) -> None:
        self._excerpts = excerpts
        self._files: dict[str, list[str]] = {}

    def lines(self, where: Location) -> list[list[Any]]:
        """Numbers and texts of the lines at a place."""
        if where.file not in self._files:
            self._files[where.file] = (self._excerpts(where.file) or "").split("\n")
        lines = self._files[where.file][where.line - 1 : min(where.end_line, where.line + _LINES - 1)]
        return [[where.line + place, visible(line)] for place, line in enumerate(lines)]
