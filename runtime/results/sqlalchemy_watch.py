"""Waiting for results in a database: it is asked, after pauses that grow; what this process stores itself is noticed at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .interface import READY_STATES, Meta, Watch

if TYPE_CHECKING:
    from .sqlalchemy import SQLAlchemyBackend

#: Seconds between two looks, at first and in the end.
_FIRST = 0.01
_LAST = 0.5
#: By how much a pause grows.
_GROWTH = 1.3
#: A pause is at least so many times as long as a look: the database has others to serve.
_SHARE = 5.0


class DatabaseWatch(Watch):
    """A :class:`Watch` that looks for itself. Of states that came between two looks it gives the last."""

    def __init__(self, backend: SQLAlchemyBackend, task_ids: Iterable[str], progress: bool) -> None:
        self._backend = backend
        self._pending = dict.fromkeys(task_ids)
        self._progress = progress
        self._came: deque[Mapping[str, Any]] = deque()
        #: Of each task, what was given last.
        self._given: dict[str, tuple[Any, ...]] = {}
        self._pause = _FIRST
        self._next_look = 0.0
        self._seen = -1

    def next(self, timeout: float | None) -> Meta | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        looked = False
        while True:
            if not self._came and self._pending and (self._is_time() or not looked):
                self._look()
                looked = True
            if self._came:
                self._pause = _FIRST
                return self._backend.rows.meta(self._came.popleft())
            left = self._next_look - time.monotonic() if self._pending else _LAST
            if deadline is not None:
                left = min(left, deadline - time.monotonic())
                if deadline <= time.monotonic():
                    return None
            with self._backend.changed:
                if self._backend.changes == self._seen or not self._pending:
                    self._backend.changed.wait(max(left, 0.001))

    def _is_time(self) -> bool:
        return self._backend.changes != self._seen or time.monotonic() >= self._next_look

    def _look(self) -> None:
        began = time.monotonic()
        self._seen = self._backend.changes
        for row in self._backend.found(list(self._pending), ended=not self._progress):
            task_id = row["task_id"]
            shape = (row["status"], row["result"], row["date_done"])
            if self._given.get(task_id) == shape or row["status"] in (None, "PENDING"):
                continue
            if row["status"] in READY_STATES:
                self._pending.pop(task_id, None)
                self._given.pop(task_id, None)
            else:
                self._given[task_id] = shape
            self._came.append(row)
        now = time.monotonic()
        self._next_look = now + max(self._pause, _SHARE * (now - began))
        self._pause = min(self._pause * _GROWTH, _LAST)

    def close(self) -> None:
        """Nothing was opened."""
