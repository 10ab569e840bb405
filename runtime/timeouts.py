"""The option ``timeout`` of steps that run in this process: how long the run waits for each, from when it first begins.

Retries and the pauses before them are part of that time. (A ``time_limit`` is kept by the pool, for each attempt anew.)
"""

from __future__ import annotations

from .clock import CLOCK, Clock
from .timers import Timers


class Timeouts:
    """Which calls have to end when. Seconds are those of the clock's ``monotonic``."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._timers: Timers[str] = Timers()
        self._begun: dict[str, tuple[float, str]] = {}

    def begin(self, id_: str, timeout: float, worker: str) -> None:
        """A call begins; it counts from its first attempt."""
        if id_ not in self._begun:
            now = self._clock.monotonic()
            self._begun[id_] = (now, worker)
            self._timers.add(now + timeout, id_)

    def end(self, id_: str) -> tuple[float, str] | None:
        """A call has ended: when it first began, and what ran it then."""
        return self._begun.pop(id_, None)

    def wait(self) -> float | None:
        """Seconds until there may be something :meth:`over`; None if there never will."""
        due = self._timers.next()
        return None if due is None else max(0.0, due - self._clock.monotonic())

    def over(self) -> str | None:
        """A call that has not ended in time, each once."""
        now = self._clock.monotonic()
        while (id_ := self._timers.pop(now)) is not None:
            if id_ in self._begun:
                return id_
        return None
