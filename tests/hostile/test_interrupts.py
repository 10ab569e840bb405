"""Ctrl-C at any moment of any command: it ends soon, without a traceback, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..slices import every
from .attack import PATIENCE, environment

TASKS = """
import time, subprocess
from flowc import App
app = App("tasks")

@app.task(name="slow")
def slow(n=0):
    open("begun", "w").close()
    time.sleep(0.3)
    return n

@app.task(name="stubborn")
def stubborn():
    open("begun", "w").close()
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        try:
            time.sleep(0.1)
        except BaseException:
            pass

@app.task(name="child")
def child():
    subprocess.run(["sleep", "77.77"])

@app.task(name="page")
def page(*args):
    time.sleep(0.2)
"""

#: A command without tasks has begun its work after so many seconds of processor time: its start takes 0.2 to 0.3.
BEGUN = 0.6

#: Moments, in seconds after the start: while Python starts, while it imports, in the middle, twice.
MOMENTS = (0.15, 0.3, 0.6, 1.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "big.flow").write_text("".join(f"x{n} = add({n}, [{n}, {n}], k={n}) -> mul(2) !> page\n" for n in range(30_000)))
    (tmp_path / "slow.flow").write_text("[slow(n) for n in range(200)] -> slow !> page\n")
    (tmp_path / "stubborn.flow").write_text("[stubborn, child, slow] !> page\n")
    (tmp_path / "slow_app.py").write_text("import time\nopen('begun', 'w').close()\ntime.sleep(30)\n")
    return tmp_path


def has_begun(folder: Path, process: subprocess.Popen[bytes]) -> bool:
    """Whether a command is at its work (or over): it runs a task or imports an application, or had the time to."""
    if (folder / "begun").exists() or process.poll() is not None:
        return True
    if "run" in process.args or "--app" in process.args:  # type: ignore[operator]
        return False
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > BEGUN


def interrupted(
    folder: Path, line: str, *moments: float, number: signal.Signals = signal.SIGINT, begun: bool = True
) -> tuple[int, str, float]:
    """Start a command and send it the signal at each of the moments; its code, standard error, and the seconds that it then took.

    The moments are seconds after it has ``begun`` its work, or after its start.
    """
    said = folder / "stderr"  # no pipe: a process that a task has started may keep that open
    with said.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowc", *line.split()],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    while begun and not has_begun(folder, process):
        time.sleep(0.02)
    began = time.monotonic()
    for moment in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        process.send_signal(number)
    sent = time.monotonic()
    code = process.wait(timeout=PATIENCE)
    took = time.monotonic() - sent
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return code, said.read_text(encoding="utf-8", errors="backslashreplace"), took


LINES = [
    "check big.flow",
    "plan --json big.flow",
    "graph big.flow -o big.svg",
    "fmt --diff big.flow",
    "check big.flow --app slow_app",
    "run slow.flow --app tasks --pool threads",
    "run slow.flow --app tasks --pool processes",
    "run slow.flow --app tasks --pool solo",
]


@pytest.mark.soak
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("line", LINES)
def test_one_interrupt(folder: Path, line: str, moment: float) -> None:
    code, err, _ = interrupted(folder, line, moment, begun=False)
    assert code in (0, 1, 4, 130, -signal.SIGINT), err
    # before the command has begun, Python itself answers
    assert "Traceback" not in err or 'flowc/cli/main.py", line' not in err or "import" in err, err
    assert "internal error" not in err


@pytest.mark.parametrize("line", every(2, [LINES[0], LINES[4], LINES[6]]))
def test_an_interrupt(folder: Path, line: str) -> None:
    code, err, took = interrupted(folder, line, 0.4)
    assert code in (0, 1, 4, 130), err
    assert "Traceback" not in err
    assert "internal error" not in err
    assert took < 20


@pytest.mark.parametrize("pool", every(2, ["threads", "processes", "solo"], first=1))
def test_two_interrupts(folder: Path, pool: str) -> None:
    """The second ends what does not want to end, with the processes that it has started."""
    code, err, took = interrupted(folder, f"run stubborn.flow --app tasks --pool {pool} -c 3", 0.5, 0.8)
    assert code == 130, err
    assert took < 20
    assert "Traceback" not in err
    if pool == "processes":
        assert not _is_running("sleep 77.77")


@pytest.mark.soak
@pytest.mark.parametrize("pool", ["threads", "processes", "solo"])
def test_many_interrupts(folder: Path, pool: str) -> None:
    code, err, _ = interrupted(
        folder, f"run stubborn.flow --app tasks --pool {pool} -c 3", *(0.8 + n * 0.05 for n in range(20)), begun=False
    )
    assert code in (130, -signal.SIGINT), err
    assert "internal error" not in err


@pytest.mark.parametrize("pool", ["processes"])
def test_termination(folder: Path, pool: str) -> None:
    code, err, _ = interrupted(folder, f"run slow.flow --app tasks --pool {pool}", 0.5, number=signal.SIGTERM)
    assert code in (4, 128 + signal.SIGTERM), err
    assert "Traceback" not in err


def _is_running(command: str) -> bool:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return any(line.strip() == command for line in listed.splitlines())
