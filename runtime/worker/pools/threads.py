"""The thread pool: for tasks that wait (network, disk, other processes)."""

from __future__ import annotations

import contextlib
import os
import threading
from queue import Empty, SimpleQueue
from typing import Any

from ...app import App
from ...errors import UsageError
from ..execute import execute
from ..jobs import Begun, Dropped, Job
from .interface import Reporter


class ThreadPool:
    """At most ``concurrency`` threads, each made when it is first needed.

    They are daemons: Python cannot stop a thread, so a run that is killed leaves them behind and the process can still end.
    Time limits are not kept.
    """

    def __init__(self, app: App, concurrency: int, report: Reporter) -> None:
        self.room = concurrency * 4 + 16
        self.concurrency = concurrency
        self._app = app
        self._report = report
        self._limit = concurrency
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._running: dict[str, Any] = {}
        self._cancelled: set[Any] = set()
        self._lock = threading.Lock()
        self._draining = False
        self._killed = False
        self._numbered = 0
        self._abandoned: set[str] = set()

    def submit(self, job: Job) -> None:
        """Queue the job for the next free thread."""
        self._jobs.put(job)
        self._grow()

    def _grow(self) -> None:
        # Cheap while it is full. A thread that has taken a job but not entered it yet is counted neither as busy nor in the
        # queue; it calls this itself as soon as it has, so no job is left waiting while a thread could be made for it.
        if len(self._threads) >= self._limit or len(self._running) + self._jobs.qsize() <= len(self._threads):
            return
        with self._lock:
            if len(self._threads) < self._limit:
                self._numbered += 1
                name = f"flowc-{self._numbered}"
                thread = threading.Thread(target=self._work, args=(name,), name=name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the system has no room for another: those that there are do the work
                    if not self._threads:
                        raise UsageError("the system does not let a thread start: try --pool solo") from None
                    self._limit = len(self._threads)
                else:
                    self._threads.append(thread)

    def _work(self, name: str) -> None:
        jobs, running, report, cancelled = self._jobs, self._running, self._report, self._cancelled
        while (job := jobs.get()) is not None:
            if (self._draining and not job.must_run) or job.key in cancelled:
                cancelled.discard(job.key)
                report(Dropped(job.key))
                continue
            running[name] = job.key
            if job.announced:
                report(Begun(job.key, name))
            self._grow()
            ended = execute(job, self._app, self._tell, name)
            with self._lock:
                del running[name]
                if name in self._abandoned:  # another has taken its place
                    return
            if not self._killed:
                report(ended)

    def _tell(self, report: object) -> None:
        if not self._killed:
            self._report(report)  # type: ignore[arg-type]

    def running(self) -> list[Any]:
        """The keys of the jobs that run now."""
        return list(self._running.values())

    def drain(self) -> None:
        """Begin no further task."""
        self._draining = True
        kept: list[Job | None] = []
        with contextlib.suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is None or job.must_run:
                    kept.append(job)
                else:
                    self._report(Dropped(job.key))
        for job in kept:
            self._jobs.put(job)

    def cancel(self, key: object) -> None:
        """Do not begin this job, if it has not begun: it is ``Dropped``."""
        if key not in self._running.values():
            self._cancelled.add(key)

    def terminate(self, key: object, number: int) -> bool:
        """No thread can be stopped."""
        return False

    def process_of(self, key: object) -> int | None:
        """This process, if the job runs."""
        return os.getpid() if key in self.running() else None

    def processes(self) -> list[int]:
        """This process."""
        return [os.getpid()]

    def abandon(self, key: object) -> bool:
        """No thread can be stopped: it is left alone until its job ends, and another takes its place."""
        with self._lock:
            name = next((name for name, running in list(self._running.items()) if running == key), None)
            if name is not None:
                self._abandoned.add(name)
                self._threads = [thread for thread in self._threads if thread.name != name]
        self._grow()
        return name is None

    def kill(self) -> list[Any]:
        """Heed the running jobs no more: they go on until they end or the process does."""
        self._draining = self._killed = True
        return self.running()

    def close(self) -> None:
        """Let each thread end after its job."""
        for _ in self._threads:
            self._jobs.put(None)
        if not self._killed:
            for thread in self._threads:
                thread.join()
