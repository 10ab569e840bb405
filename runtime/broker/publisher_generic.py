"""Publishing over any of kombu's transports, as kombu's own producer does it."""

from __future__ import annotations

from collections import deque
from typing import Any

from .interface import Destination, Envelope
from .topology import Topology


class Lane:
    """The sending end of one established connection: its channel, and the queues that were declared over it.

    One thread uses it at a time. Whatever it raises, the connection is thrown away, and the lane with it.
    """

    def __init__(self, connection: Any, topology: Topology) -> None:
        self.connection = connection
        self.topology = topology
        self.channel: Any = self.open_channel()
        #: What kombu calls the connection while it is this one: after it has reconnected by itself, the lane is void.
        self.established = connection._connection
        self._declared: set[Any] = set()

    def open_channel(self) -> Any:
        """The channel to publish over."""
        return self.connection.default_channel

    def void(self) -> bool:
        """Whether the connection is not the one that it was made for, or has broken while nobody used it."""
        return not self.connection.connected or self.connection._connection is not self.established

    def declare(self, destination: Destination) -> None:
        """Declare what the destination needs, once."""
        key = destination.queue or destination.exchange
        if key and key not in self._declared:
            self.topology.declare(destination, self.channel)
            self._declared.add(key)

    def send(self, envelope: Envelope) -> None:
        """Publish one message; when it returns the broker has it, as far as the transport can know."""
        self.declare(envelope.destination)
        self.put(envelope)

    def send_many(self, pending: deque[Envelope]) -> None:
        """Publish messages from the left, and take each away that the broker has."""
        batch = getattr(self.channel, "create_publish_batch", None)
        if batch is None or not getattr(self.channel, "supports_batch_publish", True):
            while pending:
                self.send(pending[0])
                pending.popleft()
            return
        while pending:
            part = [pending[n] for n in range(min(len(pending), 500))]
            session = batch(max_size=len(part) + 1)
            try:
                for envelope in part:
                    self.declare(envelope.destination)
                    exchange, key, _ = envelope.destination
                    session.publish(self.message(envelope), exchange=exchange, routing_key=key, mandatory=envelope.mandatory)
                session.flush()
            finally:
                session.close()
            for _ in part:
                pending.popleft()

    def put(self, envelope: Envelope) -> None:
        """Hand one message to the channel."""
        exchange, key, _ = envelope.destination
        self.channel.basic_publish(self.message(envelope), exchange=exchange, routing_key=key, mandatory=envelope.mandatory)

    def message(self, envelope: Envelope) -> Any:
        """The message in the transport's own form. The envelope may have to be sent again: its properties stay as they are."""
        headers, properties, body, content_type, content_encoding, _, _ = envelope
        properties = properties.copy()
        priority = properties.pop("priority", None)
        return self.channel.prepare_message(body, priority or 0, content_type, content_encoding, headers, properties)
