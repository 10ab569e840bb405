"""Queues, exchanges and bindings as kombu's objects, and their declaration."""

from __future__ import annotations

from typing import Any

from kombu import entity

from ..queues import Queues, QueueSpec
from .interface import Destination

# kombu's functions have no types
_Queue: Any = entity.Queue
_Exchange: Any = entity.Exchange


class Topology:
    """Makes kombu's queues of those that the application knows.

    Args:
        queues: the known queues.
        delivery_mode: ``task_default_delivery_mode``: 1 or 2.
    """

    def __init__(self, queues: Queues, delivery_mode: int = 2) -> None:
        self.queues = queues
        self._delivery_mode = delivery_mode

    def queue(self, given: Any) -> Any:
        """The kombu ``Queue`` of a name, unbound. One that is kombu's own already is left as it is (a mailbox, say), unless it is known.

        Raises:
            QueueNotFound: it is not known, and may not be made.
        """
        if isinstance(given, str):
            return self.queue_of(self.queues[given])
        known = self.queues.known(given.name)
        return self.queue_of(known) if known is not None and known.native is given else given

    def queue_of(self, spec: QueueSpec) -> Any:
        """The kombu ``Queue`` of a description."""
        if spec.native is not None:
            return self._completed(spec)
        extra = dict(spec.extra or {})
        if spec.max_priority is not None:
            extra["max_priority"] = spec.max_priority
        return _Queue(spec.name, self._exchange_of(spec), routing_key=spec.routing_key, **extra)

    def declare(self, destination: Destination, channel: Any) -> None:
        """Declare what a message to that destination needs: its queue, or the known queues of its exchange."""
        if destination.queue is not None:
            self.queue(destination.queue).bind(channel).declare()
            return
        if not destination.exchange:
            return
        for spec in self.queues.bound_to(destination.exchange):
            queue = self.queue_of(spec)
            (queue.exchange if spec.broadcast else queue).bind(channel).declare()

    def _exchange_of(self, spec: QueueSpec) -> Any:
        return _Exchange(spec.exchange, type=spec.exchange_type, delivery_mode=self._delivery_mode)

    def _completed(self, spec: QueueSpec) -> Any:
        """A user's queue, with the exchange and the key that settings give to one that has none."""
        queue = spec.native
        if not getattr(queue.exchange, "name", ""):
            queue.exchange = self._exchange_of(spec)
        if not queue.routing_key:  # even to a fanout: Celery does so on both ends, and over Redis a fanout is heard by its key
            queue.routing_key = spec.routing_key
        if spec.max_priority is not None and queue.max_priority is None and "x-max-priority" not in (queue.queue_arguments or {}):
            queue.max_priority = spec.max_priority
        return queue
