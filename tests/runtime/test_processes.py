"""What only processes can do: die, be killed, be limited in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.app import App
from flowc.runtime.driver import run
from flowc.runtime.errors import SoftTimeLimitExceeded, UsageError
from flowc.runtime.events import State
from flowc.runtime.outcome import RunEvent, RunResult, StepEnded
from flowc.runtime.worker.pools import starting
from flowc.runtime.worker.pools.crew import Crew

from .plans import Ref, call, group, handler, on_error, plan, states, step

app = App("mortal")
lock = threading.Lock()


@app.task(name="die")
def die(how: str, n: int = 0) -> None:
    if how == "exit":
        os._exit(n)
    elif how == "close":
        os.closerange(3, 256)
        time.sleep(60)
    elif how == "signal":
        os.kill(os.getpid(), n)
        time.sleep(60)


@app.task(name="pid")
def pid(wait: float = 0.0) -> int:
    time.sleep(wait)
    return os.getpid()


@app.task(name="linger")
def linger(path: str, clean: bool = False) -> str:
    """Starts a process of its own, which would write to ``path`` if it lived on."""
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(1.5); open({path!r}, 'w')"])
    try:
        time.sleep(60)
    except SoftTimeLimitExceeded as exc:
        if clean:
            return str(exc)
        raise
    return "never"


@app.task(name="fork")
def fork() -> int:
    """Forks as careless code does: the child runs out of the task as well."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return child and 1


@app.task(name="daemon")
def daemon() -> None:
    if os.fork() == 0:
        os.setsid()
        time.sleep(20)
        os._exit(0)
    time.sleep(0.2)
    os._exit(1)


@app.task(name="locked")
def locked() -> bool:
    return lock.acquire(timeout=5)


@app.task(name="big")
def big(data: str) -> str:
    return data + data


@app.task(name="report")
def report(request: Any, exc: BaseException, traceback: str, path: str) -> None:
    Path(path).write_text(f"{type(exc).__module__}.{type(exc).__name__}: {exc}")


def run_here(*parts: Any, **options: Any) -> RunResult:
    return run(plan(*parts), app, pool="processes", **{"concurrency": 2, **options})


@pytest.mark.parametrize(
    ("how", "n", "message"),
    [
        ("exit", 3, "WorkerLostError: the process that ran it ended with exit code 3, without an answer"),
        ("exit", 0, "WorkerLostError: the process that ran it ended with exit code 0, without an answer"),
        ("signal", int(signal.SIGKILL), "WorkerLostError: the process that ran it was ended by signal 9 (SIGKILL, which the system also"),
        ("signal", int(signal.SIGTERM), "WorkerLostError: the process that ran it was ended by signal 15 (SIGTERM)"),
        ("close", 0, "WorkerLostError: "),
    ],
)
def test_a_dead_child_fails_its_step_alone(how: str, n: int, message: str) -> None:
    others = [call(f"p{i}", "pid") for i in range(20)]
    result = run_here(call("a", "die", how, n), *others, call("z", "pid", after=("a",)))
    assert str(step(result, "a").error).startswith(message)
    assert states(result) == {"a": "FAILURE", **{f"p{i}": "SUCCESS" for i in range(20)}, "z": "SKIPPED"}


def test_many_deaths_end_a_run_no_earlier() -> None:
    calls = [call(f"a{i}", "die", "exit", 1) if i % 2 else call(f"a{i}", "pid") for i in range(30)]
    result = run_here(*calls)
    assert [s.state for s in result.steps] == [State.FAILURE if i % 2 else State.SUCCESS for i in range(30)]


def test_the_handler_of_a_lost_step_runs_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "report"
    scope = on_error("s", handler("h", "report", str(path)))
    result = run_here(call("a", "die", "exit", 3, scope="s"), scope, concurrency=1)
    assert path.read_text().startswith("flowc.runtime.errors.WorkerLostError: the process that ran it ended with exit code 3")
    assert result.handlers[0].ok


def test_a_time_limit_kills_the_step_and_what_it_started(tmp_path: Path) -> None:
    path = tmp_path / "alive"
    result = run_here(call("a", "linger", str(path), options={"time_limit": 0.3}), call("b", "pid"))
    assert step(result, "a").error == "TimeLimitExceeded: ran longer than 0.3 s and was killed"
    assert step(result, "b").state is State.SUCCESS
    time.sleep(2)
    assert not path.exists()


def test_a_soft_time_limit_is_raised_inside(tmp_path: Path) -> None:
    options = {"soft_time_limit": 0.2}
    calls = [call("a", "linger", str(tmp_path / "a"), options=options), call("b", "linger", str(tmp_path / "b"), True, options=options)]
    result = run_here(*calls)
    assert step(result, "a").error == "SoftTimeLimitExceeded: ran longer than 0.2 s"
    assert step(result, "b").result == "ran longer than 0.2 s"


