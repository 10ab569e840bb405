"""The solo pool: each job runs at once in the thread that submits it."""

from __future__ import annotations

from ...app import App
from ..consumer import Reporter
from ..execute import execute
from ..jobs import Dropped, HandlerJob, Job


class SoloPool:
    """Runs jobs one after the other, without any thread or process. Time limits are not kept."""

    room = 1

    def __init__(self, app: App, report: Reporter) -> None:
        self._app = app
        self._report = report
        self._running: list[str] = []
        self._draining = False

    def submit(self, job: Job) -> None:
        """Run the job now."""
        if self._draining and not isinstance(job, HandlerJob):
            self._report(Dropped(job.id))
            return
        self._running.append(job.id)
        try:
            ended = execute(job, self._app, self._report, "solo")
        finally:
            self._running.pop()
        self._report(ended)

    def running(self) -> list[str]:
        """The job that runs now, seen from inside it or from a signal handler."""
        return list(self._running)

    def drain(self) -> None:
        """Begin no further task."""
        self._draining = True

    def kill(self) -> list[str]:
        """Nothing runs while anybody can call this; a signal handler raises ``Killed`` inside the job instead."""
        self._draining = True
        return []

    def close(self) -> None:
        """Nothing to end."""
