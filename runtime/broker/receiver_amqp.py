"""Receiving over AMQP (RabbitMQ, by py-amqp): the server sends in advance, as much as the prefetch limit allows.

Reading. py-amqp reads a frame in three calls, a message in nine, and fails on some messages (:mod:`.receiver_amqp_content`). Here
whatever the socket has is read at once, and messages are cut out of it (:mod:`.receiver_amqp_reader`). After consuming has begun,
nothing is asked that py-amqp would wait for the answer of.

Acknowledging. Tags count 1, 2, 3 … on a channel, so the outstanding ones are kept in their order (:mod:`.receiver_amqp_window`): those
at the front that are done are acknowledged by one frame (``multiple``), the others by one each, in one write.

Heartbeats are sent by :meth:`AmqpReceiver.receive`, and by a thread while nobody calls that for long (:mod:`.receiver_amqp_beats`).
"""

from __future__ import annotations

import contextlib
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from amqp.exceptions import AMQPNotImplementedError

from ..errors import ConnectionLost, ImproperlyConfigured
from .connections import ANSWER
from .interface import Delivery
from .receiver_amqp_beats import AmqpBeats
from .receiver_amqp_consumers import AmqpConsumers
from .receiver_amqp_content import Deliver
from .receiver_amqp_reader import AmqpReader
from .receiver_amqp_window import AmqpWindow
from .receiver_queues import ConnectionSource, as_queue, declare, losses, open_connection
from .receiver_waker import Waker

#: Seconds between heartbeats if the settings name none: Celery's default.
_HEARTBEAT = 120.0
#: Seconds to wait for the server's answer to a farewell.
_FAREWELL = 5.0
_ACK = struct.Struct(">BHIHHQBB")
_FRAME_END = 0xCE


