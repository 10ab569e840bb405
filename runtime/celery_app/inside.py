"""The calls that threads run inside a Celery application, and the other class that it has for as long as they do.

Celery's own code does all that a task asks of it; only where it would send or store something is it led elsewhere (``stand_ins.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..request import Context, Resend
from .placing import Replacement
from .stand_ins import application_class

#: Options of a retry that replace those of the call.
_OPTIONS = (
    "queue", "exchange", "routing_key", "priority", "expires", "time_limit", "soft_time_limit", "serializer", "compression", "headers",
    "shadow", "delivery_mode", "retry", "retry_policy", "ignore_result",
)  # fmt: skip


class Call:
    """One call that a thread runs.

    Attributes:
        here: there is no broker, so that what it calls runs in its thread.
        replacement: sees to what takes its place, once something does.
        final: the last state with its meta that it has told of itself though only its end says so.
        resent: whether the next try has been asked for.
    """

    __slots__ = ("context", "final", "here", "peer", "replacement", "request", "resent")

    def __init__(self, peer: Any, context: Context, request: Any, *, here: bool) -> None:
        self.peer = peer
        self.context = context
        self.request = request
        self.here = here
        self.replacement: Replacement | None = None
        self.final: tuple[str, Any] | None = None
        self.resent = False
        if here:
            request.get = self._get

    def _get(self, key: str, default: Any = None) -> Any:
        """``request.get``. ``self.replace`` asks how often the task was replaced before it sends what takes its place."""
        if key == "replaced_task_nesting" and self.replacement is None:
            self.replacement = Replacement(self.request.id)
        return getattr(self.request, key, default)

    def is_own_retry(self, name: str, task_id: str | None, options: Mapping[str, Any]) -> bool:
        """Whether what is to be sent is this call once more."""
        return task_id == self.context.id and name == self.peer.name and options.get("retries") == self.context.retries + 1

    def resend(self, args: Sequence[Any], kwargs: Mapping[str, Any], countdown: Any, eta: Any, options: Mapping[str, Any]) -> None:
        """Ask for the next try. Raises UsageError: nobody could see to it."""
        context, request = self.context, self.request
        if context.resend is None:
            raise UsageError(f"{self.peer.name} cannot be tried again: it was not called by a worker")
        info = request.delivery_info or {}
        base = {**self.peer._get_exec_options(), **request.as_execution_options(), **info, "queue": info.get("routing_key")}
        base["ignore_result"] = request.ignore_result
        changed = {key: options[key] for key in _OPTIONS if options.get(key) is not None and options[key] != base.get(key)}
        same = _are(args, request.args) and kwargs == request.kwargs
        new_args, new_kwargs = (None, None) if same else (tuple(args), dict(kwargs))
        self.resent = True
        context.resend(Resend(context.retries + 1, new_args, new_kwargs, None if eta else countdown, eta, changed))

    def tell(self, state: str, meta: Any) -> None:
        """The task has told a state of itself."""
        if state in ("SUCCESS", "FAILURE"):
            self.final = (state, meta)
        if self.context.tell is not None and state:
            self.context.tell(state, meta)


def _are(some: Sequence[Any], others: Sequence[Any]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


class _Thread(threading.local):
    """The calls that a thread runs, one within the other."""

    def __init__(self) -> None:
        self.calls: list[Call] = []


class Inside:
    """Who runs inside a Celery application.

    Attributes:
        celery_app: the application.
        alone: this process does nothing but run its tasks, so that each of its threads counts as running one.
    """

    def __init__(self, celery_app: Any) -> None:
        self.celery_app = celery_app
        self.alone = False
        self._thread = _Thread()
        self._lock = threading.Lock()
        self._count = 0
        self._own = type(celery_app)
        self._other: type | None = None

    def enter(self, call: Call) -> None:
        """This thread begins a call."""
        self._thread.calls.append(call)
        with self._lock:
            self._count += 1
            if type(self.celery_app) is self._own:
                if self._other is None:
                    self._other = application_class(self._own, self)
                self.celery_app.__class__ = self._other

    def leave(self) -> None:
        """This thread has ended it."""
        call = self._thread.calls.pop()
        if call.replacement is not None:
            call.replacement.close()
        with self._lock:
            self._count -= 1
            if not self._count and not (self.alone and call.here):
                self.celery_app.__class__ = self._own

    def forked(self) -> None:
        """This is a forked child: another thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def current(self) -> Call | None:
        """The call that this thread runs."""
        calls = self._thread.calls
        return calls[-1] if calls else None

    def here(self) -> bool:
        """Whether what this thread calls is to run in it."""
        calls = self._thread.calls
        return calls[-1].here if calls else self.alone
