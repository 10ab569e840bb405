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
from .starting import start_zygote
from .zygote import FORK, GRACE, KILL, NOTICE, REQUEST


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
        self._control, self._zygote = start_zygote(app)
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._children: dict[int, _Child] = {}
        self._idle: list[_Child] = []
        self._born = 0
        self._draining = self._killed = self._closed = self._broken = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._control, selectors.EVENT_READ, None)
        self._awake, self._wake = socket.socketpair()
        self._awake.setblocking(False)
        self._selector.register(self._awake, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._supervise, name="flowc-processes", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------------------------------------ any thread
    def submit(self, job: Job) -> None:
        """Give the job to a free child, else queue it."""
        with self._lock:
            self._jobs.append(job)
            self._assign()
            if not self._jobs:
                return
        self._wake.send(b"!")

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
                self._kill(child)
        return []

    def close(self) -> None:
        """End the children and the zygote; returns when they are gone."""
        with self._lock:
            self._closed = True
        self._wake.send(b"!")
        self._thread.join()
        for child in self._children.values():
            child.channel.close()
        self._control.close()
        self._awake.close()
        self._wake.close()
        self._selector.close()
        _await_end(self._zygote)

    # ------------------------------------------------------------------------------------------- under the lock
    def _assign(self) -> None:
        """Give jobs that wait to children that are free."""
        while self._jobs and self._idle:
            child, job = self._idle.pop(), self._jobs.popleft()
            limits = job.headers["timelimit"] if isinstance(job, TaskJob) else None
            child.job, child.started, child.limit = job, time.monotonic(), limits[0] if limits else None
            try:
                child.channel.send(job)
            except OSError:  # it died while it was idle: the job has not begun, so another child can have it
                child.job = None
                self._jobs.appendleft(job)

    def _kill(self, child: _Child) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(REQUEST.pack(KILL, child.number))

    def _fork(self) -> None:
        """A new child, as long as jobs wait and the pool is not full."""
        while len(self._jobs) > len(self._idle) and len(self._children) < self._limit and not self._broken:
            ours, theirs = socket.socketpair()
            self._born += 1
            with theirs:
                try:
                    socket.send_fds(self._control, [REQUEST.pack(FORK, self._born)], [theirs.fileno()])
                except OSError:
                    ours.close()
                    self._broken = True
                    return
            child = _Child(self._born, Channel(ours))
            self._children[child.number] = child
            self._idle.append(child)
            self._selector.register(ours, selectors.EVENT_READ, child)
        self._assign()

    # -------------------------------------------------------------------------------------- the supervising thread
    def _supervise(self) -> None:
        while not self._closed:
            for key, _ in self._selector.select(self._until_overdue()):
                if key.fileobj is self._control:
                    self._notice()
                elif key.fileobj is self._awake:
                    with contextlib.suppress(BlockingIOError):
                        self._awake.recv(4096)
                elif key.data.open:
                    self._answer(key.data)
            self._stop_overdue()
            with self._lock:
                if self._jobs:
                    self._fork()
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
                    self._kill(child)

    def _answer(self, child: _Child) -> None:
        """Something from a child, or its end."""
        try:
            item = child.channel.receive()
        except (EOFError, OSError):
            self._unregister(child)
            with self._lock:
                self._kill(child)  # it should be dead; if it has only closed its end, it is of no use any more
            if self._broken:
                self._buried(child.number, None)
            return
        if isinstance(item, int):
            child.pid = item
            return
        if isinstance(item, Ended):
            with self._lock:
                child.job = None
                self._idle.append(child)
                self._assign()
        if not self._killed:
            self._report(item)

    def _unregister(self, child: _Child) -> None:
        if child.open:
            child.open = False
            self._selector.unregister(child.channel)

    def _notice(self) -> None:
        """The zygote says that a child has ended, or has ended itself."""
        data = b""
        with contextlib.suppress(OSError):
            data = self._control.recv(NOTICE.size, socket.MSG_WAITALL)
        if len(data) < NOTICE.size:
            # nobody is left who could start or bury children: end them, and each says so by the end of its channel
            self._selector.unregister(self._control)
            with self._lock:
                self._broken = True
                for child in self._children.values():
                    _kill_group(child.pid)
            return
        self._buried(*NOTICE.unpack(data))

    def _buried(self, number: int, status: int | None) -> None:
        """A child is dead. What it has sent before still counts; a job that it has not answered is lost."""
        child = self._children[number]
        child.channel.finish()
        while child.open:
            self._answer(child)
        with self._lock:
            del self._children[number]
            if child in self._idle:
                self._idle.remove(child)
            job, child.job = child.job, None
        child.channel.close()
        if job is None:
            return
        error: StepError = WorkerLostError(_cause(status))
        if child.overdue:
            error = TimeLimitExceeded(f"ran longer than {child.limit:g} s and was killed")
        self._lose(job, child.started, f"process-{number}", error)

    def _lose(self, job: Job, started: float, worker: str, error: StepError) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._jobs.remove(job)
        if not self._killed:
            failure = failure_of(error, keep=False)
            self._report(Ended(job.id, State.FAILURE, None, failure, started, time.monotonic(), worker))


def _cause(status: int | None) -> str:
    """How a process ended, in words."""
    if status is None:
        return "the process that ran it is gone"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(ValueError):
            name = signal.Signals(number).name
            more = ", which the system also sends when no memory is left" if name == "SIGKILL" else ""
            return f"the process that ran it was ended by signal {number} ({name}{more})"
        return f"the process that ran it was ended by signal {number}"
    return f"the process that ran it ended with exit code {os.WEXITSTATUS(status)}, without an answer"


def _kill_group(pid: int | None) -> None:
    if pid is not None:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def _await_end(pid: int) -> None:
    """Wait for the zygote; it ends by itself when its control socket is closed."""
    until = time.monotonic() + 2 * GRACE
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return
            time.sleep(0.002)
