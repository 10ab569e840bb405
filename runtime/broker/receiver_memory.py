"""Receiving on kombu's memory transport: messages are taken out of the process's own queues, without polling.

kombu keeps a ``queue.Queue`` for each name, for the whole process, and whoever publishes (kombu's producer, our publisher, a
user's own channel) ends in its ``put``. ``Queue`` calls its method ``_put`` for that, under its lock: there a receiver hangs
a bell. A receiver that finds nothing says that it waits, looks again, and sleeps until one of its bells is rung; a message
rings one waiting receiver only, in turn. No message can be missed: it is in the queue before the bell is looked for, and
the receiver is listed as waiting before it looks again.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .interface import Delivery
from .receiver_queues import ConnectionSource, as_queue, declare
from .receiver_virtual import NO_MESSAGE, delivery_of, say_dropped

#: A queue that was deleted and made anew by somebody else is noticed after at most so many seconds.
_LONGEST_SLEEP = 1.0

_listening = threading.Lock()


class MemoryReceiver:
    """See :class:`~flowc.runtime.broker.interface.Receiver`. The connection cannot be lost.

    Args:
        source: makes the connection that declares the queues.
        queues: names, or kombu's queues.
        prefetch: is not needed here, where nothing is sent in advance.
    """

    def __init__(self, source: ConnectionSource, queues: Sequence[Any], prefetch: int) -> None:
        self._source = source
        self._connection = source.connection()
        self._channel = self._connection.channel()
        self._names = [queue.name for queue in declare([as_queue(source, queue) for queue in queues], self._channel)]
        self._attached: dict[str, _Attached] = {}
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._waiting = False
        self._next_tag = itertools.count(1).__next__
        self._unacked: dict[int, tuple[str, dict[str, Any]]] = {}
        self._attach()

    # --------------------------------------------------------------------------------------------------------- the interface
    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        """Wait for messages, and give at most ``most`` of them."""
        deadline = None if timeout is None else time.monotonic() + timeout
        taken = self._take(most)
        while not taken:
            self._waiting = most > 0 and bool(self._names)
            if self._bell.empty() and (taken := self._take(most)):
                break
            left = _LONGEST_SLEEP if deadline is None else min(_LONGEST_SLEEP, deadline - time.monotonic())
            try:
                woken = self._bell.get(timeout=max(0.0, left))
            except queue.Empty:
                if left <= 0:
                    break
                continue
            taken = self._take(most)
            if woken:
                break
        self._waiting = False
        self._hush()
        return taken

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Forget the messages."""
        for delivery in deliveries:
            self._unacked.pop(delivery.tag, None)

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        """Forget the messages, or put them back, in their order, before what waits."""
        for delivery in reversed(deliveries):
            held = self._unacked.pop(delivery.tag, None)
            if held is not None and requeue:
                self._put_back(*held)

    def read(self, queues: Sequence[Any]) -> None:
        """Read these queues from now on."""
        self._names = [queue.name for queue in declare([as_queue(self._source, queue) for queue in queues], self._channel)]
        for name in [name for name in self._attached if name not in self._names]:
            self._attached.pop(name).detach(self._ring)
        self._attach()

    def cancel(self) -> None:
        """Take no more messages, and be rung for none."""
        self._names.clear()
        for attached in self._attached.values():
            attached.detach(self._ring)
        self._attached.clear()
        self._hush()

    def reconnect(self) -> None:
        """Give back what is unacknowledged, as a lost connection would."""
        while self._unacked:
            self._put_back(*self._unacked.popitem()[1])

    def wake(self) -> None:
        """Let :meth:`receive` return. (A ``SimpleQueue`` may be used in a signal handler.)"""
        self._bell.put(True)

    def close(self) -> None:
        """Give back what is unacknowledged, and listen no more."""
        self.cancel()
        self.reconnect()
        self._channel.queues = {}  # kombu's close would walk over the queues of the whole process, which others change
        self._connection.release()

    # ----------------------------------------------------------------------------------------------------------------- taking
    def _attach(self) -> None:
        """Listen at the queues as they are now: one that was deleted and declared again is another."""
        for name in self._names:
            now = self._channel._queue_for(name)
            attached = self._attached.get(name)
            if attached is None or attached.queue is not now:
                if attached is not None:
                    attached.detach(self._ring)
                self._attached[name] = _Attached(now, self._ring)

    def _take(self, most: int) -> list[Delivery]:
        """What there is, at most ``most``: an equal share of every queue, and leaving other receivers theirs."""
        taken: list[Delivery] = []
        queues = type(self._channel).queues
        if any(queues.get(name) is not attached.queue for name, attached in self._attached.items()):
            self._attach()
        rest = deque(self._names)
        while rest and len(taken) < most:
            name = rest.popleft()
            share = -(-(most - len(taken)) // (len(rest) + 1))
            raws = self._attached[name].pop(share)
            for raw in raws:
                tag = self._next_tag()
                try:
                    taken.append(delivery_of(raw, tag))
                except NO_MESSAGE as failure:
                    say_dropped(name, failure)
                else:
                    self._unacked[tag] = (name, raw)
            if raws and rest:
                rest.append(name)
        if len(self._names) > 1 and taken:
            self._names.append(self._names.pop(0))
        return taken

    def _put_back(self, name: str, raw: dict[str, Any]) -> None:
        info = {**raw["properties"]["delivery_info"], "redelivered": True}
        raw = {**raw, "properties": {**raw["properties"], "delivery_info": info}}
        attached = self._attached.get(name) or _Attached(self._channel._queue_for(name), _nobody)
        attached.put_first(raw)

    # ---------------------------------------------------------------------------------------------------------------- waiting
    def _ring(self) -> bool:
        """Called by whoever publishes, under the lock of the queue: says whether somebody was woken."""
        if self._waiting:
            self._waiting = False
            self._bell.put(False)
            return True
        return False

    def _hush(self) -> None:
        """Clear the bell. A ring that came too late to be heeded goes to the next receiver, or its message would lie."""
        late = False
        while not self._bell.empty():
            late = not self._bell.get() or late
        if late:
            for attached in self._attached.values():
                attached.ring()


def _nobody() -> bool:
    return False


class _Attached:
    """One of kombu's queues, with a bell for each receiver in it."""

    def __init__(self, queue: Any, ring: Callable[[], bool]) -> None:
        self.queue = queue
        self._rings = _bells(queue)
        with queue.mutex:
            if ring is not _nobody:
                self._rings.append(ring)

    def detach(self, ring: Callable[[], bool]) -> None:
        with self.queue.mutex:
            if ring in self._rings:
                self._rings.remove(ring)

    def pop(self, most: int) -> list[dict[str, Any]]:
        """The oldest messages: at most so many, and not more than falls to each receiver of the queue."""
        held = self.queue.queue
        if not held:
            return []
        with self.queue.mutex:
            many = min(most, -(-len(held) // max(1, len(self._rings))))
            return [held.popleft() for _ in range(many)]

    def put_first(self, raw: dict[str, Any]) -> None:
        with self.queue.mutex:
            self.queue.queue.appendleft(raw)
            self.queue.not_empty.notify()
            _ring_one(self._rings)

    def ring(self) -> None:
        """Wake a receiver if there is something to take."""
        with self.queue.mutex:
            if self.queue.queue:
                _ring_one(self._rings)


def _bells(queue: Any) -> deque[Callable[[], bool]]:
    """The bells of a queue. The first receiver that asks hangs them into it."""
    with _listening:
        rings: deque[Callable[[], bool]] | None = getattr(queue, "flowc_bells", None)
        if rings is None:
            rings = queue.flowc_bells = deque()
            put = queue._put

            def put_and_ring(item: Any) -> None:
                put(item)
                if rings:
                    _ring_one(rings)

            with queue.mutex:
                queue._put = put_and_ring
        return rings


def _ring_one(rings: deque[Callable[[], bool]]) -> None:
    """Wake one receiver that waits; the next one's turn comes first then."""
    for _ in range(len(rings)):
        rings.rotate(-1)
        if rings[-1]():
            return
