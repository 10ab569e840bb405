"""The process pool: for tasks that compute, and for those that must be stopped in time or may crash.

The driver's thread submits; one supervising thread reads the answers, learns of dead children and keeps time limits. A child has at most
one job, so what a death costs is known exactly: that job's step fails with ``WorkerLostError``, and a new child takes its place.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from ...app import App
from ...errors import StepError, TimeLimitExceeded, WorkerLostError
from ...events import State
from ...failures import failure_of
from ..consumer import Reporter
from ..jobs import Dropped, Ended, HandlerJob, Job, TaskJob
from .channel import Channel
from .nursery import Nursery, cause_of_death


@dataclass(slots=True, eq=False)
class _Child:
    """One child. ``started`` is when its job began (``time.monotonic``), ``limit`` the job's time limit in seconds."""

    number: int
    channel: Channel
    pid: int | None = None
    job: Job | None = None
    started: float = 0.0
    limit: float | None = None
    overdue: bool = False
    open: bool = field(default=True)


class ProcessPool:
    """At most ``concurrency`` child processes, each forked when it is first needed.

    Args:
        app: the application; children have it as it is now.
        concurrency: how many at most.
        report: takes what children report, in the supervising thread.
    """

    def __init__(self, app: App, concurrency: int, report: Reporter) -> None:
        self.room = concurrency * 2
        self._limit = concurrency
        self._report = report
        self._nursery = Nursery(app)
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._children: dict[int, _Child] = {}
        self._idle: list[_Child] = []
        self._born = 0
        self._draining = self._killed = self._closed = self._broken = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._nursery, selectors.EVENT_READ, None)
        self._awake, self._wake = socket.socketpair()
        self._awake.setblocking(False)
        self._wake.setblocking(False)
        self._selector.register(self._awake, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._supervise, name="flowc-processes", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------------------------------------ any thread
    def submit(self, job: Job) -> None:
        """Give the job to a free child, else queue it."""
        with self._lock:
            dropped, limited = self._draining and not isinstance(job, HandlerJob), False
            if not dropped:
                self._jobs.append(job)
                limited = self._assign()
        if dropped:
            self._report(Dropped(job.id))
        elif limited or self._jobs:
            self._rouse()

    def running(self) -> list[str]:
        """The ids of the jobs that run now."""
        with self._lock:
            return [child.job.id for child in self._children.values() if child.job is not None]

    def drain(self) -> None:
        """Begin no further task."""
        with self._lock:
            self._draining = True
            dropped = [job for job in self._jobs if not isinstance(job, HandlerJob)]
            self._jobs = deque(job for job in self._jobs if isinstance(job, HandlerJob))
        for job in dropped:
            self._report(Dropped(job.id))

    def kill(self) -> list[str]:
        """Kill every child, with the processes that it has started."""
        with self._lock:
            self._draining = self._killed = True
            self._jobs.clear()
            for child in self._children.values():
                self._nursery.kill(child.number)
        return []

    def close(self) -> None:
        """End the children and the zygote; returns when they are gone."""
        with self._lock:
            self._closed = True
        self._rouse()
        self._thread.join()
        for child in self._children.values():
            child.channel.close()
        self._awake.close()
        self._wake.close()
        self._selector.close()
        self._nursery.close()

    def _rouse(self) -> None:
        """Let the supervising thread look around."""
        with contextlib.suppress(BlockingIOError):  # then it has enough to wake up for
            self._wake.send(b"!")

    # ------------------------------------------------------------------------------------------- under the lock
    def _assign(self) -> bool:
        """Give jobs that wait to children that are free. Whether one of these has a time limit."""
        limited = False
        while self._jobs and self._idle:
            child, job = self._idle.pop(), self._jobs.popleft()
            limits = job.headers["timelimit"] if isinstance(job, TaskJob) else None
            child.job, child.started, child.limit = job, time.monotonic(), limits[0] if limits else None
            limited = limited or child.limit is not None
            try:
                child.channel.send(job)
            except OSError:  # it died while it was idle: the job has not begun, so another child can have it
                child.job = None
                self._jobs.appendleft(job)
        return limited

    def _bear(self) -> None:
        """A new child, as long as jobs wait and the pool is not full."""
        while len(self._jobs) > len(self._idle) and len(self._children) < self._limit and not self._broken:
            self._born += 1
            channel = self._nursery.bear(self._born)
            if channel is None:
                self._broken = True
                return
            child = _Child(self._born, channel)
            self._children[child.number] = child
            self._idle.append(child)
            self._selector.register(channel, selectors.EVENT_READ, child)
        self._assign()

    # -------------------------------------------------------------------------------------- the supervising thread
    def _supervise(self) -> None:
        try:
            self._look_around()
        except BaseException:  # a bug of ours must not leave the run waiting for ever
            sys.excepthook(*sys.exc_info())
            with self._lock:
                self._broken = True
                lost = [*(child.job for child in self._children.values() if child.job), *self._jobs]
            for job in lost:
                self._lose(job, time.monotonic(), "pool", WorkerLostError("the pool has broken down; this is a bug in flowc"))

    def _look_around(self) -> None:
        while not self._closed:
            for key, _ in self._selector.select(self._until_overdue()):
                if key.fileobj is self._nursery:
                    self._notice()
                elif key.fileobj is self._awake:
                    with contextlib.suppress(BlockingIOError):
                        self._awake.recv(4096)
                elif key.data.open:
                    self._answer(key.data)
            self._stop_overdue()
            with self._lock:
                if self._jobs:
                    self._bear()
                lost = list(self._jobs) if self._broken else []
            for job in lost:
                self._lose(job, time.monotonic(), "pool", WorkerLostError("the process that starts the pool's processes has died"))

    def _until_overdue(self) -> float | None:
        with self._lock:
            dues = [child.started + child.limit for child in self._children.values() if child.limit and child.job and not child.overdue]
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        with self._lock:
            for child in self._children.values():
                if child.limit and child.job and not child.overdue and child.started + child.limit <= now:
                    child.overdue = True
                    self._nursery.kill(child.number)

    def _answer(self, child: _Child) -> None:
        """Something from a child, or its end."""
        try:
            item = child.channel.receive()
        except (EOFError, OSError):
            self._unregister(child)
            with self._lock:
                self._nursery.kill(child.number)  # it should be dead; if it has only closed its end, it is of no use any more
            if self._broken:
                self._buried(child.number, None)
            return
        if isinstance(item, int):
            child.pid = item
            if self._broken:
                _kill_group(item)
            return
        if isinstance(item, Ended):
            with self._lock:
                child.job = None
                if child.number in self._children:
                    self._idle.append(child)
                    self._assign()
        if not self._killed:
            self._report(item)

    def _unregister(self, child: _Child) -> None:
        if child.open:
            child.open = False
            self._selector.unregister(child.channel)

    def _notice(self) -> None:
        """A child has ended, or the zygote itself."""
        notice = self._nursery.notice()
        if notice is not None:
            self._buried(*notice)
            return
        # nobody is left who could bear or bury children: end them, and each says so by the end of its channel
        self._selector.unregister(self._nursery)
        with self._lock:
            self._broken = True
            for child in self._children.values():
                _kill_group(child.pid)

    def _buried(self, number: int, status: int | None) -> None:
        """A child is dead. What it has sent before still counts; a job that it has not answered is lost."""
        with self._lock:
            child = self._children.pop(number, None)
            if child is None:
                return
            if child in self._idle:
                self._idle.remove(child)
        child.channel.finish()
        while child.open:
            self._answer(child)
        job = child.job
        child.channel.close()
        if job is None:
            return
        error: StepError = WorkerLostError(cause_of_death(status))
        if child.overdue:
            error = TimeLimitExceeded(f"ran longer than {child.limit:g} s and was killed")
        self._lose(job, child.started, f"process-{number}", error)

    def _lose(self, job: Job, started: float, worker: str, error: StepError) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._jobs.remove(job)
        if not self._killed:
            failure = failure_of(error, keep=False)
            self._report(Ended(job.id, State.FAILURE, None, failure, started, time.monotonic(), worker))


def _kill_group(pid: int | None) -> None:
    if pid is not None:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
