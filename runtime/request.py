"""``self.request``: what a task can know of the call it serves."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Takes the state and meta that a task tells with ``update_state``.
Tell = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class Resend:
    """What ``self.retry`` asks for: the same call once more, under the same id.

    ``args`` and ``kwargs``: None for those of the call. ``countdown`` in seconds, or ``eta`` (aware). ``options``: those that replace the
    call's own (``queue``, ``expires``, ``time_limit`` …).
    """

    retries: int
    args: Any = None
    kwargs: Any = None
    countdown: float | None = None
    eta: dt.datetime | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """One call as its task sees it, by Celery's names. ``eta`` and ``expires`` are ISO 8601 texts; limits are seconds."""

    id: str | None = None
    task: str | None = None
    args: Any = ()
    kwargs: Any = field(default_factory=dict)
    root_id: str | None = None
    parent_id: str | None = None
    group: str | None = None
    group_index: int | None = None
    retries: int = 0
    eta: str | None = None
    expires: str | None = None
    timelimit: Any = None
    headers: dict[str, Any] | None = None
    delivery_info: dict[str, Any] | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    ignore_result: bool = False
    shadow: str | None = None
    origin: str | None = None
    hostname: str | None = None
    argsrepr: str | None = None
    kwargsrepr: str | None = None
    called_directly: bool = True
    is_eager: bool = False
    callbacks: Any = None
    errbacks: Any = None
    chain: Any = None
    chord: Any = None
    children: list[Any] = field(default_factory=list)
    replaced_task_nesting: int = 0
    stamped_headers: Any = None
    stamps: Any = None
    app: Any = field(default=None, repr=False, compare=False)
    tell: Tell | None = field(default=None, repr=False, compare=False)
    resend: Callable[[Resend], None] | None = field(default=None, repr=False, compare=False)
    before_call: Callable[[], None] | None = field(default=None, repr=False, compare=False)

    def get(self, key: str, default: Any = None) -> Any:
        """An attribute, or ``default``."""
        return getattr(self, key, default)


class _Current(threading.local):
    def __init__(self) -> None:
        self.stack: list[Context] = []


_current = _Current()


def push(context: Context) -> None:
    """Make ``context`` the current call of this thread."""
    _current.stack.append(context)


def pop() -> None:
    """End the current call of this thread."""
    _current.stack.pop()


def current() -> Context | None:
    """The call that this thread serves now, if any."""
    return _current.stack[-1] if _current.stack else None


def serving() -> Context | None:
    """The call that a worker serves in this thread: tasks that it calls as plain functions are part of it."""
    for context in reversed(_current.stack):
        if not context.called_directly:
            return context
    return None


def within_task() -> bool:
    """Whether this thread runs a task for a worker (and not because the program called it directly)."""
    return any(not context.called_directly and not context.is_eager for context in _current.stack)
