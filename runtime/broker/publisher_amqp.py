"""Publishing over AMQP (RabbitMQ, by py-amqp): on one channel in confirm mode, so that what was published has arrived.

Without confirms a message that was written into a connection which breaks is lost, and nobody is told. A batch waits once, for the
last of its confirms. Transport option ``confirm_publish``: false trades this for speed.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections import deque
from typing import Any

from amqp.exceptions import PreconditionFailed

from .connections import ANSWER
from .interface import Destination, Envelope
from .publisher_generic import Lane

#: Messages that may be on their way without a confirm.
WINDOW = 1000


class AmqpLane(Lane):
    """Publishes over a channel of its own."""

    def __init__(self, connection: Any, topology: Any) -> None:
        super().__init__(connection, topology)
        self._confirms = bool(connection.transport_options.get("confirm_publish", True))
        self._returned: list[tuple[Exception, str, str, Any]] = []
        self._sent = self._settled = 0  # numbers of messages: all up to the second are confirmed
        self._early: set[int] = set()  # and these
        channel = self.channel
        channel.events["basic_return"].add(self._on_return)
        # the method of the class: an instance's may wait for each confirm
        self._publish: Any = type(channel).basic_publish.__get__(channel)
        if self._confirms:
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_nack)
            channel.confirm_select()

    def open_channel(self) -> Any:
        return self.connection.channel()

    def void(self) -> bool:
        """Take in what the broker has said meanwhile: it may have closed the channel or the connection."""
        if super().void() or self.channel.connection is None:
            return True
        try:
            while select.select([self.channel.connection.sock], [], [], 0)[0]:
                self.channel.connection.drain_events(timeout=ANSWER)
        except TimeoutError:
            return False
        except Exception:  # whatever it says before it goes
            return True
        return self.channel.connection is None

    def declare(self, destination: Destination) -> None:
        """A queue that is there with other arguments than ours (a quorum queue, say) is taken as it is: who reads it declared it."""
        key = destination.queue or destination.exchange
        if not key or key in self._declared:
            return
        channel = self.connection.channel()  # of its own: a refusal closes it
        try:
            self.topology.declare(destination, channel)
        except PreconditionFailed as exc:
            if " for queue " not in str(exc):
                raise
        finally:
            with contextlib.suppress(Exception):
                channel.close()
        self._declared.add(key)

    def put(self, envelope: Envelope) -> None:
        self._write(envelope)
        self._settle(self._sent)

    def send_many(self, pending: deque[Envelope]) -> None:
        first = self._sent  # confirms count from here
        try:
            for envelope in list(pending):
                self.declare(envelope.destination)
                self._write(envelope)
                if self._sent - self._settled >= WINDOW:
                    self._settle(self._sent - WINDOW // 2)
            self._settle(self._sent)
        finally:
            for _ in range(min(self._settled - first, len(pending))):
                pending.popleft()

    # ------------------------------------------------------------------------------------------------------------- writing
    def _write(self, envelope: Envelope) -> None:
        exchange, key, queue = envelope.destination
        # a queue that we declared and that is gone is declared again: so we must hear of it
        mandatory = envelope.mandatory or (self._confirms and queue is not None)
        self._sent += 1
        self._publish(self.message(envelope), exchange=exchange, routing_key=key, mandatory=mandatory, timeout=ANSWER)

    def _settle(self, wanted: int) -> None:
        """Wait until the broker has answered for every message up to number ``wanted``.

        Raises:
            ChannelError: amqp's; a mandatory message had nowhere to go.
        """
        if not self._confirms:
            self._settled = wanted
            return
        self._wait(wanted)
        if self._returned:
            returned, self._returned = self._returned, []
            for exc, exchange, key, message in returned:
                if exchange or key not in self._declared:
                    raise exc
                self._declared.discard(key)
                self.declare(Destination(exchange, key, key))
                self._sent += 1
                self._publish(message, exchange=exchange, routing_key=key, mandatory=True, timeout=ANSWER)
            self._wait(self._sent)
            if self._returned:
                raise self._returned[0][0]

    def _wait(self, wanted: int) -> None:
        until = time.monotonic() + ANSWER
        while self._settled < wanted:
            if self.channel.connection is None:
                raise ConnectionResetError("the broker closed the channel before it confirmed a message")
            self.channel.connection.drain_events(timeout=max(0.001, until - time.monotonic()))

    def _on_ack(self, tag: int, multiple: bool) -> None:
        if multiple:
            self._settled = max(self._settled, tag)
        elif tag > self._settled:
            self._early.add(tag)
        while self._settled + 1 in self._early:
            self._settled += 1
            self._early.discard(self._settled)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        # the broker could not take it (a queue with overflow=reject-publish is full, a node went down): another try may do
        raise ConnectionAbortedError("the broker refused a message (basic.nack)")

    def _on_return(self, exc: Exception, exchange: str, routing_key: str, message: Any) -> None:
        self._returned.append((exc, exchange, routing_key, message))
