"""A broker whose connection a test can cut, and which says what became of each message."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from flowc import App
from flowc.runtime.broker.interface import Delivery, Envelope, RetryPolicy
from flowc.runtime.broker.traits import Traits
from flowc.runtime.errors import ConnectionLost
from flowc.runtime.worker.service import WorkerService

T = TypeVar("T")

#: Seconds that only something broken reaches.
DEADLINE = 60.0


def wait_for(what: Callable[[], T]) -> T:
    """What ``what`` gives, as soon as that is true."""
    until = time.monotonic() + DEADLINE
    while not (found := what()):
        assert time.monotonic() < until, "has not come true"
        time.sleep(0.005)
    return found


class Scripted:
    """Broker, receiver and publisher in one."""

    traits = Traits("scripted", fanout=False, shared=True)

    def __init__(self) -> None:
        self.queue: deque[Delivery] = deque()
        self.unacked: dict[int, Delivery] = {}
        self.acked: list[str] = []
        self.dropped: list[str] = []
        self.returned: list[str] = []
        self.published: list[Envelope] = []
        self.most_out = 0
        self.refusals = 0
        self.tries = 0
        self.lost = self.cancelled = self.closed = False
        self._tag = 0
        self._bell = threading.Condition()
        self._rung = False
        self.publisher = self

    # -------------------------------------------------------------------------------------------------------- for tests
    def put(self, task: str, *args: Any, id: str, redelivered: bool = False, embed: Any = None, **headers: Any) -> None:  # noqa: A002
        """Let a message come."""
        made = {"lang": "py", "task": task, "id": id, "timelimit": (None, None), **headers}
        body = json.dumps([args, {}, embed or {}])
        info = {"exchange": "", "routing_key": "scripted", "redelivered": redelivered}
        with self._bell:
            self._tag += 1
            self.queue.append(Delivery(made, {"correlation_id": id}, body, "application/json", "utf-8", info, self._tag))
            self._bell.notify_all()

    def cut(self) -> None:
        """Lose the connection: what is not acknowledged comes again."""
        with self._bell:
            self.lost = True
            self._bell.notify_all()

    # ------------------------------------------------------------------------------------------------------- the broker
    def receiver(self, queues: Sequence[Any], *, prefetch: int) -> Any:
        self.tries += 1
        if self.refusals:
            self.refusals -= 1
            raise ConnectionLost("cannot connect to scripted://")
        return self

    def reconnect(self) -> None:
        self.tries += 1
        if self.refusals:
            self.refusals -= 1
            raise ConnectionLost("cannot connect to scripted://")
        with self._bell:
            for delivery in reversed(self.unacked.values()):
                self._tag += 1
                info = {**delivery.delivery_info, "redelivered": True}
                again = Delivery(
                    delivery.headers, delivery.properties, delivery.body, delivery.content_type, delivery.content_encoding, info, self._tag
                )
                self.queue.appendleft(again)
            self.unacked.clear()
            self.lost = False

    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        with self._bell:
            self._check()
            self._bell.wait_for(lambda: self._rung or self.lost or (most > 0 and self.queue and not self.cancelled), timeout)
            self._rung = False
            self._check()
            taken = [self.queue.popleft() for _ in range(min(most, len(self.queue)))] if not self.cancelled else []
            self.unacked.update((delivery.tag, delivery) for delivery in taken)
            self.most_out = max(self.most_out, len(self.unacked))
            return taken

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        self._settle(deliveries, self.acked)

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        self._settle(deliveries, self.returned if requeue else self.dropped)

    def _settle(self, deliveries: Sequence[Delivery], into: list[str]) -> None:
        self._check()
        for delivery in deliveries:
            if self.unacked.pop(delivery.tag, None) is not None:
                into.append(delivery.headers["id"])

    def _check(self) -> None:
        if self.lost:
            raise ConnectionLost("cut")

    def read(self, queues: Sequence[Any]) -> None:
        self.reading = list(queues)

    def cancel(self) -> None:
        self.cancelled = True

    def wake(self) -> None:
        with self._bell:
            self._rung = True
            self._bell.notify_all()

    def close(self) -> None:
        self.closed = True

    def publish(self, envelope: Envelope, retry: RetryPolicy, **_: Any) -> None:
        self.published.append(envelope)

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, **_: Any) -> None:
        self.published.extend(envelopes)


@contextmanager
def worker_of(app: App, broker: Scripted, **options: Any) -> Iterator[WorkerService]:
    """A worker of this broker, with results in memory."""
    app._made["broker"] = broker
    try:
        with app.embedded_worker(["scripted"], **{"concurrency": 1, **options}) as worker:
            yield worker
    finally:
        del app._made["broker"]
