"""Documents of results: what is kept of a call, in Celery's form (see :mod:`flowc.runtime.results.interface`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ..codec import pack
from ..errors import EncodeError
from ..protocol import brief
from ..request import Context
from ..results.interface import READY_STATES


def document(context: Context, state: str, result: Any, traceback: str | None = None, *, extended: bool = False) -> dict[str, Any]:
    """The document of a call.

    Args:
        context: its request.
        state: the state.
        result: in the form that JSON carries, or packed.
        traceback: of an exception.
        extended: whether ``result_extended`` is set.
    """
    made: dict[str, Any] = {
        "task_id": context.id,
        "status": state,
        "result": result,
        "traceback": traceback,
        "children": [_child(child) for child in context.children] if context.children else [],
        "date_done": dt.datetime.now(dt.UTC).isoformat() if state in READY_STATES else None,
    }
    if context.parent_id is not None:
        made["parent_id"] = context.parent_id
    if context.group is not None:
        made["group_id"] = context.group
    if extended:
        made.update(_extension(context))
    return made


def _extension(context: Context) -> dict[str, Any]:
    return {
        "name": context.task,
        "args": _carried(context.args, context.argsrepr),
        "kwargs": _carried(context.kwargs, context.kwargsrepr),
        "worker": context.hostname,
        "retries": context.retries,
        "queue": (context.delivery_info or {}).get("routing_key"),
    }


def _carried(arguments: Any, shown: str | None) -> Any:
    """Arguments as JSON has them; their text where it cannot carry them (they came as pickle, say)."""
    try:
        return pack(arguments, "the arguments")
    except EncodeError:
        return shown or brief(arguments)


def _child(child: Any) -> Any:
    """A call that the task has made, as Celery writes it: ``[[id, parent], children]``."""
    as_tuple = getattr(child, "as_tuple", None)
    return child if as_tuple is None else as_tuple()


def fleeting(task_id: str, state: str, meta: Any) -> Mapping[str, Any]:
    """The document of a state that a task tells while it runs."""
    return {"task_id": task_id, "status": state, "result": meta, "traceback": None, "children": [], "date_done": None}
