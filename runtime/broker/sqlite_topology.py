"""Queues, exchanges and bindings in a SQLite file, so that what one process declares another one can publish to.

A queue that was declared with ``auto_delete`` goes with its consumer, one with ``x-expires`` so many milliseconds after it: a mailbox
for commands to a worker would else fill for ever after the worker's end.
"""

from __future__ import annotations

import sqlite3
import time

from .sqlite_connection import SQLiteConnection


class SQLiteTopology:
    """Every method raises :class:`~flowc.runtime.broker.sqlite_file.FileUnusable`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------------------------------------------------------ queues
    def declare_queue(self, queue: str, *, auto_delete: bool, expires: float | None) -> None:
        """Enter a queue; ``expires``: seconds without a consumer after which it is deleted."""
        if not auto_delete and expires is None and self.has_queue(queue):
            return
        with self._connection.writing() as connection:
            connection.execute(
                "INSERT INTO flowc_queues (name, auto_delete, expires, used) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET auto_delete = excluded.auto_delete, expires = excluded.expires, used = excluded.used",
                (queue, auto_delete, expires, time.time()),
            )

    def has_queue(self, queue: str) -> bool:
        """Whether it was declared."""
        return self._connection.value("SELECT 1 FROM flowc_queues WHERE name = ?", queue) is not None

    def is_passing(self, queue: str) -> bool:
        """Whether it is deleted some time after its consumer's end."""
        return bool(self._connection.value("SELECT auto_delete OR expires IS NOT NULL FROM flowc_queues WHERE name = ?", queue))

    def own_queue(self, queue: str, consumer: int) -> None:
        """A passing queue has a consumer."""
        with self._connection.writing() as connection:
            connection.execute("UPDATE flowc_queues SET owner = ? WHERE name = ?", (consumer, queue))

    def disown_queue(self, queue: str, consumer: int) -> None:
        """It has it no more."""
        with self._connection.writing() as connection:
            row = connection.execute("SELECT auto_delete FROM flowc_queues WHERE name = ? AND owner = ?", (queue, consumer)).fetchone()
            if row is not None and row[0]:
                delete_queue(connection, queue)
            elif row is not None:
                connection.execute("UPDATE flowc_queues SET owner = NULL, used = ? WHERE name = ?", (time.time(), queue))

    def delete_queue(self, queue: str) -> None:
        """Delete a queue, its bindings and its messages, held ones too."""
        with self._connection.writing() as connection:
            delete_queue(connection, queue)

    # --------------------------------------------------------------------------------------------------------------- exchanges
    def declare_exchange(self, name: str, kind: str, declaration: str) -> tuple[str, str]:
        """Enter an exchange if it is new; its type and declaration, as they are in the file then."""
        query = "SELECT type, declaration FROM flowc_exchanges WHERE name = ?"
        with self._connection.reading() as connection:
            known = connection.execute(query, (name,)).fetchone()
        if known is None:
            with self._connection.writing() as connection:
                connection.execute("INSERT OR IGNORE INTO flowc_exchanges VALUES (?, ?, ?)", (name, kind, declaration))
                known = connection.execute(query, (name,)).fetchone()
        return known[0], known[1]

    def exchange_type(self, name: str) -> str | None:
        """The type of an exchange that anybody has declared."""
        found: str | None = self._connection.value("SELECT type FROM flowc_exchanges WHERE name = ?", name)
        return found

    def exchanges(self) -> list[str]:
        """Their names."""
        with self._connection.reading() as connection:
            return [row[0] for row in connection.execute("SELECT name FROM flowc_exchanges ORDER BY name").fetchall()]

    def delete_exchange(self, name: str) -> None:
        """Delete an exchange and its bindings."""
        with self._connection.writing() as connection:
            connection.execute("DELETE FROM flowc_bindings WHERE exchange = ?", (name,))
            connection.execute("DELETE FROM flowc_exchanges WHERE name = ?", (name,))

    # ---------------------------------------------------------------------------------------------------------------- bindings
    def bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Bind a queue to an exchange."""
        row = (exchange, routing_key, pattern, queue)
        query = "SELECT 1 FROM flowc_bindings WHERE exchange = ? AND routing_key = ? AND pattern = ? AND queue = ?"
        if self._connection.value(query, *row) is None:
            with self._connection.writing() as connection:
                connection.execute("INSERT OR IGNORE INTO flowc_bindings VALUES (?, ?, ?, ?)", row)

    def unbind(self, exchange: str, routing_key: str, queue: str) -> None:
        """Undo that."""
        with self._connection.writing() as connection:
            where = "exchange = ? AND routing_key = ? AND queue = ?"
            connection.execute(f"DELETE FROM flowc_bindings WHERE {where}", (exchange, routing_key, queue))

    def bindings(self, exchange: str) -> list[tuple[str, str, str]]:
        """Routing key, pattern and queue of each binding."""
        with self._connection.reading() as connection:
            query = "SELECT routing_key, pattern, queue FROM flowc_bindings WHERE exchange = ? ORDER BY queue, routing_key"
            return connection.execute(query, (exchange,)).fetchall()


def delete_queue(connection: sqlite3.Connection, queue: str) -> None:
    """Within a transaction: delete a queue, its bindings and its messages."""
    connection.execute("DELETE FROM flowc_messages WHERE queue = ?", (queue,))
    connection.execute("DELETE FROM flowc_bindings WHERE queue = ?", (queue,))
    connection.execute("DELETE FROM flowc_queues WHERE name = ?", (queue,))
