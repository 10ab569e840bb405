"""A drawing as JSON, for other tools: what ``docs/diagrams.md`` calls the model of a picture.

Version 1, an object with ``version``, ``flow``, ``description``, ``direction``, ``notes``, ``legend`` and three sorted lists: ``nodes`` and
``clusters`` by ``id``, ``edges`` by ``from``, ``to`` and ``kind``. A higher version means that an older reader could misunderstand it; new
keys alone do not raise it. The same flow gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Any

from ..plan import Location
from .model import Box, Drawing, Frame, Line
from .nesting import public_names

VERSION = 1


def write_json(drawing: Drawing) -> str:
    """The text, which ends with a line feed. Everything but ASCII is escaped."""
    return json.dumps(model(drawing), indent=2) + "\n"


def model(drawing: Drawing) -> dict[str, Any]:
    """The same as dicts and lists."""
    names = public_names(drawing)
    lines = sorted((_edge(line, names) for line in drawing.lines), key=lambda edge: (edge["from"], edge["to"], edge["kind"]))
    return {
        "version": VERSION,
        "flow": drawing.title,
        "description": drawing.description,
        "direction": drawing.direction,
        "notes": list(drawing.notes),
        "legend": list(drawing.legend),
        "nodes": sorted((_node(box, names) for box in drawing.boxes), key=lambda node: str(node["id"])),
        "edges": lines,
        "clusters": sorted(map(_cluster, drawing.frames), key=lambda cluster: str(cluster["id"])),
    }


def _node(box: Box, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": names[box.id],
        "kind": box.kind,
        "title": box.title,
        "detail": box.detail,
        "task": box.task,
        "count": box.count,
        "steps": box.steps,
        "cluster": box.frame,
        "value": box.result,
        "tooltip": box.tooltip,
        "source": _source(box.span),
    }


def _edge(line: Line, names: dict[str, str]) -> dict[str, Any]:
    return {
        "from": names[line.tail],
        "to": names[line.head],
        "kind": line.kind,
        "cluster": line.frame,
        "each": line.each,
        "tooltip": line.tooltip,
    }


def _cluster(frame: Frame) -> dict[str, Any]:
    return {
        "id": frame.id,
        "kind": frame.kind,
        "title": frame.title,
        "detail": frame.detail,
        "members": frame.many,
        "parent": frame.parent,
        "value": frame.result,
        "source": _source(frame.span),
    }


def _source(span: Location | None) -> dict[str, Any] | None:
    return span._asdict() if span is not None and span.line else None
