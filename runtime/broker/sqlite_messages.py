"""The messages in a SQLite file: put, taken, forgotten, given back.

A message that is taken stays in the file and names its consumer, until that one acknowledges it (then it is deleted) or gives it
back (then it waits again, where it was in its queue). Each step is a transaction that begins with the right to write, so that
two consumers never see the same message waiting. To look at an empty queue costs no transaction: ``PRAGMA data_version`` says
in microseconds whether anybody has written since it was found empty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .sqlite_connection import SQLiteConnection

_WAITING = "SELECT id FROM flowc_messages WHERE queue = ? AND consumer IS NULL ORDER BY priority DESC, id LIMIT ?"
_COLUMNS = "RETURNING id, queue, taken, envelope, body, priority"

#: Receivers of this process: path → what wakes them. Other processes look at the file from time to time.
_bells: dict[str, list[Callable[[], object]]] = {}


class Put(NamedTuple):
    """A message for a queue: ``envelope`` is the text of everything but its body."""

    queue: str
    priority: int
    envelope: str
    body: bytes | str


class Taken(NamedTuple):
    """A message that was taken: for the ``times``-th time."""

    id: int
    queue: str
    times: int
    envelope: str
    body: bytes | str


class Messages:
    """Every method raises :class:`~flowc.runtime.broker.sqlite_file.FileUnusable`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        self._connection = connection
        self._empty: dict[str, tuple[int, int, int]] = {}

    def put(self, messages: Iterable[Put]) -> None:
        """Put messages into their queues: all of them, or none."""
        with self._connection.writing() as connection:
            connection.executemany("INSERT INTO flowc_messages (queue, priority, envelope, body) VALUES (?, ?, ?, ?)", messages)
        self._ring()

    def take(self, queues: Sequence[str], most: int, consumer: int | None) -> list[Taken]:
        """Take at most ``most`` waiting messages, of each queue its share: the highest priority first, then the oldest.

        Args:
            queues: in the order of their turns.
            most: how many at most.
            consumer: who holds them then; None: nobody, they are deleted.
        """
        version = self._connection.version()
        rest = [queue for queue in queues if self._empty.get(queue) != version]
        taken: list[Taken] = []
        if not rest or most <= 0:
            return taken
        with self._connection.writing() as connection:
            after = self._connection.version_after(connection)
            while rest and len(taken) < most:
                queue = rest.pop(0)
                share = -(-(most - len(taken)) // (len(rest) + 1))
                found = _take(connection, queue, share, consumer)
                taken += found
                if len(found) < share:
                    self._empty[queue] = after
                elif rest:
                    rest.append(queue)
        return taken

    def forget(self, ids: Sequence[int], consumer: int) -> None:
        """Delete messages that the consumer holds."""
        with self._connection.writing() as connection:
            connection.executemany("DELETE FROM flowc_messages WHERE id = ? AND consumer = ?", [(number, consumer) for number in ids])

    def give_back(self, ids: Sequence[int], consumer: int) -> None:
        """Let messages that the consumer holds wait again."""
        with self._connection.writing() as connection:
            change = "UPDATE flowc_messages SET consumer = NULL WHERE id = ? AND consumer = ?"
            connection.executemany(change, [(number, consumer) for number in ids])
        self._ring()

    def give_back_all(self, consumer: int) -> None:
        """Let all that the consumer holds wait again."""
        with self._connection.writing() as connection:
            connection.execute("UPDATE flowc_messages SET consumer = NULL WHERE consumer = ?", (consumer,))

    def listen(self, ring: Callable[[], object]) -> None:
        """Call that whenever this process has put messages into the file; :meth:`unlisten` ends it."""
        _bells.setdefault(self._connection.path, []).append(ring)

    def unlisten(self, ring: Callable[[], object]) -> None:
        """Call it no more."""
        bells = _bells.get(self._connection.path, [])
        if ring in bells:
            bells.remove(ring)

    def _ring(self) -> None:
        for ring in tuple(_bells.get(self._connection.path, ())):
            ring()

    def size(self, queue: str) -> int:
        """How many messages wait."""
        return int(self._connection.value("SELECT count(*) FROM flowc_messages WHERE queue = ? AND consumer IS NULL", queue))

    def purge(self, queue: str) -> int:
        """Delete the messages that wait; how many they were."""
        with self._connection.writing() as connection:
            return connection.execute("DELETE FROM flowc_messages WHERE queue = ? AND consumer IS NULL", (queue,)).rowcount


def _take(connection: sqlite3.Connection, queue: str, most: int, consumer: int | None) -> list[Taken]:
    if consumer is None:
        rows = connection.execute(f"DELETE FROM flowc_messages WHERE id IN ({_WAITING}) {_COLUMNS}", (queue, most)).fetchall()
    else:
        change = f"UPDATE flowc_messages SET consumer = ?, taken = taken + 1 WHERE id IN ({_WAITING}) {_COLUMNS}"
        rows = connection.execute(change, (consumer, queue, most)).fetchall()
    # SQLite gives rows in the order in which it changed them
    rows.sort(key=lambda row: (-row[5], row[0]))
    return [Taken(*row[:5]) for row in rows]
