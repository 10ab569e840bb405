"""What a receiver consumes from: names become kombu queues, and the connection that it owns is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from ..errors import ConnectionLost, ImproperlyConfigured
from .connections import Refused, discard, establish, place


class ConnectionSource(Protocol):
    """Whoever makes connections: :class:`~flowc.runtime.broker.broker.Broker`."""

    def connection(self) -> Any:
        """A new kombu ``Connection``, not yet established."""


def as_queue(source: ConnectionSource, queue: Any) -> Any:
    """A kombu ``Queue``: as given, as the broker's topology knows it by its name, or else the direct queue of Celery's defaults."""
    topology = getattr(source, "topology", None)
    if topology is not None:
        return topology.queue(queue)
    if not isinstance(queue, str):
        return queue
    from kombu.entity import Exchange, Queue

    return Queue(queue, Exchange(queue, type="direct"), routing_key=queue)


def open_connection(source: ConnectionSource, *, heartbeat: float | None = None) -> Any:
    """A connection of the receiver's own, established: each of the alternative servers is tried, without waiting in between.

    Raises:
        ConnectionLost: none of them answers.
        ImproperlyConfigured: one answers, and refuses.
    """
    connection = source.connection()
    if heartbeat is not None and not connection.heartbeat:
        connection = connection.clone(heartbeat=heartbeat)
    try:
        establish(connection)
    except Refused as failure:
        raise ImproperlyConfigured(f"broker_url: {failure}") from failure
    except (*connection.connection_errors, *connection.channel_errors, OSError) as failure:
        discard(connection)
        raise ConnectionLost(f"cannot connect to {place(connection)}: {str(failure) or type(failure).__name__}") from failure
    return connection


@contextlib.contextmanager
def losses(errors: tuple[type[BaseException], ...], what: str) -> Iterator[None]:
    """Turn any of a transport's errors into :class:`ConnectionLost`."""
    try:
        yield
    except ConnectionLost:
        raise
    except errors as failure:
        raise ConnectionLost(f"{what}: {str(failure) or type(failure).__name__}") from failure


def declare(queues: Sequence[Any], channel: Any) -> list[Any]:
    """Declare the queues, with their exchanges and bindings; returns them bound to the channel."""
    bound = [queue.bind(channel) for queue in queues]
    for queue in bound:
        queue.declare()
    return bound
