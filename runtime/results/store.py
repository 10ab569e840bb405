"""Results in this process's memory: what the memory backend keeps, and what the rpc backend has received."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from .documents import Documents
from .inbox import Inbox
from .interface import MOST_STATES


class _Entry:
    """The states of one task, as they were stored: ``final`` is the last."""

    __slots__ = ("final", "states", "until")

    def __init__(self) -> None:
        self.states: list[bytes] = []
        self.final: bytes | None = None
        self.until: float | None = None

    @property
    def newest(self) -> bytes | None:
        return self.final if self.final is not None else self.states[-1] if self.states else None


class Store:
    """Documents by task id, and those who watch them. Safe in threads."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # the one that was touched longest ago first
        self._watches: dict[str, list[Inbox]] = {}
        self._lock = threading.Lock()

    def put(self, states: Iterable[tuple[str, bytes, bool]], expires: float | None) -> list[int]:
        """Keep states (task id, document, whether it is final) for so many seconds (None: for ever).

        Returns the places of those that came after their task's end.
        """
        now = time.monotonic()
        refused = []
        with self._lock:
            self._expire(now)
            for place, (task_id, data, final) in enumerate(states):
                entry = self._there(task_id, now)
                if entry is None:
                    entry = self._entries[task_id] = _Entry()
                elif entry.final is not None:
                    refused.append(place)
                    continue
                else:
                    self._entries.move_to_end(task_id)
                entry.until = None if expires is None else now + expires
                if final:
                    entry.final = data
                else:
                    entry.states.append(data)
                    del entry.states[:-MOST_STATES]
                for watch in self._watches.get(task_id, ()):
                    if final or watch.progress:
                        watch.give(task_id, data)
        return refused

    def newest(self, task_ids: Sequence[str]) -> dict[str, bytes]:
        """The newest document of each task that has one."""
        now = time.monotonic()
        with self._lock:
            found = [(task_id, entry.newest) for task_id in task_ids if (entry := self._there(task_id, now)) is not None]
        return {task_id: data for task_id, data in found if data is not None}

    def watch(self, task_ids: Iterable[str], progress: bool, documents: Documents) -> Inbox:
        """Watch tasks: what is there comes first. ``documents``: how they are read."""
        watch = Inbox(task_ids, progress, documents, self._unwatch)
        now = time.monotonic()
        with self._lock:
            for task_id in watch.ids:
                entry = self._there(task_id, now)
                if entry is not None:
                    for data in entry.states if progress else ():
                        watch.give(task_id, data)
                    if entry.final is not None:
                        watch.give(task_id, entry.final)
                        continue
                self._watches.setdefault(task_id, []).append(watch)
        return watch

    def fail_watches(self, exc: BaseException) -> None:
        """Nothing more will come: those who watch get this error."""
        with self._lock:
            for watch in {watch for watches in self._watches.values() for watch in watches}:
                watch.fail(exc)

    def _unwatch(self, watch: Inbox) -> None:
        with self._lock:
            for task_id in watch.ids:
                watches = self._watches.get(task_id)
                if watches is not None and watch in watches:
                    watches.remove(watch)
                    if not watches:
                        del self._watches[task_id]

    def forget(self, task_ids: Iterable[str]) -> None:
        """Remove what is kept of these tasks."""
        with self._lock:
            for task_id in task_ids:
                self._entries.pop(task_id, None)

    def expire(self) -> int:
        """Remove what is too old; how many tasks went."""
        with self._lock:
            return self._expire(time.monotonic())

    def _there(self, task_id: str, now: float) -> _Entry | None:
        """What is kept of a task, unless it has expired."""
        entry = self._entries.get(task_id)
        if entry is not None and entry.until is not None and entry.until <= now:
            del self._entries[task_id]
            return None
        return entry

    def _expire(self, now: float) -> int:
        """Remove what has expired and was touched before all that has not: applications of one store may differ in how long they keep."""
        gone = 0
        while self._entries:
            until = next(iter(self._entries.values())).until
            if until is None or until > now:
                break
            self._entries.popitem(last=False)
            gone += 1
        return gone

    def forked(self) -> None:
        """In the child: nobody watches, and no thread holds the lock."""
        self._lock = threading.Lock()
        self._watches.clear()
