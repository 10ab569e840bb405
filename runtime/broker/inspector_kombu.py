"""Inspecting over AMQP (RabbitMQ), and over kombu's other transports as far as they can."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kombu import entity

from ..errors import ConnectionLost
from .connections import ANSWER
from .control import make_mailbox
from .inspecting import Inspector, Standing
from .receiver_queues import losses, open_connection
from .receiver_virtual import NO_MESSAGE

if TYPE_CHECKING:
    from .broker import Broker

_Queue: Any = entity.Queue  # kombu's functions have no types

#: AMQP's code for what is not there.
_NOT_FOUND = 404


class KombuInspector(Inspector):
    """See :class:`Inspector`.

    Args:
        broker: makes the connection.
    """

    def __init__(self, broker: Broker) -> None:
        super().__init__()
        self._fanout = broker.traits.fanout
        self._connection = open_connection(broker)
        self._losses = (*self._connection.connection_errors, *self._connection.channel_errors)
        self._amqp = getattr(self._connection.transport, "driver_name", "") == "py-amqp"
        self._mailbox = make_mailbox(broker.conf)
        self._key = str(uuid.uuid4())
        self._channel: Any = None
        self._came: deque[tuple[str, Any]] = deque()
        self._returned = False

    def prepare(self) -> None:
        if self._channel is not None or not self._fanout:
            return
        exchange = self._mailbox.reply_exchange
        queue = _Queue(
            f"{self._key}.{exchange.name}", exchange, routing_key=self._key, durable=False, exclusive=True, auto_delete=True, expires=300
        )
        with losses(self._losses, "cannot ask workers"):
            channel = self._connection.channel()
            if self._amqp:
                channel.events["basic_return"].add(self._on_return)
            self._mailbox.exchange(channel).declare()
            bound = queue(channel)
            bound.declare()
            bound.consume(self._key, callback=self._arrive, no_ack=True)
        self._channel = channel

    def reply_to(self) -> dict[str, str]:
        return {"exchange": self._mailbox.reply_exchange.name, "routing_key": self._key}

    def publish(self, body: str, headers: dict[str, Any]) -> int | None:
        if not self._fanout:
            return 0
        self._returned = False
        more: dict[str, Any] = {"mandatory": True, "timeout": ANSWER} if self._amqp else {}
        with losses(self._losses, "cannot ask workers"):
            message = self._channel.prepare_message(body, None, "application/json", "utf-8", headers, {"delivery_mode": 1})
            self._channel.basic_publish(message, exchange=self._mailbox.exchange.name, routing_key="", **more)
        return 0 if self._returned else None  # it came back: no worker has a queue there

    def _on_return(self, *_: object) -> None:
        self._returned = True

    def _arrive(self, raw: Any) -> None:
        message = self._channel.message_to_python(raw) if hasattr(self._channel, "message_to_python") else raw
        with contextlib.suppress(*NO_MESSAGE):
            self._came.append((str(message.headers.get("ticket")), json.loads(message.body)))

    def collect(self, timeout: float) -> Iterator[tuple[str, Any]]:
        if not self._came:
            with losses(self._losses, "the connection was lost while workers answered"), contextlib.suppress(TimeoutError):
                self._connection.drain_events(timeout=timeout)
        while self._came:
            yield self._came.popleft()

    def standing(self, queue: str) -> Standing:
        with losses((*self._connection.connection_errors, OSError), "a queue could not be looked at"):
            channel = self._connection.channel()  # the broker closes it if there is no such queue
            try:
                _, messages, consumers = channel.queue_declare(queue, passive=True)
            except self._connection.channel_errors as refused:
                if getattr(refused, "code", getattr(refused, "reply_code", None)) not in (_NOT_FOUND, str(_NOT_FOUND)):
                    raise ConnectionLost(f"the queue {queue!r} could not be looked at: {refused}") from refused
                return Standing(0, 0 if self._amqp else None, exists=False)
            finally:
                with contextlib.suppress(Exception):
                    channel.close()
        return Standing(messages, consumers if self._amqp else None)

    def consumers(self, queue: str) -> int | None:
        return self.standing(queue).consumers if self._amqp else None

    def close(self) -> None:
        if self._channel is not None:
            with contextlib.suppress(Exception):
                self._channel.basic_cancel(self._key)  # with its consumer the queue goes
            with contextlib.suppress(Exception):
                self._channel.close()
        with contextlib.suppress(Exception):
            self._connection.release()
