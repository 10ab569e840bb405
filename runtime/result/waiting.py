"""Waiting for the ends of tasks: one loop for one result and for many."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import TimeoutError  # noqa: A004  (Celery's name)
from ..results.interface import READY_STATES, Backend, Meta


def wait_for(
    backend: Backend,
    task_ids: Sequence[str],
    *,
    timeout: float | None = None,
    interval: float = 0.5,
    on_message: Callable[[Meta], Any] | None = None,
    on_interval: Callable[[], Any] | None = None,
) -> Iterator[Meta]:
    """The final documents of the tasks, as they come.

    Args:
        timeout: seconds for all of them together; None: no limit; 0: do not wait, only look.
        interval: seconds between two calls of ``on_interval``.
        on_message: called with each document, those of states that are not final too.
        on_interval: called while it waits.

    Raises:
        TimeoutError: not all of them ended in time.
    """
    missing = set(task_ids)
    if not missing:
        return
    if timeout is not None and timeout <= 0:
        for meta in backend.get_many(list(task_ids)).values():
            if on_message is not None:
                on_message(meta)
            if meta["status"] in READY_STATES:
                missing.discard(meta["task_id"])
                yield meta
        if missing:
            raise _too_late(backend, missing, task_ids, timeout)
        return
    deadline = None if timeout is None else time.monotonic() + timeout
    with backend.watch(task_ids, progress=on_message is not None) as watch:
        while missing:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise _too_late(backend, missing, task_ids, timeout or 0)
            pause = left if on_interval is None else interval if left is None else min(interval, left)
            found = watch.next(pause)
            if found is None:
                if on_interval is not None:
                    on_interval()
                continue
            if on_message is not None:
                on_message(found)
            if found["status"] in READY_STATES:
                missing.discard(found["task_id"])
                yield found


def _too_late(backend: Backend, missing: set[str], task_ids: Sequence[str], timeout: float) -> TimeoutError:
    note = f" ({backend.note})" if backend.note else ""
    if len(task_ids) == 1:
        return TimeoutError(f"task {task_ids[0]} has no result after {timeout:g} s{note}")
    some = ", ".join(sorted(missing)[:3])
    return TimeoutError(f"{len(missing)} of {len(task_ids)} tasks have no result after {timeout:g} s, such as {some}{note}")
