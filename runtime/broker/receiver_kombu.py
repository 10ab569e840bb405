"""Receiving through any transport of kombu that has no receiver of its own here: the filesystem, SQLAlchemy, SQS and others.

Such transports are looked at again and again, one message at a time; how often is for the transport to say
(``polling_interval``), but no look lasts longer than :data:`_LONGEST_LOOK`, so that :meth:`KombuReceiver.wake` is heard.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from kombu.transport import virtual

from ..errors import ConnectionLost, ImproperlyConfigured
from .interface import Delivery
from .receiver_queues import ConnectionSource, as_queue, declare, losses, open_connection
from .receiver_virtual import NO_MESSAGE, say_dropped

#: Seconds for one look at the queues: short after a message, longer and longer while there is none.
_SHORTEST_LOOK = 0.005
_LONGEST_LOOK = 0.1


class KombuReceiver:
    """See :class:`~flowc.runtime.broker.interface.Receiver`.

    Args:
        source: makes the connection.
        queues: names, or kombu's queues.
        prefetch: how many messages a transport that sends in advance may send; 0 for no limit.

    Raises:
        ConnectionLost: the broker cannot be reached.
    """

    def __init__(self, source: ConnectionSource, queues: Sequence[Any], prefetch: int) -> None:
        self._source = source
        self._queues = [as_queue(source, queue) for queue in queues]
        self._prefetch = prefetch
        self._next_tag = itertools.count(1).__next__
        self._unacked: dict[int, Any] = {}
        self._arrived: deque[Delivery] = deque()
        self._woken = False
        self._consuming = True
        self._connection: Any = None
        self._channel: Any = None
        self._connect()

    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        """Wait for messages, and give at most ``most`` of them."""
        most = most if self._consuming and self._queues else 0
        deadline = None if timeout is None else time.monotonic() + timeout
        look = _SHORTEST_LOOK
        with self._losses("the connection was lost while receiving"):
            while not self._woken:
                left = _LONGEST_LOOK if deadline is None else deadline - time.monotonic()
                if most <= 0:
                    time.sleep(max(0.0, min(left, look)))
                elif self._look(most, max(0.0, min(left, look))):
                    break
                if left <= 0:
                    break
                look = min(look * 1.5, _LONGEST_LOOK)
            if self._woken and most > 0:
                self._look(most, 0.0)
        self._woken = False
        return [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """The broker forgets the messages."""
        with self._losses("the connection was lost while acknowledging"):
            for delivery in deliveries:
                if (message := self._unacked.pop(delivery.tag, None)) is not None:
                    self._channel.basic_ack(message.delivery_tag)

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        """The broker drops the messages, or delivers them again."""
        with self._losses("the connection was lost while rejecting"):
            for delivery in reversed(deliveries):
                if (message := self._unacked.pop(delivery.tag, None)) is not None:
                    self._channel.basic_reject(message.delivery_tag, requeue=requeue)

    def read(self, queues: Sequence[Any]) -> None:
        """Read these queues from now on."""
        with self._losses("the connection was lost while changing queues"):
            self._end()
            self._queues = [as_queue(self._source, queue) for queue in queues]
            self._consume()

    def cancel(self) -> None:
        """Take no more messages; those that nobody asked for yet go back."""
        self._consuming = False
        with self._losses("the connection was lost while cancelling"):
            self._end()
        self.reject(list(self._arrived), requeue=True)
        self._arrived.clear()

    def reconnect(self) -> None:
        """Connect anew."""
        self._disconnect()
        self._connect()

    def wake(self) -> None:
        """Let :meth:`receive` return soon."""
        self._woken = True

    def close(self) -> None:
        """Give back what is unacknowledged, and disconnect."""
        self._disconnect()

    # -------------------------------------------------------------------------------------------------------------- connection
    def _connect(self) -> None:
        connection = self._connection = open_connection(self._source)
        with self._losses("cannot consume"):
            try:
                self._begin(connection.channel())
            except connection.channel_errors as refused:
                raise ImproperlyConfigured(f"a queue cannot be consumed from: {refused}") from refused

    def _begin(self, channel: Any) -> None:
        self._channel = channel
        if isinstance(channel, virtual.Channel):
            channel.Message = _untouched(channel.Message)
        self._limit = self._prefetch
        channel.basic_qos(0, self._limit, False)
        self._consume()
        # kombu's Redis transport subscribes when it is first asked for messages
        self._look(1, 0.0)

    def _consume(self) -> None:
        for number, queue in enumerate(declare(self._queues, self._channel) if self._consuming else ()):
            queue.consume(f"flowc{number}", callback=self._arrive, no_ack=False)

    def _end(self) -> None:
        for number in range(len(self._queues)):
            self._channel.basic_cancel(f"flowc{number}")

    def _disconnect(self) -> None:
        self._arrived.clear()
        self._unacked.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            # a virtual channel gives back by itself what it holds, when it is closed
            with contextlib.suppress(Exception):
                self._channel.close()
            with contextlib.suppress(Exception):  # for that, Redis channels connect anew, after they have disconnected
                getattr(self._channel, "_disconnect_pools", lambda: None)()
            self._channel = None
            with contextlib.suppress(Exception):
                connection.release()

    @contextlib.contextmanager
    def _losses(self, what: str) -> Iterator[None]:
        connection = self._connection
        if connection is None:
            raise ConnectionLost("the connection was lost before")
        try:
            with losses((*connection.connection_errors, *connection.channel_errors), what):
                yield
        except BaseException:
            self._disconnect()
            raise

    # --------------------------------------------------------------------------------------------------------------- receiving
    def _look(self, most: int, timeout: float) -> bool:
        """Take what comes within so many seconds, and what there is then: at most ``most`` at once."""
        held = len(self._unacked)
        if self._limit and held + most - len(self._arrived) > self._limit:
            # whoever asks for more than was fetched before must get it: calls with an ETA are held, unacknowledged
            self._limit = held + max(most, self._prefetch)
            self._channel.basic_qos(0, self._limit, False)
        while len(self._arrived) < most:
            try:
                self._connection.drain_events(timeout=timeout or 1e-6)
            except TimeoutError:
                break
            except NO_MESSAGE as failure:
                say_dropped(", ".join(queue.name for queue in self._queues), failure)
                break
            timeout = 0.0
        return bool(self._arrived)

    def _arrive(self, raw: Any) -> None:
        message = self._channel.message_to_python(raw) if hasattr(self._channel, "message_to_python") else raw
        tag = self._next_tag()
        self._unacked[tag] = message
        given = getattr(message, "_raw", {})
        again = bool(given.get("redelivered")) if isinstance(given, dict) else False
        info = {"redelivered": again, **message.delivery_info, "priority": message.properties.get("priority")}
        self._arrived.append(
            Delivery(message.headers, message.properties, message.body, message.content_type, message.content_encoding, info, tag)
        )


def _untouched(message_class: Any) -> Any:
    """A class of messages that are left as they came: kombu's own are decompressed on arrival, whatever that may take."""

    class Untouched(message_class):  # type: ignore[misc]
        errors = ("not decompressed",)  # kombu touches no message that has errors already

        def serializable(self) -> dict[str, Any]:
            return dict(self._raw)

    return Untouched
