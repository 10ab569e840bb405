"""What becomes of messages: acknowledged, dropped or given back, a batch at a time; and never on another connection than their own."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any

from ..broker.interface import Delivery, Receiver
from ..errors import ConnectionLost
from .entry import Entry

#: Ids of calls that have ended while their connection was lost, which are remembered.
MOST_ENDED = 10_000


class Settling:
    """Collects what is to be told to the broker. Belongs to the worker's loop.

    Attributes:
        receiver: the present one; None while there is none.
        generation: counts connections.
        connected: whether the present one is not lost.
        open: how many messages of the present connection were taken in and are not settled.
    """

    def __init__(self) -> None:
        self.receiver: Receiver | None = None
        self.generation = 0
        self.open = 0
        self.connected = True
        self._acks: list[Delivery] = []
        self._drops: list[Delivery] = []
        self._returns: list[Delivery] = []
        self._ended: OrderedDict[str, None] = OrderedDict()

    def settle(self, entry: Entry, rejected: bool | None = None) -> None:
        """A message is done with: acknowledge it, or with ``rejected`` give it back (True) or drop it (False)."""
        if entry.acked:
            return
        entry.acked = True
        if entry.generation != self.generation:
            if rejected is not True:
                self._ended_without_connection(entry)
            return
        self.open -= 1
        if rejected is None:
            self._acks.append(entry.delivery)
        elif rejected:
            self._returns.append(entry.delivery)
        else:
            self._drops.append(entry.delivery)

    def _ended_without_connection(self, entry: Entry) -> None:
        """It may come again, and must not run again. Some receivers can still acknowledge it, when they connect anew."""
        self._ended[entry.id] = None
        if len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)
        if not self.connected:
            self._ack_later([entry.delivery])

    def _ack_later(self, deliveries: list[Delivery]) -> None:
        if self.receiver is not None and deliveries:
            with contextlib.suppress(ConnectionLost):
                self.receiver.ack(deliveries)

    def ack(self, delivery: Delivery) -> None:
        """Acknowledge a message that no entry is made for."""
        self._acks.append(delivery)

    def drop(self, delivery: Delivery) -> None:
        """Let the broker drop it."""
        self._drops.append(delivery)

    def give_back(self, deliveries: list[Delivery]) -> None:
        """Give messages back to their queues."""
        self._returns.extend(deliveries)

    def ended(self, id_: Any) -> bool:
        """Whether a call that comes again has ended here already. Asked once, it is forgotten."""
        if id_ in self._ended:
            del self._ended[id_]
            return True
        return False

    def flush(self) -> None:
        """Tell the broker. Raises ConnectionLost; what was not told will be delivered again."""
        receiver = self.receiver
        if receiver is None:
            return
        if self._acks:
            acks, self._acks = self._acks, []
            receiver.ack(acks)
        if self._drops:
            drops, self._drops = self._drops, []
            receiver.reject(drops, requeue=False)
        if self._returns:
            returns, self._returns = self._returns, []
            receiver.reject(returns, requeue=True)

    def lost(self) -> None:
        """The connection is gone, and with it everything that could have been said on it."""
        self.generation += 1
        self.open = 0
        self.connected = False
        self._ack_later(self._acks)
        self._acks, self._drops, self._returns = [], [], []
