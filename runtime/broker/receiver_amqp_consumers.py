"""The consumers of a channel: one for each queue, within a limit that follows what is held. Nothing is waited for here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amqp import spec

from ..errors import ConnectionLost
from .receiver_amqp_window import AmqpWindow


class AmqpConsumers:
    """Consumes from queues.

    Args:
        channel: py-amqp's channel.
        queues: kombu's, bound to it.
        window: the limit.
    """

    def __init__(self, channel: Any, queues: Sequence[Any], window: AmqpWindow) -> None:
        self._channel = channel
        self._queues = queues
        self._window = window
        #: The consumer that the server has cancelled, if it has.
        self.cancelled = ""

    def begin(self) -> None:
        """Say the limit, and consume. Messages may come before the server's answer."""
        self._say_limit()
        for tag, queue in zip(self._tags(), self._queues, strict=True):
            queue.consume(tag, callback=_unexpected, no_ack=False, nowait=True, on_cancel=self._on_cancel)

    def adjust(self, most: int, waiting: int) -> None:
        """Let the limit follow what is held: see :meth:`AmqpWindow.adjust`."""
        tags = self._tags()
        if not self._window.adjust(most, waiting):
            return
        if self._window.shared:
            self._say_limit()
        else:
            self._end(tags, nowait=True)
            self.begin()

    def change(self, queues: Sequence[Any]) -> None:
        """Consume from these instead. What is on its way from the others still comes."""
        self._end(self._tags(), nowait=True)
        self._window.renew()
        self._queues = queues
        self.begin()

    def end(self) -> set[str]:
        """Ask for an end of consuming; the tags of consumers whose end the server will confirm."""
        tags = self._tags()
        self._end(tags, nowait=False)
        return set(tags)

    def ending(self, tags: set[str]) -> bool:
        """Whether one of them is not confirmed yet: py-amqp strikes each off when the answer comes."""
        return bool(tags & self._channel.callbacks.keys())

    def _tags(self) -> list[str]:
        return [f"{self._window.consumers}{number}" for number in range(len(self._queues))]

    def _end(self, tags: Sequence[str], *, nowait: bool) -> None:
        for tag in tags:
            self._channel.send_method(spec.Basic.Cancel, "sb", (tag, nowait))

    def _say_limit(self) -> None:
        self._channel.send_method(spec.Basic.Qos, "lBb", (0, self._window.frame(), self._window.shared))

    def _on_cancel(self, consumer_tag: str) -> None:
        self.cancelled = consumer_tag


def _unexpected(message: Any) -> None:
    """Messages are not read by py-amqp."""
    raise ConnectionLost("py-amqp has read a message")
