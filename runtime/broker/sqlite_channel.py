"""A channel of kombu's over a SQLite file, see :mod:`.sqlite_transport`."""

from __future__ import annotations

import itertools
import json
import os
from queue import Empty
from typing import Any

from kombu.transport import virtual

from .receiver_json import read_json, write_json
from .sqlite_consumers import Consumers
from .sqlite_messages import Messages, Put, Taken
from .sqlite_topology import SQLiteTopology

_VirtualChannel: Any = virtual.Channel
_VirtualQoS: Any = virtual.QoS
_next_tag = itertools.count(1).__next__


class SQLiteQoS(_VirtualQoS):  # type: ignore[misc]
    """What a channel holds: the file knows it too."""

    def ack(self, delivery_tag: int) -> None:
        """Delete the message."""
        self.channel.forget(delivery_tag)
        super().ack(delivery_tag)

    def reject(self, delivery_tag: int, requeue: bool = False) -> None:
        """Delete the message, or let it wait again where it was."""
        if requeue:
            self.channel.give_back(delivery_tag)
        else:
            self.channel.forget(delivery_tag)
        super().ack(delivery_tag)

    def restore_unacked(self) -> list[Any]:
        """Let all wait again."""
        self._flush()
        for tag in list(self._delivered):
            self.channel.give_back(tag)
        self._delivered.clear()
        return []


