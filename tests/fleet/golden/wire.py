"""Messages as they stand in the queues of a broker: taken out, and put into a form in which two of them can be compared."""

from __future__ import annotations

import base64
import json
import platform
import re
import time
from collections.abc import Sequence
from queue import Empty
from typing import Any, Self

from kombu.connection import Connection

#: Seconds after which a worker's messages should have come.
DEADLINE = 60.0


class Taps:
    """Takes messages out of queues, unread. Declares the queues as clients do.

    Args:
        broker: a Redis or RabbitMQ server, or this process's memory.
        queues: their names.
    """

    def __init__(self, broker: str, queues: Sequence[str]) -> None:
        self._queues = queues
        self._connection = Connection(broker)
        sources = {"redis": self._from_redis, "memory": self._from_memory, "amqp": self._from_rabbitmq}
        self._next = sources[broker.partition(":")[0]]

    def __enter__(self) -> Self:
        self._channel: Any = self._connection.channel()
        for queue in self._queues:
            self._channel.exchange_declare(queue, type="direct", durable=True, auto_delete=False)
            self._channel.queue_declare(queue=queue, durable=True, auto_delete=False)
            self._channel.queue_bind(queue=queue, exchange=queue, routing_key=queue)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.release()

    def take(self, queues: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """All messages of all queues, in the order in which they were sent."""
        found = []
        for queue in queues or self._queues:
            while True:
                taken = self._next(queue)
                if taken is None:
                    break
                found.append({"queue": queue, **taken})
        return found

    def await_held(self, count: int | None = None, queue: str = "held") -> list[dict[str, Any]]:
        """The messages that a worker sends to a queue: so many, or the first of them and what comes close behind it."""
        until = time.monotonic() + DEADLINE
        found: list[dict[str, Any]] = []
        quiet = 0
        while len(found) < count if count else quiet < 10:
            time.sleep(0.01 if count else 0.05)
            more = self.take((queue,))
            found += more
            quiet = 0 if more or not found else quiet + 1
            if time.monotonic() > until:
                raise TimeoutError(f"{len(found)} messages came to {queue}")
        return found

    def _from_redis(self, queue: str) -> dict[str, Any] | None:
        for step in (0, 3, 6, 9):
            text = self._channel.client.rpop(self._channel._q_for_pri(queue, step))
            if text is not None:
                return _virtual(json.loads(text))
        return None

    def _from_memory(self, queue: str) -> dict[str, Any] | None:
        try:
            return _virtual(self._channel._get(queue))
        except Empty:
            return None

    def _from_rabbitmq(self, queue: str) -> dict[str, Any] | None:
        message = self._channel.basic_get(queue, no_ack=True)
        if message is None:
            return None
        properties = dict(message.properties)
        headers = properties.pop("application_headers", None)
        told = {"content-type": properties.pop("content_type"), "content-encoding": properties.pop("content_encoding")}
        info = {"exchange": message.delivery_info["exchange"], "routing_key": message.delivery_info["routing_key"]}
        body = message.body if isinstance(message.body, bytes) else message.body.encode()
        return {**_told(body, told), "headers": headers, "properties": {**properties, "delivery_info": info}}


def _virtual(message: dict[str, Any]) -> dict[str, Any]:
    body, properties = message["body"], dict(message["properties"])
    if properties.get("body_encoding") == "base64":
        body = base64.b64decode(body)
    return {**_told(body if isinstance(body, bytes) else body.encode(), message), "headers": message["headers"], "properties": properties}


def _told(body: bytes, message: dict[str, Any]) -> dict[str, Any]:
    """What a message says of its body, and the body."""
    told = {"content-type": message["content-type"], "content-encoding": message["content-encoding"]}
    try:
        return {**told, "body": body.decode()}
    except UnicodeDecodeError:
        return {**told, "body64": base64.b64encode(body).decode()}


def raw_body(message: dict[str, Any]) -> bytes:
    """The body as it was on the wire."""
    return base64.b64decode(message["body64"]) if "body64" in message else str(message["body"]).encode()


def anonymous(text: str) -> str:
    """A file's text without the name of the machine that it was made on, and the number of the process."""
    return re.sub(r"\bgen\d+@", "gen1@", text.replace(platform.node(), "client"))
