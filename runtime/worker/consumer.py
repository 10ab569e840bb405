"""The worker's loop, one turn at a time: messages out of the broker, into the timers or the pool."""

from __future__ import annotations

from collections.abc import Collection, Container

from .. import protocol
from ..broker.private import MemoryBroker
from ..clock import CLOCK, Clock
from ..timers import Timers
from .jobs import TaskJob
from .pools.interface import Pool


class Worker:
    """Joins one queue to one pool. It has no thread of its own: whoever owns it calls :meth:`take` and :meth:`start_due`.

    Args:
        broker: where messages come from.
        pool: where they run.
        accept: the serializers whose content it reads.
        timed: the ids of calls whose beginning the pool is to tell.
        clock: says when held calls are due.
    """

    def __init__(
        self, broker: MemoryBroker, pool: Pool, accept: Collection[str] = ("json",), timed: Container[str] = (), clock: Clock = CLOCK
    ) -> None:
        self._broker = broker
        self._pool = pool
        self._accept = accept
        self._timed = timed
        self._clock = clock
        self._held: Timers[TaskJob] = Timers()

    @property
    def held(self) -> int:
        """How many calls wait for their time."""
        return len(self._held)

    def take(self, most: int) -> None:
        """Take at most so many messages: into the pool, or on hold until their time comes."""
        get = self._broker.get
        for _ in range(most):
            received = get()
            if received is None:
                return
            headers, body, content_type, encoding = received
            limits = tuple(headers["timelimit"])
            job = TaskJob(
                headers["id"], headers, body, content_type, encoding, tuple(self._accept), limits=limits, timed=headers["id"] in self._timed
            )
            eta = protocol.moment(headers["eta"])
            if eta is None:
                self._pool.submit(job)
            else:
                # a call that expires before its time comes is given up as soon as it has expired
                expires = protocol.moment(headers["expires"])
                self._held.add((eta if expires is None else min(eta, expires)) + self._clock.rounding, job)

    def start_due(self) -> None:
        """Start every held call that is due."""
        while self._held and (job := self._held.pop(self._clock.time())) is not None:
            self._pool.submit(job)

    def drop(self, id_: str) -> bool:
        """Give up one held call; False if it is not held."""
        return bool(self._held.take(lambda job: job.key == id_))

    def wait(self) -> float | None:
        """Seconds to wait for a held call; None if none is held."""
        due = self._held.next()
        return None if due is None else max(0.0, due - self._clock.time())

    def release(self) -> list[str]:
        """Give up the held calls and the messages that were not taken yet; returns their ids."""
        ids = [str(job.key) for job in self._held.clear()]
        while (received := self._broker.get()) is not None:
            ids.append(received.headers["id"])
        return ids
