"""A Celery application's own tasks in the embedded worker, where neither its broker nor its result store can be reached."""

from __future__ import annotations

import re
from typing import Any

import pytest

import flowc
from flowc.runtime.celery_app import adopt

from .laptop import Counting, Hooked, hooked
from .laptop import app as celery_app
from .running import POOLS, failure, run, value

pools = pytest.mark.parametrize("pool", POOLS)


@pools
def test_plain(pool: str) -> None:
    """Functions, shared tasks, models and classes."""
    text = "[add(1, y=2), add(3), [add(1, 1), add(2, 2)] -> total, mirrored({x: 1, y: 2}), counting(1, by=4), by_hand(1), shared(5)]"
    assert value(text, pool) == [3, 3, 6, {"x": 2, "y": 1}, 5, 2, [5, "laptop", "laptop"]]


@pools
def test_request(pool: str) -> None:
    """``self.request`` is what a worker of Celery's shows."""
    seen = value('request(1, key="k") {expires = 60, headers = {mark: "m"}, time_limit = 60, soft_time_limit = 50}', pool)
    assert re.fullmatch(r"[0-9a-f]{32}\.request#1", seen.pop("id"))
    assert re.fullmatch(r"[0-9a-f]{32}", seen.pop("root_id"))
    assert seen.pop("expires")
    assert seen.pop("correlation_id").endswith(".request#1")
    assert seen == {
        "task": "laptop.request", "parent_id": None, "group": None, "retries": 0, "eta": None, "timelimit": [60, 50], "args": [1],
        "kwargs": {"key": "k"}, "headers": {"mark": "m"}, "called_directly": False, "is_eager": False, "lang": "py", "stamps": {},
        "delivery_info": {"exchange": "", "routing_key": "desk", "priority": 0, "redelivered": False}, "children": [],
        "ignore_result": False, "current": "laptop.request", "app": "laptop", "host": True, "self": True,
    }  # fmt: skip


@pools
def test_states(pool: str) -> None:
    """``update_state`` reaches the run, and so listeners."""
    result, told = run("telling(2)", pool)
    assert result.value == 2
    assert told == [("PROGRESS", {"number": 0}), ("PROGRESS", {"number": 1}), ("DONE", None)]


@pools
def test_retries(pool: str) -> None:
    """``self.retry`` and ``autoretry_for`` are the run's own retries."""
    assert value("[retrying(2), autoretrying(2), quietly()]", pool) == [[0, 1, 2], 2, 1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("retrying(9)", "ValueError: used up"),
        ("autoretrying(9)", "KeyError: 9"),
        ("endless()", "MaxRetriesExceededError: Can't retry laptop.endless["),
    ],
)
def test_used_up(call: str, said: str) -> None:
    """What is left when the retries are used up."""
    assert str(failure(call)).startswith(said)


def test_retry_with_options() -> None:
    """A moment, limits and headers of the next try."""
    assert value("late(0.05)") == [1, [None, 50], {"again": "yes"}]


@pools
def test_failures(pool: str) -> None:
    """Tracebacks show the user's frames alone."""
    failed = failure('fail("no")', pool)
    assert str(failed) == "ValueError: no"
    assert re.findall(r'File "(.*)", line \d+, in (\w+)', failed.traceback) == [
        (celery_app.tasks["laptop.fail"].run.__code__.co_filename, "fail")
    ]
    again = failure("autoretrying(9)", pool).traceback
    assert re.findall(r", in (\w+)", again) == ["autoretrying"]
    assert "celery/app" not in again


def test_no_end() -> None:
    """A step needs a result or a failure."""
    assert "a step of a flow ends with a result or a failure" in str(failure("ignore()"))
    assert "has no message that could be given back; its reason: 'no'" in str(failure("reject()"))


def test_end_that_is_told() -> None:
    """``update_state`` and then ``Ignore``: the task has said itself how it ends."""
    failed = failure('says_so("FAILURE")')
    assert (failed.type, failed.args) == ("KeyError", ("gone",))
    assert value('says_so("SUCCESS")') == {"fine": True}
    assert "a step of a flow ends with a result or a failure" in str(failure('says_so("PROGRESS")'))


def test_eager_settings() -> None:
    """An application that is set to run everything at once (for tests, say) retries and calls as any other."""
    celery_app.conf.update(task_always_eager=True, task_eager_propagates=True)
    try:
        assert value("[retrying(2), autoretrying(1)]") == [[0, 1, 2], 1]
        assert value("calling()")[-2] == "FAILURE"
        assert adopt(celery_app).tasks["laptop.retrying"].apply((2,)).get() == [0, 1, 2]
    finally:
        celery_app.conf.update(task_always_eager=False, task_eager_propagates=False)


def test_callbacks_inside() -> None:
    """Callbacks of calls inside of tasks run, too."""
    assert value("linked()") == [2, 12]


