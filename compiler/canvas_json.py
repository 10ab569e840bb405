"""Canvas → JSON: what ``flowc plan --target celery --json`` prints. It is not read back: a plan gives its canvas again."""

from __future__ import annotations

from typing import Any

from .plan import Canvas, Carried, Obstacle, Plan
from .plan_json import encode_plan, encode_value

#: The format. It changes when a reader of an older one could misunderstand it.
CANVAS_VERSION = 1


def encode_canvas(plan: Plan, canvas: Canvas) -> dict[str, Any]:
    """A plan and its canvas as what ``json.dumps`` takes. Fields that hold their default are left out."""
    return {
        "version": CANVAS_VERSION,
        "target": "celery",
        "whole": canvas.whole,
        "plan": encode_plan(plan),
        "carried": [_carried(one) for one in canvas.carried],
        "chords": [
            {
                "id": chord.id,
                **({} if chord.by is None else {"by": chord.by}),
                "members": [list(path) for path in chord.members],
                "body": chord.body,
            }
            for chord in canvas.chords
        ],
        "obstacles": [_obstacle(one) for one in canvas.obstacles],
        "remarks": [_obstacle(one) for one in canvas.remarks],
    }


def _carried(one: Carried) -> dict[str, Any]:
    out: dict[str, Any] = {"id": one.id, "how": one.how}
    if one.by is not None:
        out["by"] = one.by
    if one.glue is not None:
        out["glue"] = one.glue
    if one.immutable:
        out["immutable"] = True
    if one.args:
        out["args"] = [encode_value(arg) for arg in one.args]
    if one.kwargs.items:
        out["kwargs"] = encode_value(one.kwargs)
    if one.links:
        out["links"] = list(one.links)
    if one.errbacks:
        out["errbacks"] = [{"scope": scope, "handler": handler} for scope, handler in one.errbacks]
    return out


def _obstacle(one: Obstacle) -> dict[str, Any]:
    where = one.where
    place = {"file": where.file, "line": where.line, "column": where.column, "end_line": where.end_line, "end_column": where.end_column}
    return {"code": one.code, "message": one.reason, "steps": list(one.steps), "where": place}
