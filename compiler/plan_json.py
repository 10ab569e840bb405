"""Plans ↔ JSON: compact, stable, and read strictly.

Scalars stand for themselves, a tuple is a list and a :class:`Map` an object. What JSON lacks is an object of one key that begins
with ``$``:
``{"$ref": id, "path": […]}``, ``{"$late": op, "args": […]}``, ``{"$datetime": "…"}``, ``{"$date": "…"}``, and ``{"$map": [[key,
value], …]}`` for a map that has
a key which begins so itself. Fields that hold their default are left out.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from .plan import Call, Group, Handler, Late, Location, Map, Plan, PlanError, Ref, Scope, SubFlow

#: How deep values may nest (a compiled plan's go less deep).
DEEPEST = 150


def encode_plan(plan: Plan) -> dict[str, Any]:
    """A plan as what ``json.dumps`` takes (``allow_nan=False``). Raises PlanError for a value that no plan holds."""
    return {
        "flowc": plan.version,
        "name": plan.name,
        **({} if plan.description is None else {"description": plan.description}),
        "calls": [_call(call) for call in plan.calls],
        **_optional(
            groups=[_group(group) for group in plan.groups],
            scopes=[_scope(scope) for scope in plan.scopes],
            flows=[_flow(flow) for flow in plan.flows],
        ),
        "value": encode_value(plan.value),
    }


def _optional(**found: Any) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value}


def _where(where: Location) -> str:
    return f"{where.file}:{where.line}:{where.column}-{where.end_line}:{where.end_column}"


def _call(call: Call) -> dict[str, Any]:
    out: dict[str, Any] = {"id": call.id, "task": call.task}
    if call.args:
        out["args"] = [encode_value(arg) for arg in call.args]
    if call.kwargs.items:
        out["kwargs"] = encode_value(call.kwargs)
    if call.options.items:
        out["options"] = encode_value(call.options)
    trigger = call.trigger
    if trigger.kind != "start" or trigger.needs or trigger.link is not None or trigger.after:
        out["trigger"] = {
            "kind": trigger.kind,
            **({} if trigger.link is None else {"link": trigger.link}),
            **_optional(after=list(trigger.after), needs=list(trigger.needs)),
        }
    if call.group:
        out["group"] = list(call.group)
    if call.flow:
        out["flow"] = list(call.flow)
    if call.scope is not None:
        out["scope"] = call.scope
    if call.returns != "any":
        out["returns"] = call.returns
    out["where"] = _where(call.where)
    return out


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "kind": group.kind,
        "members": [encode_value(member) for member in group.members],
        **_optional(label=group.label, parents=list(group.parents), flow=list(group.flow), after=list(group.after)),
        "where": _where(group.where),
    }


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "id": scope.id,
        "kind": scope.kind,
        **_optional(each=scope.each),
        "handlers": [_handler(handler) for handler in scope.handlers],
        **({} if scope.parent is None else {"parent": scope.parent}),
        "where": _where(scope.where),
    }


def _handler(handler: Handler) -> dict[str, Any]:
    return {
        "id": handler.id,
        "task": handler.task,
        **_optional(
            args=[encode_value(arg) for arg in handler.args],
            kwargs=encode_value(handler.kwargs),
            options=encode_value(handler.options),
            by_id=handler.by_id,
        ),
        "where": _where(handler.where),
    }


def _flow(flow: SubFlow) -> dict[str, Any]:
    return {"id": flow.id, "name": flow.name, **_optional(parents=list(flow.parents)), "where": _where(flow.where)}


def encode_value(value: object, depth: int = 0) -> Any:
    """A plan's value as JSON holds it. Raises PlanError for what is none, and for what nests too deeply."""
    kind = value.__class__
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if depth > DEEPEST:
        raise PlanError(f"a value nests deeper than {DEEPEST} levels")
    deeper = depth + 1
    if isinstance(value, tuple):
        return [encode_value(item, deeper) for item in value]
    if isinstance(value, Map):
        if any(name.startswith("$") for name, _ in value.items):
            return {"$map": [[name, encode_value(item, deeper)] for name, item in value.items]}
        return {name: encode_value(item, deeper) for name, item in value.items}
    if isinstance(value, Ref):
        return {"$ref": value.id, **({"path": list(value.path)} if value.path else {})}
    if isinstance(value, Late):
        return {"$late": value.op, **({"args": [encode_value(arg, deeper) for arg in value.args]} if value.args else {})}
    if isinstance(value, dt.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise PlanError(f"{type(value).__name__} is no value of a plan")


def decode_plan(text: str | bytes) -> Plan:
    """The plan that a JSON text holds.

    Raises:
        PlanError: it is not JSON, no plan, or of another version; the message gives the path to what is wrong.
    """
    from .plan_reader import read_plan

    return read_plan(text)
