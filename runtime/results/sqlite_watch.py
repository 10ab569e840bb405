"""Waiting for results in a SQLite file: whether anybody has written costs some microseconds to ask; what was written is read by number."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Iterable

from .documents import Documents
from .interface import Meta, Watch
from .sqlite_file import SQLiteFile

#: Seconds between two looks, at first and in the end, where another process writes.
_FIRST = 0.001
_LAST = 0.02

_STATES = "SELECT seq, document, final FROM flowc_states WHERE task_id = ? AND final >= ? AND stored > ? ORDER BY seq"


class SQLiteWatch(Watch):
    """A :class:`Watch` that looks for itself; threads of this process are woken by what is stored in it."""

    def __init__(self, file: SQLiteFile, documents: Documents, task_ids: Iterable[str], progress: bool, oldest: float) -> None:
        self._file = file
        self._documents = documents
        self._open = set(task_ids)
        self._ids = list(dict.fromkeys(task_ids)) if isinstance(task_ids, (list, tuple)) else sorted(self._open)
        self._progress = progress
        self._oldest = oldest
        self._came: deque[tuple[str, bytes]] = deque()
        self._last: int | None = None
        #: By which connection, after how many changes of this process, in which version of the file it looked last.
        self._seen: tuple[sqlite3.Connection, int, int] | None = None
        self._pause = _FIRST

    def next(self, timeout: float | None) -> Meta | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            changes = self._file.changes()
            if not self._came:
                self._look(changes)
            if self._came:
                self._pause = _FIRST
                task_id, data = self._came.popleft()
                return self._documents.decode(data, task_id)
            left = self._pause if deadline is None else min(self._pause, deadline - time.monotonic())
            if left <= 0:
                return None
            self._file.wait(changes, left)
            self._pause = min(self._pause * 1.5, _LAST)

    def _look(self, changes: int) -> None:
        """Take what was stored since the last look."""
        with self._file.connection() as connection:
            seen = (connection, changes, connection.execute("PRAGMA data_version").fetchone()[0])
            if seen == self._seen:
                return
            if self._last is None:
                self._begin(connection)
            else:
                self._go_on(connection, self._last)
            self._seen = seen

    def _begin(self, connection: sqlite3.Connection) -> None:
        """What is there already, in one reading."""
        connection.execute("BEGIN")
        try:
            self._last = connection.execute("SELECT max(seq) FROM flowc_states").fetchone()[0] or 0
            for task_id in self._ids:
                for _, data, final in connection.execute(_STATES, (task_id, 0 if self._progress else 1, self._oldest)).fetchall():
                    self._take(task_id, data, final)
        finally:
            connection.execute("COMMIT")

    def _go_on(self, connection: sqlite3.Connection, last: int) -> None:
        rows = connection.execute("SELECT seq, task_id, final FROM flowc_states WHERE seq > ? ORDER BY seq", (last,)).fetchall()
        for seq, task_id, final in rows:
            if task_id in self._open and (final or self._progress):
                row = connection.execute("SELECT document FROM flowc_states WHERE seq = ?", (seq,)).fetchone()
                if row is not None:
                    self._take(task_id, row[0], final)
        if rows:
            self._last = rows[-1][0]

    def _take(self, task_id: str, data: bytes, final: int) -> None:
        if task_id in self._open:
            self._came.append((task_id, data))
            if final:
                self._open.discard(task_id)

    def close(self) -> None:
        """Nothing is open between two looks."""
