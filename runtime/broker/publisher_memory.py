"""Publishing inside the process: straight into the queues of kombu's memory transport."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from .interface import Envelope, Publisher, RetryPolicy
from .topology import Topology


class MemoryPublisher:
    """Puts messages where any consumer of kombu's memory transport finds them. There is nothing that could fail or be retried.

    Args:
        connection: a kombu ``Connection`` to ``memory://``, for this publisher alone.
        topology: declares queues.
        others: publishes over a connection or producer that a caller gives.
    """

    def __init__(self, connection: Any, topology: Topology, others: Publisher) -> None:
        self._connection = connection
        self._others = others
        self._topology = topology
        self._lock = threading.Lock()
        self._channel: Any = None
        #: The transport's own queues, of the whole process.
        self._queues: dict[str, Any] = {}
        # kombu numbers deliveries by uuid4, a fifth of what publishing in memory costs; here any number will do that no other has
        self._tag = f"{id(self):x}."
        self._next = itertools.count(1).__next__
        self._declared: set[str] = set()

    def publish(self, envelope: Envelope, retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Put one message into its queue; a ``connection`` or ``producer`` is used only if it leads elsewhere."""
        if (connection is not None or producer is not None) and _leads_elsewhere(connection, producer):
            self._others.publish(envelope, retry, connection=connection, producer=producer)
            return
        headers, properties, body, content_type, content_encoding, (exchange, key, _), _ = envelope
        if exchange or self._channel is None or key not in self._declared:
            self._declare(envelope)
        message = {
            "body": body,
            "content-encoding": content_encoding,
            "content-type": content_type,
            "headers": headers,
            "properties": {
                "priority": 0,
                **properties,
                "delivery_info": {"exchange": exchange, "routing_key": key},
                "body_encoding": None,
                "delivery_tag": f"{self._tag}{self._next()}",
            },
        }
        if exchange:
            self._channel.typeof(exchange).deliver(message, exchange, key)
        else:
            (self._queues.get(key) or self._channel._queue_for(key)).put(message)

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Put many messages into their queues; those of a deque are taken out of it."""
        for envelope in list(envelopes):
            self.publish(envelope, retry, connection=connection, producer=producer)
            if isinstance(envelopes, deque):
                envelopes.popleft()

    def close(self) -> None:
        """Let the connection go; what is in the queues stays."""
        self._declared.clear()
        if self._channel is not None:
            self._channel = None
            self._connection.release()

    def _declare(self, envelope: Envelope) -> None:
        exchange, key, queue = envelope.destination
        with self._lock:
            if self._channel is None:
                self._channel = self._connection.channel()
                self._queues = type(self._channel).queues
            target = queue or exchange or key
            if target not in self._declared:
                self._topology.declare(envelope.destination, self._channel)
                self._declared.add(target)


def _leads_elsewhere(connection: Any, producer: Any) -> bool:
    used = connection if producer is None else producer.connection
    return bool(used.transport.driver_type != "memory")
