"""Events over AMQP (RabbitMQ), and over kombu's other transports that have exchanges for them: a queue of our own, bound to theirs."""

from __future__ import annotations

import contextlib
import ssl
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kombu import entity

from .event_exchange import event_exchange
from .inspecting import EventStream
from .receiver_queues import losses, open_connection

if TYPE_CHECKING:
    from .broker import Broker

# kombu's functions have no types
_Queue: Any = entity.Queue
_binding: Any = entity.binding

#: Seconds between heartbeats of the connection: a server that has silently gone is noticed.
_HEARTBEAT = 30.0
#: Seconds for what is there already.
_NOW = 1e-6
#: Messages that are taken at once.
_MOST = 1000
#: The name of the consumer.
_TAG = "events"


class KombuEventStream(EventStream):
    """See :class:`EventStream`.

    Args:
        broker: makes the connection.
        keys: patterns of routing keys.
    """

    def __init__(self, broker: Broker, keys: Sequence[str]) -> None:
        conf = broker.conf
        self._connection = open_connection(broker, heartbeat=_HEARTBEAT)
        super().__init__()
        self._losses = (*self._connection.connection_errors, *self._connection.channel_errors)
        self._came: deque[tuple[bytes | str, str]] = deque()
        exchange = event_exchange(conf.event_exchange, self._connection.transport.driver_type)
        queue = _Queue(
            f"{conf.event_queue_prefix}.{uuid.uuid4()}", bindings=[_binding(exchange, routing_key=key) for key in keys], durable=False,
            exclusive=True, auto_delete=True, expires=conf.event_queue_expires, message_ttl=conf.event_queue_ttl,
        )  # fmt: skip
        try:
            with losses(self._losses, "events are not heard"):
                self._channel = self._connection.channel()
                exchange(self._channel).declare()
                bound = queue(self._channel)
                bound.declare()
                bound.consume(_TAG, callback=self._arrive, no_ack=True)
        except BaseException:
            self.close()
            raise

    def _arrive(self, raw: Any) -> None:
        message = self._channel.message_to_python(raw) if hasattr(self._channel, "message_to_python") else raw
        self._came.append((message.body, message.content_type))

    def receive(self, timeout: float) -> list[tuple[bytes | str, str]]:
        with losses(self._losses, "the connection was lost while events were heard"):
            if self._connection.heartbeat and self._connection.supports_heartbeats:
                self._connection.heartbeat_check()
            sock = getattr(self._connection.connection, "sock", None)
            if sock is not None:
                if not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
                    self._waker.wait([sock], timeout)
                timeout = _NOW
            with contextlib.suppress(TimeoutError):
                while len(self._came) < _MOST:
                    self._connection.drain_events(timeout=timeout)
                    timeout = _NOW
        came = list(self._came)
        self._came.clear()
        return came

    def ends(self) -> list[Callable[[], object]]:
        return [lambda: self._channel.basic_cancel(_TAG), lambda: self._channel.close(), self._connection.release]
