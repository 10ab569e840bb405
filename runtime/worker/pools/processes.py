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
from typing import Any

from ...app import App
from ...errors import StepError, TaskRevokedError, TimeLimitExceeded, UsageError, WorkerLostError
from ...events import State
from ...failures import failure_of
from ..jobs import Begun, Dropped, Ended, Job
from .crew import Child, Crew
from .interface import Reporter
from .nursery import Nursery, cause_of_death

#: How often a zygote that dies is replaced.
MOST_RENEWALS = 10

_BUG = "the pool has broken down; this is a bug in flowc"


class ProcessPool:
    """At most ``concurrency`` child processes, each forked when it is first needed.

    Args:
        app: the application; children have it as it is now.
        concurrency: how many at most.
        report: takes what children report, in the supervising thread.
    """

    def __init__(self, app: App, concurrency: int, report: Reporter) -> None:
        self.room = concurrency * 2
        self.concurrency = concurrency
        self._report = report
        self._app = app
        self._nursery = Nursery(app)
        self._renewals = 0
        self._lock = threading.Lock()
        self._crew = Crew(concurrency, self._begun)
        self._draining = self._killed = self._closed = self._broken = self._down = False
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
            dropped, limited = self._draining and not job.must_run, False
            if not dropped:
                self._crew.jobs.append(job)
                limited = self._crew.assign()
        if dropped:
            self._report(Dropped(job.key))
        elif self._down:
            self._lose(job, time.monotonic(), "pool", WorkerLostError(_BUG))
        elif limited or self._crew.jobs:
            self._rouse()

    def running(self) -> list[Any]:
        """The keys of the jobs that run now."""
        with self._lock:
            return self._crew.running()

    def drain(self) -> None:
        """Begin no further task."""
        with self._lock:
            self._draining = True
            dropped = self._crew.drop_tasks()
        for job in dropped:
            self._report(Dropped(job.key))

    def cancel(self, key: object) -> None:
        """Do not begin this job, if it has not begun: it is ``Dropped``."""
        with self._lock:
            cancelled = self._crew.cancel(key)
        if cancelled:
            self._report(Dropped(key))

    def terminate(self, key: object, number: int) -> bool:
        """Send a signal to the process that runs this job; False if none does. If it dies of it, the job ends ``REVOKED``."""
        with self._lock:
            child = self._crew.child_of(key)
            if child is None:
                return False
            child.terminated = True
            if child.pid is None or number == signal.SIGKILL:
                self._nursery.kill(child.number)
            else:
                with contextlib.suppress(OSError):
                    os.killpg(child.pid, number)
        return True

    def process_of(self, key: object) -> int | None:
        """The child that runs this job."""
        with self._lock:
            child = self._crew.child_of(key)
        return None if child is None else child.pid

    def processes(self) -> list[int]:
        """The children that there are."""
        with self._lock:
            return [child.pid for child in self._crew.children.values() if child.pid is not None]

    def abandon(self, key: object) -> bool:
        """Kill the child that runs this job, with the processes that it has started."""
        with self._lock:
            child = self._crew.child_of(key)
            if child is not None:
                child.abandoned = True
                self._nursery.kill(child.number)
        return True

    def kill(self) -> list[Any]:
        """Kill every child, with the processes that it has started."""
        with self._lock:
            self._draining = self._killed = True
            self._crew.jobs.clear()
            for child in self._crew.children.values():
                self._nursery.kill(child.number)
        return []

    def close(self) -> None:
        """End the children and the zygote; returns when they are gone."""
        with self._lock:
            self._closed = True
        self._rouse()
        self._thread.join()
        for child in self._crew.children.values():
            child.channel.close()
        self._awake.close()
        self._wake.close()
        self._selector.close()
        self._nursery.close()

    def _begun(self, job: Job, number: int) -> None:
        if job.announced:
            self._report(Begun(job.key, f"process-{number}"))

    def _rouse(self) -> None:
        """Let the supervising thread look around."""
        with contextlib.suppress(BlockingIOError):  # then it has enough to wake up for
            self._wake.send(b"!")

    # -------------------------------------------------------------------------------------- the supervising thread
    def _supervise(self) -> None:
        try:
            self._look_around()
        except BaseException:  # a bug of ours must not leave the run waiting for ever
            sys.excepthook(*sys.exc_info())
            with self._lock:
                self._broken = self._down = True
                lost = [*(child.job for child in self._crew.children.values() if child.job), *self._crew.jobs]
            for job in lost:
                self._lose(job, time.monotonic(), "pool", WorkerLostError(_BUG))

    def _look_around(self) -> None:
        crew = self._crew
        while not self._closed:
            with self._lock:
                patience = crew.until_overdue()
            for key, _ in self._selector.select(patience):
                if key.fileobj is self._nursery:
                    self._notice()
                elif key.fileobj is self._awake:
                    with contextlib.suppress(BlockingIOError):
                        self._awake.recv(4096)
                elif key.data.open:
                    self._answer(key.data)
            with self._lock:
                for child in crew.mark_overdue():
                    self._nursery.kill(child.number)
                if self._broken and not crew.children and not self._closed:
                    self._renew()
                while crew.wants_more() and not self._broken:
                    self._bear()
                crew.assign()
                lost = list(crew.jobs) if self._broken and not crew.children else []
            for job in lost:
                self._lose(job, time.monotonic(), "pool", WorkerLostError("the process that starts the pool's processes has died"))

    def _renew(self) -> None:
        """Start another zygote in place of the one that died: jobs that had not begun are run after all."""
        if self._renewals == MOST_RENEWALS or self._killed:
            return
        self._renewals += 1
        with contextlib.suppress(KeyError, ValueError):  # its notice was seen already
            self._selector.unregister(self._nursery)
        self._nursery.close()
        try:
            self._nursery = Nursery(self._app)
        except (UsageError, OSError):
            return
        self._selector.register(self._nursery, selectors.EVENT_READ, None)
        self._broken = False

    def _bear(self) -> None:
        number = self._crew.next_number()
        try:
            channel = self._nursery.bear(number)
        except OSError:  # no room for another open file: those that there are do the work
            channel = None
            if self._crew.children:
                self._crew.take_no_more()
                return
        if channel is None:
            self._broken = True
            return
        child = Child(number, channel)
        self._crew.enlist(child)
        self._selector.register(channel, selectors.EVENT_READ, child)

    def _answer(self, child: Child) -> None:
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
                self._crew.free(child)
                self._crew.assign()
        if not self._killed:
            self._report(item)

    def _unregister(self, child: Child) -> None:
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
            for child in self._crew.children.values():
                _kill_group(child.pid)

    def _buried(self, number: int, status: int | None) -> None:
        """A child is dead. What it has sent before still counts; a job that it has not answered is lost."""
        with self._lock:
            child = self._crew.dismiss(number)
        if child is None:
            return
        child.channel.finish()
        while child.open:
            self._answer(child)
        job = child.job
        child.channel.close()
        if job is None or child.abandoned:
            return
        error: StepError = WorkerLostError(cause_of_death(status))
        if child.terminated:
            error = TaskRevokedError("terminated")
        elif child.overdue:
            error = TimeLimitExceeded(f"ran longer than {child.limit:g} s and was killed")
        self._lose(job, child.started, f"process-{number}", error)

    def _lose(self, job: Job, started: float, worker: str, error: StepError) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._crew.jobs.remove(job)
        if not self._killed:
            failure = failure_of(error, keep=False)
            state = State.REVOKED if isinstance(error, TaskRevokedError) else State.FAILURE
            self._report(Ended(job.key, state, None, failure, started, time.monotonic(), worker))


def _kill_group(pid: int | None) -> None:
    if pid is not None:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
