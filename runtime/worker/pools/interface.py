"""What every pool can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..jobs import Job, Report


class Pool(Protocol):
    """Runs jobs. ``concurrency``: how many at once. ``room``: how many may be given to it without waiting long."""

    concurrency: int
    room: int

    def submit(self, job: Job) -> None:
        """Run a job as soon as there is a free place; answer with an ``Ended`` report."""

    def running(self) -> list[Any]:
        """The keys of the jobs that run now."""

    def drain(self) -> None:
        """Begin no further task (handlers still run): what waits is ``Dropped``, unless it must run."""

    def cancel(self, key: object) -> None:
        """Do not begin this job, if it has not begun: it is ``Dropped``."""

    def terminate(self, key: object, number: int) -> bool:
        """Send a signal to what runs this job alone; False if there is no such thing. If it dies of it, the job ends ``REVOKED``."""

    def process_of(self, key: object) -> int | None:
        """The process that runs this job; None if nothing does."""

    def processes(self) -> list[int]:
        """The processes that run jobs."""

    def abandon(self, key: object) -> bool:
        """Nobody waits for this job any more, which runs: end it, and report nothing of it; False if it cannot be ended and goes on.
        Either way its place is free for another."""

    def kill(self) -> list[Any]:
        """Stop what runs, as far as the pool can, and give the keys of jobs that cannot be stopped and go on unheeded."""

    def close(self) -> None:
        """End, when nothing runs any more."""


#: Takes the reports of a pool, from any thread.
Reporter = Callable[[Report], None]
