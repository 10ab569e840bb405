"""Receiving from a SQLite file, many messages in one transaction; see :mod:`.sqlite_transport`.

While there is none, the file is looked at ever less often, at last every :data:`_LONGEST` seconds. A look that finds the file
unchanged costs some microseconds and reads nothing. What this process puts into the file itself wakes its receivers at once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from ..errors import ConnectionLost
from .interface import Delivery
from .receiver_queues import ConnectionSource, as_queue, declare, losses, open_connection
from .receiver_virtual import NO_MESSAGE, delivery_of, say_dropped
from .receiver_waker import Waker
from .sqlite_channel import message_of
from .sqlite_file import FileUnusable

#: Seconds between two looks: after a message, and at last.
_SHORTEST, _LONGEST = 0.002, 0.04


class SQLiteReceiver:
    """See :class:`~flowc.runtime.broker.interface.Receiver`.

    Args:
        source: makes the connection.
        queues: names, or kombu's queues.
        prefetch: is not needed here, where nothing is sent in advance.

    Raises:
        ConnectionLost: the file cannot be used.
    """

    def __init__(self, source: ConnectionSource, queues: Sequence[Any], prefetch: int) -> None:
        self._source = source
        self._queues = [as_queue(source, queue) for queue in queues]
        self._order = list(dict.fromkeys(queue.name for queue in self._queues))
        self._held: set[tuple[int, int]] = set()
        self._done: list[int] = []
        self._consuming = True
        self._woken = False
        self._waker = Waker()
        self._connection: Any = None
        self._consumer = 0
        try:
            self._connect()
        except BaseException:
            self._disconnect()
            self._waker.close()
            raise

    # --------------------------------------------------------------------------------------------------------- the interface
    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        """Wait for messages, and give at most ``most`` of them."""
        most = most if self._consuming and self._order else 0
        deadline = None if timeout is None else time.monotonic() + timeout
        step = _SHORTEST
        with self._losses():
            while True:
                self._channel.consumers.inherit()
                taken = self._take(most)
                left = None if deadline is None else deadline - time.monotonic()
                if taken or self._woken or (left is not None and left <= 0):
                    self._woken = False
                    return taken
                # who waits for nothing only looks for consumers that have ended
                pause = step if most > 0 else 1.0
                self._waker.wait((), pause if left is None else min(pause, left))
                step = min(step * 1.3, _LONGEST)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Delete the messages: with the next :meth:`reconnect` if they cannot be deleted now."""
        if numbers := self._let_go(deliveries):
            self._done += numbers
            with self._losses():
                self._forget()

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        """Delete the messages, or let them wait where they were in their queues."""
        if not requeue:
            self.ack(deliveries)
        elif numbers := self._let_go(deliveries):
            with self._losses():
                self._channel.messages.give_back(numbers, self._consumer)

    def read(self, queues: Sequence[Any]) -> None:
        """Read these queues from now on."""
        self._queues = [as_queue(self._source, queue) for queue in queues]
        self._order = list(dict.fromkeys(queue.name for queue in self._queues))
        with self._losses():
            self._declare()

    def cancel(self) -> None:
        """Take no more messages."""
        self._consuming = False

    def reconnect(self) -> None:
        """Open the file anew, and give back what was held."""
        self._disconnect()
        self._connect()

    def wake(self) -> None:
        """Let :meth:`receive` return soon."""
        self._woken = True
        self._waker.ring()

    def close(self) -> None:
        """Give back what is unacknowledged, and close the file."""
        self._disconnect()
        self._waker.close()

    # -------------------------------------------------------------------------------------------------------------- connection
    def _connect(self) -> None:
        connection = open_connection(self._source)
        try:
            with losses((FileUnusable,), "cannot consume"):
                self._channel = connection.channel()
                self._consumer = self._channel.consumer()
                self._declare()
        except BaseException:
            connection.release()
            raise
        self._connection = connection
        self._channel.messages.listen(self._waker.ring)

    def _declare(self) -> None:
        declare(self._queues, self._channel)
        for name in self._order:
            if self._channel.topology.is_passing(name):
                self._channel.topology.own_queue(name, self._consumer)

    def _disconnect(self) -> None:
        self._held.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            self._channel.messages.unlisten(self._waker.ring)
            with contextlib.suppress(Exception):
                self._forget()
            # closing the channel gives back what it holds; if that fails, others do when this process has ended
            with contextlib.suppress(Exception):
                self._channel.close()
            with contextlib.suppress(Exception):
                connection.release()

    def _losses(self) -> contextlib.AbstractContextManager[None]:
        if self._connection is None:
            raise ConnectionLost("the file of the queues was closed before")
        return losses((FileUnusable,), "receiving failed")

    # ---------------------------------------------------------------------------------------------------------------- messages
    def _take(self, most: int) -> list[Delivery]:
        order = self._order
        taken = self._channel.messages.take(order, most, self._consumer)
        if len(order) > 1 and taken:
            order.append(order.pop(0))
        deliveries = []
        for row in taken:
            tag = (self._consumer, row.id)
            try:
                deliveries.append(delivery_of(message_of(row), tag, redelivered=row.times > 1))
            except NO_MESSAGE as failure:
                say_dropped(row.queue, failure)
                self._done.append(row.id)
            else:
                self._held.add(tag)
        self._forget()
        return deliveries

    def _forget(self) -> None:
        """Delete what is done."""
        if self._done:
            self._channel.messages.forget(self._done, self._consumer)
            self._done = []

    def _let_go(self, deliveries: Sequence[Delivery]) -> list[int]:
        """The numbers of those that are held still."""
        numbers = []
        for delivery in deliveries:
            if delivery.tag in self._held:
                self._held.discard(delivery.tag)
                numbers.append(delivery.tag[1])
        return numbers
