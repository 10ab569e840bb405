"""A process's connection to a SQLite file: for all its threads, in transactions, and another one after a fork."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

from .. import sqlite_gate
from .sqlite_file import explained, open_file


class SQLiteConnection:
    """Opened when it is first used. Every method raises :class:`~flowc.runtime.broker.sqlite_file.FileUnusable`.

    Args:
        path: absolute path of the database.
        synchronous: see :func:`~flowc.runtime.broker.sqlite_file.open_file`.
    """

    def __init__(self, path: str, synchronous: str = "NORMAL") -> None:
        self.path = path
        self._synchronous = synchronous
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._opens = 0
        self._written = 0
        sqlite_gate.watch(self)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone."""
        if self._pid != os.getpid():
            self._begin_anew()
        with sqlite_gate.passing(), self._lock, explained(self.path):
            if self._opened is None:
                self._opened = open_file(self.path, self._synchronous)
                self._opens += 1
            yield self._opened

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction, while nobody else writes."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            self._written += 1

    def value(self, query: str, *values: Any) -> Any:
        """The first column of the first row; None if there is none."""
        with self.reading() as connection:
            row = connection.execute(query, values).fetchone()
            return None if row is None else row[0]

    def version(self) -> tuple[int, int, int]:
        """Another value after every change, by whomever."""
        return self.value("PRAGMA data_version"), self._written, self._opens

    def version_after(self, connection: sqlite3.Connection) -> tuple[int, int, int]:
        """Within a transaction: what :meth:`version` will be when it has ended, until the next change."""
        return connection.execute("PRAGMA data_version").fetchone()[0], self._written + 1, self._opens

    def close(self) -> None:
        """Close it; it is opened again when it is needed."""
        if self._pid == os.getpid():
            with self._lock:
                opened, self._opened = self._opened, None
                if opened is not None:
                    with contextlib.suppress(sqlite3.Error):
                        opened.close()

    def rest(self) -> None:
        """The process forks: no file is open then. Nobody else is inside."""
        if self._opened is not None and not self._opened.in_transaction:
            self._opened.close()
            self._opened = None

    def _begin_anew(self) -> None:
        """This is another process than before: leave the lock, which a thread may have held."""
        self._opened = None
        self._lock = threading.RLock()
        self._pid = os.getpid()
