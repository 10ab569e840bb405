"""The solo pool: each job runs at once in the thread that submits it."""

from __future__ import annotations

import os
from typing import Any

from ...app import App
from ..execute import execute
from ..jobs import Begun, Dropped, Job
from .interface import Reporter


class SoloPool:
    """Runs jobs one after the other, without any thread or process. Time limits are not kept."""

    room = concurrency = 1

    def __init__(self, app: App, report: Reporter) -> None:
        self._app = app
        self._report = report
        self._running: list[Any] = []
        self._draining = False

    def submit(self, job: Job) -> None:
        """Run the job now."""
        if self._draining and not job.must_run:
            self._report(Dropped(job.key))
            return
        if job.announced:
            self._report(Begun(job.key, "solo"))
        self._running.append(job.key)
        try:
            ended = execute(job, self._app, self._report, "solo")
        finally:
            self._running.pop()
        self._report(ended)

    def running(self) -> list[Any]:
        """The job that runs now, seen from inside it or from a signal handler."""
        return list(self._running)

    def drain(self) -> None:
        """Begin no further task."""
        self._draining = True

    def cancel(self, key: object) -> None:
        """Every job has begun already."""

    def terminate(self, key: object, number: int) -> bool:
        """No job can be stopped."""
        return False

    def process_of(self, key: object) -> int | None:
        """This process, if the job runs."""
        return os.getpid() if key in self._running else None

    def processes(self) -> list[int]:
        """This process."""
        return [os.getpid()]

    def abandon(self, key: object) -> bool:
        """Nobody can ask: what runs, runs in the only thread."""
        return False

    def kill(self) -> list[Any]:
        """Nothing runs while anybody can call this; a signal handler raises ``Killed`` inside the job instead."""
        self._draining = True
        return []

    def close(self) -> None:
        """Nothing to end."""
