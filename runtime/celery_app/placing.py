"""Calls that would be sent, run where they are made: in the thread of the task that makes them, as ``task_always_eager`` would."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ..codec import decode_body, encode_body
from ..errors import NotRegistered, UsageError
from ..ids import new_id
from .recognising import CELERY

#: How deep calls may stand in each other.
DEEPEST = 20

#: Options of a call that ``Task.apply`` knows.
_OPTIONS = ("link", "link_error", "retries", "headers", "ignore_result", "exchange", "routing_key", "priority", "stamped_headers")


class _Depth(threading.local):
    value = 0


_depth = _Depth()


def place(
    celery_app: Any,
    name: str,
    args: Sequence[Any] | None,
    kwargs: Mapping[str, Any] | None,
    task_id: str | None,
    options: Mapping[str, Any],
) -> Any:
    """Run a call now; gives Celery's ``EagerResult``. ``countdown``, ``eta`` and retries do not wait.

    Args:
        celery_app: the application.
        name: the task's name.
        args: its positional arguments.
        kwargs: its named arguments.
        task_id: its id; None for a new one.
        options: those of ``send_task``.

    Raises:
        NotRegistered: the application has no such task.
        EncodeError: a message could not carry the arguments.
        UsageError: too many calls stand in each other.
    """
    task = celery_app.tasks.get(name)
    if task is None:
        raise NotRegistered(f"without a broker, {name!r} would have to run here, and the application has no task of that name")
    if _depth.value >= DEEPEST:
        raise UsageError(
            f"{name}: tasks have called each other {DEEPEST} deep. Without a broker each runs inside the one that calls it, "
            "so one that calls itself again and again never ends"
        )
    serializer = options.get("serializer") or task.serializer or "json"
    content_type, encoding, data, _ = encode_body((tuple(args or ()), dict(kwargs or {}), {}), serializer, None)
    args, kwargs, _ = decode_body(data, content_type, encoding, (serializer,))
    known = {key: options[key] for key in _OPTIONS if options.get(key) is not None}
    known.update((stamp, options[stamp]) for stamp in options.get("stamped_headers") or () if stamp in options)
    _depth.value += 1
    try:
        return task.apply(args, kwargs, task_id=task_id or new_id(), **known)
    finally:
        _depth.value -= 1


class Replacement:
    """Sees how what takes a task's place ends, under the task's own id and in the task's own thread."""

    def __init__(self, task_id: str) -> None:
        self._task_id = task_id
        self._thread = threading.get_ident()
        self._ended: tuple[str, Any] | None = None
        self._key = f"flowc-{new_id()}"
        CELERY.signals.task_postrun.connect(self._seen, weak=False, dispatch_uid=self._key)

    def _seen(self, task_id: str | None = None, state: str | None = None, retval: Any = None, **_: Any) -> None:
        if task_id == self._task_id and threading.get_ident() == self._thread and state is not None:
            self._ended = (state, retval)

    def value(self) -> Any:
        """What it gave.

        Raises:
            UsageError: it was not seen to end.
            BaseException: what it raised.
        """
        if self._ended is None:
            raise UsageError("self.replace: what was to take the task's place has not run; without a broker, call it in the task instead")
        state, value = self._ended
        if state != "SUCCESS" and isinstance(value, BaseException):
            raise value
        return value

    def close(self) -> None:
        """Look no more."""
        CELERY.signals.task_postrun.disconnect(dispatch_uid=self._key)
