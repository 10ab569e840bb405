"""A SQLite file as several processes and threads share it: its tables, its connections, and how changes are noticed."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from .. import forks, sqlite_gate
from ..errors import BackendError, ImproperlyConfigured

#: Seconds to wait for another process that writes.
_BUSY = 30.0

_TABLES = """
CREATE TABLE IF NOT EXISTS flowc_states (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, final INTEGER NOT NULL, stored REAL NOT NULL, document BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS flowc_states_of_task ON flowc_states (task_id, final);
CREATE TABLE IF NOT EXISTS flowc_groups (
    group_id TEXT PRIMARY KEY, stored REAL NOT NULL, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS flowc_chords (
    group_id TEXT PRIMARY KEY, size INTEGER, more INTEGER NOT NULL DEFAULT 0, came INTEGER NOT NULL DEFAULT 0,
    claim TEXT, closed INTEGER NOT NULL DEFAULT 0, touched REAL NOT NULL);
CREATE TABLE IF NOT EXISTS flowc_parts (
    group_id TEXT NOT NULL, part TEXT NOT NULL, place INTEGER NOT NULL, document BLOB NOT NULL, PRIMARY KEY (group_id, part));
"""


def path_of(url: str) -> str:
    """The file that ``sqlite:///relative/path`` or ``sqlite:////absolute/path`` names.

    Raises:
        ImproperlyConfigured: it names none.
    """
    place = url.partition("://")[2]
    path = unquote(place[1:]) if place.startswith("/") else ""
    if not path or path == ":memory:" or "\0" in path or "?" in place:
        raise ImproperlyConfigured(
            "result_backend: sqlite needs the path of a file, as in sqlite:///results.db or sqlite:////var/lib/app/results.db, "
            "without options; for results in memory there is cache+memory://"
        )
    return path


class SQLiteFile:
    """Connections to one file; each is used by one thread at a time.

    Args:
        path: of the file; it is made with its tables when it is first used.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._changed = threading.Condition()
        self._changes = 0
        forks.watch(self)
        sqlite_gate.watch(self)

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection, in autocommit.

        Raises:
            BackendError: the file cannot be opened, read or written.
        """
        with sqlite_gate.passing():
            try:
                made = self._take()
            except sqlite3.Error as exc:
                raise self.unusable(exc) from None
            try:
                yield made
            except sqlite3.Error as exc:
                made.close()
                raise self.unusable(exc) from None
            except BaseException:
                self._idle.append(made)
                raise
            self._idle.append(made)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that writes: it is alone. Raises as :meth:`connection`."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def unusable(self, exc: sqlite3.Error) -> BackendError:
        """The error that says so."""
        return BackendError(f"the result store sqlite:///{self.path} cannot be used: {exc}")

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def changes(self) -> int:
        """How often this process has written."""
        return self._changes

    def wait(self, changes: int, seconds: float) -> None:
        """Wait until this process has written more than ``changes`` times, or for so many seconds."""
        with self._changed:
            if self._changes == changes:
                self._changed.wait(seconds)

    def _open(self) -> sqlite3.Connection:
        folder = Path(self.path).absolute().parent
        if not folder.is_dir():
            raise sqlite3.OperationalError(f"there is no folder {folder}")
        made = sqlite3.connect(self.path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        try:
            deadline = time.monotonic() + _BUSY
            while True:  # SQLite does not wait by itself where several processes switch to WAL at once
                try:
                    made.execute("PRAGMA journal_mode=WAL")
                    made.execute("PRAGMA synchronous=NORMAL")
                    if made.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('flowc_states', 'flowc_parts')").fetchone()[0] < 2:
                        made.executescript(_TABLES)
                    return made
                except sqlite3.OperationalError as exc:
                    if "locked" not in str(exc) or time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)
        except BaseException:
            made.close()
            raise

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.pop().close()

    def rest(self) -> None:
        """The process forks: no file is open then."""
        self.close()

    def forked(self) -> None:
        """In the child: a lock of its own."""
        self._changed = threading.Condition()

    def __del__(self) -> None:
        self.close()
