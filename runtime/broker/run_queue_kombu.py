"""The queue of a run on brokers that have queues of their own (RabbitMQ), and on every transport of kombu but Redis.

On RabbitMQ the exchange is permanent, and shared by all runs: what is published to it when a run's queue is gone is dropped without
a word, where a missing exchange would be an error in the worker. The queue expires when nobody has consumed from it for a while.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from kombu import entity

from ..errors import ConnectionLost
from . import connections
from .interface import Delivery, Receiver
from .receivers import make_receiver
from .run_queue import EXCHANGE

if TYPE_CHECKING:
    from .broker import Broker

# kombu's functions have no types
_Queue: Any = entity.Queue
_Exchange: Any = entity.Exchange

#: Messages that are given at once, and that the server may send in advance.
_MOST = 1000


class KombuRunQueue:
    """See :class:`~flowc.runtime.broker.run_queue.RunQueue`.

    Args:
        broker: makes connections.
        run_id: the run.
        abandoned: seconds after which an unused queue expires, where the broker knows that.
        shared: whether one exchange serves all runs; else each has its own.
    """

    def __init__(self, broker: Broker, run_id: str, abandoned: float, *, shared: bool) -> None:
        self._broker = broker
        self._shared = shared
        self.name = f"flowc.{run_id}"
        self.exchange = EXCHANGE if shared else self.name
        self.routing_key = run_id
        self.expected = 0
        self._queue = _Queue(
            self.name,
            _Exchange(self.exchange, type="direct", durable=True),
            routing_key=self.routing_key,
            durable=True,
            auto_delete=False,
            expires=abandoned if shared else None,
        )
        self._receiver: Receiver | None = None
        self._given: list[Delivery] = []

    def open(self) -> None:
        """Connect, declare everything, and begin to receive."""
        self._drop()
        self._receiver = make_receiver(self._broker, [self._queue], _MOST)

    def receive(self, timeout: float) -> list[Delivery]:
        """Acknowledge what was given before, and wait for more."""
        receiver = self._receiver
        if receiver is None:
            raise ConnectionLost("the connection was lost before")
        given, self._given = self._given, []
        if given:
            receiver.ack(given)
        self._given = receiver.receive(_MOST, timeout)
        return self._given

    def wake(self) -> None:
        """Let :meth:`receive` return soon."""
        receiver = self._receiver
        if receiver is not None:
            receiver.wake()

    def close(self, *, forget: bool) -> None:
        """Disconnect."""
        if self._receiver is not None and self._given:
            with contextlib.suppress(Exception):  # then they expire with the queue
                self._receiver.ack(self._given)
        self._drop()
        if forget:
            with contextlib.suppress(Exception):  # it expires
                self._delete()

    def _drop(self) -> None:
        self._given = []
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            with contextlib.suppress(Exception):
                receiver.close()

    def _delete(self) -> None:
        connection = self._broker.connection()
        try:
            connections.establish(connection)
            bound = self._queue.bind(connection.default_channel)
            bound.delete()
            if not self._shared:
                bound.exchange.delete()
        finally:
            connection.release()
