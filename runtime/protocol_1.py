"""Celery's message protocol 1, which some clients still write: the whole call stands in the body. It is read, never written.

Source: "Version 1" in "Message Protocol" of Celery's documentation; ``task_protocol = 1`` makes Celery write it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from .protocol import brief

#: What the body calls as the headers of protocol 2 do.
_SAME = ("task", "id", "eta", "expires", "retries", "timelimit", "group", "group_index", "shadow", "root_id", "parent_id", "origin")

_EMBEDDED = ("callbacks", "errbacks", "chord")


class Call(NamedTuple):
    """The same call in protocol 2: headers, and the body ``(args, kwargs, embed)``."""

    headers: dict[str, Any]
    body: tuple[Any, Any, dict[str, Any]]


def call_of(body: Any) -> Call | None:
    """A body of protocol 1, once it is deserialized, in the form of protocol 2; None if it is none."""
    if not isinstance(body, Mapping) or not isinstance(body.get("task"), str) or not isinstance(body.get("id"), str):
        return None
    args, kwargs = body.get("args"), body.get("kwargs")
    args, kwargs = () if args is None else args, {} if kwargs is None else kwargs
    headers: dict[str, Any] = {"lang": "py", **{key: body[key] for key in _SAME if body.get(key) is not None}}
    if body.get("taskset") is not None:
        headers["group"] = body["taskset"]
    if body.get("utc", True) is False:
        headers.update({key: _zoned(headers[key]) for key in ("eta", "expires") if key in headers})
    headers["argsrepr"] = brief(tuple(args) if isinstance(args, list) else args)
    headers["kwargsrepr"] = brief(kwargs)
    return Call(headers, (args, kwargs, {**{key: body.get(key) for key in _EMBEDDED}, "chain": None}))


def _zoned(text: Any) -> Any:
    """A time of a client that does not write UTC, and names no zone: it is taken to be in ours."""
    try:
        time = dt.datetime.fromisoformat(str(text))
        return text if time.tzinfo else time.astimezone(dt.UTC).isoformat()
    except (ValueError, OverflowError):
        return text
