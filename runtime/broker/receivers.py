"""Which receiver serves which transport."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .interface import Receiver
from .receiver_queues import ConnectionSource, as_queue


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
    if kind == "sqlite":
        from .receiver_sqlite import SQLiteReceiver

        return SQLiteReceiver(broker, queues, prefetch)
    if kind == "amqp" and getattr(transport, "driver_name", "") == "py-amqp":
        from .receiver_amqp import AmqpReceiver

        return AmqpReceiver(broker, queues, prefetch)
    if kind == "redis" and _plain(connection, [as_queue(broker, queue) for queue in queues]):
        from .receiver_redis import RedisReceiver

        return RedisReceiver(broker, queues, prefetch)
    from .receiver_kombu import KombuReceiver

    return KombuReceiver(broker, queues, prefetch)


def _plain(connection: Any, queues: Sequence[Any]) -> bool:
    """Whether all queues are lists in Redis (one of a fanout exchange is a subscription), with acknowledgements."""
    emulated = (connection.transport_options or {}).get("ack_emulation", True)
    return bool(emulated) and all(getattr(queue.exchange, "type", None) != "fanout" for queue in queues)
