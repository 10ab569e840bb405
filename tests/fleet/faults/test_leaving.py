"""``flowc run --broker`` in a process of its own: stopped once and twice, killed, and its broker away; what its user is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ...servers.redis import RedisServer
from ..stock import ROOT
from .driven import new_key, wait_for
from .remains import found, left_of_run, of_redis
from .sites import Site, site

FLOW = """
first = proj.sleep(2, 1, "KEY.first")
first -> proj.keep("KEY.after")
"""


class Command:
    """``flowc run`` with a flow."""

    def __init__(self, folder: Path, text: str, broker: str, *options: str) -> None:
        self._folder = folder
        self._log = folder / f"told-{new_key()}"
        command = [sys.executable, "-m", "flowc", "run", "-", "--broker", broker, *options]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT / ".editable")}, stdin=subprocess.PIPE,
                stdout=log, stderr=log, text=True,
            )  # fmt: skip
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.close()

    def told(self) -> str:
        """What it has printed."""
        return self._log.read_text()

    def wait(self, seconds: float = 60) -> int:
        """Its exit code."""
        code = self.process.wait(seconds)
        assert "Traceback" not in self.told()
        return code


@contextmanager
def commanded(there: Site, folder: Path, text: str, *options: str) -> Iterator[Command]:
    """A command that runs, killed on exit."""
    command = Command(folder, text, there.url, *options)
    try:
        yield command
    finally:
        command.process.kill()
        command.process.wait()


@pytest.mark.parametrize(
    ("number", "times"),
    [
        (signal.SIGINT, 1),
        pytest.param(signal.SIGTERM, 1, marks=pytest.mark.soak),
        pytest.param(signal.SIGINT, 2, marks=pytest.mark.soak),
        pytest.param(signal.SIGTERM, 2, marks=pytest.mark.soak),
    ],
)
def test_a_run_that_is_stopped(tmp_path: Path, number: signal.Signals, times: int) -> None:
    """Once: it waits for what is out. Twice: it leaves, and what is out goes on. In any case nothing new is sent."""
    key = new_key()
    with site("redis", tmp_path) as there, there.worker() as worker:
        before = found(there.server)
        with commanded(there, tmp_path, FLOW.replace("KEY", key)) as command:
            wait_for(lambda: worker.calls(f"{key}.first"))
            command.process.send_signal(number)
            wait_for(lambda: "(again to leave)" in command.told())
            if times == 2:
                command.process.send_signal(number)
            assert command.wait() == 128 + number
            told = command.told()
        assert "waiting for first" in told
        assert ("first succeeded" in told) == (times == 1)
        assert ("Still running when the run was ended: first" in told) == (times == 2)
        assert "Never started: keep#1" in told
        wait_for(lambda: worker.calls(f"{key}.first") == ["began", "ended"])
        assert worker.calls(f"{key}.after") == []
        if times == 1:
            after = found(there.server)
            assert not [name for name in after if name.startswith("flowc.") and left_of_run(before, after, name[6:38])]


@pytest.mark.soak
def test_a_run_that_is_stopped_while_it_looks_at_the_fleet(tmp_path: Path) -> None:
    """No worker answers it for a while: nothing is sent."""
    with site("redis", tmp_path) as there, there.worker() as worker:
        worker.pause()
        with commanded(there, tmp_path, "proj.add(1, 2)") as command:
            wait_for(lambda: any(name.startswith("flowc.") for name in of_redis(there.url)))
            command.process.send_signal(signal.SIGINT)
            assert command.wait() == 130
        worker.resume()


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_a_run_whose_broker_is_away_can_be_left(tmp_path: Path, kind: str) -> None:
    """It says that the broker cannot be reached; Ctrl-C twice ends it at once."""
    key = new_key()
    with site(kind, tmp_path) as there, there.worker() as worker:
        with commanded(there, tmp_path, FLOW.replace("KEY", key)) as command:
            wait_for(lambda: worker.calls(f"{key}.first"))
            there.server.kill()
            wait_for(lambda: "cannot be reached" in command.told())
            command.process.send_signal(signal.SIGINT)
            wait_for(lambda: "(again to leave)" in command.told())
            began = time.monotonic()
            command.process.send_signal(signal.SIGINT)
            assert command.wait() == 130
            assert time.monotonic() - began < 20
        assert "guest:guest" not in command.told()


def test_no_broker(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "broker")
    command = Command(tmp_path, "proj.add(1, 2)", server.url.replace("//", "//user:hidden@"))
    assert command.wait() == 5
    assert "127.0.0.1" in command.told()
    assert "hidden" not in command.told()


@pytest.mark.soak
def test_a_result_store_that_is_not_there(tmp_path: Path) -> None:
    """The run needs it not: links tell what steps return. It says that it does without."""
    store = RedisServer(tmp_path / "store")
    with site("redis", tmp_path) as there, there.worker(), commanded(there, tmp_path, "proj.add(1, 2)", "--backend", store.url) as command:
        assert command.wait() == 0
        assert command.told().rstrip().endswith("3") or "\n3\n" in command.told()


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_a_step_whose_worker_dies_ends_by_its_timeout(tmp_path: Path, kind: str) -> None:
    """Should no other worker come who could be asked; the exit code is that of a failed run."""
    key = new_key()
    with site(kind, tmp_path) as there, there.worker() as worker:
        text = f'proj.sleep(600, 1, "{key}") {{timeout = 6s}}\n'
        with commanded(there, tmp_path, text) as command:
            wait_for(lambda: worker.calls(key))
            worker.kill()
            assert command.wait() == 4
            assert "failed in" in command.told()
            assert "no end within 6s" in command.told()
