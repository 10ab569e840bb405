"""Waiting inside a task for another one can block every worker: it is refused unless it is asked for.

Source: "Avoid launching synchronous subtasks" of Celery's documentation.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from ..request import within_task

_REFUSED = (
    "never wait for a result inside a task: it can leave no worker to run what you wait for. Use a link, a chain or a chord instead, "
    "or say get(disable_sync_subtasks=False) if you are sure"
)


class _Allowed(threading.local):
    depth = 0


_allowed = _Allowed()


@contextlib.contextmanager
def allow_join_result() -> Iterator[None]:
    """Let this thread wait for results inside a task."""
    _allowed.depth += 1
    try:
        yield
    finally:
        _allowed.depth -= 1


def refuse_inside_task() -> None:
    """Raises ``RuntimeError`` where a worker runs a task in this thread."""
    if not _allowed.depth and within_task():
        raise RuntimeError(_REFUSED)
