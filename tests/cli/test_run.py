"""``flowc run``: value, report, JSON and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Flowc

TASKS = """
import datetime as dt
import os
import time

import flowc

app = flowc.App("runtasks")


@app.task(name="add")
def add(x: int, y: int) -> int:
    return x + y


@app.task(name="fail")
def fail(message: str) -> int:
    raise ValueError(message)


@app.task(name="echo")
def echo(value: object) -> object:
    return value


@app.task(name="odd")
def odd() -> object:
    return {"when": dt.date(2026, 11, 22), "inf": float("inf")}


@app.task(name="work", bind=True)
def work(self, n: int) -> int:
    self.update_state(state="PROGRESS", meta={"n": n})
    return n


@app.task(name="sleep")
def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@app.task(name="error_handler")
def error_handler(request, exc, traceback) -> None:
    print(f"handled {type(exc).__name__}: {exc}")


@app.task(name="show")
def show(message) -> None:
    print(f"told {message['status']}")
"""


@pytest.fixture
def tasks(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the module ``runtasks``, forgotten afterwards."""
    (here / "runtasks.py").write_text(TASKS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "runtasks", raising=False)
    yield here
    sys.modules.pop("runtasks", None)


def run(flowc: Flowc, folder: Path, text: str, *args: str) -> tuple[int, str, str]:
    (folder / "a.flow").write_text(text)
    ran = flowc("run", "a.flow", "--app", "runtasks", *args)
    return ran.code, ran.out, ran.err


def test_the_one_liner_prints_20_and_nothing_else_on_standard_output(flowc: Flowc, tasks: Path) -> None:
    code, out, err = run(flowc, tasks, "add(2, 2) -> add(16) !> error_handler\n")
    assert (code, out) == (0, "20\n")
    assert "[2/2] add#2 succeeded" in err
    assert err.splitlines()[-1].startswith("2 steps: 2 succeeded, in ")


def test_a_failure_is_reported_with_its_place_traceback_and_what_it_skipped(flowc: Flowc, tasks: Path) -> None:
    text = 'a = fail("no\\nluck")\nb = a -> add(1) -> add(2) !> error_handler\nadd(1, 1)\n'
    code, out, err = run(flowc, tasks, text)
    assert code == 4
    assert out == "2\n"
    assert "a.flow:1:5: error: step a failed: ValueError: no␊luck\n" in err
    assert '1 | a = fail("no\\nluck")\n  |     ^^^^^^^^^^^^^^^^\n' in err
    assert "raise ValueError(message)" in err
    assert "Skipped, because a did not succeed: b.add#1, b" in err
    assert err.splitlines()[-1].startswith("4 steps: 1 succeeded, 1 failed, 2 skipped, in ")


def test_handlers_are_reported(flowc: Flowc, tasks: Path) -> None:
    code, out, err = run(flowc, tasks, 'fail("x") -> add(1) !> error_handler\n')
    assert code == 4
    assert "handled ValueError: x" in out + err
    assert "Handler error_handler#1 (error_handler) for fail#1: ran" in err


def test_json(flowc: Flowc, tasks: Path) -> None:
    code, out, _ = run(flowc, tasks, 'a = add(1, 2)\nb = a -> add(3)\nc = fail("x")\n[a, b]\n', "--json")
    assert code == 4
    document = json.loads(out)
    assert document["version"] == 1
    assert document["ok"] is False
    assert document["value"] == [3, 6]
    steps = {step["id"]: step for step in document["steps"]}
    assert [steps[name]["state"] for name in ("a", "b", "c")] == ["SUCCESS", "SUCCESS", "FAILURE"]
    assert steps["b"]["result"] == 6
    assert steps["c"]["error"] == "ValueError: x"
    assert steps["c"]["where"] == "a.flow:3:5"


def test_values_that_json_lacks(flowc: Flowc, tasks: Path) -> None:
    code, out, _ = run(flowc, tasks, "odd()\n", "--pool", "solo")
    assert code == 0
    assert json.loads(out) == {"when": "2026-11-22", "inf": None}


def test_a_file_without_value_gives_null(flowc: Flowc, tasks: Path) -> None:
    code, out, _ = run(flowc, tasks, "add(1, 2)\nparam n: int = 1\n")
    assert (code, out) == (0, "null\n")


@pytest.mark.parametrize("pool", ["threads", "solo", "processes"])
def test_every_pool_runs_a_group(flowc: Flowc, tasks: Path, pool: str) -> None:
    code, out, _ = run(flowc, tasks, "[add(n, 1) for n in range(5)] -> echo\n", "--pool", pool, "-c", "2")
    assert (code, out) == (0, "[1, 2, 3, 4, 5]\n")


def test_parameters(flowc: Flowc, tasks: Path) -> None:
    code, out, _ = run(flowc, tasks, "param n: int\nadd(n, 1)\n", "-p", "n=41")
    assert (code, out) == (0, "42\n")
    code, out, err = run(flowc, tasks, "param n: int\nadd(n, 1)\n")
    assert (code, out) == (1, "")
    assert "error[F07" in err


def test_errors_of_the_flow_run_nothing(flowc: Flowc, tasks: Path) -> None:
    code, out, err = run(flowc, tasks, "add(1, 2)\nadd(1, nothing)\n")
    assert (code, out) == (1, "")
    assert "Found 1 error in 1 file." in err


