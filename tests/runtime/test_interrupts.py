"""Ctrl-C and SIGTERM, on real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import json, os, signal, sys, time
from flowc.runtime.app import App
from flowc.runtime.driver import run
from flowc.runtime.outcome import Stopping
from flowc.compiler.plan import Call, Location, Map, Plan, Ref, Trigger, Scope, Handler

app = App("stop")
pool, folder = sys.argv[1:]

@app.task(name="slow")
def slow():
    open(f"{folder}/{os.getpid()}.pid", "w").close()
    print("running", flush=True)
    while not os.path.exists(f"{folder}/go"):
        time.sleep(0.02)
    return "done"

W = Location("f.flow", 1, 1, 1, 2)
def call(id, needs=(), **options):
    trigger = Trigger("then" if needs else "start", None, needs, needs)
    return Call(id, "slow", (), Map(), Map(tuple(options.items())), trigger, (), (), None, "any", W)

calls = (call("a"), call("b", ("a",)), call("c", countdown=3600), *(call(f"q{n}", (), countdown=0.01) for n in range(40)))
def watch(event):
    if isinstance(event, Stopping):
        print("stopping", event.signal_name, *event.running, flush=True)
result = run(Plan("p", None, calls, (), (), (), None), app, pool=pool, concurrency=1, on_event=watch)
print(json.dumps({"states": {s.id: s.state for s in result.steps}, "code": result.exit_code, "abandoned": result.abandoned}), flush=True)
if result.abandoned:
    os._exit(result.exit_code)
sys.exit(result.exit_code)
"""


class Running:
    """The script in a process of its own."""

    def __init__(self, folder: Path, pool: str) -> None:
        self.folder = folder
        script = folder / "stop.py"
        script.write_text(SCRIPT)
        self.process = subprocess.Popen(
            [sys.executable, str(script), pool, str(folder)], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout
        assert self.out.readline() == "running\n"

    def send(self, number: int) -> None:
        """To the whole process group, as a terminal does it."""
        os.killpg(self.process.pid, number)

    def let_go(self) -> None:
        """Let the running step end."""
        (self.folder / "go").touch()

    def end(self) -> tuple[dict[str, str], int, list[str]]:
        lines = self.out.read().splitlines()
        self.out.close()
        code = self.process.wait(30)
        told = json.loads(lines[-1])
        assert told["code"] == code
        return told["states"], code, told["abandoned"]

    def children_are_gone(self) -> bool:
        """Whether every process that ran a step has ended."""
        pids = [int(path.stem) for path in self.folder.glob("*.pid")]
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if not any(Path(f"/proc/{pid}").exists() for pid in pids):
                return True
            time.sleep(0.02)
        return False


@pytest.mark.parametrize(
    ("pool", "number"),
    [
        *(("threads", signal.SIGINT), ("processes", signal.SIGTERM), ("solo", signal.SIGINT)),
        *(
            pytest.param(pool, number, marks=pytest.mark.soak)
            for pool, number in (("threads", signal.SIGTERM), ("processes", signal.SIGINT), ("solo", signal.SIGTERM))
        ),
    ],
)
def test_the_first_signal_lets_running_steps_end_and_starts_no_other(pool: str, number: signal.Signals, tmp_path: Path) -> None:
    running = Running(tmp_path, pool)
    running.send(number)
    if pool != "solo":  # there the loop itself runs the step
        assert running.out.readline() == f"stopping {number.name} a\n"
    running.let_go()
    states, code, abandoned = running.end()
    assert states.pop("a") == "SUCCESS"
    assert set(states.values()) == {"PENDING"}
    assert (code, abandoned) == (128 + number, [])
    assert running.children_are_gone()


@pytest.mark.parametrize("pool", ["threads", "processes", "solo"])
def test_the_second_signal_ends_the_run_at_once(pool: str, tmp_path: Path) -> None:
    running = Running(tmp_path, pool)
    running.send(signal.SIGINT)
    if pool == "solo":
        time.sleep(0.3)  # two signals that are sent at once may come as one
    else:
        assert running.out.readline() == "stopping SIGINT a\n"
    running.send(signal.SIGINT)
    states, code, abandoned = running.end()
    assert states.pop("a") == "REVOKED"
    assert states.pop("b") == "SKIPPED"
    assert set(states.values()) == {"PENDING"}
    assert (code, abandoned) == (130, ["a"] if pool == "threads" else [])
    assert running.children_are_gone()
