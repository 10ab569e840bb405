"""Waiting for results, over every backend."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flowc import App
from flowc.runtime import errors
from flowc.runtime.result import AsyncResult, GroupResult, ResultSet

from .stores import DEADLINE, application, failure, stored, tell, unique, until


@pytest.fixture
def app(result_url: str) -> Iterator[App]:
    with application(result_url) as made:
        yield made


class Later:
    """What happens in other threads while the test waits."""

    def __init__(self) -> None:
        self._threads: list[threading.Timer] = []

    def __call__(self, seconds: float, do: Callable[[], Any]) -> None:
        thread = threading.Timer(seconds, do)
        thread.start()
        self._threads.append(thread)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.fixture
def later() -> Iterator[Later]:
    made = Later()
    yield made
    made.join()


def test_get_waits_for_the_value(app: App, later: Later) -> None:
    task = unique()
    later(0.05, lambda: tell(app, task, ("STARTED", None), ("SUCCESS", [1, 2])))
    result = AsyncResult(task, app=app)
    assert result.get(timeout=DEADLINE) == [1, 2]
    assert (result.state, result.ready(), result.successful(), result.failed()) == ("SUCCESS", True, True, False)
    assert result.get() == [1, 2]


def test_get_raises_what_the_task_raised(app: App, later: Later) -> None:
    task = unique()
    later(0.05, lambda: tell(app, task, ("FAILURE", failure("KeyError", "nothing here"))))
    result = AsyncResult(task, app=app)
    with pytest.raises(KeyError, match="nothing here"):
        result.get(timeout=DEADLINE)
    assert result.failed()
    found = result.get(propagate=False)
    assert type(found) is KeyError
    assert found.args == ("nothing here",)


def test_a_revoked_task_raises_taskrevokederror(app: App) -> None:
    task = unique()
    tell(app, task, ("REVOKED", failure("TaskRevokedError", "expired", module="flowc.runtime.errors")))
    with pytest.raises(errors.TaskRevokedError, match="expired"):
        AsyncResult(task, app=app).get(timeout=DEADLINE)


def test_get_gives_up_after_its_timeout(app: App) -> None:
    result = AsyncResult(unique(), app=app)
    with pytest.raises(errors.TimeoutError, match=rf"task {result.id} has no result after 0.05 s"):
        result.get(timeout=0.05)
    with pytest.raises(TimeoutError):  # the builtin one as well
        result.get(timeout=0)
    assert result.state == "PENDING"


def test_a_timeout_of_zero_takes_what_is_there(app: App) -> None:
    task = unique()
    tell(app, task, ("SUCCESS", 5))
    until(lambda: app.backend.get(task))
    assert AsyncResult(task, app=app).get(timeout=0) == 5


def test_on_message_gets_every_state_in_order_and_the_last_one_too(app: App, later: Later) -> None:
    task = unique()
    tell(app, task, ("PROGRESS", {"done": 1}))
    later(0.05, lambda: tell(app, task, ("PROGRESS", {"done": 2}), ("PROGRESS", {"done": 2}), ("SUCCESS", 4)))
    heard: list[dict[str, Any]] = []
    assert AsyncResult(task, app=app).get(on_message=heard.append, timeout=DEADLINE) == 4
    assert [(message["status"], message["result"]) for message in heard] == [
        ("PROGRESS", {"done": 1}),
        ("PROGRESS", {"done": 2}),
        ("PROGRESS", {"done": 2}),
        ("SUCCESS", 4),
    ]
    for message in heard:
        assert {"task_id", "status", "result", "traceback", "children"} <= message.keys()
        assert message["task_id"] == task
        assert message["children"] == []
        assert message["traceback"] is None


def test_on_message_gets_a_failure_as_exception(app: App) -> None:
    task = unique()
    tell(app, task, ("RETRY", failure("OSError", "again")), ("FAILURE", failure("ValueError", "no")))
    heard: list[dict[str, Any]] = []
    found = AsyncResult(task, app=app).get(on_message=heard.append, propagate=False, timeout=DEADLINE)
    assert [(message["status"], type(message["result"])) for message in heard] == [("RETRY", OSError), ("FAILURE", ValueError)]
    assert heard[-1]["result"].args == found.args == ("no",)


def test_an_error_in_on_message_reaches_the_caller(app: App) -> None:
    task = unique()
    tell(app, task, ("SUCCESS", 1))

    def fail(message: dict[str, Any]) -> None:
        raise LookupError(message["status"])

    with pytest.raises(LookupError, match="SUCCESS"):
        AsyncResult(task, app=app).get(on_message=fail, timeout=DEADLINE)


def test_on_interval_is_called_while_it_waits(app: App, later: Later) -> None:
    task, calls = unique(), []

    def called() -> None:
        calls.append(1)
        if len(calls) == 3:
            tell(app, task, ("SUCCESS", 1))

    assert AsyncResult(task, app=app).get(interval=0.01, on_interval=called, timeout=DEADLINE) == 1
    assert len(calls) >= 3


def test_callback_gets_id_and_value(app: App) -> None:
    task, got = unique(), []
    tell(app, task, ("SUCCESS", 1))
    AsyncResult(task, app=app).get(callback=lambda *given: got.append(given), timeout=DEADLINE)
    assert got == [(task, 1)]


def test_a_parents_failure_is_raised_for_a_call_that_never_comes(app: App, later: Later) -> None:
    first, second, third = unique(), unique(), unique()
    result = AsyncResult(third, app=app, parent=AsyncResult(second, app=app, parent=AsyncResult(first, app=app)))
    later(0.05, lambda: tell(app, first, ("FAILURE", failure("ZeroDivisionError", "division by zero"))))
    with pytest.raises(ZeroDivisionError):
        result.get(timeout=DEADLINE)
    with pytest.raises(errors.TimeoutError):
        result.get(timeout=0.05, follow_parents=False)
    with pytest.raises(errors.TimeoutError):
        result.get(timeout=0.05, propagate=False)


def test_a_chords_body_ends_by_itself_when_a_member_of_its_header_fails(app: App, later: Later) -> None:
    members, body = [unique(), unique()], unique()
    header = GroupResult(unique(), [AsyncResult(task, app=app) for task in members], app=app)
    tell(app, members[1], ("FAILURE", failure("IndexError", "x")))
    later(0.05, lambda: tell(app, body, ("FAILURE", failure("ChordError", "Dependency raised IndexError", module="celery.exceptions"))))
    with pytest.raises(errors.ChordError):
        AsyncResult(body, app=app, parent=header).get(timeout=DEADLINE)


def test_a_failure_before_a_chord_is_raised(app: App) -> None:
    first = unique()
    header = GroupResult(unique(), [AsyncResult(unique(), app=app)], app=app, parent=AsyncResult(first, app=app))
    tell(app, first, ("FAILURE", failure("IndexError", "x")))
    with pytest.raises(IndexError):
        AsyncResult(unique(), app=app, parent=header).get(timeout=DEADLINE)


def test_parents_that_succeed_do_not_end_the_wait(app: App, later: Later) -> None:
    first, second = unique(), unique()
    tell(app, first, ("SUCCESS", 1))
    later(0.05, lambda: tell(app, second, ("SUCCESS", 2)))
    heard: list[dict[str, Any]] = []
    assert AsyncResult(second, app=app, parent=AsyncResult(first, app=app)).get(timeout=DEADLINE, on_message=heard.append) == 2
    assert [message["task_id"] for message in heard] == [second]


def test_many_threads_wait_for_their_own_results(app: App) -> None:
    tasks = [unique() for _ in range(16)]
    got: dict[str, Any] = {}

    def wait(task: str) -> None:
        got[task] = AsyncResult(task, app=app).get(timeout=DEADLINE)

    threads = [threading.Thread(target=wait, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for task in reversed(tasks):
        app.backend.store([stored(app, task, "SUCCESS", task)])
    for thread in threads:
        thread.join()
    assert got == {task: task for task in tasks}


# ----------------------------------------------------------------------------------------------------------------- groups
def test_a_groups_values_come_in_the_order_of_its_members(app: App, later: Later) -> None:
    tasks = [unique() for _ in range(25)]
    later(0.05, lambda: app.backend.store([stored(app, task, "SUCCESS", number) for number, task in reversed(list(enumerate(tasks)))]))
    group = GroupResult(unique(), [AsyncResult(task, app=app) for task in tasks], app=app)
    assert group.get(timeout=DEADLINE) == list(range(25))
    assert group.join() == group.join_native() == list(range(25))
    assert (group.ready(), group.waiting(), group.successful(), group.failed(), group.completed_count()) == (True, False, True, False, 25)


def test_a_group_raises_the_first_failure_without_waiting_for_the_others(app: App) -> None:
    tasks = [unique(), unique()]
    tell(app, tasks[1], ("FAILURE", failure("ValueError", "x")))
    group = GroupResult(unique(), [AsyncResult(task, app=app) for task in tasks], app=app)
    with pytest.raises(ValueError, match="x"):
        group.get(timeout=DEADLINE)
    assert (group.ready(), group.waiting(), group.failed(), group.successful(), group.completed_count()) == (False, True, True, False, 0)
    tell(app, tasks[0], ("SUCCESS", 1))
    found = group.get(timeout=DEADLINE, propagate=False)
    assert found[0] == 1
    assert type(found[1]) is ValueError


def test_a_groups_timeout_counts_for_all_of_it(app: App) -> None:
    group = ResultSet([AsyncResult(unique(), app=app) for _ in range(5)])
    with pytest.raises(errors.TimeoutError, match="5 of 5 tasks have no result"):
        group.get(timeout=0.05)


def test_groups_in_groups_give_lists_in_lists(app: App) -> None:
    tasks = [unique() for _ in range(3)]
    app.backend.store([stored(app, task, "SUCCESS", number) for number, task in enumerate(tasks)])
    inner = GroupResult(unique(), [AsyncResult(task, app=app) for task in tasks[1:]], app=app)
    assert ResultSet([AsyncResult(tasks[0], app=app), inner]).get(timeout=DEADLINE) == [0, [1, 2]]


def test_a_groups_callback_gets_each_value_as_it_comes(app: App) -> None:
    tasks, got = [unique() for _ in range(3)], {}
    app.backend.store([stored(app, task, "SUCCESS", number) for number, task in enumerate(tasks)])
    group = ResultSet([AsyncResult(task, app=app) for task in tasks])
    assert group.get(timeout=DEADLINE, callback=lambda task, value: got.update({task: value})) is None
    assert got == {task: number for number, task in enumerate(tasks)}


def test_a_groups_on_message_gets_the_states_of_all(app: App) -> None:
    tasks = [unique() for _ in range(3)]
    for task in tasks:
        tell(app, task, ("PROGRESS", task), ("SUCCESS", 1))
    heard: list[dict[str, Any]] = []
    ResultSet([AsyncResult(task, app=app) for task in tasks]).get(timeout=DEADLINE, on_message=heard.append)
    for task in tasks:
        assert [message["status"] for message in heard if message["task_id"] == task] == ["PROGRESS", "SUCCESS"]
    assert len(heard) == 6


def test_iterate_gives_values_as_they_come(app: App) -> None:
    tasks = [unique() for _ in range(3)]
    group = ResultSet([AsyncResult(task, app=app) for task in tasks])
    got = []
    tell(app, tasks[2], ("SUCCESS", 2))
    for value in group.iterate(timeout=DEADLINE):
        got.append(value)
        if len(got) < 3:
            tell(app, tasks[2 - len(got)], ("SUCCESS", 2 - len(got)))
    assert got == [2, 1, 0]
    assert [(task, meta["result"]) for task, meta in group.iter_native()] == list(zip(tasks, [0, 1, 2], strict=True))


def test_the_same_task_twice_in_a_group(app: App) -> None:
    task = unique()
    tell(app, task, ("SUCCESS", 1))
    assert ResultSet([AsyncResult(task, app=app), AsyncResult(task, app=app)]).get(timeout=DEADLINE) == [1, 1]


def test_an_empty_group_is_ready(app: App) -> None:
    assert GroupResult(unique(), [], app=app).get() == []
    assert GroupResult(unique(), [], app=app).ready()
