"""The exchange that events go to, and the sending end of it: what workers tell monitors such as Flower and ``celery events``.

Source: "Monitoring and Management Guide", section "Events". The exchange is a topic; where a transport keeps exchanges in the
subscriptions of its clients (Redis), it is a fanout.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kombu import entity, messaging

from ..codec import encode_json
from . import connections

if TYPE_CHECKING:
    from .broker import Broker

_Exchange: Any = entity.Exchange  # kombu's functions have no types
_Producer: Any = messaging.Producer

#: Transports whose clients would not hear a topic.
_FANOUT = frozenset(("redis", "gcpubsub"))

#: Seconds that writing an event may take.
PATIENCE = 10.0


def event_exchange(name: str, driver_type: str) -> Any:
    """kombu's ``Exchange`` of events.

    Args:
        name: the setting ``event_exchange``.
        driver_type: kombu's name of the transport.
    """
    return _Exchange(name, type="fanout" if driver_type in _FANOUT else "topic")


class EventPublisher:
    """Publishes events over a connection of its own, so that nothing else waits for it. Safe in threads.

    Args:
        broker: makes the connection when it is first needed.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.Lock()
        self._connection: Any = None
        self._producer: Any = None
        self._exchange: Any = None

    def publish(self, events: Mapping[str, Any] | Sequence[Mapping[str, Any]], routing_key: str, hostname: str) -> None:
        """Send one event, or several in one message. After an error the next call connects anew.

        Args:
            events: as JSON carries them.
            routing_key: the type of the event with dots; ``task.multi`` for several.
            hostname: who sends them.

        Raises:
            Exception: whatever the transport raises.
        """
        body = encode_json(events)
        with self._lock:
            try:
                if self._producer is None:
                    self._connect()
                self._producer.publish(
                    body, exchange=self._exchange.name, routing_key=routing_key, content_type="application/json", content_encoding="utf-8",
                    headers={"hostname": hostname}, delivery_mode=1, retry=False, timeout=PATIENCE,
                )  # fmt: skip
            except BaseException:
                self._discard()
                raise

    def _connect(self) -> None:
        # lost events are no harm, so nobody waits for confirms
        conf = self._broker.conf
        options = connections.transport_options(conf, conf.broker_url.partition("://")[0])
        connection = self._broker.connection(transport_options={**options, "confirm_publish": False})
        self._connection = connection
        connections.establish(connection)
        channel = connection.channel()
        self._exchange = event_exchange(conf.event_exchange, connection.transport.driver_type)
        self._exchange(channel).declare()
        self._producer = _Producer(channel, auto_declare=False)

    def _discard(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            connections.discard(connection)

    def close(self) -> None:
        """Disconnect. The next event connects again."""
        with self._lock:
            connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.release()
