"""Which receiver serves which transport."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .interface import Receiver
from .receiver_queues import ConnectionSource


def make_receiver(broker: ConnectionSource, queues: Sequence[Any], prefetch: int) -> Receiver:
    """The receiving end of a worker, connected and consuming.

    Args:
        broker: makes connections.
        queues: what to consume from: names, or kombu's queues. They are declared.
        prefetch: how many messages may be sent in advance where a transport does so; 0 for no limit.

    Raises:
        ConnectionLost: the broker cannot be reached.
    """
    connection = broker.connection()
    transport = connection.transport
    kind = getattr(transport, "driver_type", "")
    if kind == "memory":
        from .receiver_memory import MemoryReceiver

        return MemoryReceiver(broker, queues, prefetch)
    if kind == "amqp" and getattr(transport, "driver_name", "") == "py-amqp":
        from .receiver_amqp import AmqpReceiver

        return AmqpReceiver(broker, queues, prefetch)
    from .receiver_kombu import KombuReceiver

    return KombuReceiver(broker, queues, prefetch)
