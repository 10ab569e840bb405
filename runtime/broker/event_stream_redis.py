"""Events over Redis: each is published on a channel that is named after the exchange and the routing key."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .inspecting import EventStream
from .receiver_json import read_json
from .receiver_queues import losses, open_connection
from .receiver_virtual import NO_MESSAGE, delivery_of

if TYPE_CHECKING:
    from .broker import Broker


class RedisEventStream(EventStream):
    """See :class:`EventStream`.

    Args:
        broker: makes the connection.
        keys: patterns of routing keys, as in AMQP.
    """

    def __init__(self, broker: Broker, keys: Sequence[str]) -> None:
        self._connection = open_connection(broker)
        super().__init__()
        self._losses = (*self._connection.connection_errors, *self._connection.channel_errors)
        try:
            with losses(self._losses, "events are not heard"):
                self._channel = self._connection.channel()
                self._pubsub = self._channel.client.pubsub()
                topics = [self._channel._get_publish_topics(broker.conf.event_exchange, key.replace("#", "*")) for key in keys]
                self._pubsub.psubscribe(*dict.fromkeys(topic for some in topics for topic in some))
        except BaseException:
            self.close()
            raise

    def receive(self, timeout: float) -> list[tuple[bytes | str, str]]:
        came: list[tuple[bytes | str, str]] = []
        with losses(self._losses, "the connection was lost while events were heard"):
            self._drain(came)
            if not came:
                self._waker.wait([self._pubsub.connection._sock], timeout)
                self._drain(came)
        return came

    def _drain(self, came: list[tuple[bytes | str, str]]) -> None:
        while (told := self._pubsub.get_message(timeout=0)) is not None:
            if told["type"] == "pmessage":
                with contextlib.suppress(*NO_MESSAGE):
                    delivery = delivery_of(read_json(told["data"]), None)
                    came.append((delivery.body, delivery.content_type))

    def ends(self) -> list[Callable[[], object]]:
        return [lambda: self._pubsub.close(), lambda: self._channel.close(), self._connection.release]