class SQLiteChannel(_VirtualChannel):  # type: ignore[misc]
    """See :mod:`.sqlite_transport`."""

    QoS = SQLiteQoS
    supports_fanout = True
    supports_batch_publish = True
    #: A body is a column of its own, as bytes.
    body_encoding = None
    max_priority = 255

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        file = connection.file
        self.messages = Messages(file)
        self.consumers = Consumers(file)
        self.topology = SQLiteTopology(file)
        self._consumer: tuple[int, int] | None = None
        self._without_ack: set[str] = set()

    # --------------------------------------------------------------------------------------------------------------- consuming
    def consumer(self) -> int:
        """The number under which this channel holds messages, in this process."""
        if self._consumer is None or self._consumer[0] != os.getpid():
            self._consumer = (os.getpid(), self.consumers.enter())
        return self._consumer[1]

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        self.consumers.inherit()
        consumer = None if queue in self._without_ack else self.consumer()
        taken = self.messages.take((queue,), 1, consumer)
        if not taken:
            raise Empty
        return message_of(taken[0])

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """The next message, if there is one."""
        message = super().basic_get(queue, no_ack=no_ack, **kwargs)
        if no_ack and message is not None and queue not in self._without_ack:
            self.forget(message.delivery_tag)
        return message

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:
        """Consume from a queue."""
        if no_ack:
            self._without_ack.add(queue)
        if self.topology.is_passing(queue):
            self.topology.own_queue(queue, self.consumer())
        return super().basic_consume(queue, no_ack, *args, **kwargs)

    def basic_cancel(self, consumer_tag: str) -> Any:
        """Consume no more."""
        queue = self._tag_to_queue.get(consumer_tag)
        result = super().basic_cancel(consumer_tag)
        if queue is not None and queue not in self._active_queues:
            self._without_ack.discard(queue)
            if self._consumer is not None and self.topology.is_passing(queue):
                self.topology.disown_queue(queue, self.consumer())
        return result

    def forget(self, number: int) -> None:
        """Delete a message that this channel holds."""
        self.messages.forget((number,), self.consumer())

    def give_back(self, number: int) -> None:
        """Let a message that this channel holds wait again."""
        self.messages.give_back((number,), self.consumer())

    def _restore(self, message: Any) -> None:
        self.give_back(message.delivery_tag)

    def close(self) -> None:
        """Give back what it holds, and end as a consumer."""
        if not self.closed:
            try:
                super().close()
            finally:
                consumer, self._consumer = self._consumer, None
                if consumer is not None and consumer[0] == os.getpid():
                    self.consumers.leave(consumer[1])

    # -------------------------------------------------------------------------------------------------------------- publishing
    def _next_delivery_tag(self) -> int:
        return _next_tag()  # the file numbers messages

    def put_of(self, queue: str, message: dict[str, Any]) -> Put:
        """A message as it is put into a queue."""
        body = message["body"]
        envelope = write_json({key: value for key, value in message.items() if key != "body"})
        return Put(queue, self._get_message_priority(message), envelope, b"" if body is None else body)

    def _put(self, queue: str, message: dict[str, Any], _publish_batch: PublishBatch | None = None, **kwargs: Any) -> None:
        put = self.put_of(queue, message)
        if _publish_batch is not None:
            _publish_batch.puts.append(put)
        else:
            self.messages.put((put,))

    def _put_fanout(
        self, exchange: str, message: dict[str, Any], routing_key: str, _publish_batch: PublishBatch | None = None, **kwargs: Any
    ) -> None:
        puts = [self.put_of(queue, message) for queue in self._lookup(exchange, routing_key)]
        if _publish_batch is not None:
            _publish_batch.puts += puts
        elif puts:
            self.messages.put(puts)

    def create_publish_batch(self, max_size: int) -> PublishBatch:
        """For ``Producer.batch``: messages that are put together."""
        return PublishBatch(self, max_size)

    # ---------------------------------------------------------------------------------------------------------------- topology
    def exchange_declare(
        self, exchange: str | None = None, type: str = "direct", durable: bool = False, auto_delete: bool = False,  # noqa: A002
        arguments: Any = None, nowait: bool = False, passive: bool = False,
    ) -> Any:  # fmt: skip
        """Declare an exchange, for all processes."""
        kind = type or "direct"
        name = exchange or f"amq.{kind}"
        if name not in self.state.exchanges:
            declaration = json.dumps([durable, auto_delete, arguments or {}])
            known = self.topology.exchange_type(name) if passive else self.topology.declare_exchange(name, kind, declaration)[0]
            if known is not None:
                self.state.exchanges[name] = {
                    "type": known, "durable": durable, "auto_delete": auto_delete, "arguments": arguments or {}, "table": [],
                }  # fmt: skip
        return super().exchange_declare(exchange, kind, durable, auto_delete, arguments, nowait, passive)

    def typeof(self, exchange: str, default: str = "direct") -> Any:
        """The type of an exchange, whoever declared it."""
        if exchange not in self.state.exchanges:
            default = self.topology.exchange_type(exchange) or default
        return super().typeof(exchange, default)

    def exchange_delete(self, exchange: str, if_unused: bool = False, nowait: bool = False) -> None:
        """Delete an exchange."""
        self.topology.delete_exchange(exchange)
        self.state.exchanges.pop(exchange, None)

    def get_exchanges(self) -> list[str]:
        """All exchanges."""
        return self.topology.exchanges()

    def get_table(self, exchange: str) -> list[tuple[str, str, str]]:
        """Routing key, pattern and queue of each binding of an exchange."""
        return self.topology.bindings(exchange)

    def queue_bind(self, queue: str, exchange: str | None = None, routing_key: str = "", arguments: Any = None, **kwargs: Any) -> None:
        """Bind a queue to an exchange, for all processes."""
        exchange = exchange or "amq.direct"
        key, pattern, name = self.typeof(exchange).prepare_bind(queue, exchange, routing_key or "", arguments)
        self.topology.bind(exchange, key or "", pattern or "", name)

    def queue_unbind(self, queue: str, exchange: str | None = None, routing_key: str = "", arguments: Any = None, **kwargs: Any) -> None:
        """Undo that."""
        self.topology.unbind(exchange or "amq.direct", routing_key or "", queue)

    def list_bindings(self) -> Any:
        """Queue, exchange and routing key of every binding."""
        return ((queue, exchange, key) for exchange in self.get_exchanges() for key, _, queue in self.get_table(exchange))

    def queue_delete(self, queue: str, if_unused: bool = False, if_empty: bool = False, **kwargs: Any) -> None:
        """Delete a queue, with its messages and bindings."""
        if not (if_empty and self._size(queue)):
            self.topology.delete_queue(queue)

    def _new_queue(self, queue: str, auto_delete: bool = False, arguments: Any = None, **kwargs: Any) -> None:
        expires = (arguments or {}).get("x-expires")
        self.topology.declare_queue(queue, auto_delete=bool(auto_delete), expires=None if expires is None else int(expires) / 1000)

    def prepare_queue_arguments(self, arguments: Any, **kwargs: Any) -> Any:
        """Arguments by RabbitMQ's names."""
        from kombu.transport import base

        convert: Any = base.to_rabbitmq_queue_arguments
        return convert(arguments, **kwargs)

    def _has_queue(self, queue: str, **kwargs: Any) -> bool:
        return self.topology.has_queue(queue)

    def _size(self, queue: str) -> int:
        return self.messages.size(queue)

    def _purge(self, queue: str) -> int:
        return self.messages.purge(queue)


class PublishBatch:
    """Messages of ``Producer.batch``: put into the file in one transaction."""

    def __init__(self, channel: SQLiteChannel, max_size: int) -> None:
        self.channel = channel
        self._max_size = max_size
        self.puts: list[Put] = []

    def publish(self, message: dict[str, Any], **kwargs: Any) -> Any:
        """Take a message; it is put when there are enough of them."""
        result = self.channel.basic_publish(message, _publish_batch=self, **kwargs)
        if len(self.puts) >= self._max_size:
            self.flush()
        return result

    def flush(self) -> None:
        """Put them all."""
        if self.puts:
            self.channel.messages.put(self.puts)
            self.puts = []

    def discard(self) -> None:
        """Put none of them."""
        self.puts = []

    close = discard


def message_of(taken: Taken) -> dict[str, Any]:
    """A message as kombu's virtual channels hand it on; its tag is its number in the file."""
    message: dict[str, Any] = read_json(taken.envelope)
    properties = message["properties"]
    properties["delivery_tag"] = taken.id
    if taken.times > 1:
        message["redelivered"] = True
        properties.setdefault("delivery_info", {})["redelivered"] = True
    message["body"] = taken.body
    return message
