"""Receiving over AMQP (RabbitMQ, by py-amqp): the server sends in advance, as much as the prefetch limit allows.

Reading. py-amqp reads a frame in three calls, a message in nine. Here whatever the socket has is read at once, cut into
frames, and each frame is given to py-amqp as its own loop would. The rest of a frame that is not whole yet is left where
py-amqp looks first (its transport's read buffer), so that its own calls which wait for an answer find it there. On a TLS
connection py-amqp reads by itself.

Acknowledging. Tags count 1, 2, 3 … on a channel, so the outstanding ones are kept in their order: those at the front that are
done are acknowledged by one frame (``multiple``), the others by one each, in one write.

The limit. A worker that holds calls with an ETA unacknowledged asks for more than was ever sent: then the limit grows by what
it asks, and falls again when they are done. RabbitMQ counts for all consumers of the channel together where that is possible
(``global``: 3.3 to 3.x, no quorum queue), else for each queue; then a new limit needs a new consumer.
"""

from __future__ import annotations

import contextlib
import ssl
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import ConnectionLost
from .connections import ANSWER
from .interface import Delivery
from .receiver_queues import ConnectionSource, as_queue, declare, losses, open_connection
from .receiver_waker import Waker

#: Seconds between heartbeats if the settings name none: Celery's default.
_HEARTBEAT = 120.0
#: Seconds to wait for the server's answer to a farewell.
_FAREWELL = 5.0
_READ = 65536
_HEADER = struct.Struct(">BHI")
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
        amqp.exceptions.PreconditionFailed: a queue exists already, with other arguments.
    """

    def __init__(self, source: ConnectionSource, queues: Sequence[Any], prefetch: int) -> None:
        self._source = source
        self._queues = [as_queue(source, queue) for queue in queues]
        self._prefetch = prefetch
        self._waker = Waker()
        self._connection: Any = None
        self._unacked: dict[int, None] = {}
        self._arrived: deque[Delivery] = deque()
        self._highest = 0
        try:
            self._connect()
        except BaseException:
            self._waker.close()
            raise

    # --------------------------------------------------------------------------------------------------------- the interface
    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        """Wait for messages, and give at most ``most`` of them."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._losses("the connection was lost while receiving"):
            self._adjust(most)
            while True:
                ready = min(most, len(self._arrived))
                if ready and ready == most and time.monotonic() < self._next_beat:
                    break
                left = 0.0 if ready else None if deadline is None else max(0.0, deadline - time.monotonic())
                step = self._tick if left is None else min(left, self._tick)
                # what a TLS connection has read already does not show on its socket
                rung, readable = self._waker.wait((self._amqp.sock,), 0.0 if self._pending() else step)
                if readable or self._pending():
                    self._read()
                self._beat()
                self._raise_cancelled()
                if rung or ready or (left is not None and left <= self._tick and not readable):
                    break
        arrived = self._arrived
        return [arrived.popleft() for _ in range(min(most, len(arrived)))]

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """The broker forgets the messages."""
        unacked = self._unacked
        done = {delivery.tag for delivery in deliveries if delivery.tag in unacked}
        if not done:
            return
        upto = 0
        for tag in unacked:
            if tag not in done:
                break
            upto = tag
        frames = [self._ack_frame(upto, multiple=True)] if upto else []
        for tag in sorted(done):
            del unacked[tag]
            if tag > upto:
                frames.append(self._ack_frame(tag, multiple=False))
        with self._losses("the connection was lost while acknowledging"):
            self._amqp.transport.write(b"".join(frames))
            self._amqp.bytes_sent += 1

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        """The broker drops the messages, or puts them back to where they were."""
        with self._losses("the connection was lost while rejecting"):
            for delivery in deliveries:
                if delivery.tag in self._unacked:
                    del self._unacked[delivery.tag]
                    self._channel.basic_reject(delivery.tag - self._base, requeue=requeue)

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
            with losses(connection.connection_errors, "cannot consume"):
                self._amqp = connection.connection
                self._amqp.sock.settimeout(ANSWER)
                self._channel = connection.channel()
                bound = declare(self._queues, self._channel)
                quorum = any((queue.queue_arguments or {}).get("x-queue-type") == "quorum" for queue in self._queues)
                self._shared_limit = not quorum and not connection.transport.qos_semantics_matches_spec(self._amqp)
                self._limit = self._prefetch
                self._base = self._highest
                self._cancelled = ""
                self._consumers = 0
                self._channel.basic_qos(0, self._limit, self._shared_limit)
                self._bound = bound
                self._consume()
        except BaseException:
            connection.collect()
            raise
        self._connection = connection
        beat = self._amqp.heartbeat
        self._tick = min(5.0, beat / 4) if beat else 30.0
        self._next_beat = 0.0

    def _consume(self) -> None:
        for queue in self._bound:
            self._consumers += 1
            queue.consume(f"flowc{self._consumers}", callback=self._arrive, no_ack=False, on_cancel=self._on_cancel)

    def _drop(self) -> None:
        self._arrived.clear()
        self._unacked.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.collect()

    @contextlib.contextmanager
    def _losses(self, what: str) -> Iterator[None]:
        if self._connection is None:
            raise ConnectionLost("the connection was lost before")
        try:
            with losses(self._errors, what):
                yield
        except ConnectionLost:
            self._drop()
            raise

    def _on_cancel(self, consumer_tag: str) -> None:
        self._cancelled = consumer_tag

    def _raise_cancelled(self) -> None:
        if self._cancelled:
            raise ConnectionLost("the broker cancelled the consumer: its queue was deleted, or moved to another node")

    def _beat(self) -> None:
        if (now := time.monotonic()) >= self._next_beat:
            self._next_beat = now + self._tick
            if self._amqp.heartbeat:
                self._connection.heartbeat_check(rate=2)

    def _adjust(self, most: int) -> None:
        """Let the limit follow what is held; see the top of the module."""
        if not self._limit or most <= 0:
            return
        held = len(self._unacked)
        if not self._arrived and held + most > self._limit:
            limit = held + max(most, self._prefetch)
        elif self._limit > self._prefetch and 2 * (held + self._prefetch) < self._limit:
            limit = max(self._prefetch, held)
        else:
            return
        self._limit = limit
        if not self._shared_limit:
            for number in range(self._consumers - len(self._bound) + 1, self._consumers + 1):
                self._channel.basic_cancel(f"flowc{number}")
        self._channel.basic_qos(0, limit, self._shared_limit)
        if not self._shared_limit:
            self._consume()

    # ----------------------------------------------------------------------------------------------------------------- reading
    def _pending(self) -> bool:
        sock = self._amqp.sock
        return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0

    def _read(self) -> None:
        """Read what there is, and let py-amqp handle every whole frame."""
        amqp = self._amqp
        transport = amqp.transport
        if isinstance(amqp.sock, ssl.SSLSocket):
            with contextlib.suppress(TimeoutError):
                amqp.drain_events(timeout=0.05)
            return
        new = amqp.sock.recv(_READ)
        if not new:
            raise ConnectionLost("the broker closed the connection")
        data = transport._read_buffer + new if transport._read_buffer else new
        transport._read_buffer = b""
        begin, end = 0, len(data)
        handle = amqp.on_inbound_frame
        while end - begin >= 8:
            kind, channel, size = _HEADER.unpack_from(data, begin)
            after = begin + 8 + size
            if after > end:
                break
            if data[after - 1] != _FRAME_END:
                raise ConnectionLost("what the broker sent is no AMQP frame")
            payload = data[begin + 7 : after - 1]
            begin = after
            # a handler may wait for an answer: what was read already must be where py-amqp reads
            if kind == 1 and payload[:4] != b"\0\x3c\0\x3c":
                transport._read_buffer = data[begin:]
                handle((kind, channel, payload))
                data, begin = transport._read_buffer, 0
                transport._read_buffer = b""
                end = len(data)
            else:
                handle((kind, channel, payload))
        transport._read_buffer = data[begin:]

    def _arrive(self, message: Any) -> None:
        properties = message.properties
        tag = self._highest = self._base + message.delivery_tag
        self._unacked[tag] = None
        info = message.delivery_info
        info["priority"] = properties.get("priority")
        self._arrived.append(
            Delivery(
                properties.get("application_headers") or {},
                properties,
                message.body,
                properties.get("content_type") or "",
                properties.get("content_encoding") or "",
                info,
                tag,
            )
        )

    def _ack_frame(self, tag: int, *, multiple: bool) -> bytes:
        return _ACK.pack(1, self._channel.channel_id, 13, 60, 80, tag - self._base, multiple, _FRAME_END)