def test_progress_messages_reach_the_listener(flowc: Flowc, tasks: Path) -> None:
    code, out, err = run(flowc, tasks, "work(7) ~> show\n")
    assert code == 0
    assert "told PROGRESS" in out + err
    assert "work#1 says PROGRESS: {'n': 7}" in err


def test_without_an_application(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("add(1, 2)\n")
    ran = flowc("run", "a.flow")
    assert ran.code == 2
    assert "--app MODULE[:ATTR]" in ran.err
    (here / "b.flow").write_text("[1, 2]\n")
    assert flowc("run", "b.flow").out == "[1, 2]\n"


def test_the_application_of_the_configuration(flowc: Flowc, tasks: Path) -> None:
    (tasks / "pyproject.toml").write_text('[tool.flowc]\napp = "runtasks:app"\n')
    (tasks / "a.flow").write_text("add(1, 2)\n")
    ran = flowc("run", "a.flow")
    assert (ran.code, ran.out) == (0, "3\n")


def test_the_application_of_the_configuration_is_looked_for_beside_it(flowc: Flowc, tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tasks / "pyproject.toml"
    config.write_text('[tool.flowc]\napp = "runtasks:app"\n')
    (tasks / "below").mkdir()
    (tasks / "below" / "a.flow").write_text("add(1, 2)\n")
    monkeypatch.chdir(tasks / "below")
    ran = flowc("run", "a.flow")
    assert (ran.code, ran.out) == (0, "3\n")
    config.write_text('[tool.flowc]\napp = "runtsks"\n')
    ran = flowc("run", "a.flow")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"flowc: {config}: [tool.flowc] app: no module is named 'runtsks'; did you mean 'runtasks'?")


def test_warnings_are_counted_and_shown_by_the_command_that_is_named(flowc: Flowc, tasks: Path) -> None:
    (tasks / "a.flow").write_text("param n: int = 1\nadd(1, 2)\n")
    ran = flowc("run", "a.flow", "--app", "runtasks")
    assert ran.err.splitlines()[0] == "1 warning; flowc check a.flow --app runtasks shows it."
    assert "Found 1 warning in 1 file." in flowc("check", "a.flow", "--app", "runtasks").out


@pytest.mark.parametrize("spec", ["nowhere", "runtasks:ap", "1x", "json"])
def test_an_application_that_is_not_there(flowc: Flowc, tasks: Path, spec: str) -> None:
    (tasks / "a.flow").write_text("add(1, 2)\n")
    ran = flowc("run", "a.flow", "--app", spec)
    assert ran.code == 2
    assert ran.err.startswith("flowc: --app: ")
    assert "internal error" not in ran.err


def test_env_reads_only_what_the_configuration_lists(flowc: Flowc, tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEN", "yes")
    assert run(flowc, tasks, 'echo(env("SEEN"))\n')[0] != 0
    (tasks / "pyproject.toml").write_text('[tool.flowc]\nenv = ["SEEN", "UNSET"]\n')
    assert run(flowc, tasks, 'echo(env("SEEN"))\n')[:2] == (0, '"yes"\n')
    code, _, err = run(flowc, tasks, 'echo(env("UNSET"))\n')
    assert code == 2
    assert "UNSET" in err


def test_a_secret_comes_from_the_environment_and_is_never_shown(flowc: Flowc, tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "hunter2hunter2")
    code, out, err = run(flowc, tasks, 'fail(secret("API_KEY"))\nadd(1, 2)\n', "--json")
    assert code == 4
    assert "hunter2" not in out + err


def test_a_secret_in_the_value_is_masked(flowc: Flowc, tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "hunter2hunter2")
    for more in ((), ("--json",)):
        code, out, err = run(flowc, tasks, "echo(f'key={secret(\"API_KEY\")}')\n", *more)
        assert code == 0
        assert "key=***" in out
        assert "hunter2" not in out + err


LOUD = """
import subprocess, sys
from flowc import App

app = App("loud")

@app.task(name="shout")
def shout():
    print("python")
    subprocess.run([sys.executable, "-c", "print('child')"])
    return 1
"""


@pytest.mark.parametrize("pool", ["threads", "solo", "processes"])
def test_what_tasks_print_goes_to_standard_error(tasks: Path, pool: str) -> None:
    (tasks / "loud.py").write_text(LOUD)
    (tasks / "a.flow").write_text("shout()\n")
    command = [sys.executable, "-m", "flowc", "run", "a.flow", "--app", "loud", "--pool", pool]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tasks, check=True)
    assert ran.stdout == "1\n"
    assert "python\n" in ran.stderr
    assert "child\n" in ran.stderr


def test_a_flow_whose_names_are_escape_sequences_cannot_reach_the_terminal(flowc: Flowc, tasks: Path) -> None:
    code, out, err = run(flowc, tasks, 'fail("\\u001b[31mred")\n')
    assert code == 4
    assert "\x1b" not in out + err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_stops_cleanly(tasks: Path) -> None:
    (tasks / "a.flow").write_text("sleep(0.5) => sleep(30)\n")
    command = [sys.executable, "-m", "flowc", "run", "a.flow", "--app", "runtasks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "sleep#1 succeeded" in process.stderr.readline()
            time.sleep(0.2)
            os.kill(process.pid, signal.SIGINT)
            assert "SIGINT: stopping" in process.stderr.readline()
            os.kill(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert out == ""