class AmqpReceiver:
    """See :class:`~flowc.runtime.broker.interface.Receiver`.

    Args:
        source: makes the connection. Its heartbeat (``broker_heartbeat``) is kept while :meth:`receive` waits.
        queues: names, or kombu's queues.
        prefetch: how many unacknowledged messages the server may send; 0 for no limit.

    Raises:
        ConnectionLost: the broker cannot be reached.
        ImproperlyConfigured: it refuses; or a queue exists already, with other arguments.
    """

    def __init__(self, source: ConnectionSource, queues: Sequence[Any], prefetch: int) -> None:
        self._source = source
        self._queues = [as_queue(source, queue) for queue in queues]
        self._prefetch = prefetch
        self._waker = Waker()
        self._connection: Any = None
        self._arrived: deque[Delivery] = deque()
        self._window = AmqpWindow(prefetch, shared=True, first=0)
        self._shareable = True
        self._consuming = True
        try:
            self._connect()
        except BaseException:
            self._waker.close()
            raise

    # --------------------------------------------------------------------------------------------------------- the interface
    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        """Wait for messages, and give at most ``most`` of them."""
        most = most if self._consuming else 0
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._losses("the connection was lost while receiving"):
            self._consumers.adjust(most, len(self._arrived))
            while True:
                ready = min(most, len(self._arrived))
                if ready and ready == most and time.monotonic() < self._next_beat:
                    break
                left = 0.0 if ready else None if deadline is None else max(0.0, deadline - time.monotonic())
                step = self._tick if left is None else min(left, self._tick)
                # what a TLS connection has read already does not show on its socket
                pending = self._reader.pending()
                rung, readable = self._waker.wait((self._amqp.sock,), 0.0 if pending else step)
                if readable or pending:
                    self._reader.read()
                self._beat()
                self._raise_cancelled()
                if rung or ready or (left is not None and left <= self._tick and not readable and not pending):
                    break
        arrived = self._arrived
        return [arrived.popleft() for _ in range(min(most, len(arrived)))]

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """The broker forgets the messages."""
        upto, others = self._window.acknowledge(delivery.tag for delivery in deliveries)
        frames = [self._ack_frame(upto, multiple=True)] if upto else []
        frames += [self._ack_frame(tag, multiple=False) for tag in others]
        if not frames:
            return
        with self._losses("the connection was lost while acknowledging"), self._beats.writing:
            self._amqp.transport.write(b"".join(frames))
            self._amqp.bytes_sent += 1

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        """The broker drops the messages, or puts them back to where they were."""
        with self._losses("the connection was lost while rejecting"), self._beats.writing:
            for delivery in deliveries:
                if self._window.take(delivery.tag):
                    self._channel.basic_reject(delivery.tag - self._base, requeue=requeue)

    def read(self, queues: Sequence[Any]) -> None:
        """Consume from these queues from now on."""
        wanted = [as_queue(self._source, queue) for queue in queues]
        before, self._queues = self._queues, wanted
        known = {queue.name for queue in before}
        try:
            self._declare_elsewhere([queue for queue in wanted if queue.name not in known])
        except ImproperlyConfigured:
            self._queues = before
            raise
        with self._losses("the connection was lost while changing queues"), self._beats.writing:
            self._consumers.change([queue.bind(self._channel) for queue in wanted])

    def _declare_elsewhere(self, queues: Sequence[Any]) -> None:
        """Declare queues over another connection: on this one no answer is waited for."""
        if not queues:
            return
        connection = open_connection(self._source)
        try:
            with losses(self._errors, "cannot declare a queue"):
                declare(queues, connection.default_channel)
        except connection.channel_errors as refused:
            raise ImproperlyConfigured(f"a queue cannot be consumed from: {refused}") from refused
        finally:
            with contextlib.suppress(Exception):
                connection.release()

    def cancel(self) -> None:
        """Be sent no more messages; those that nobody asked for yet go back, and those on their way."""
        self._consuming = False
        arrived, woken = list(self._arrived), False
        self._arrived.clear()
        with self._losses("the connection was lost while cancelling"):
            tags = self._consumers.end()
            deadline = time.monotonic() + ANSWER
            # what comes before the answer is rejected as it arrives
            while self._consumers.ending(tags) and time.monotonic() < deadline:
                pending = self._reader.pending()
                rung, readable = self._waker.wait((self._amqp.sock,), 0.0 if pending else 1.0)
                woken = woken or rung
                if readable or pending:
                    self._reader.read()
        if woken:
            self._waker.ring()
        self.reject(arrived, requeue=True)

    def reconnect(self) -> None:
        """Connect anew: what was unacknowledged is back in its queue by then."""
        self._drop()
        self._connect()

    def wake(self) -> None:
        """Let :meth:`receive` return soon."""
        self._waker.ring()

    def close(self) -> None:
        """Disconnect."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(Exception):
                self._amqp.sock.settimeout(_FAREWELL)
                connection.release()
        self._drop()
        self._waker.close()

    # -------------------------------------------------------------------------------------------------------------- connection
    def _connect(self) -> None:
        configured = getattr(getattr(self._source, "conf", None), "broker_heartbeat", _HEARTBEAT)
        connection = open_connection(self._source, heartbeat=configured or 0.0)
        self._errors = (*connection.connection_errors, *connection.recoverable_channel_errors)
        try:
            with losses(self._errors, "cannot consume"):
                self._begin(connection)
        except connection.channel_errors as refused:
            connection.collect()
            raise ImproperlyConfigured(f"a queue cannot be consumed from: {refused}") from refused
        except BaseException:
            connection.collect()
            raise
        self._connection = connection

    def _begin(self, connection: Any) -> None:
        amqp = self._amqp = connection.connection
        amqp.sock.settimeout(ANSWER)
        self._channel = connection.channel()
        bound = declare(self._queues, self._channel)
        quorum = any((queue.queue_arguments or {}).get("x-queue-type") == "quorum" for queue in self._queues)
        shared = self._shareable and not quorum and not connection.transport.qos_semantics_matches_spec(amqp)
        self._base = self._window.highest
        self._window = AmqpWindow(self._prefetch, shared, self._base)
        self._consumers = AmqpConsumers(self._channel, bound, self._window)
        self._reader = AmqpReader(amqp, self._arrive)
        self._tick = min(5.0, amqp.heartbeat / 4) if amqp.heartbeat else 30.0
        self._next_beat = 0.0
        if self._consuming:
            self._consumers.begin()
        self._beats = AmqpBeats(amqp, self._tick * 1.5)

    def _drop(self) -> None:
        self._arrived.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            self._beats.stop()
            with contextlib.suppress(Exception):
                connection.collect()

    @contextlib.contextmanager
    def _losses(self, what: str) -> Iterator[None]:
        if self._connection is None:
            raise ConnectionLost("the connection was lost before")
        try:
            with losses(self._errors, what):
                yield
        except ConnectionLost as lost:
            if isinstance(lost.__cause__, AMQPNotImplementedError):
                self._shareable = False  # a queue is a quorum queue by a policy of the server's
            self._drop()
            raise

    def _raise_cancelled(self) -> None:
        if self._consumers.cancelled:
            raise ConnectionLost("the broker cancelled the consumer: its queue was deleted, or moved to another node")

    def _beat(self) -> None:
        if (now := time.monotonic()) >= self._next_beat:
            self._next_beat = now + self._tick
            self._beats.alive()
            if self._amqp.heartbeat:
                self._connection.heartbeat_check(rate=2)

    # ---------------------------------------------------------------------------------------------------------------- messages
    def _arrive(self, deliver: Deliver, properties: dict[str, Any], body: bytes) -> None:
        tag = self._base + deliver.tag
        self._window.arrived(tag, deliver.consumer)
        info = {
            "consumer_tag": deliver.consumer, "delivery_tag": deliver.tag, "redelivered": deliver.redelivered,
            "exchange": deliver.exchange, "routing_key": deliver.routing_key, "priority": properties.get("priority"),
        }  # fmt: skip
        headers = properties.pop("application_headers", None) or {}
        content_type, encoding = properties.get("content_type", ""), properties.get("content_encoding", "")
        delivery = Delivery(headers, properties, body, content_type, encoding, info, tag)
        if self._consuming:
            self._arrived.append(delivery)
        else:  # it was on its way when consuming was cancelled
            self.reject((delivery,), requeue=True)

    def _ack_frame(self, tag: int, *, multiple: bool) -> bytes:
        return _ACK.pack(1, self._channel.channel_id, 13, 60, 80, tag - self._base, multiple, _FRAME_END)
