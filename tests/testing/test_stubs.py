"""What stands in for a task, by which names, and what a test is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

import flowc
from flowc.flow import FlowError
from flowc.testing import FlowRun, StubError, run, sequence, takes, task

ETL = """\
rows = proj.extract(7) -> proj.clean
proj.load(rows, table="sales") !> proj.alert("etl")
proj.load([1], table="none")
"""


def flow(text: str, **given: Any) -> FlowRun:
    return run(flowc.loads(text, name="etl.flow"), **given)


def etl(**given: Any) -> FlowRun:
    stubs = {"extract": [1, 2], "clean": lambda rows: [n for n in rows if n > 1], "load": lambda rows, table: len(rows), "alert": None}
    return flow(ETL, **{"stubs": stubs, **given})


# ---------------------------------------------------------------------------------------------------------------------- stubs
def test_values_and_functions() -> None:
    ran = etl()
    assert ran.ok
    assert ran.value == 1
    assert ran.states == dict.fromkeys(["rows.extract#1", "rows", "load#1", "load#2"], "SUCCESS")
    assert ran["extract"].args == (7,)
    assert (ran["load#1"].args, ran["load#1"].kwargs, ran["load#1"].result) == (([2],), {"table": "sales"}, 1)
    assert [call.kwargs["table"] for call in ran.calls("proj.load")] == ["none", "sales"]
    assert ran.order == ["rows.extract#1", "load#2", "rows", "load#1"]
    assert repr(ran) == "<run of etl: ok>"
    assert (len(ran), [step.id for step in ran]) == (4, ["rows.extract#1", "rows", "load#1", "load#2"])


def test_exceptions_are_raised() -> None:
    ran = etl(fail={"clean": KeyError("amount")})
    assert (ran.ok, ran.value, ran.failed, ran.skipped) == (False, 1, ["rows"], ["load#1"])
    assert (ran["rows"].error, ran["load#1"].because, ran["load#1"].error) == ("KeyError: 'amount'", "rows", None)
    assert ran.handlers == ()
    assert repr(ran) == "<run of etl: rows: KeyError: 'amount'; skipped: load#1>"
    with pytest.raises(AssertionError, match="step load#1 was not called: it is SKIPPED, because rows did not succeed"):
        _ = ran["load#1"].kwargs


@pytest.mark.parametrize("stub", [OSError, OSError("disk full"), takes(5, OSError), sequence(OSError)])
def test_a_stub_may_be_an_exception(stub: Any) -> None:
    assert flow("a()", stubs={"a": stub})["a"].failure.type == "OSError"  # type: ignore[union-attr]


def test_handlers_are_called_with_what_happened() -> None:
    ran = etl(fail={"load#1": OSError("disk full")})
    (call,) = ran.handlers
    request, exc, trace, label = call.args
    assert (call.handler, call.task, call.step, call.state, label) == ("alert#1", "proj.alert", "load#1", "SUCCESS", "etl")
    assert (request.task, request.args, request.kwargs) == ("proj.load", [[2]], {"table": "sales"})
    assert repr(exc) == "OSError('disk full')"
    assert "OSError: disk full" in trace
    assert ran.calls("alert") == ran.calls("alert#1") == [call]
    failing = etl(fail={"load#1": OSError, "alert": ValueError("nobody answers")})
    assert [(call.state, call.error) for call in failing.handlers] == [("FAILURE", "ValueError: nobody answers")]


@pytest.mark.parametrize("stub", [lambda task_id: None, Mock(return_value=None), None])
def test_a_handler_is_called_as_its_stub_takes_it(stub: Any) -> None:
    ran = flow("task a()\ntask h(task_id: str)\na() !> h", stubs={"a": OSError, "h": stub})
    (call,) = ran.handlers
    assert len(call.args) == (3 if isinstance(stub, Mock) else 1)


def test_sequences_go_on_from_call_to_call() -> None:
    ran = flow("[a(n) for n in [1, 2, 3]]", stubs={"a": sequence("first", lambda n: n * 10, ValueError("third"))})
    assert [step.result for step in ran] == ["first", 20, None]
    assert ran["a#3" if "a#3" in ran.states else list(ran.states)[2]].error == "ValueError: third"


def test_a_sequence_that_is_too_short_ends_the_test() -> None:
    with pytest.raises(StubError, match=r"the stub of 'a': its sequence ends after 1, and this is call 2"):
        flow("a(1) -> a -> b !> h", stubs={"a": sequence(1), "b": 1, "h": None})
    with pytest.raises(StubError, match=r"^h#1: the stub of 'h'"):
        flow("[a(1), a(2)] !> each h", stubs={"a": OSError, "h": sequence(1)})
    with pytest.raises(StubError, match=r"^h#1: the stub of 'h'"):
        flow("[a(1), a(2)] ~> h", stubs={"a": 1, "h": sequence(1)})
    with pytest.raises(StubError, match="needs what the calls do"):
        sequence()


def test_a_stub_of_one_step_wins() -> None:
    ran = flow("x = a(1)\ny = a(2)\nz = a(3)", stubs={"a": "any", "y": "one"}, fail={"z": OSError})
    assert {step.id: step.result for step in ran} == {"x": "any", "y": "one", "z": None}
    with pytest.raises(StubError, match=r"etl.flow:3:5: step z: task 'a': it has no stub"):
        flow("x = a(1)\ny = a(2)\nz = a(3)", stubs={"x": 1, "y": "one"})


def test_results_and_arguments_are_carried_as_messages_carry_them() -> None:
    rows = [(1, 2)]
    ran = flow("a() -> b", stubs={"a": rows, "b": lambda got: got.append(3)})
    assert ran["b"].args == ([[1, 2]],)
    assert rows == [(1, 2)]
    ran = flow("a() -> b", stubs={"a": object(), "b": 1})
    assert str(ran["a"].error).startswith("EncodeError: the result cannot be carried as JSON: there is an object")


def test_mapped_calls_are_seen() -> None:
    ran = flow("map(square, [1, 2]) -> total", stubs={"square": lambda n: n * n, "total": sum})
    assert ran.value == 5
    assert [(call.args, call.result) for call in ran.calls("square")] == [((1,), 1), ((2,), 4)]
    with pytest.raises(KeyError, match=r"no step calls 'square'"):
        ran["square"]


def test_nothing_is_sent() -> None:
    app = flowc.App("sends", set_as_current=False, broker="redis://nowhere.invalid/0")

    @app.task(name="b")
    def b() -> None:
        pass

    @app.task(name="a")
    def a() -> None:
        b.delay()

    ran = run(flowc.loads("a()"), app=app)
    assert str(ran["a"].error).startswith("UsageError: a flow under test sends nothing")


def test_tasks_of_an_application_run_where_there_is_no_stub(tmp_path: Path) -> None:
    app = flowc.App("proj", set_as_current=False)
    for name in ("proj.extract", "proj.clean"):
        app.task(name=name)(lambda rows: [rows, 5])
    ran = etl(app=app, stubs={"load": 3}, fail={"rows": OSError, "alert": OSError})
    assert (ran["extract"].result, ran["rows"].error) == ([7, 5], "OSError")
    # some steps of a task with stubs, the others for real
    ran = flow("x = proj.clean(1)\ny = proj.clean(2)", app=app, stubs={"x": "stub"})
    assert (ran["x"].result, ran["y"].result) == ("stub", [2, 5])
    # calls are checked against the application where it has all tasks
    (tmp_path / "wrong.flow").write_text("proj.clean(1, 2)\n")
    with pytest.raises(FlowError, match="takes 1 arguments by position, but 2 are given"):
        run(tmp_path / "wrong.flow", app=app)
    (tmp_path / "new.flow").write_text("proj.clean(1) -> proj.new\n")
    assert run(tmp_path / "new.flow", app=app, stubs={"new": len}).value == 2


def test_a_bound_stub_gets_its_task() -> None:
    def a(self: Any, n: int) -> list[Any]:
        if self.request.retries < 2:
            raise self.retry(countdown=10)
        return [n, self.request.retries, self.max_retries]

    assert flow("a(1)", stubs={"a": task(a, bind=True, max_retries=7)}).value == [1, 2, 7]
    with pytest.raises(TypeError, match="did you mean 'max_retries'"):
        task(1, max_retrys=3)


# ----------------------------------------------------------------------------------------------------------------- wrong names
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"stubs": {"extrct": 1}}, "stubs: the flow has no task, step or handler 'extrct'; did you mean 'extract'?"),
        ({"fail": {"row": OSError}}, "fail: the flow has no task, step or handler 'row'; did you mean 'rows'?"),
        ({"fail": {"q": OSError}}, "fail: the flow has no task, step or handler 'q'; it has extract, clean, load, alert, proj.extract,"),
        ({"stubs": {}}, "etl.flow:1:8: step rows.extract#1: task 'proj.extract': it has no stub; stubs={'extract': …}"),
        ({"stubs": {}}, "etl.flow:2:35: handler alert#1: task 'proj.alert': it has no stub; stubs={'alert': …}"),
        ({"fail": {"load": UnicodeDecodeError}}, "the stub of 'load': UnicodeDecodeError cannot be made without arguments"),
        ({"params": {"x": 1}}, "params are given where the flow is compiled"),
    ],
)
def test_mistakes_in_the_test(given: dict[str, Any], message: str) -> None:
    with pytest.raises(StubError) as caught:
        etl(**given)
    assert message in str(caught.value)


def test_an_application_that_lacks_a_task_is_named() -> None:
    app = flowc.App("proj", set_as_current=False)
    app.task(name="proj.loader")(lambda: None)
    with pytest.raises(StubError) as caught:
        flow("proj.loadr()", app=app)
    assert str(caught.value) == (
        "etl.flow:1:1: step loadr#1: task 'proj.loadr': it has no stub, nor has the application proj it; did you mean 'proj.loader'?; "
        "stubs={'loadr': …}"
    )


def test_names_that_mean_two_things() -> None:
    with pytest.raises(StubError, match=r"several tasks of the flow are called 'a': x.a, y.a; name one in full"):
        flow("x.a()\ny.a()", stubs={"a": 1})
    with pytest.raises(StubError, match=r"'load' is both a step \(of x.fetch\) and the task x.load"):
        flow("load = x.fetch()\nx.load(load)", stubs={"load": 1})
    assert flow("load = x.fetch()\nx.load(load)", stubs={"x.load": len, "fetch": [1]}).value == 1
    assert flow("load = x.load(1)\nx.load(load)", stubs={"load": 7})["load"].result == 7


def test_a_stub_for_a_branch_that_is_not_taken_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "branch.flow"
    path.write_text("param full: bool = false\nx = p.quick()\nwhen full: p.slow(x)\n")
    stubs = {"quick": 1, "slow": 2}
    assert list(run(path, stubs=stubs).states) == ["x"]
    assert list(run(path, params={"full": True}, stubs=stubs).states) == ["x", "slow#1"]
    with pytest.raises(StubError, match="did you mean 'slow'"):
        run(path, params={"full": True}, stubs={**stubs, "slo": 2})


def test_names_of_what_is_asked_for() -> None:
    ran = etl()
    for wrong, message in {
        "load": "several steps call proj.load: load#1, load#2; name one by its id",
        "alert": "no step calls 'alert': it is a handler",
        "ros": "the flow has no task, step or handler 'ros'; did you mean 'rows'?",
    }.items():
        with pytest.raises(KeyError) as caught:
            ran[wrong]
        assert message in str(caught.value)
    with pytest.raises(KeyError, match="did you mean 'load'"):
        ran.calls("lod")
    assert len(ran.calls()) == 4


def test_calls_of_a_group() -> None:
    ran = flow("both = [a(1), a(2)]\na(3)", stubs={"a": lambda n: n})
    assert [call.args for call in ran.calls("both")] == [(1,), (2,)]


# ---------------------------------------------------------------------------------------------------------------- what is shown
def test_the_text_of_a_run() -> None:
    def clean(rows: list[int]) -> None:
        raise LookupError("rows are left")

    stubs = {
        "extract": takes(5400, [1]),
        "clean": clean,
        "load": task(sequence(OSError("busy"), 1), autoretry_for=(OSError,)),
        "alert": None,
    }
    text = etl(stubs=stubs).text
    assert text.splitlines()[:7] == [
        "etl: failed after 1h 30m of virtual time",
        "        0s  rows.extract#1  SUCCESS",
        "        0s  load#2  RETRY: OSError: busy",
        "        3m  load#2 (attempt 2)  SUCCESS",
        "    1h 30m  rows  FAILURE: LookupError: rows are left",
        "            load#1  SKIPPED because of rows",
        "",
    ]
    assert f'File "{__file__}"' in text
    assert "runtime/testing" not in text


def test_secrets_do_not_show() -> None:
    def a(token: str) -> str:
        raise ValueError(f"wrong token: {token}")

    ran = flow('a(secret("TOKEN"))', stubs={"a": a}, secrets={"TOKEN": "hunter2"})
    assert ran["a"].args == ("hunter2",)
    assert "hunter2" not in ran.text + repr(ran) + str(ran["a"].failure)


def test_the_environment_is_what_the_test_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STAGE", "production")
    path = tmp_path / "env.flow"
    path.write_text('a(env("STAGE", "none"))\n')
    assert run(path, stubs={"a": lambda stage: stage}, env={"STAGE": "test"}).value == "test"


def test_what_ends_a_test_ends_it_in_a_stub_too() -> None:
    def a() -> None:
        pytest.fail("this may not be called")

    with pytest.raises(pytest.fail.Exception, match="this may not be called"):
        flow("a() !> b", stubs={"a": a, "b": None})
    with pytest.raises(KeyboardInterrupt):
        flow("x() !> a", stubs={"x": OSError, "a": KeyboardInterrupt})
    assert flow("a()", stubs={"a": SystemExit(3)})["a"].error == "SystemExit: 3"


@pytest.mark.parametrize("name", ["extract", "alert", "watch"])
@pytest.mark.parametrize("stub", [lambda x: x, lambda x: sequence(x, x), lambda x: task(x, autoretry_for=(Exception,))])
def test_an_assertion_in_a_stub_fails_the_test(name: str, stub: Any) -> None:
    """Wherever it stands: nobody looks at what became of a handler that should not have been called so."""

    def check(*args: Any) -> None:
        assert args == (), "called with something"

    text = "proj.extract(1) -> proj.load !> proj.alert ~> proj.watch"
    with pytest.raises(AssertionError, match="called with something"):
        flow(text, stubs={"extract": 1, "load": OSError, "alert": None, "watch": None, name: stub(check)})
    # one that is asked for is a failure like any other
    assert flow(text, stubs={"load": 1, "alert": None, "watch": None}, fail={"extract": AssertionError("no")}).failed == ["extract#1"]


def test_a_run_leaves_nothing_behind() -> None:
    """Neither a thread nor a signal handler, and what a test imported first stays the current application."""
    import signal
    import threading

    before = (threading.active_count(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    app = flowc.App("mine")
    seen: list[Any] = []
    flow("a()", stubs={"a": lambda: seen.append((threading.current_thread(), signal.getsignal(signal.SIGINT)))})
    assert seen == [(threading.current_thread(), before[1])]
    assert (threading.active_count(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert flowc.current_app.name == app.name
