"""Events in Celery's form: what a monitor is told of a task or a worker.

Source: "Monitoring and Management Guide", section "Event Reference". Times are seconds since the epoch.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any, NamedTuple

from ... import __version__
from ..codec import Packed, unpack
from ..errors import DecodeError
from ..failures import Failure, cut
from ..protocol import LONGEST_REPR, brief
from .attempt import FAILURE, RETRY, REVOKED, SUCCESS
from .jobs import Ended

#: Characters of a packed result beyond which an event shows its JSON, cut, and not its ``repr``.
LONGEST_RESULT = 20_000

#: Characters of a traceback in an event.
LONGEST_TRACEBACK = 20_000

#: The types of events, by the state in which a task has ended.
ENDS = {SUCCESS: "task-succeeded", FAILURE: "task-failed", RETRY: "task-retried", REVOKED: "task-revoked"}

SOFTWARE = {"sw_ident": "flowc", "sw_ver": __version__, "sw_sys": platform.system()}


class Large(str):
    """The JSON of a large result, cut."""

    __slots__ = ()


class End(NamedTuple):
    """What is kept of a task's end until its event is made: nothing that is large.

    ``result``: packed, or :class:`Large`. ``known``: whether it is the result. ``signal``: number of the one that ended it.
    """

    state: str
    result: Any
    known: bool
    failure: Failure | None
    runtime: float
    signal: int | None


def end_of(ended: Ended, *, ignored: bool, number: int | None) -> End:
    """The part of an end that its event tells.

    Args:
        ended: the end.
        ignored: whether nobody wanted the result, so that it was not carried here.
        number: of the signal that ended the task, if one did.
    """
    result = ended.result
    if type(result) is Packed and len(result.text) > LONGEST_RESULT:
        result = Large(cut(result.text, LONGEST_REPR))
    again = ended.following is not None and ended.following.duplicate
    return End(ended.state, result, not (ignored or again), ended.failure, ended.finished - ended.started, number)


def received(headers: Mapping[str, Any]) -> dict[str, Any]:
    """A worker has taken a call in."""

    def get(key: str) -> Any:  # events are sent together: what JSON cannot carry would hold up all of them
        value = headers.get(key)
        return value if value is None or isinstance(value, (str, int, float)) else brief(value)

    return {
        "uuid": get("id"), "name": get("task"), "args": get("argsrepr"), "kwargs": get("kwargsrepr"),
        "root_id": get("root_id"), "parent_id": get("parent_id"), "retries": get("retries") or 0,
        "eta": get("eta"), "expires": get("expires"),
    }  # fmt: skip


def ending(uuid: str, end: End) -> dict[str, Any]:
    """A call has ended in one of :data:`ENDS`. What is not known is left out."""
    fields: dict[str, Any] = {"uuid": uuid}
    failure = end.failure
    if end.state == SUCCESS:
        fields["runtime"] = end.runtime
        if end.known:
            fields["result"] = _shown(end.result)
    elif end.state == REVOKED:
        expired = failure is not None and failure.message.startswith("expired")
        fields |= {"terminated": end.signal is not None, "signum": end.signal, "expired": expired}
    elif failure is not None:
        fields |= {"exception": raised(failure), "traceback": cut(failure.traceback or str(failure), LONGEST_TRACEBACK)}
    return fields


def raised(failure: Failure) -> str:
    """An exception as Python shows it: ``ValueError('no such thing')``."""
    args = ", ".join(repr(cut(arg, LONGEST_REPR)) if isinstance(arg, str) else brief(arg) for arg in failure.args)
    return f"{failure.type}({args})"


def _shown(result: Any) -> str:
    if isinstance(result, Large):
        return str(result)
    try:
        return brief(unpack(result))
    except DecodeError:
        return ""


def worker_state(freq: float, active: int, processed: int) -> dict[str, Any]:
    """What a worker tells of itself every ``freq`` seconds."""
    return {"freq": freq, "active": active, "processed": processed, "loadavg": _load_average(), **SOFTWARE}


def _load_average() -> list[float]:
    return [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else [0.0, 0.0, 0.0]
