"""What one event of a task tells.

Source: "Monitoring and Management Guide", section "Event Reference".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from .facts import Alive, Fact, Seen

_REPR = re.compile(r"(?s)(?:\w+\.)*(\w+)\((.*)\)$")
#: In what billiard carries an exception from one process to another.
_WRAPPER = "ExceptionWithTraceback"
#: How threads tell of what a task is tried again for.
_RETRIED = re.compile(r"(?s)Retry\(Retry\(\.\.\.\), (.*), [^,]*\)")
#: The line of a traceback below its frames: the exception, and what it says.
_LAST = re.compile(r"(?m)^  .*\n([A-Za-z_][\w.]*)(?:: (.*))?$")
#: What the worker's own outcomes are called as exceptions.
_REVOKED = ("expired", "terminated")
#: Where exceptions are from that workers raise themselves, without a traceback.
_MODULES = {
    "NotRegistered": "celery.exceptions",
    "TimeLimitExceeded": "billiard.exceptions",
    "WorkerLostError": "billiard.exceptions",
    "Terminated": "billiard.exceptions",
}


def fact_of(kind: str, task_id: str, host: str, event: Mapping[str, Any]) -> Fact | None:
    """What an event of a task tells. Results and exceptions are there as ``repr`` has them, cut after some length."""
    match kind:
        case "task-received":
            return Alive(task_id, "scheduled" if event.get("eta") else "received", host)
        case "task-started":
            return Alive(task_id, "started", host)
        case "task-succeeded":
            return Seen(task_id, "SUCCESS", event.get("result"), source="event", worker=host, complete=False)
        case "task-failed" | "task-retried":
            traceback = event.get("traceback")
            status = "FAILURE" if kind == "task-failed" else "RETRY"
            text = traceback if isinstance(traceback, str) else None
            return Seen(task_id, status, raised(str(event.get("exception")), text), text, "event", host, complete=False)
        case "task-revoked":
            why = next((word for word in _REVOKED if event.get(word)), "revoked")
            return Seen(task_id, "REVOKED", _exception("TaskRevokedError", why), source="event", worker=host)
        case "task-rejected" if not event.get("requeue"):
            return Seen(task_id, "FAILURE", _exception("Reject", "the task rejected its message"), source="event", worker=host)
    return None


def _exception(name: str, why: str) -> dict[str, Any]:
    return {"exc_type": name, "exc_message": [why], "exc_module": "celery.exceptions"}


def raised(shown: str, traceback: str | None) -> dict[str, Any]:
    """``exc_type exc_message exc_module`` of an exception, from its ``repr`` and its traceback, which alone names the module.

    Workers tell of some exceptions by other words than their ``repr``, or by that of what they have wrapped them in: then what stands in
    the traceback counts.
    """
    if (retried := _RETRIED.fullmatch(shown)) is not None:
        shown = retried[1]
    lines = _LAST.findall(traceback or "")
    module, _, last = lines[-1][0].rpartition(".") if lines else ("", "", "")
    found = _REPR.fullmatch(shown)
    if found is None or found[1] == _WRAPPER:
        if not last:
            return {"exc_type": "Exception", "exc_message": [shown]}
        name, message = last, [lines[-1][1]] if lines[-1][1] else []
    else:
        name, message = found[1], _arguments(found[2])
    if last != name:
        module = _MODULES.get(name, "")
    elif not module:
        module = "builtins"
    return {"exc_type": name, "exc_message": message, **({"exc_module": module} if module else {})}


def _arguments(text: str) -> list[Any]:
    """What stands between the brackets of a ``repr``, as values where it can be read."""
    try:
        return list(ast.literal_eval(f"({text},)")) if text else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [text]
