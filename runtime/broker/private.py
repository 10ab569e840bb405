"""A private queue on kombu's memory transport, for a worker inside the process that runs one plan."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

from kombu import connection

_Connection: Any = connection.Connection  # kombu's functions have no types


class Received(NamedTuple):
    """A message as it came from a queue: its body is still serialized."""

    headers: dict[str, Any]
    body: bytes | str
    content_type: str
    content_encoding: str


class MemoryBroker:
    """One private queue on kombu's memory transport, for the threads of one process.

    Args:
        queue: its name; the transport's queues are shared by the whole process, so the name must be unique.
    """

    def __init__(self, queue: str) -> None:
        self._queue = queue
        # bodies stay in the process: no base64
        self._connection = _Connection("memory://", transport_options={"body_encoding": None})
        self._channel = self._connection.channel()
        # kombu numbers deliveries with uuid4, a fifth of what publishing in memory costs; here any number will do
        self._channel._next_delivery_tag = itertools.count(1).__next__
        self._channel.queue_declare(queue=queue, auto_delete=True)

    def publish(
        self, headers: Mapping[str, Any], properties: dict[str, Any], body: bytes | str, content_type: str, content_encoding: str
    ) -> None:
        """Put one message into the queue."""
        channel = self._channel
        message = channel.prepare_message(body, properties.get("priority"), content_type, content_encoding, headers, properties)
        channel.basic_publish(message, exchange="", routing_key=self._queue)

    def get(self) -> Received | None:
        """Take the next message, if there is one."""
        message = self._channel.basic_get(self._queue, no_ack=True)
        if message is None:
            return None
        return Received(message.headers, message.body, message.content_type, message.content_encoding)

    def close(self) -> None:
        """Delete the queue with what is left in it."""
        self._channel.queue_delete(self._queue)
        self._connection.close()
