"""Receiving from Redis, as kombu's transport keeps messages there, but many at once and without a moment in which one is lost.

Taking is a script: it pops up to so many messages, level by level of priority and queue by queue in turn (kombu's order), and
registers each as unacknowledged in the same step (:mod:`.receiver_redis_store`). So a worker that is killed at any moment
leaves every message either in its list or among the unacknowledged, where this worker's id in the tags leads to it
(:mod:`.receiver_redis_leases`), and where kombu's own consumers find it too. Waiting takes nothing (:mod:`.receiver_redis_bell`).

Acknowledgements are written without waiting for the answer, which is read before that of the next command. If the connection
ends in between, it is not known whether they arrived: they are sent again on the next one, and with them those of work that
ended while there was none, before everything else that was held is given back. What a script took whose answer never came is
given back with it: its tags are known beforehand, because they are counted here.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from typing import Any

from ..errors import ConnectionLost
from .interface import Delivery
from .receiver_identity import new_identity
from .receiver_json import read_json
from .receiver_queues import ConnectionSource, as_queue, declare, losses, open_connection
from .receiver_redis_bell import RedisBell
from .receiver_redis_leases import RedisLeases
from .receiver_redis_link import RedisLink
from .receiver_redis_scripts import TAKE
from .receiver_redis_store import RedisStore
from .receiver_virtual import NO_MESSAGE, delivery_of, say_dropped
from .receiver_waker import Waker

#: A script holds up the whole server, so it takes no more messages than this.
_MOST = 500


class RedisReceiver:
    """See :class:`~flowc.runtime.broker.interface.Receiver`.

    Args:
        source: makes the connection; the options of its transport are those of kombu's.
        queues: names, or kombu's queues, of no fanout exchange.
        prefetch: is not needed here, where nothing is sent in advance.

    Raises:
        ConnectionLost: the server cannot be reached.
    """

    def __init__(self, source: ConnectionSource, queues: Sequence[Any], prefetch: int) -> None:
        self._source = source
        self._queues = [as_queue(source, queue) for queue in queues]
        self._order = list(dict.fromkeys(queue.name for queue in self._queues))
        self._identity = new_identity()
        self._number = 0
        self._consuming = True
        self._uncertain = 0  # how many messages may have been taken beyond that number
        self._held: dict[str, None] = {}
        self._acknowledged: dict[str, None] = {}  # by commands whose answer is not known yet
        self._waker = Waker()
        self._connection: Any = None
        self._leases: RedisLeases | None = None
        try:
            self._connect()
        except BaseException:
            self._disconnect()
            self._waker.close()
            raise

    # --------------------------------------------------------------------------------------------------------- the interface
    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        """Wait for messages, and give at most ``most`` of them."""
        self._check()
        most = most if self._consuming and self._order else 0
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            taken = self._take(most) if most > 0 else []
            if taken:
                self._bell.calm()
            left = 0.0 if taken else None if deadline is None else max(0.0, deadline - time.monotonic())
            if left != 0.0 and most > 0 and not self._bell.arm():
                continue
            step = self._bell.patience() if left is None else min(left, self._bell.patience())
            if most <= 0:
                self._link.settle()
            rung, ready = self._waker.wait(self._bell.sources(), step if left != 0.0 else 0.0)
            if ready:
                self._link.settle()
                self._bell.rung()
            if taken or rung or (left is not None and left <= step and not ready):
                return taken or (self._take(most) if rung and most > 0 else [])

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """The broker forgets the messages: after the next :meth:`reconnect` if it cannot now."""
        tags = [delivery.tag for delivery in deliveries if self._held.pop(delivery.tag, self) is not self]
        self._acknowledged.update(dict.fromkeys(tags))
        self._check()
        if tags:
            self._acknowledge(tags)

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        """The broker drops the messages, or they come before all others of their queues again."""
        if not requeue:
            self.ack(deliveries)
            return
        self._check()
        tags = [delivery.tag for delivery in deliveries if delivery.tag in self._held]
        if tags:
            self._store.restore(self._link, tags)
            for tag in tags:
                self._held.pop(tag, None)

    def read(self, queues: Sequence[Any]) -> None:
        """Read these queues from now on."""
        self._check()
        self._queues = [as_queue(self._source, queue) for queue in queues]
        self._order = list(dict.fromkeys(queue.name for queue in self._queues))
        with losses(self._errors, "cannot consume"):
            self._declare()
        self._bell.listen(self._lists())

    def cancel(self) -> None:
        """Take no more messages."""
        self._consuming = False

    def reconnect(self) -> None:
        """Connect anew, and give back what was held."""
        self._disconnect()
        self._connect()

    def wake(self) -> None:
        """Let :meth:`receive` return soon."""
        self._waker.ring()

    def close(self) -> None:
        """Give back what is unacknowledged, and disconnect."""
        try:
            if self._connection is not None:
                # a connection that was lost has lost this as well; others will see that this worker has ended
                with contextlib.suppress(ConnectionLost):
                    self._give_back()
                    self._link.command("HDEL", self._store.consumers, self._identity)
        finally:
            self._disconnect()
            self._waker.close()

    # -------------------------------------------------------------------------------------------------------------- connection
    def _connect(self) -> None:
        connection = self._connection = open_connection(self._source)
        self._errors = (*connection.connection_errors, *connection.recoverable_channel_errors)
        with losses(self._errors, "cannot consume"):
            channel = self._channel = connection.channel()
            self._declare()
        self._turning = channel.queue_order_strategy == "round_robin"
        self._store = RedisStore(channel)
        self._link = RedisLink(channel.pool)
        self._bell = RedisBell(self._link, channel.pool, self._lists())
        self._give_back()
        self._leases = RedisLeases(channel.pool, self._store, self._identity, lambda: self._held)
        self._leases.start(self._link)

    def _declare(self) -> None:
        declare(self._queues, self._channel)
        if self._channel.queue_order_strategy == "sorted":
            self._order.sort()
        self._names = {name: json.dumps(name) for name in self._order}

    def _lists(self) -> list[str]:
        return [key for level in self._store.lists(self._order) for key in level]

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if self._leases is not None:
            self._leases.stop()
            self._leases = None
        for part in ("_bell", "_link"):
            if part in self.__dict__:
                self.__dict__.pop(part).close()
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.release()

    def _check(self) -> None:
        if self._connection is None or "_bell" not in self.__dict__:
            raise ConnectionLost("the connection was lost before")

    def _give_back(self) -> None:
        """Send again what may not have arrived, then give back what was held, or may have been taken."""
        if self._acknowledged:
            self._acknowledge(list(self._acknowledged))
            self._link.settle()
        held = [*self._held, *(self._tag(self._number + more) for more in range(1, self._uncertain + 1))]
        if held:
            self._store.restore(self._link, held)
        self._held.clear()
        self._number, self._uncertain = self._number + self._uncertain, 0

    # ----------------------------------------------------------------------------------------------------------------- messages
    def _tag(self, number: int) -> str:
        return f"{self._identity}:{number}"

    def _take(self, most: int) -> list[Delivery]:
        """The messages that are there, at most ``most``."""
        most = min(most, _MOST)
        order = self._order
        keys = [self._store.index, self._store.unacked, *(key for level in self._store.lists(order) for key in level)]
        turns = len(order) if self._turning else 1
        args = [most, repr(time.time()), f"{self._identity}:", self._number, turns, len(order), *(self._names[name] for name in order)]
        self._uncertain = most
        answer = self._link.script(TAKE, keys, args)
        self._uncertain = 0
        if len(answer) % 2:
            failure = answer.pop()
            if not answer:
                raise ConnectionLost(f"a key of a queue holds something else: {failure.decode('utf-8', 'replace')}")
        if not answer:
            return []
        taken = []
        strange = []
        for at in range(1, len(answer), 2):
            self._number += 1
            tag = self._tag(self._number)
            try:
                taken.append(delivery_of(read_json(answer[at]), tag))
            except NO_MESSAGE as failure:
                say_dropped(order[answer[at - 1]], failure)
                strange.append(tag)
            else:
                self._held[tag] = None
        if strange:
            self._acknowledged.update(dict.fromkeys(strange))
            self._acknowledge(strange)
        if self._turning and len(order) > 1:
            # as kombu: the queue that gave the last one comes last
            last = order[answer[-2]]
            order.remove(last)
            order.append(last)
        return taken

    def _acknowledge(self, tags: Sequence[str]) -> None:
        def done(answer: Any) -> None:
            if isinstance(answer, Exception):
                raise ConnectionLost(f"Redis refused an acknowledgement: {answer}")
            for tag in tags:
                self._acknowledged.pop(tag, None)

        self._link.send(*self._store.forget(tags))
        self._link.expect(lambda _: None, done)
