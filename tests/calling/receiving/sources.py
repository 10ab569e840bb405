"""A broker that only makes connections, and messages sent through plain kombu: receivers are tested without the sending half."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kombu import connection, entity

from flowc.runtime.broker.interface import Delivery, Receiver
from flowc.runtime.broker.receivers import make_receiver
from flowc.runtime.errors import ConnectionLost

#: Seconds after which a test gives up waiting.
DEADLINE = 30.0

Queue: Any = entity.Queue
Exchange: Any = entity.Exchange
Connection: Any = connection.Connection


class Source:
    """Makes connections to one URL, as the broker does."""

    def __init__(self, url: str, **options: Any) -> None:
        if url.startswith("sqlite:"):
            from flowc.runtime.broker.sqlite_transport import register

            register()
        self.url = url
        self.options = options
        self.conf = SimpleNamespace(broker_heartbeat=120)

    def connection(self) -> Any:
        return Connection(self.url, transport_options=dict(self.options), connect_timeout=5)

    def send(self, queue: str, *bodies: bytes | str, exchange: Any = "", **options: Any) -> None:
        """Publish each body; the queue must exist already."""
        options = {"content_type": "application/x-test", "content_encoding": "binary", "delivery_mode": 2, **options}
        if exchange:
            # kombu's Redis transport knows the type of an exchange only from its own declaration
            options["declare"] = [exchange]
        with self.connection() as connection:
            producer = connection.Producer()
            for body in bodies:
                producer.publish(body, exchange=exchange, routing_key=queue, **options)

    @contextmanager
    def receiving(self, *queues: Any, prefetch: int = 100) -> Iterator[Receiver]:
        receiver = make_receiver(self, list(queues), prefetch)
        try:
            yield receiver
        finally:
            receiver.close()


def unique(name: str = "q") -> str:
    """A name that no other test uses."""
    return f"{name}-{uuid.uuid4().hex}"


def collect(receiver: Receiver, many: int, *, most: int = 100, quiet: float = 0.0) -> list[Delivery]:
    """Receive until there are so many; with ``quiet``, go on until nothing more has come for so many seconds."""
    found: list[Delivery] = []
    deadline = time.monotonic() + DEADLINE
    while len(found) < many and time.monotonic() < deadline:
        found += receiver.receive(min(most, many - len(found)), 0.5)
    if quiet:
        while more := receiver.receive(most, quiet):
            found += more
    return found


def bodies(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.body.encode() if isinstance(delivery.body, str) else bytes(delivery.body) for delivery in deliveries]


def reconnected(receiver: Receiver) -> None:
    """Reconnect, as often as it takes."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return receiver.reconnect()
        except ConnectionLost:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def until(true: Callable[[], Any]) -> Any:
    """Wait until that holds; what it is then."""
    deadline = time.monotonic() + DEADLINE
    while not (value := true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


def count(path: Path, query: str = "SELECT count(*) FROM flowc_messages") -> int:
    """A number from the file of the SQLite transport: of messages, if nothing else is asked."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        return int(connection.execute(query).fetchone()[0])
