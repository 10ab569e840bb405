"""Who takes messages from a SQLite file, and what becomes of those of a consumer that has ended without a word.

A consumer is a row, and a lock that lasts as long as its process (:mod:`.sqlite_locks`). Every consumer looks once a second
whether another one's lock is free, and then gives back what that one held. There is no time limit on holding a message.
"""

from __future__ import annotations

import os
import sqlite3
import time

from .sqlite_connection import SQLiteConnection
from .sqlite_file import explained
from .sqlite_locks import locks_of
from .sqlite_topology import delete_queue

#: Seconds between two looks for consumers that have ended.
LOOK = 1.0

_UNUSED = "owner IS NULL AND expires IS NOT NULL AND used + expires < ?"


class Consumers:
    """Every method raises :class:`~flowc.runtime.broker.sqlite_file.FileUnusable`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        self._connection = connection
        self._next_look = 0.0

    def enter(self) -> int:
        """A new consumer, which lives until :meth:`leave` or the end of this process; its number."""
        with explained(self._connection.path):
            locks = locks_of(self._connection.path)
        while True:
            with self._connection.writing() as connection:
                row = (os.getpid(), time.time())
                number = connection.execute("INSERT INTO flowc_consumers (pid, began) VALUES (?, ?)", row).lastrowid or 0
                # before anybody can see the row; a number may be locked still if the database was replaced under a running process
                if locks.hold(number):
                    return number

    def leave(self, consumer: int) -> None:
        """The consumer ends: what it holds is given back."""
        try:
            with self._connection.writing() as connection:
                _end(connection, consumer)
        finally:
            with explained(self._connection.path):
                locks_of(self._connection.path).release(consumer)

    def inherit(self) -> None:
        """Give back what consumers held that have ended; looks once a second at most."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK
        with explained(self._connection.path):
            locks = locks_of(self._connection.path)
        with self._connection.reading() as connection:
            known = connection.execute("SELECT id FROM flowc_consumers").fetchall()
            unused = connection.execute(f"SELECT count(*) FROM flowc_queues WHERE {_UNUSED}", (time.time(),)).fetchone()[0]
        gone = [number for (number,) in known if locks.is_gone(number)]
        if gone or unused:
            with self._connection.writing() as connection:
                for number in gone:
                    _end(connection, number)
                for (name,) in connection.execute(f"SELECT name FROM flowc_queues WHERE {_UNUSED}", (time.time(),)).fetchall():
                    delete_queue(connection, name)


def _end(connection: sqlite3.Connection, consumer: int) -> None:
    connection.execute("UPDATE flowc_messages SET consumer = NULL WHERE consumer = ?", (consumer,))
    for (name,) in connection.execute("SELECT name FROM flowc_queues WHERE owner = ? AND auto_delete", (consumer,)).fetchall():
        delete_queue(connection, name)
    connection.execute("UPDATE flowc_queues SET owner = NULL, used = ? WHERE owner = ?", (time.time(), consumer))
    connection.execute("DELETE FROM flowc_consumers WHERE id = ?", (consumer,))
