"""A transport of kombu's over one SQLite file: a broker for several processes on one machine, without a server.

``sqlite:///broker.db`` is a file in the current folder, ``sqlite:////var/lib/app/broker.db`` one by its absolute path. It is
made when it is first used, readable for its owner alone; beside it stand SQLite's ``-wal`` and ``-shm`` and, for the locks of
consumers, ``-consumers``. The four belong together, on a local disk.

Why another one? Two transports of kombu's need no server either. That for the *filesystem* moves a message's file out of the
queue's folder when it is read (or deletes it), and the acknowledgement does nothing: what a worker held that is killed stays where
nobody looks. That for *SQLAlchemy* marks a row as invisible when it is read, for good: a killed worker's messages are in the table,
and no consumer sees them again; both know neither priorities nor a fanout that reaches several processes reliably, and both
poll once a second. Here a message that was taken names its consumer, and a consumer is known to have ended as soon as its
process has (:mod:`.sqlite_locks`), so that after ``kill -9`` each of its messages, and no other, is delivered again, within about a second.

What there is: direct, topic and fanout exchanges with their bindings in the file; priorities, the highest number first, for any queue;
``auto_delete`` and ``x-expires`` of queues; acknowledgements, rejection, and the redelivered flag. What there is not: a time to live of
messages, and other machines. With several producers and consumers everything takes its turn at the one file: a few thousand messages
a second are what it can do, which the transport's option ``synchronous`` (``NORMAL``, or ``FULL`` to wait for the disk) decides as well.
"""

from __future__ import annotations

from typing import Any

from kombu import transport as kombu_transports
from kombu.transport import virtual

from .sqlite_channel import SQLiteChannel
from .sqlite_connection import SQLiteConnection
from .sqlite_file import FileBusy, FileUnusable, path_of

_VirtualTransport: Any = virtual.Transport


class Transport(_VirtualTransport):  # type: ignore[misc]
    """See the top of the module."""

    Channel = SQLiteChannel
    driver_type = "sqlite"
    driver_name = "sqlite"
    default_port = None
    #: Seconds between two looks at queues that were empty; one that finds nothing new costs some microseconds.
    polling_interval = 0.02
    connection_errors = (*_VirtualTransport.connection_errors, FileUnusable)
    recoverable_connection_errors = (FileBusy,)
    recoverable_channel_errors = ()
    implements = _VirtualTransport.implements.extend(batch_publish=True, exchange_type=frozenset(["direct", "topic", "fanout"]))

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self._file: SQLiteConnection | None = None

    @property
    def file(self) -> SQLiteConnection:
        """The connection to the file. Raises ImproperlyConfigured if the URL names none."""
        if self._file is None:
            options = self.client.transport_options or {}
            self._file = SQLiteConnection(path_of(self.client), str(options.get("synchronous", "NORMAL")))
        return self._file

    @property
    def default_connection_params(self) -> dict[str, Any]:
        """Nothing is missing in a URL without a host: kombu would warn of it."""
        return {}

    def establish_connection(self) -> Any:
        """Open the file, so that one that cannot be used is noticed here."""
        self.file.version()
        return super().establish_connection()

    def close_connection(self, connection: Any) -> None:
        """Close channels, which give back what they hold, and the file."""
        try:
            super().close_connection(connection)
        finally:
            if self._file is not None:
                self._file.close()

    def driver_version(self) -> str:
        """SQLite's."""
        import sqlite3

        return sqlite3.sqlite_version


def register() -> None:
    """Let kombu know ``sqlite://``."""
    aliases: dict[str, Any] = kombu_transports.TRANSPORT_ALIASES
    aliases["sqlite"] = f"{__name__}:Transport"
