"""The file of the SQLite transport: how it is opened, what is in it, and what is said when it cannot be used."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kombu import exceptions

from ..errors import ImproperlyConfigured

_OperationalError: Any = exceptions.OperationalError

#: Seconds to wait for another process that writes.
BUSY = 30.0

#: ``consumer`` of a message: who holds it; NULL while it waits. Numbers of messages and consumers are never given anew, so what
#: is said of an old one cannot hit another. ``owner`` of a queue: the consumer it is deleted with, or whose end starts its ``expires``.
_TABLES = """
CREATE TABLE IF NOT EXISTS flowc_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, priority INTEGER NOT NULL, consumer INTEGER,
    taken INTEGER NOT NULL DEFAULT 0, envelope TEXT NOT NULL, body);
CREATE INDEX IF NOT EXISTS flowc_messages_waiting ON flowc_messages (queue, priority DESC, id) WHERE consumer IS NULL;
CREATE INDEX IF NOT EXISTS flowc_messages_held ON flowc_messages (consumer) WHERE consumer IS NOT NULL;
CREATE TABLE IF NOT EXISTS flowc_consumers (id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, began REAL NOT NULL);
CREATE TABLE IF NOT EXISTS flowc_queues (
    name TEXT PRIMARY KEY, auto_delete INTEGER NOT NULL, expires REAL, owner INTEGER, used REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flowc_exchanges (name TEXT PRIMARY KEY, type TEXT NOT NULL, declaration TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flowc_bindings (
    exchange TEXT NOT NULL, routing_key TEXT NOT NULL, pattern TEXT NOT NULL, queue TEXT NOT NULL,
    PRIMARY KEY (exchange, routing_key, pattern, queue)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS flowc_bindings_of_queue ON flowc_bindings (queue);
"""
_COUNT = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('flowc_messages', 'flowc_consumers', 'flowc_bindings')"
_STRANGE = (
    r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'flowc\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"
)


class FileUnusable(_OperationalError):  # type: ignore[misc]
    """The file cannot be opened, read or written; kombu and flowc take it for a lost connection."""


class FileBusy(FileUnusable):
    """It cannot be now, and perhaps can soon: another process writes, or the disk is full."""


def path_of(client: Any) -> str:
    """The absolute path that a kombu ``Connection`` to ``sqlite:///relative`` or ``sqlite:////absolute`` names.

    Raises:
        ImproperlyConfigured: it names none.
    """
    path = client.virtual_host or ""
    if client.hostname not in (None, "", "localhost") or path in ("", "/", ":memory:") or "\0" in path:
        raise ImproperlyConfigured(
            "broker_url: sqlite needs the path of a file, as in sqlite:///broker.db (in the current folder) or "
            "sqlite:////var/lib/app/broker.db; for a queue inside one process there is memory://"
        )
    return os.path.abspath(path)


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn errors of SQLite and of the operating system into :class:`FileUnusable`."""
    try:
        yield
    except sqlite3.DatabaseError as failure:
        said, kind = str(failure), FileUnusable
        if "not a database" in said:
            said += ": it is a file of something else; name another one in broker_url"
        elif "malformed" in said or "corrupt" in said:
            said += ": it is damaged; move it away, and a new one is made"
        elif "locked" in said or "busy" in said:
            said, kind = f"{said}: another process wrote for more than {BUSY:g} s", FileBusy
        elif "full" in said or "I/O" in said:
            kind = FileBusy
        raise kind(f"the queues in {path} cannot be used: {said}") from failure
    except (sqlite3.Error, OSError) as failure:
        raise FileUnusable(f"the queues in {path} cannot be used: {failure}") from failure


def open_file(path: str, synchronous: str = "NORMAL") -> sqlite3.Connection:
    """A connection in autocommit, for one thread at a time; the file is made if there is none, for its owner alone.

    Args:
        path: absolute.
        synchronous: SQLite's: with ``NORMAL`` no message is lost with a process, the last ones may be with the power;
            ``FULL`` waits for the disk each time.

    Raises:
        FileUnusable: see the message.
    """
    with explained(path):
        if not Path(path).parent.is_dir():
            raise FileUnusable(f"the queues in {path} cannot be used: there is no folder {Path(path).parent}")
        if Path(path).is_dir():
            raise FileUnusable(f"the queues in {path} cannot be used: it is a folder")
        _create(path)
        made = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            _prepare(made, path, synchronous)
        except BaseException:
            made.close()
            raise
        return made


def _create(path: str) -> None:
    """Make an empty file for its owner alone, if there is none.

    One that has this name is never opened here: closing *any* descriptor of a database takes away the locks that other connections
    of this process have on it, and then another process may delete their write-ahead log.
    """
    if os.path.lexists(path):
        return
    made, passing = tempfile.mkstemp(prefix=f"{os.path.basename(path)}-", dir=os.path.dirname(path))
    os.close(made)
    try:
        os.link(passing, path)
    except FileExistsError:
        pass  # another process was quicker
    except OSError:
        with contextlib.suppress(FileExistsError):  # a file system without links
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    finally:
        os.unlink(passing)


def _prepare(made: sqlite3.Connection, path: str, synchronous: str) -> None:
    if sqlite3.sqlite_version_info < (3, 35):
        raise FileUnusable(f"sqlite:// as a broker needs SQLite 3.35 or newer; this Python has {sqlite3.sqlite_version}")
    deadline = time.monotonic() + BUSY
    while True:
        try:
            strange = made.execute(_STRANGE).fetchone()
            if strange is not None:
                raise FileUnusable(
                    f"{path} is the database of something else (it has a table {strange[0]!r}): name another file in broker_url"
                )
            made.execute("PRAGMA journal_mode=WAL")
            made.execute(f"PRAGMA synchronous={'FULL' if synchronous.upper() == 'FULL' else 'NORMAL'}")
            if made.execute(_COUNT).fetchone()[0] < 3:
                made.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
            return
        except sqlite3.OperationalError as failure:
            # SQLite does not wait by itself where several processes switch to WAL at once
            if "locked" not in str(failure) or time.monotonic() > deadline:
                raise
            with contextlib.suppress(sqlite3.Error):
                made.rollback()
            time.sleep(0.01)
