"""``flowc worker``, as a process."""

from __future__ import annotations

import os
import platform
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from flowc import App
from flowc.cli.worker import _node_name

from .scripted import DEADLINE, wait_for

TASKS = """
import time
from flowc import App
app = App("proj")

@app.task(name="proj.add")
def add(x, y):
    return x + y

@app.task(name="proj.fail")
def fail():
    raise ValueError("\\x1b[31mred")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "proj.py").write_text(TASKS)
    return tmp_path


def command(folder: Path, *args: str) -> subprocess.Popen[str]:
    """Start the command; its standard error is a file."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("FLOWC_")}
    with (folder / "log").open("w") as log:
        return subprocess.Popen([sys.executable, "-m", "flowc", "worker", *args], cwd=folder, env=env, stderr=log, text=True)


def ended(folder: Path, *args: str) -> tuple[int, str]:
    """Run the command to its end: exit code and standard error."""
    process = command(folder, *args)
    return process.wait(DEADLINE), (folder / "log").read_text()


def test_it_works_until_a_signal(folder: Path) -> None:
    broker, results = f"sqlite:///{folder}/broker.db", f"sqlite:///{folder}/results.db"
    process = command(folder, "--app", "proj", "-Q", "feeds, video", "-c", "2", "-l", "info", "--broker", broker, "--backend", results)
    log = folder / "log"
    try:
        wait_for(lambda: "\nready\n" in log.read_text() or process.poll() is not None)
        with App("client", broker=broker, backend=results, set_as_current=False) as client:
            assert client.send_task("proj.add", (2, 3), queue="video").get(timeout=DEADLINE) == 5
            with pytest.raises(Exception, match="red"):
                client.send_task("proj.fail", queue="feeds").get(timeout=DEADLINE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    assert re.search(r"^flowc worker flowc-\d+@", said)
    assert "  queues   feeds, video\n" in said
    assert "  pool     threads, 2 at once\n" in said
    assert "  tasks    proj.add, proj.fail\n" in said
    assert re.search(r"INFO proj\.add\[[-\w]+\] succeeded in [\d.]+ s: 5\n", said)
    assert re.search(r"ERROR proj\.fail\[[-\w]+\] failed: ValueError: ␛\[31mred\n", said)
    assert "\x1b" not in said
    assert said.endswith("stopped: 1 FAILURE, 1 SUCCESS\n")


def test_names_of_workers() -> None:
    host = platform.node()
    assert [_node_name(name) for name in (None, "w1@%h", "%n.x", "100%%")] == [None, f"w1@{host}", f"{host.partition('.')[0]}.x", "100%"]


def test_what_is_wrong_is_said(folder: Path) -> None:
    code, said = ended(folder)
    assert (code, "there is no application" in said) == (2, True)
    code, said = ended(folder, "--app", "nonsense")
    assert (code, "nonsense" in said) == (2, True)
    code, said = ended(folder, "--app", "proj")
    assert (code, "nobody could send anything to this worker" in said, "--broker" in said) == (2, True, True)
    code, said = ended(folder, "--app", "proj", "--pool", "gevent")
    assert (code, "gevent" in said) == (2, True)
    code, said = ended(folder, "--app", "proj", "--broker", f"sqlite:///{folder}/b.db", "-Q", "a", "-X", "a")
    assert (code, "no queue is left" in said) == (2, True)


def test_a_broker_out_of_reach(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "pyproject.toml").write_text('[tool.flowc]\napp = "proj"\nbroker_connection_max_retries = 1\n')
    code, said = ended(folder, "--broker", f"redis://user:pass-word@127.0.0.1:{port}/0")
    assert code == 5
    assert f"127.0.0.1:{port}" in said
    assert "trying again in 0.2 s (1 of 1)" in said
    assert "2 tries" in said
    assert "pass-word" not in said
