"""A clock that stands still while anything happens, and goes on to the next moment at which something does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import Any

from ..clock import Clock
from ..errors import SoftTimeLimitExceeded
from ..timers import Timers
from ..worker.attempt import Killed

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_END = dt.datetime.max.replace(tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class VirtualClock(Clock):
    """Counts whole microseconds, so that times are exact.

    While a job runs, the clock shows the time that the job has come to: what it lets pass is over for the job alone, and what it reports
    arrives when the others have come so far, too.

    Args:
        start: the moment at which it begins.
    """

    rounding = 0.0

    def __init__(self, start: dt.datetime) -> None:
        self._start = (start - _EPOCH) // _MICROSECOND
        self._now = 0
        self._ahead: int | None = None
        self._agenda: Timers[Callable[[], None]] = Timers()
        self._hard: int | None = None
        self._soft: int | None = None
        self._soft_error: type[BaseException] = SoftTimeLimitExceeded

    # ------------------------------------------------------------------------------------------------------ what time it is
    @property
    def elapsed(self) -> int:
        """Microseconds since the start."""
        return self._now + (self._ahead or 0)

    @property
    def ahead(self) -> bool:
        """Whether the job that runs has let time pass."""
        return bool(self._ahead)

    def time(self) -> float:
        """Seconds since the epoch."""
        return (self._start + self.elapsed) / 1_000_000

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.elapsed / 1_000_000

    def now(self) -> dt.datetime:
        """The present moment, in UTC."""
        return _EPOCH + dt.timedelta(microseconds=self._start + self.elapsed)

    # ------------------------------------------------------------------------------------------------------- how it goes on
    def later(self, action: Callable[[], None]) -> None:
        """Have something done when the others have come to the time that it is for the job that runs."""
        self._agenda.add(self.elapsed, action)

    def wait(self, inbox: SimpleQueue[Any], waiting: bool, seconds: float | None) -> Any:
        """The next report; the clock goes on to what brings it, but no further than ``seconds``. See :meth:`Clock.wait`."""
        until = None if seconds is None else self._now + (max(1, round(seconds * 1_000_000)) if seconds > 0 else 0)
        while inbox.empty():
            due = self._agenda.next()
            if due is None or (until is not None and until < due):
                if until is None and waiting:
                    raise RuntimeError("nothing will ever happen in this run (a bug of flowc)")
                self._now = self._now if until is None else until
                raise Empty
            self._now = max(self._now, round(due))
            while (action := self._agenda.pop(self._now)) is not None:
                action()
        return inbox.get_nowait()

    # ------------------------------------------------------------------------------------------------------- inside a job
    @contextmanager
    def job(self, limit: float | None) -> Iterator[None]:
        """A job runs inside, and may let time pass. ``limit``: its hard time limit in seconds."""
        self._ahead, self._hard = 0, _microseconds(limit)
        try:
            yield
        finally:
            self._ahead = self._hard = self._soft = None

    @contextmanager
    def soft_limit(self, seconds: float) -> Iterator[None]:
        """Raise ``SoftTimeLimitExceeded`` inside when the job lets more seconds pass."""
        self._soft = (self._ahead or 0) + (_microseconds(seconds) or 0)
        try:
            yield
        finally:
            self._soft = None

    def limit_with(self, error: type[BaseException]) -> None:
        """What is raised at a soft time limit."""
        self._soft_error = error

    @property
    def overdue(self) -> bool:
        """Whether the job has come to its hard time limit."""
        return self._hard is not None and (self._ahead or 0) > self._hard

    def cut(self) -> None:
        """The job ended at its hard time limit."""
        self._ahead = self._hard

    def pass_time(self, seconds: float | dt.timedelta) -> None:
        """Let time pass for the job that runs.

        Raises:
            RuntimeError: no job runs.
            ValueError: a negative time, or one past the year 9999.
            SoftTimeLimitExceeded: the job's soft time limit comes first.
        """
        if self._ahead is None:
            raise RuntimeError("virtual time passes inside of tasks and handlers only")
        wanted = seconds // _MICROSECOND if isinstance(seconds, dt.timedelta) else _microseconds(seconds)
        if wanted is None or wanted < 0:
            raise ValueError(f"a time to let pass is not negative: {seconds!r}")
        after = self._ahead + wanted
        if self._start + self._now + after > (_END - _EPOCH) // _MICROSECOND:
            raise ValueError(f"{seconds!r} s from now lies past the year 9999")
        if self._soft is not None and after > self._soft and (self._hard is None or self._soft <= self._hard):
            limit, self._ahead, self._soft = self._soft, self._soft, None
            raise self._soft_error(f"ran longer than {limit / 1_000_000:g} s")
        self._ahead = after
        if self.overdue:
            raise Killed


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000_000)


_current: ContextVar[VirtualClock | None] = ContextVar("flowc_virtual_clock", default=None)


@contextmanager
def current(clock: VirtualClock) -> Iterator[None]:
    """Inside, :func:`sleep` and :func:`now` mean this clock."""
    token = _current.set(clock)
    try:
        yield
    finally:
        _current.reset(token)


def _clock() -> VirtualClock:
    clock = _current.get()
    if clock is None:
        raise RuntimeError("there is no virtual clock here: it is there while flowc.testing runs a flow")
    return clock


def sleep(seconds: float | dt.timedelta) -> None:
    """Let virtual time pass in the task that calls it; it takes none.

    Raises:
        RuntimeError: outside of tasks of a flow under test.
        ValueError: a negative time.
        SoftTimeLimitExceeded: the task's soft time limit comes first.
    """
    _clock().pass_time(seconds)


def now() -> dt.datetime:
    """The virtual moment, in UTC. Raises RuntimeError outside of a flow under test."""
    return _clock().now()
