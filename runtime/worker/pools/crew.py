"""Who of the pool's children does what: plain bookkeeping, for whoever holds the pool's lock."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..jobs import Job
from .channel import Channel


@dataclass(slots=True, eq=False)
class Child:
    """One child. ``started`` is when its job began (``time.monotonic``), ``limit`` the job's time limit in seconds.

    ``overdue``: it was killed for that; ``terminated``: it was, because its task was revoked; ``abandoned``: it was, because nobody waits
    for its job any more. ``open``: its channel is still listened to.
    """

    number: int
    channel: Channel
    pid: int | None = None
    job: Job | None = None
    started: float = 0.0
    limit: float | None = None
    overdue: bool = False
    terminated: bool = False
    abandoned: bool = False
    open: bool = True


class Crew:
    """At most ``most`` children and the jobs that wait for one. ``begun`` is called with each job that a child has got, and its number."""

    def __init__(self, most: int, begun: Callable[[Job, int], None]) -> None:
        self.jobs: deque[Job] = deque()
        self.children: dict[int, Child] = {}
        self._most = most
        self._begun = begun
        self._idle: list[Child] = []
        self._numbered = 0

    def running(self) -> list[Any]:
        """The keys of the jobs that run now."""
        return [child.job.key for child in self.children.values() if child.job is not None]

    def wants_more(self) -> bool:
        """Whether one more child would have something to do, and there is room for it."""
        return len(self.jobs) > len(self._idle) and len(self.children) < self._most

    def next_number(self) -> int:
        """The number of the next child."""
        self._numbered += 1
        return self._numbered

    def enlist(self, child: Child) -> None:
        """A new child, which is free."""
        self.children[child.number] = child
        self._idle.append(child)

    def take_no_more(self) -> None:
        """Let there never be more children than now."""
        self._most = len(self.children)

    def free(self, child: Child) -> None:
        """A child has answered; one that is dead by now gets nothing more."""
        child.job = None
        if child.number in self.children:
            self._idle.append(child)

    def dismiss(self, number: int) -> Child | None:
        """Strike off a child that is dead; None if that has been done."""
        child = self.children.pop(number, None)
        if child in self._idle:
            self._idle.remove(child)
        return child

    def assign(self) -> bool:
        """Give jobs that wait to children that are free. Whether one of these has a time limit."""
        limited = False
        while self.jobs and self._idle:
            child, job = self._idle.pop(), self.jobs.popleft()
            child.job, child.started, child.limit = job, time.monotonic(), job.limits[0]
            limited = limited or child.limit is not None
            try:
                child.channel.send(job)
            except OSError:  # it died while it was idle: the job has not begun, so another child can have it
                child.job = None
                self.jobs.appendleft(job)
            else:
                self._begun(job, child.number)
        return limited

    def drop_tasks(self) -> list[Job]:
        """Take out the jobs that wait, but for those that must run."""
        dropped: list[Job] = [job for job in self.jobs if not job.must_run]
        self.jobs = deque(job for job in self.jobs if job.must_run)
        return dropped

    def cancel(self, key: object) -> bool:
        """Take out a job that waits; False if there is none of that key."""
        for job in self.jobs:
            if job.key == key:
                self.jobs.remove(job)
                return True
        return False

    def child_of(self, key: object) -> Child | None:
        """The child that runs a job."""
        return next((child for child in self.children.values() if child.job is not None and child.job.key == key), None)

    def until_overdue(self) -> float | None:
        """Seconds until the next job is over its limit; None if none has one."""
        dues = [child.started + child.limit for child in self.children.values() if child.limit and child.job and not child.overdue]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def mark_overdue(self) -> list[Child]:
        """The children whose jobs are over their limits, each once."""
        now = time.monotonic()
        late = [c for c in self.children.values() if c.limit and c.job and not c.overdue and c.started + c.limit <= now]
        for child in late:
            child.overdue = True
        return late
