"""A watch of results in Redis: it knows how far it is with each task, so that nothing is handed on twice."""

from __future__ import annotations

from .inbox import Inbox
from .interface import READY_STATES


class RedisWatch(Inbox):
    """A watch, and how far it is with each of its tasks."""

    def start(self) -> None:
        self.pending = set(self.ids)
        #: Of each task: how many states that are not final were handed on, and the last of them.
        self.given: dict[str, tuple[int, bytes]] = {}
        #: While its reading is under way: the token to wait for, and what came before it.
        self.token: bytes | None = None
        self.early: dict[str, list[bytes]] = {}

    def take(self, task_id: str, data: bytes) -> None:
        """A newer document of a task."""
        if task_id not in self.pending:
            return
        final = self._documents.status(data, task_id) in (None, *READY_STATES)  # None: let the one who waits see what is wrong
        if final:
            self.pending.discard(task_id)
        else:
            self.given[task_id] = (self.given.get(task_id, (0, b""))[0] + 1, data)
        if final or self.progress:
            self.give(task_id, data)

    def read(self, task_id: str, newest: bytes | None, states: list[bytes]) -> None:
        """What is stored of a task, and (before it) what came meanwhile: hand on what is new."""
        known = [*states, *(data for data in self.early.get(task_id, ()) if data not in states)]
        if newest is not None and newest not in known:
            known.append(newest)
        known.sort(key=lambda data: self._documents.status(data, task_id) in READY_STATES)  # stable: the end comes last
        count, last = self.given.get(task_id, (0, b""))
        if count and last in known:
            there = count - 1 if count <= len(known) and known[count - 1] == last else len(known) - 1 - known[::-1].index(last)
            known = known[there + 1 :]
        for data in known:
            self.take(task_id, data)
