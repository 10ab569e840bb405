"""From the shell: ``flowc worker`` with its queues and pools, and ``flowc call``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .proj import DEADLINE, PAIRS, Proj, depth, unique

PROGRAM = """
import os

from flowc import App

app = App("proj", broker=os.environ["BROKER"], backend=os.environ["BACKEND"])

@app.task(name="proj.add")
def add(x, y):
    return x + y

@app.task(name="proj.pid")
def pid():
    return os.getpid()
"""


@pytest.fixture
def folder(idle: Proj, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the application's module."""
    (tmp_path / "proj.py").write_text(PROGRAM)
    monkeypatch.setenv("BROKER", idle.urls[0])
    monkeypatch.setenv("BACKEND", idle.urls[1])
    return tmp_path


@contextmanager
def worker(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "flowc", "worker", "--app", "proj:app", *options]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(DEADLINE)
    assert process.returncode in (0, 143), (folder / "log").read_text()


@pytest.mark.parametrize(
    ("idle", "pool"),
    [
        pytest.param(pair, pool, marks=pytest.mark.soak if place % 2 else ())
        for place, (pair, pool) in enumerate(zip(PAIRS[1:], ["solo", "threads", "processes", "threads"], strict=True))
    ],
    indirect=["idle"],
)
def test_a_worker_of_two_queues(idle: Proj, folder: Path, pool: str) -> None:
    one, two, other = (unique() for _ in range(3))
    idle.add.apply_async((2, 2), queue=other)
    results = [idle.add.apply_async((n, n), queue=queue) for n, queue in enumerate((one, two, one))]
    served = idle.app.send_task("proj.pid", queue=two)
    with worker(folder, "-Q", f"{one},{two}", "-c", "1" if pool == "solo" else "2", "--pool", pool) as process:
        assert [result.get(timeout=DEADLINE) for result in results] == [0, 2, 4]
        assert (served.get(timeout=DEADLINE) == process.pid) == (pool != "processes")
    assert served.get() != os.getpid()
    assert depth(idle.app, other) == 1


@pytest.mark.parametrize("idle", [PAIRS[1], PAIRS[-1]], indirect=True, scope="module")
def test_a_call_and_its_result(idle: Proj, folder: Path) -> None:
    with idle.app.embedded_worker([idle.queue]):
        command = [sys.executable, "-m", "flowc", "call", "--app", "proj:app", "proj.add", "2", "2", "--queue", idle.queue, "--wait"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "4"), done.stderr
