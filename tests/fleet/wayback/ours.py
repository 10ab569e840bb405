"""Our worker as a process, for clients and tools of Celery."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...servers.server import Command, Server
from ..noting import FOLDER, recorded
from ..versions import python_of

ROOT = Path(__file__).parents[3]


class OurWorker(Server):
    """A process ``flowc worker`` with the tasks of ``application.py``. A context manager: started on entry, killed on exit.

    Args:
        broker: its broker.
        backend: its result store.
        queue: what it reads, and where it sends what follows: callbacks name no queue.
        hostname: its name.
        folder: for its log, and for what its tasks note down.
        notes: where its tasks write things down, for what others share.
        options: more words of its command line.
    """

    def __init__(
        self,
        broker: str,
        backend: str,
        *,
        queue: str,
        hostname: str,
        folder: Path,
        notes: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.broker, self.backend, self.queue, self.hostname = broker, backend, queue, hostname
        self.notes = notes or folder / "notes"
        self._options = options

    @property
    def url(self) -> str:
        """Its name and its broker, for messages."""
        return f"{self.hostname} on {self.broker}"

    def commands(self) -> list[Command]:
        """The worker alone."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWC_", "PYTHON", "PYTEST"))}
        words = ["--app", "tests.fleet.wayback.application:app", "-Q", self.queue, "-n", self.hostname, "-l", "info"]
        words += ["--broker", self.broker, "--backend", self.backend, *self._options]
        more = {"PYTHONPATH": str(ROOT), FOLDER: str(self.notes), "FLOWC_TASK_DEFAULT_QUEUE": self.queue}
        return [Command([sys.executable, "-m", "flowc", "worker", *words], {**kept, **more})]

    def is_ready(self) -> bool:
        """Whether it consumes."""
        return any("\nready\n" in path.read_text() for path in self.folder.glob("*.log"))

    def noted(self, key: str) -> list[Any]:
        """What its tasks have noted under a key, in order."""
        return recorded(key, self.notes)


def run_client(worker: OurWorker, module: str, version: str | None = None, **more: str) -> Any:
    """What a stock client of a worker prints, as JSON. ``more``: further variables of its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "CELERY"))}
    env = {
        **kept, "PYTHONPATH": str(ROOT), "CLIENT_BROKER": worker.broker, "CLIENT_BACKEND": worker.backend, "CLIENT_QUEUE": worker.queue,
        "CLIENT_PREFIX": uuid.uuid4().hex, FOLDER: str(worker.notes), **more,
    }  # fmt: skip
    words = [str(python_of(version)), "-W", "ignore", "-m", module]
    done = subprocess.run(words, env=env, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
