"""What completes a chord: jobs that follow from its last part, and the message that is acknowledged when they are done."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .entry import Entry
from .jobs import BodyJob, Ended, TaskJob

logger = logging.getLogger("flowc.worker")

#: How often the job that ends a chord is begun anew when the process that ran it dies.
TRIES = 3


@dataclass(slots=True, eq=False)
class Sequel:
    """The end of one chord: how many of its jobs are left, and what waits for it."""

    group_id: str
    left: int
    entry: Entry | None
    ended: Ended


class Sequels:
    """The chords that are ending. Belongs to the worker's loop.

    Args:
        submit: gives a job to the pool.
        close: told of a sequel whose jobs are done, to close its chord.
    """

    def __init__(self, submit: Callable[[BodyJob | TaskJob], None], close: Callable[[Sequel], None]) -> None:
        self._submit = submit
        self._close = close
        self._next = itertools.count(1).__next__
        self._jobs: dict[Any, tuple[Sequel, BodyJob | TaskJob, int]] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, key: Any) -> bool:
        return key in self._jobs

    def start(self, sequel: Sequel, jobs: list[BodyJob | TaskJob], tries: int = 1) -> None:
        """Begin what ends a chord."""
        if not jobs:
            self._close(sequel)
        for job in jobs:
            made = replace(job, key=("chord", self._next()))
            self._jobs[made.key] = (sequel, made, tries)
            self._submit(made)

    def ended(self, end: Ended) -> None:
        """One of the jobs has ended."""
        sequel, job, tries = self._jobs.pop(end.key)
        if end.following is None and tries < TRIES:  # its process died
            self.start(sequel, [job], tries + 1)
            return
        if end.failure is not None and isinstance(job, BodyJob):
            logger.error("the body of the chord %s could not be sent: %s", sequel.group_id, end.failure)
            from .chords import failing

            jobs: list[BodyJob | TaskJob] = list(failing(job.body, end.failure, None, job.terms))
            sequel.left += len(jobs)
            for made in jobs:
                self.start(sequel, [made])
        sequel.left -= 1
        if sequel.left == 0:
            self._close(sequel)