def test_the_task_s_own_limit_holds_where_the_call_has_none() -> None:
    limited = App("limited")
    limited.task(name="slow", time_limit=0.2)(lambda: time.sleep(60))
    result = run(plan(call("a", "slow")), limited, pool="processes")
    assert step(result, "a").error == "TimeLimitExceeded: ran longer than 0.2 s and was killed"


def test_a_limit_holds_for_a_child_that_was_idle() -> None:
    """Then the job is given to it by the driver's thread, while the supervising one sleeps."""
    result = run_here(call("a", "pid"), call("b", "pid", 60.0, after=("a",), options={"time_limit": 0.2}), concurrency=1)
    assert step(result, "b").error == "TimeLimitExceeded: ran longer than 0.2 s and was killed"


def test_other_pools_say_that_they_keep_no_limits() -> None:
    calls = [call("a", "pid", options={"time_limit": 60}), call("b", "pid", options={"soft_time_limit": 60})]
    result = run(plan(*calls), app, pool="threads")
    assert result.notes == ("time limits are kept by --pool processes alone, so not for a and 1 more",)


def test_concurrency_is_the_number_of_processes() -> None:
    calls = [call(f"a{i}", "pid", 0.05) for i in range(6)]
    result = run(plan(*calls, group("g", *(Ref(c.id) for c in calls)), value=Ref("g")), app, pool="processes", concurrency=2)
    assert len(set(result.value)) == 2
    assert os.getpid() not in result.value


def test_large_arguments_and_results_pass() -> None:
    result = run(plan(call("a", "big", "x" * 3_000_000), call("b", "big", Ref("a")), value=Ref("b")), app, pool="processes")
    assert len(result.value) == 12_000_000


def test_a_task_that_forks_answers_once() -> None:
    result = run(plan(call("a", "fork"), call("b", "pid"), value=Ref("a")), app, pool="processes", concurrency=1)
    assert (result.ok, result.value) == (True, 1)


def test_a_lock_that_another_thread_holds_is_free_in_the_children() -> None:
    """A run in a program with threads: the children come from a fresh process, not from a fork of this one."""
    results: list[RunResult] = []
    thread = threading.Thread(target=lambda: results.append(run(plan(call("a", "locked"), value=Ref("a")), app, pool="processes")))
    with lock:
        thread.start()
        thread.join()
    assert results[0].value is True


def test_a_fresh_process_that_cannot_import_the_application_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(starting, "_fork_is_safe", lambda: False)
    monkeypatch.setattr(starting, "_importable", lambda app: ("no.such.module", "app", ["no.such.module"]))
    with pytest.raises(UsageError, match=r"could not import no\.such\.module"):
        run_here(call("a", "pid"))
    assert "No module named 'no'" in capfd.readouterr().err


def test_the_death_of_the_forking_process_costs_only_what_runs() -> None:
    def watch(event: RunEvent) -> None:
        if isinstance(event, StepEnded) and event.step.id == "a":
            os.kill(_parent_of(event.step.result), signal.SIGKILL)

    result = run_here(call("a", "pid"), call("b", "pid", 1.0, after=("a",)), call("c", "pid", after=("a",)), on_event=watch, concurrency=1)
    assert step(result, "a").state is State.SUCCESS
    errors = [str(step(result, id_).error).partition(":")[0] for id_ in "bc"]
    assert set(errors) <= {"WorkerLostError", "None"}
    assert "None" in errors, "one at a time: the other had not begun"


def _parent_of(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def test_children_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(
        "import os, time\n"
        "from flowc.compiler.plan import Call, Location, Map, Plan, Trigger\n"
        "from flowc.runtime.app import App\n"
        "from flowc.runtime.driver import run\n"
        "app = App('k')\n"
        "@app.task(name='t')\n"
        "def t():\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
        "call = Call('a', 't', (), Map(), Map(), Trigger(), (), (), None, 'any', Location('f', 1, 1, 1, 1))\n"
        "run(Plan('p', None, (call,), (), (), (), None), app, pool='processes')\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()


def test_a_process_that_outlives_its_step_holds_up_nothing() -> None:
    """It has a copy of the dead child's socket, so the end of that never comes."""
    result = run_here(call("a", "daemon"), call("b", "pid"), concurrency=1)
    assert states(result) == {"a": "FAILURE", "b": "SUCCESS"}


def test_a_bug_in_the_pool_fails_the_steps_and_hangs_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(crew: Crew) -> bool:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Crew, "wants_more", broken)
    result = run_here(call("a", "pid"), call("b", "pid"))
    assert set(states(result).values()) == {"FAILURE"}
    assert "this is a bug in flowc" in str(step(result, "a").error)
    assert "RuntimeError: a bug" in capsys.readouterr().err
