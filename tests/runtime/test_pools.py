"""What every pool must do: one suite, run over each of them."""

from __future__ import annotations

import datetime as dt
import decimal
import os
import signal
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from flowc.compiler.plan import PlanError
from flowc.runtime.app import App
from flowc.runtime.driver import run
from flowc.runtime.errors import UnknownTasks, UsageError
from flowc.runtime.outcome import RunEvent, RunResult, StepEnded, StepTold

from .plans import Ref, call, group, handler, on_error, on_message, plan, states, step

app = App("suite")
heard: list[dict[str, Any]] = []


class Oops(Exception):
    """With a second argument, so that it cannot be made again from its text alone."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


@app.task(name="add")
def add(x: Any, y: Any = 0) -> Any:
    return x + y


@app.task(name="echo")
def echo(*args: Any, **kwargs: Any) -> Any:
    return [list(args), kwargs]


@app.task(name="give")
def give(what: str) -> Any:
    return {
        "date": dt.date(2026, 1, 2),
        "time": dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
        "decimal": decimal.Decimal("1.5"),
        "uuid": uuid.UUID(int=7),
        "bytes": b"\xff\x00",
        "set": {1, 2},
        "deep": {"a": [1, {"b": object()}]},
        "loop": _loop(),
        "disguised": {"__type__": "nothing", "__value__": 1},
        "tuple": (1, 2),
        "huge": 10**5000,
        "generator": (n for n in range(3)),
    }[what]


def _loop() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


@app.task(name="fail")
def fail(how: str = "oops") -> None:
    if how == "exit":
        raise SystemExit(3)
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "memory":
        raise MemoryError
    if how == "recursion":
        fail.function(how)
    if how == "mute":

        class Mute(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no words")

            __repr__ = __str__

            def __reduce__(self) -> Any:
                raise RuntimeError("no pickling")

        raise Mute(1)
    raise Oops(how, 42)


@app.task(name="nap")
def nap(seconds: float) -> float:
    time.sleep(seconds)
    return time.time()


@app.task(name="clock")
def clock() -> float:
    return time.time()


@app.task(name="meet")
def meet(folder: str, name: str, count: int) -> None:
    (Path(folder) / name).touch()
    while len(os.listdir(folder)) < count:
        time.sleep(0.002)


@app.task(name="tell", bind=True)
def tell(self: Any, times: int, trouble: str = "") -> str:
    for n in range(times):
        self.update_state(state="PROGRESS", meta={"done": n})
    if trouble == "meta":
        self.update_state(state="PROGRESS", meta=object())
    if trouble == "fail":
        raise ValueError("after all")
    return "told"


@app.task(name="who", bind=True)
def who(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    r = self.request
    return {
        "id": r.id, "task": r.task, "args": r.args, "kwargs": r.kwargs, "retries": r.retries, "root_id": r.root_id,
        "direct": r.called_directly, "headers": r.headers, "nested": inner(), "argsrepr": r.argsrepr,
    }  # fmt: skip


@app.task(name="inner", bind=True)
def inner(self: Any) -> list[Any]:
    return [self.request.id, self.request.called_directly]


@app.task(name="listen")
def listen(message: dict[str, Any], *more: Any) -> None:
    heard.append(message)
    if more:
        raise RuntimeError("deaf")


@app.task(name="note")
def note(request: Any, exc: BaseException, traceback: str, path: str, word: str = "") -> None:
    lines = [request.id.rpartition(".")[2], request.task, repr(request.args), type(exc).__name__, str(exc)]
    lines += [str(getattr(exc, "code", "")), str(isinstance(exc, Oops)), word, str(traceback.count("raise Oops"))]
    with Path(path).open("a") as file:
        file.write("|".join(lines) + "\n")


@app.task(name="note_id")
def note_id(task_id: str, *, path: str) -> None:
    with Path(path).open("a") as file:
        file.write(task_id.rpartition(".")[2] + "\n")


@app.task(name="broken_handler")
def broken_handler(request: Any, exc: BaseException, traceback: str) -> None:
    raise RuntimeError("handler broke")


@pytest.fixture(params=["threads", "processes", "solo"])
def pool(request: pytest.FixtureRequest) -> str:
    heard.clear()
    return str(request.param)


def value_of(pool: str, task: str, /, *args: Any, **kwargs: Any) -> Any:
    result = run(plan(call("a", task, *args, **kwargs), value=Ref("a")), app, pool=pool, concurrency=1)
    assert result.ok, result.failed
    return result.value


def failure_of(pool: str, task: str, *args: Any, options: dict[str, Any] | None = None) -> str:
    result = run(plan(call("a", task, *args, options=options), value=Ref("a")), app, pool=pool, concurrency=1)
    assert not result.ok
    assert not result.has_value
    assert result.exit_code == 4
    return str(step(result, "a").error)


# ------------------------------------------------------------------------------------------------------------- results
@app.task(name="give_map")
def give_map(n: int) -> dict[str, int]:
    return {"n": n}


def test_links_joins_and_groups(pool: str) -> None:
    two = [call("g[0]", "add", Ref("a"), 1), call("g[1]", "add", Ref("a"), 2)]
    last = call("z", "echo", Ref("g"), Ref("a"), n=Ref("m", ("n",)))
    m = call("m", "give_map", 5)
    result = run(plan(call("a", "add", 2, 2), *two, group("g", Ref("g[0]"), Ref("g[1]")), m, last, value=[Ref("z"), 1]), app, pool=pool)
    assert result.value == [[[[5, 6], 4], {"n": 5}], 1]
    assert (result.ok, result.exit_code) == (True, 0)
    assert [s.id for s in result.steps] == ["a", "g[0]", "g[1]", "m", "z"]
    assert all(s.started is not None and s.finished is not None and 0 <= s.started <= s.finished for s in result.steps)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("date", dt.date(2026, 1, 2)),
        ("time", dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)),
        ("decimal", decimal.Decimal("1.5")),
        ("uuid", uuid.UUID(int=7)),
        ("bytes", b"\xff\x00"),
        ("tuple", [1, 2]),
    ],
)
def test_results_survive_json(pool: str, what: str, value: object) -> None:
    found = value_of(pool, "give", what)
    assert (type(found), found) == (type(value), value)


def test_dates_survive_as_arguments(pool: str) -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
    assert value_of(pool, "echo", dt.date(2026, 1, 2), at=moment) == [[dt.date(2026, 1, 2)], {"at": moment}]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("set", "EncodeError: the result cannot be carried as JSON: there is a set; hand on lists, maps, texts and numbers"),
        ("deep", "EncodeError: the result cannot be carried as JSON: there is an object at ['a'][1]['b']"),
        ("loop", "EncodeError: the result"),
        ("generator", "EncodeError: the result cannot be carried as JSON: there is a generator"),
        ("huge", "EncodeError: the result cannot be carried as JSON"),
        ("disguised", "DecodeError: the JSON of a result cannot be read back"),
    ],
)
def test_a_result_that_json_cannot_carry_fails_the_step(pool: str, what: str, message: str) -> None:
    assert failure_of(pool, "give", what).startswith(message)


@pytest.mark.parametrize("serializer", ["json", "pickle", "yaml"])
@pytest.mark.parametrize("compression", [None, "gzip", "bzip2"])
def test_arguments_travel_by_the_serializer_and_compression_of_the_step(pool: str, serializer: str, compression: str | None) -> None:
    options = {"serializer": serializer} | ({"compression": compression} if compression else {})
    result = run(plan(call("a", "echo", [1, {"k": "v"}], options=options), value=Ref("a")), app, pool=pool, concurrency=1)
    assert result.value == [[[1, {"k": "v"}]], {}]


def test_an_unknown_serializer_or_compression_fails_the_step(pool: str) -> None:
    assert "carrier-pigeon" in failure_of(pool, "add", 1, options={"serializer": "carrier-pigeon"})
    assert "vacuum" in failure_of(pool, "add", 1, options={"compression": "vacuum"})


def test_an_ignored_result_is_null(pool: str) -> None:
    result = run(plan(call("a", "give", "set", options={"ignore_result": True}), value=Ref("a")), app, pool=pool, concurrency=1)
    assert (result.ok, result.value) == (True, None)


def test_built_in_tasks_call_a_task_for_each_item(pool: str) -> None:
    signature: dict[str, Any] = {"task": "add", "args": [], "kwargs": {"y": 1}, "options": {}, "subtask_type": None, "immutable": False}
    assert value_of(pool, "celery.map", task=signature, it=[1, 2, 3]) == [2, 3, 4]
    assert value_of(pool, "celery.starmap", task={"task": "add"}, it=[[1, 2], [3, 4]]) == [3, 7]


# ------------------------------------------------------------------------------------------------------------- request
def test_a_bound_task_sees_its_request(pool: str) -> None:
    options = {"task_id": "my-id", "headers": {"tenant": "x"}}
    result = run(plan(call("a", "who", 1, k=2, options=options), value=Ref("a")), app, pool=pool, concurrency=1)
    seen = result.value
    assert seen.pop("root_id")
    assert seen == {
        "id": "my-id", "task": "who", "args": [1], "kwargs": {"k": 2}, "retries": 0, "direct": False,
        "headers": {"tenant": "x"}, "nested": [None, True], "argsrepr": "(1,)",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ failures
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("oops", "Oops: oops"),
        ("exit", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt"),
        ("memory", "MemoryError"),
        ("recursion", "RecursionError: maximum recursion depth exceeded"),
        ("mute", "Mute: <the exception's text cannot be shown: RuntimeError>"),
    ],
)
def test_whatever_a_task_raises_fails_its_step_alone(pool: str, how: str, message: str) -> None:
    result = run(plan(call("a", "fail", how), call("b", "add", Ref("a")), call("c", "add", 1)), app, pool=pool, concurrency=1)
    assert str(step(result, "a").error).startswith(message)
    assert states(result) == {"a": "FAILURE", "b": "SKIPPED", "c": "SUCCESS"}
    assert step(result, "b").because == "a"


def test_a_traceback_begins_at_the_users_code(pool: str) -> None:
    result = run(plan(call("a", "fail")), app, pool=pool)
    lines = str(step(result, "a").traceback).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "test_pools.py" in lines[1]
    assert "in fail" in lines[1]
    assert lines[-1].endswith("Oops: oops")


def test_wrong_arguments_fail_the_step(pool: str) -> None:
    assert "missing 1 required positional argument: 'x'" in failure_of(pool, "add")


def test_a_path_to_nothing_fails_the_step_that_needs_it(pool: str) -> None:
    result = run(plan(call("a", "echo"), call("b", "add", Ref("a", ("n",))), call("c", "add", Ref("b"))), app, pool=pool)
    assert states(result) == {"a": "SUCCESS", "b": "FAILURE", "c": "SKIPPED"}
    assert step(result, "b").error == "ReachError: a.n: the value is of type list and has no key 'n'"


def test_a_value_that_cannot_be_made_fails_the_run(pool: str) -> None:
    result = run(plan(call("a", "echo"), value=Ref("a", ("n",))), app, pool=pool)
    assert (result.ok, result.has_value, result.exit_code) == (False, False, 4)
    assert result.value_error == "a.n: the value is of type list and has no key 'n'"


# ------------------------------------------------------------------------------------------------------------ handlers
def noted(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_an_errback_gets_request_exception_and_traceback(pool: str, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    scope = on_error("s", handler("h", "note", str(path), word="etl"))
    result = run(plan(call("a", "fail", "bad", scope="s"), scope), app, pool=pool, concurrency=1)
    assert noted(path) == ["a|fail|['bad']|Oops|bad|42|True|etl|1"]
    (called,) = result.handlers
    assert (called.id, called.task, called.step, called.scope, called.kind, called.ok) == ("h", "note", "a", "s", "error", True)


def test_an_errback_with_one_parameter_gets_the_id(pool: str, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    scope = on_error("s", handler("h", "note_id", path=str(path)))
    run(plan(call("a", "fail", scope="s"), scope), app, pool=pool, concurrency=1)
    assert noted(path) == ["a"]


def test_a_handler_that_fails_is_reported_and_the_next_is_called(pool: str, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    scope = on_error("s", handler("h1", "broken_handler"), handler("h2", "note_id", path=str(path)))
    result = run(plan(call("a", "fail", scope="s"), scope), app, pool=pool, concurrency=1)
    assert [(h.id, h.ok) for h in result.handlers] == [("h1", False), ("h2", True)]
    assert str(result.handlers[0].failure) == "RuntimeError: handler broke"
    assert noted(path) == ["a"]


def test_a_scope_calls_its_handler_once_or_for_each_failure(pool: str, tmp_path: Path) -> None:
    calls = [call(f"a{n}", "fail", scope="s") for n in range(4)]
    for each, count in ((False, 1), (True, 4)):
        path = tmp_path / f"notes{each}"
        run(plan(*calls, on_error("s", handler("h", "note_id", path=str(path)), each=each)), app, pool=pool, concurrency=2)
        assert len(noted(path)) == count


def test_a_step_that_could_not_be_sent_calls_its_handler(pool: str, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    scope = on_error("s", handler("h", "note_id", path=str(path)))
    run(plan(call("a", "echo"), call("b", "add", Ref("a", ("n",)), scope="s"), scope), app, pool=pool)
    assert noted(path) == ["b"]


# ----------------------------------------------------------------------------------------------------------- listeners
def test_a_listener_gets_every_state_message_once(pool: str) -> None:
    scope = on_message("s", handler("l", "listen"))
    calls = [call("a", "tell", 3, scope="s"), call("b", "tell", 1, "fail", scope="s"), call("c", "add", 1)]
    events: list[RunEvent] = []
    run(plan(*calls, scope), app, pool=pool, concurrency=2, on_event=events.append)
    by_step = {id_: [m for m in heard if m["task_id"].endswith(f".{id_}")] for id_ in "abc"}
    assert [(m["status"], m["result"]) for m in by_step["a"]] == [
        ("PROGRESS", {"done": 0}),
        ("PROGRESS", {"done": 1}),
        ("PROGRESS", {"done": 2}),
        ("SUCCESS", "told"),
    ]
    last = by_step["b"][-1]
    assert [m["status"] for m in by_step["b"]] == ["PROGRESS", "FAILURE"]
    assert last["result"] == {"exc_type": "ValueError", "exc_message": ["after all"], "exc_module": "builtins"}
    assert "after all" in last["traceback"]
    assert set(last) == {"task_id", "status", "result", "traceback", "children"}
    assert by_step["c"] == []
    assert len([e for e in events if isinstance(e, StepTold)]) == 4
    assert sorted(e.step.id for e in events if isinstance(e, StepEnded)) == ["a", "b", "c"]


def test_a_listener_that_fails_is_reported_once_and_ends_nothing(pool: str) -> None:
    scope = on_message("s", handler("l", "listen", "deaf"))
    result = run(plan(call("a", "tell", 3, scope="s"), scope), app, pool=pool)
    assert (result.ok, len(heard)) == (True, 4)
    (deaf,) = result.handlers
    assert (deaf.kind, deaf.failures, str(deaf.failure)) == ("message", 4, "RuntimeError: deaf")


def test_a_state_that_json_cannot_carry_is_the_tasks_error(pool: str) -> None:
    assert failure_of(pool, "tell", 0, "meta").startswith("EncodeError: the state PROGRESS cannot be carried as JSON: there is an object;")


# ---------------------------------------------------------------------------------------------------------------- time
def test_countdown_and_eta_are_never_early(pool: str) -> None:
    begin = time.time()
    eta = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.15)
    calls = [call("a", "clock", options={"countdown": 0.2}), call("b", "clock", options={"eta": eta})]
    result = run(plan(*calls, value=[Ref("a"), Ref("b")]), app, pool=pool, concurrency=1)
    a, b = result.value
    assert a >= begin + 0.2
    assert b >= eta.timestamp()


def test_steps_that_wait_for_their_time_take_no_room_and_no_thread(pool: str) -> None:
    before = threading.active_count()
    threads: list[int] = []

    def watch(event: RunEvent) -> None:
        threads.append(threading.active_count())
        if isinstance(event, StepEnded) and event.step.id == "z":
            os.kill(os.getpid(), signal.SIGINT)  # the others would wait for an hour

    calls = [call(f"a{n}", "clock", options={"countdown": 3600}) for n in range(500)]
    result = run(plan(*calls, call("z", "add", 1)), app, pool=pool, concurrency=2, on_event=watch)
    assert states(result) == {**{f"a{n}": "PENDING" for n in range(500)}, "z": "SUCCESS"}
    assert max(threads) <= before + 2


def test_an_expired_step_is_revoked(pool: str, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    scope = on_error("s", handler("h", "note_id", path=str(path)))
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    calls = [
        call("a", "clock", scope="s", options={"expires": past}),
        call("b", "add", Ref("a"), scope="s"),
        call("c", "clock", scope="s", options={"countdown": 600.0, "expires": 0.05}),
        call("d", "clock", options={"expires": 600}),
    ]
    result = run(plan(*calls, scope), app, pool=pool)
    assert states(result) == {"a": "REVOKED", "b": "SKIPPED", "c": "REVOKED", "d": "SUCCESS"}
    assert str(step(result, "a").error).startswith("TaskRevokedError: expired at 2020-01-01T00:00:00+00:00")
    assert noted(path) == []
    assert result.exit_code == 4


def test_a_step_that_expires_while_it_queues_is_revoked(pool: str) -> None:
    calls = [call("a", "nap", 0.3), call("b", "clock", options={"expires": 0.05})]
    assert states(run(plan(*calls), app, pool=pool, concurrency=1)) == {"a": "SUCCESS", "b": "REVOKED"}


# ---------------------------------------------------------------------------------------------------------- everything
@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_steps_run_side_by_side(pool: str, tmp_path: Path) -> None:
    """Each of these waits for all the others."""
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        result = run(plan(*(call(f"a{n}", "meet", str(folder), str(n), 4) for n in range(4))), app, pool=pool, concurrency=4)
        assert result.ok


def test_a_wide_group_runs_through(pool: str) -> None:
    width = 1500
    members = [call(f"g[{n}]", "add", n, 1, group=("g",)) for n in range(width)]
    result = run(
        plan(*members, group("g", *(Ref(m.id) for m in members)), call("z", "echo", Ref("g")), value=Ref("z", (0, 0))), app, pool=pool
    )
    assert result.value == list(range(1, width + 1))


def test_unknown_tasks_are_found_before_anything_runs(pool: str, tmp_path: Path) -> None:
    parts: list[Any] = [
        call("a", "note_id", "x", path=str(tmp_path / "ran")),
        call("b", "ad", 1, line=3),
        call("c", "celery.map", task={"task": "suite.add"}, it=[1]),
        on_error("s", handler("h", "nothing.like.it")),
    ]
    with pytest.raises(UnknownTasks) as caught:
        run(plan(*parts), app, pool=pool)
    assert caught.value.problems == (
        "test.flow:3:1: step b: the application suite has no task 'ad'; did you mean 'add'?",
        "test.flow:1:1: step c: the application suite has no task 'suite.add'; did you mean 'add'?",
        "test.flow:1:1: handler h: the application suite has no task 'nothing.like.it'",
    )
    assert noted(tmp_path / "ran") == []


def test_a_watcher_that_raises_ends_the_run(pool: str) -> None:
    def watch(event: RunEvent) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run(plan(call("a", "add", 1), call("b", "add", 1)), app, pool=pool, on_event=watch)


def test_nothing_is_left_behind(pool: str) -> None:
    before = (threading.active_count(), len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0)
    for _ in range(3):
        run(plan(call("a", "add", 1), call("b", "fail")), app, pool=pool)
    after = (threading.active_count(), len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0)
    assert after == before


def test_a_run_outside_the_main_thread(pool: str) -> None:
    results: list[RunResult] = []
    thread = threading.Thread(target=lambda: results.append(run(plan(call("a", "add", 1, 2), value=Ref("a")), app, pool=pool)))
    thread.start()
    thread.join()
    assert results[0].value == 3


def test_an_empty_plan_is_done(pool: str) -> None:
    result = run(plan(value=[1, {"a": "b"}]), app, pool=pool)
    assert (result.ok, result.value, result.steps) == (True, [1, {"a": "b"}], ())


def test_a_wrong_pool_or_concurrency_is_refused() -> None:
    with pytest.raises(UsageError, match="threads, processes, solo"):
        run(plan(), app, pool="thread")
    with pytest.raises(UsageError, match="1 or more"):
        run(plan(), app, concurrency=0)


def test_a_countdown_past_the_end_of_time_fails_its_step(pool: str) -> None:
    assert failure_of(pool, "add", 1, options={"countdown": 1e12}) == "EncodeError: countdown: 1e+12 s from now lies past the year 9999"
    far = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
    assert failure_of(pool, "add", 1, options={"eta": far, "expires": 0.01}).startswith("TaskRevokedError: expired")


def test_two_steps_cannot_have_one_task_id(pool: str) -> None:
    with pytest.raises(PlanError, match=r"test\.flow:2:1: steps a and b have the same task_id 'x'"):
        run(plan(call("a", "add", 1, options={"task_id": "x"}), call("b", "add", 1, options={"task_id": "x"}, line=2)), app, pool=pool)


def test_a_listener_that_exits_ends_nothing(pool: str) -> None:
    if "exit" not in app.tasks:
        app.task(name="exit")(lambda message: sys.exit(1))
    result = run(plan(call("a", "add", 1, scope="s"), on_message("s", handler("l", "exit"))), app, pool=pool)
    assert (result.ok, str(result.handlers[0].failure)) == (True, "SystemExit: 1")