def test_soft_limit() -> None:
    """A task catches Celery's exception; the run knows its own."""
    assert value("soft()", "processes") == "SoftTimeLimitExceeded"
    failed = failure("too_long()", "processes")
    assert (failed.type, failed.module) == ("SoftTimeLimitExceeded", "flowc.runtime.errors")


@pools
def test_hooks(pool: str) -> None:
    """The handlers of a class are called as a worker calls them."""

    def notes(how: str) -> list[Any]:
        return [meta for state, meta in run(f'hooked("{how}")', pool)[1] if state == "HOOK"]

    good = [["before_start", "['{}']", "{{}}"], ["on_success", "{}"], ["after_return", "SUCCESS", "{}"]]
    assert notes("good") == [[word.format("good") for word in note] for note in good]
    assert notes("fail") == [
        ["before_start", "['fail']", "{}"], ["on_failure", "ValueError('fail')", "True"], ["after_return", "FAILURE", "fail"],
    ]  # fmt: skip
    assert notes("retry") == [
        ["before_start", "['retry']", "{}"], ["on_retry", "KeyError('retry')"],
        *[[word.format("retry") for word in note] for note in good],
    ]  # fmt: skip


def test_own_call() -> None:
    """A class's ``__call__`` is what runs."""
    before = hooked.calls
    run('hooked("good")', "solo")
    assert isinstance(hooked, Hooked)
    assert hooked.calls == before + 1


@pools
def test_calls_inside(pool: str) -> None:
    """What tasks call runs where it is called; nothing is connected to."""
    assert value("calling()", pool) == [
        3, 7, 11, 15, [0, 2, 4], 12, 6, 3, [1, 2], [0, 1, 2], 1, 22, "FAILURE", "laptop.calling",
    ]  # fmt: skip


def test_results_by_id() -> None:
    """Results of calls inside of tasks are kept, as a store would keep them."""
    assert value("remembering()") == [2, 5, "FAILURE"]


def test_calls_that_cannot_run() -> None:
    """An unknown task, and one that calls itself again and again."""
    assert "the application has no task of that name" in str(failure("unknown()"))
    assert "tasks have called each other 20 deep" in str(failure("itself()"))


@pools
@pytest.mark.parametrize(("how", "gives"), [("task", 3), ("raise", 4), ("chain", 13), ("group", [3, 7]), ("chord", 10)])
def test_replaced(how: str, gives: Any, pool: str) -> None:
    """What takes a task's place gives its result."""
    result, told = run(f'replaced("{how}")', pool)
    assert result.value == gives
    assert told == []


def test_replaced_by_failure() -> None:
    """Or fails in its place."""
    failed = failure('replaced("fail")')
    assert str(failed) == "ValueError: replaced"
    assert "Ignore" not in failed.traceback


def test_threads_of_tasks() -> None:
    """In a process that does nothing else, calls from threads that a task starts stay here, too."""
    assert value("threaded()", "processes") == [3]


def test_many_threads() -> None:
    """Several threads run one task, each with its own request."""
    result, told = run("[busy(n) for n in range(16)]", concurrency=8)
    assert result.value == [[number, True] for number in range(16)]
    assert sorted(meta for _, meta in told) == sorted(number for number in range(16) for _ in range(20))


def test_handlers() -> None:
    """Errbacks and listeners may be the application's tasks, too."""
    result, _ = run("fail() !> hooked; telling(1) ~> add")
    assert [handler.task for handler in result.handlers][:1] == ["laptop.hooked"]


def test_declared_options() -> None:
    """Options of tasks are those of the Celery application, by flowc's names; settings are not written onto each task."""
    tasks = adopt(celery_app).tasks
    assert dict(tasks["laptop.soft"].options) == {"soft_time_limit": 0.3}
    assert tasks["laptop.annotated"].max_retries == 11
    assert tasks["laptop.fail"].throws == (ValueError,)
    assert tasks["laptop.autoretrying"].autoretry_for == (KeyError,)
    assert dict(tasks["laptop.add"].options) == {}
    assert getattr(tasks["laptop.counting"], "made", None) == celery_app.tasks["laptop.counting"].made, (
        "other attributes are the Celery task's"
    )


def test_called_directly() -> None:
    """As a plain function, a task is Celery's."""
    tasks = adopt(celery_app).tasks
    assert tasks["laptop.add"](1, 2) == 3
    assert tasks["laptop.request"]()["called_directly"] is True
    with pytest.raises(TypeError):
        tasks["laptop.add"]()


def test_arity() -> None:
    """Arguments are checked against the user's function."""
    with pytest.raises(flowc.FlowError, match=r"laptop\.add.*needs `x`"):
        value("add()")
    assert [p.name for p in flowc.flow.declarations(adopt(celery_app))["laptop.request"].parameters or ()] == ["args", "kwargs"]
    assert Counting.name in adopt(celery_app).tasks
