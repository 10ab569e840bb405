"""A difference as JSON, for other tools."""

from __future__ import annotations

import json
from typing import Any

from ..plan import Location
from .model import Change, Difference
from .summary import counts

#: Of the form. It changes when an older reader could misunderstand a newer document.
VERSION = 1


def to_json(difference: Difference, old: str, new: str) -> str:
    """The whole difference; ``old`` and ``new`` are what the two sides are called."""
    document = {
        "version": VERSION,
        "old": old,
        "new": new,
        "different": bool(difference),
        "counts": counts(difference),
        "nodes": [
            {
                "kind": node.kind,
                "status": node.status,
                "id": node.id,
                "was": node.was,
                "task": node.task,
                "call": node.call,
                "changes": [_change(change) for change in node.changes],
                "where": _place(node.where),
                "before": _place(node.before),
            }
            for node in difference.nodes
        ],
        "edges": [{"status": edge.status, "source": edge.source, "target": edge.target, "kind": edge.kind} for edge in difference.edges],
        "value": _change(difference.value),
        "description": _change(difference.description),
    }
    return json.dumps(document, ensure_ascii=True, indent=2) + "\n"


def _change(change: Change | None) -> dict[str, Any] | None:
    return None if change is None else {"what": change.what, "old": change.old, "new": change.new}


def _place(where: Location | None) -> dict[str, Any] | None:
    if where is None:
        return None
    return {"file": where.file, "line": where.line, "column": where.column, "end_line": where.end_line, "end_column": where.end_column}
