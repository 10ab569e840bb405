"""``flowc worker`` serves the tasks of a Celery application from its broker; stock clients call them, and ``flowc call`` does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, chord, group
from celery.result import AsyncResult

from ...servers.server import Command, Server
from ..clients import stock_client
from ..noting import FOLDER, recorded

ROOT = Path(__file__).parents[3]
TIMEOUT = 30


class Worker(Server):
    """A process ``flowc worker`` with the stock application of proj.py, whose own settings say where it reads."""

    def __init__(self, url: str, folder: Path, pool: str) -> None:
        super().__init__(folder)
        self.broker = url
        self.notes = folder / "notes"
        self._pool = pool

    @property
    def url(self) -> str:
        """Its broker."""
        return self.broker

    def environment(self) -> dict[str, str]:
        """Variables of processes that have that application."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWC_", "PYTHON", "PYTEST"))}
        settings = json.dumps({"result_extended": True, "task_default_queue": "shelf"})
        own = {"PEER_BROKER": self.url, "PEER_BACKEND": self.url, "PEER_SETTINGS": settings, FOLDER: str(self.notes)}
        return {**kept, **own, "PYTHONPATH": str(ROOT)}

    def commands(self) -> list[Command]:
        """The worker alone."""
        words = ["--app", "tests.fleet.proj", "-P", self._pool, "-c", "2", "-l", "info"]
        return [Command([sys.executable, "-m", "flowc", "worker", *words], self.environment())]

    def is_ready(self) -> bool:
        """Whether it consumes."""
        return any("\nready\n" in path.read_text() for path in self.folder.glob("*.log"))


@pytest.fixture(params=["threads", "processes"])
def worker(request: pytest.FixtureRequest, redis_database: str, tmp_path: Path) -> Iterator[Worker]:
    """One worker on a database of its own."""
    with Worker(redis_database, tmp_path / "worker", request.param) as started:
        yield started


@pytest.fixture
def client(worker: Worker) -> Iterator[Celery]:
    """A stock client of that worker."""
    with stock_client(worker.url, worker.url, queue="shelf") as made:
        yield made


def test_stock_client(worker: Worker, client: Celery) -> None:
    """Bound tasks, retries, states, tasks that send others, that are replaced, and canvases: all by the client's own means."""

    def send(name: str, *args: Any, **options: Any) -> AsyncResult:
        return client.send_task(f"proj.{name}", args, **options)

    def sig(name: str, *args: Any) -> Any:
        return client.signature(f"proj.{name}", args)

    key = uuid.uuid4().hex
    seen: list[Any] = []
    assert send("add", 2, 3).get(TIMEOUT) == 5
    dumped = send("dump", 1).get(TIMEOUT)
    assert (dumped["args"], dumped["is_eager"], dumped["delivery_info"]["routing_key"]) == ([1], False, "shelf")
    assert send("retrying", key, 2, "done").get(TIMEOUT) == "done"
    assert recorded(key, worker.notes) == [0, 1, 2]
    assert send("autoretrying", key + "a", 1, "again").get(TIMEOUT) == "again"
    assert send("progress", 2, 0.05).get(TIMEOUT, interval=0.01, on_message=lambda meta: seen.append(meta["result"])) == 2
    assert {"current": 1, "total": 2} in seen
    spawned = send("spawn", 1, 2)
    child = spawned.get(TIMEOUT)
    assert client.AsyncResult(child).get(TIMEOUT) == 3
    assert [one.id for one in spawned.children] == [child]
    assert send("replaced", 3, 4).get(TIMEOUT) == 7
    assert chord(group(sig("add", 1, 1), sig("replaced", 2, 2)), sig("tsum"), app=client)().get(TIMEOUT) == 6
    failed = send("boom")
    with pytest.raises(Exception, match="boom"):
        failed.get(TIMEOUT)
    assert "in boom" in failed.traceback
    assert "celery/app" not in failed.traceback
    assert send("scale", [1.0], link=sig("note", key + "l")).get(TIMEOUT) == [2.0]


@pytest.mark.parametrize("worker", ["threads"], indirect=True)
def test_flowc_call(worker: Worker) -> None:
    """``flowc call --app`` takes broker and queue from the same application."""
    words = [sys.executable, "-m", "flowc", "call", "--app", "tests.fleet.proj:app", "proj.add", "2", "3", "--wait", "--timeout", "30"]
    said = subprocess.run(words, env=worker.environment(), capture_output=True, text=True, check=False)
    assert (said.stdout, said.returncode) == ("5\n", 0), said.stderr
