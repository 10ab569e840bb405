"""Celery's monitoring tools, at work on a broker: its event receiver, its command line, Flower."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import celery
from celery.events.state import State

from ...servers.server import Command, Server
from ..versions import python_of
from .ours import ROOT

DEADLINE = 60.0


def wait_for(condition: Callable[[], Any]) -> Any:
    """Wait until it holds; gives what it gave."""
    until = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come to hold"
        time.sleep(0.02)
    return found


class Capture:
    """What a monitor that is made with Celery's own receiver and state has heard."""

    def __init__(self) -> None:
        self.state = State()
        self.events: list[dict[str, Any]] = []

    def take(self, event: dict[str, Any]) -> None:
        """Take in an event."""
        self.events.append(dict(event))
        self.state.event(event)

    def of(self, uuid: str) -> list[str]:
        """The types of the events of one task."""
        return [event["type"] for event in list(self.events) if event.get("uuid") == uuid]

    def workers(self, kind: str, hostname: str) -> list[dict[str, Any]]:
        """The events of one type that a worker has sent."""
        return [event for event in list(self.events) if event["type"] == kind and event["hostname"] == hostname]


@contextlib.contextmanager
def capturing(url: str) -> Iterator[Capture]:
    """Listen to events."""
    capture = Capture()
    app = celery.Celery("monitor", broker=url, set_as_current=False)
    begun, stopping = threading.Event(), threading.Event()

    def listen() -> None:
        with app.connection() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": capture.take})
            with receiver.consumer_context() as (used, _, _):
                begun.set()
                while not stopping.is_set():
                    with contextlib.suppress(TimeoutError):
                        used.drain_events(timeout=0.2)

    thread = threading.Thread(target=listen, name="capture", daemon=True)
    thread.start()
    assert begun.wait(DEADLINE)
    try:
        yield capture
    finally:
        stopping.set()
        thread.join(DEADLINE)


def celery_says(url: str, *commands: Sequence[str], version: str | None = None) -> list[tuple[int, str]]:
    """What Celery's command line says to each of these: exit code and standard output."""
    done = subprocess.run(
        [str(python_of(version)), "-W", "ignore", "-m", "tests.fleet.wayback.tools"], env=_environment(), cwd=ROOT, text=True, check=True,
        input=json.dumps([["-b", url, "--no-color", *words] for words in commands]), stdout=subprocess.PIPE, timeout=DEADLINE,
    )  # fmt: skip
    return [(code, said) for code, said in json.loads(done.stdout)]


@contextlib.contextmanager
def dumping(url: str, file: Path, version: str | None = None) -> Iterator[Path]:
    """``celery events --dump`` into a file."""
    with file.open("w") as out:
        words = [str(python_of(version)), "-W", "ignore", "-m", "celery", "-b", url, "events", "--dump"]
        with subprocess.Popen(words, env=_environment(), cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL) as process:
            try:
                yield file
            finally:
                process.kill()


class Flower(Server):
    """A Flower on a loopback port. It asks workers for their events by itself."""

    def __init__(self, broker: str, folder: Path) -> None:
        super().__init__(folder)
        self.broker = broker

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def commands(self) -> list[Command]:
        """Flower alone."""
        words = ["-b", self.broker, "flower", f"--port={self.port}", "--address=127.0.0.1", "--inspect_timeout=2000"]
        return [Command([sys.executable, "-W", "ignore", "-m", "celery", *words], {**_environment(), "FLOWER_UNAUTHENTICATED_API": "true"})]

    def is_ready(self) -> bool:
        """Whether it serves."""
        return self.get("/healthcheck") == "OK"

    def get(self, path: str) -> str:
        """A page."""
        with urllib.request.urlopen(self.url + path, timeout=DEADLINE) as answer:
            return str(answer.read().decode())

    def ask(self, path: str) -> Any:
        """What its API says."""
        return json.loads(self.get(path))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "CELERY", "FLOWC"))}
    return {**kept, "PYTHONPATH": str(ROOT)}
