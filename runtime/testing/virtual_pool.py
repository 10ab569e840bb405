"""The pool of a flow under test: a job runs when it is submitted, and its end is reported when the time has come that it took."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from ..app import App
from ..errors import SoftTimeLimitExceeded, TimeLimitExceeded
from ..events import State
from ..failures import failure_of
from ..worker.execute import execute
from ..worker.jobs import Begun, BodyJob, Ended, HandlerJob, Job, Report, TaskJob
from ..worker.pools.interface import Reporter
from .virtual_clock import VirtualClock

#: Stands in the records for a thread or process.
WORKER = "virtual"


class Witness(Protocol):
    """Is told of each job."""

    def running(self, job: TaskJob | HandlerJob) -> AbstractContextManager[Callable[[Ended], None]]:
        """The job runs inside; what is given takes its end. Raises what may not become a failure."""


class VirtualPool:
    """Runs jobs in the thread that submits them, one after the other, though each at its own virtual time.

    It keeps time limits as the pool ``processes`` does, and ends a job that nobody waits for any more.

    Args:
        app: whose tasks run.
        report: takes what is reported.
        clock: says when that is.
        most: how many jobs at once, in virtual time.
        witness: is told of each job.
    """

    def __init__(self, app: App, report: Reporter, clock: VirtualClock, most: int, witness: Witness) -> None:
        self.concurrency = self.room = most
        self._app = app
        self._report = report
        self._clock = clock
        self._witness = witness
        self._running: dict[Any, int] = {}
        self._waiting: deque[Job] = deque()
        self._count = 0

    def submit(self, job: Job) -> None:
        """Run the job now, if there is a place for it; its states and its end come when they are due."""
        if len(self._running) < self.concurrency:
            self._begin(job)
        else:
            self._waiting.append(job)

    def _begin(self, job: Job) -> None:
        assert not isinstance(job, BodyJob)  # chords are for workers
        if job.announced:
            self._report(Begun(job.key, WORKER))
        task = self._app.tasks.get(job.task if isinstance(job, HandlerJob) else job.headers["task"])
        self._clock.limit_with(SoftTimeLimitExceeded if task is None else task.soft_limit_error)
        with self._witness.running(job) as seen, self._clock.job(job.limits[0]):
            ended = execute(job, self._app, self._tell, WORKER, self._clock.soft_limit, self._clock)
            if self._clock.overdue:
                self._clock.cut()
                error = TimeLimitExceeded(f"ran longer than {job.limits[0]:g} s and was killed")
                failure, finished = failure_of(error, keep=False), self._clock.monotonic()
                ended = replace(ended, state=str(State.FAILURE), result=None, failure=failure, finished=finished, resend=None)
            seen(ended)
            if self._clock.ahead:
                self._count += 1
                self._running[job.key] = self._count
                self._clock.later(partial(self._end, self._count, ended))
            else:
                self._report(ended)

    def _tell(self, report: Report) -> None:
        """A job tells something: now, or when the others have come to the time that it is for the job."""
        if self._clock.ahead:
            self._clock.later(partial(self._report, report))
        else:
            self._report(report)

    def _end(self, number: int, ended: Ended) -> None:
        if self._running.get(ended.key) == number:  # otherwise it was abandoned
            del self._running[ended.key]
            self._report(ended)
            self._fill()

    def _fill(self) -> None:
        """Begin what waits, as far as there are places."""
        while self._waiting and len(self._running) < self.concurrency:
            self._begin(self._waiting.popleft())

    def running(self) -> list[Any]:
        """The keys of jobs whose end has not come."""
        return list(self._running)

    def abandon(self, key: object) -> bool:
        """Its end will be heeded by nobody."""
        if self._running.pop(key, None) is None:
            return False
        self._fill()
        return True

    def drain(self) -> None:
        """Nobody stops a flow under test."""

    def cancel(self, key: object) -> None:
        """Do not begin this job, if it waits for a place."""
        self._waiting = deque(job for job in self._waiting if job.key != key)

    def terminate(self, key: object, number: int) -> bool:
        """No job can be stopped."""
        return False

    def process_of(self, key: object) -> int | None:
        """No process runs anything."""
        return None

    def processes(self) -> list[int]:
        """None."""
        return []

    def kill(self) -> list[Any]:
        """Nothing runs while anybody can call this."""
        return []

    def close(self) -> None:
        """There is nothing to end."""
