"""The sending end: which connection a message takes, and what happens when that breaks.

A connection has a *lane* (``publisher_*.py``): how its transport is written to. Whatever goes wrong on a lane, the connection is thrown
away: kombu's error classes do not say reliably in which state it is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from kombu.exceptions import LimitExceeded, OperationalError

from . import connections
from .interface import Envelope, RetryPolicy
from .publisher_generic import Lane
from .retry import persist
from .topology import Topology

#: Seconds that a thread waits for one of the pool's connections while others use them all.
POOL_WAIT = 60.0


class ConnectionPublisher:
    """Publishes over pooled connections, or over one that the caller gives.

    Args:
        pool: gives the pool of connections: after a fork another one.
        topology: declares queues.
    """

    def __init__(self, pool: Callable[[], Any], topology: Topology) -> None:
        self._pool = pool
        self._topology = topology

    def publish(self, envelope: Envelope, retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Send one message; ``connection`` or ``producer`` (kombu's) is used instead of a pooled one.

        Raises:
            OperationalError: kombu's; the broker could not be reached, and every retry is used up.
        """
        if producer is not None:
            self._by_producer(envelope, retry, producer)
            return
        self._persist(retry, lambda lane: lane.send(envelope), lambda: None, connection)

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Send many messages in as few round trips as the transport can. After a failure, what was not confirmed is sent again.
        What the broker has is taken out of a deque.

        Raises:
            OperationalError: as for :meth:`publish`.
        """
        if producer is not None:
            for envelope in list(envelopes):
                self._by_producer(envelope, retry, producer)
                if isinstance(envelopes, deque):
                    envelopes.popleft()
            return
        pending = envelopes if isinstance(envelopes, deque) else deque(envelopes)
        self._persist(retry, lambda lane: lane.send_many(pending), lambda: len(pending), connection)

    def close(self) -> None:
        """Nothing is kept here."""

    # ------------------------------------------------------------------------------------------------------- connections
    def _persist(self, retry: RetryPolicy, send: Callable[[Lane], None], progress: Callable[[], object], given: Any) -> None:
        used: list[Any] = [given]

        def attempt() -> None:
            if given is not None:
                self._over(given, send)
                return
            used[0] = conn = self._acquire()
            try:
                self._over(conn, send)
            finally:
                conn.release()

        persist(
            retry, attempt,
            lambda exc: used[0] is not None and connections.may_pass(used[0], exc),
            lambda exc: connections.operational(used[0], exc, "no message could be sent to"),
            progress,
        )  # fmt: skip

    def _acquire(self) -> Any:
        pool = self._pool()
        try:
            return pool.acquire(block=True, timeout=POOL_WAIT)
        except LimitExceeded:
            raise OperationalError(
                f"all {pool.limit} connections of the pool are in use, and none came back for {POOL_WAIT:g} s: raise broker_pool_limit"
            ) from None

    def _over(self, conn: Any, send: Callable[[Lane], None]) -> None:
        with lock_of(conn):
            lane = self._lane(conn)
            try:
                send(lane)
            except BaseException:
                conn.flowc_lane = None
                connections.discard(conn)
                raise

    def _lane(self, conn: Any) -> Lane:
        lane: Lane | None = getattr(conn, "flowc_lane", None)
        if lane is not None and not lane.void():
            return lane
        conn.flowc_lane = None
        if lane is not None:  # found broken before anything was sent: connecting anew is no retry
            connections.discard(conn)
        try:
            connections.establish(conn)
            lane = lane_kind(conn)(conn, self._topology)
        except BaseException:
            connections.discard(conn)
            raise
        conn.flowc_lane = lane
        return lane

    # --------------------------------------------------------------------------------------------------- a user's producer
    def _by_producer(self, envelope: Envelope, retry: RetryPolicy, producer: Any) -> None:
        conn = producer.connection
        headers, properties, body, content_type, content_encoding, (exchange, key, _), mandatory = envelope

        def attempt() -> None:
            with lock_of(conn):
                publish()

        def publish() -> None:
            if not conn.connected:
                connections.establish(conn)
                producer.revive(conn.default_channel)
            declared = conn.__dict__.setdefault("flowc_declared", {})
            target = envelope.destination.queue or exchange
            if declared.get(target) is not conn._connection:
                self._topology.declare(envelope.destination, producer.channel)
                declared[target] = conn._connection
            try:
                producer.publish(
                    body, exchange=exchange, routing_key=key, content_type=content_type, content_encoding=content_encoding,
                    headers=headers, compression="", mandatory=mandatory, retry=False, **properties,
                )  # fmt: skip
            except BaseException:
                connections.discard(conn)
                raise

        persist(
            retry, attempt,
            lambda exc: connections.may_pass(conn, exc),
            lambda exc: connections.operational(conn, exc, "no message could be sent to"),
        )  # fmt: skip


def lock_of(conn: Any) -> threading.RLock:
    """kombu's connections are not safe in threads, and yet a caller may hand one to several."""
    lock: threading.RLock = conn.__dict__.setdefault("flowc_lock", threading.RLock())
    return lock


def lane_kind(conn: Any) -> type[Lane]:
    """How a connection's transport is written to."""
    if conn.transport.driver_type == "redis":
        from .publisher_redis import RedisLane

        return RedisLane
    if conn.transport.driver_name == "py-amqp":
        from .publisher_amqp import AmqpLane

        return AmqpLane
    return Lane
