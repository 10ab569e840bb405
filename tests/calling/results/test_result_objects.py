"""What results are besides being waited for: what they say, how they travel, and what is refused."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from flowc import App
from flowc.runtime import errors
from flowc.runtime import request as requests
from flowc.runtime.request import Context
from flowc.runtime.result import AsyncResult, EagerResult, GroupResult, ResultSet, allow_join_result, result_from_tuple

from .stores import application, document, failure, stored, tell, unique


@pytest.fixture
def app() -> Iterator[App]:
    with application("cache+memory://") as made:
        yield made


def keep(app: App, task: str, status: str, result: Any, **more: Any) -> None:
    app.backend.store([stored(app, task, status, result, **more)])


def test_what_is_kept_with_result_extended_can_be_read(app: App) -> None:
    task, before = unique(), dt.datetime.now(dt.UTC)
    keep(app, task, "SUCCESS", 3, name="proj.add", args=[1, 2], kwargs={"z": 0}, worker="w@host", retries=2, queue="fast", traceback=None)
    result = AsyncResult(task, app=app)
    assert (result.name, result.args, result.kwargs) == ("proj.add", [1, 2], {"z": 0})
    assert (result.worker, result.retries, result.queue) == ("w@host", 2, "fast")
    assert result.date_done is not None
    assert before <= result.date_done <= dt.datetime.now(dt.UTC)
    assert (result.result, result.info, result.status, result.task_id) == (3, 3, "SUCCESS", task)


def test_nothing_is_known_of_a_pending_task(app: App) -> None:
    result = AsyncResult(unique(), app=app)
    assert (result.state, result.result, result.traceback, result.children) == ("PENDING", None, None, None)
    assert (result.name, result.date_done, result.ready(), result.exists()) == (None, None, False, False)


def test_a_state_of_its_own_has_its_meta_as_info(app: App) -> None:
    task = unique()
    result = AsyncResult(task, app=app)
    tell(app, task, ("PROGRESS", {"done": 3}))
    assert (result.state, result.info, result.ready(), result.exists()) == ("PROGRESS", {"done": 3}, False, True)
    tell(app, task, ("SUCCESS", 4))
    assert (result.state, result.info) == ("SUCCESS", 4)


def test_a_failure_has_its_traceback(app: App) -> None:
    task = unique()
    keep(app, task, "FAILURE", failure("ValueError", "x"), traceback="Traceback …\nValueError: x")
    result = AsyncResult(task, app=app)
    assert result.traceback == "Traceback …\nValueError: x"
    assert type(result.result) is ValueError
    assert result.result is result.result


def test_children_are_results(app: App) -> None:
    task = unique()
    keep(app, task, "SUCCESS", 1, children=[[["c1", None], None], [["g", None], [[["m1", None], None], [["m2", None], None]]]])
    found = AsyncResult(task, app=app).children
    assert found is not None
    child, group = found
    assert child == AsyncResult("c1", app=app)
    assert isinstance(group, GroupResult)
    assert (group.id, [member.id for member in group]) == ("g", ["m1", "m2"])
    assert child.app is app


def test_collect_follows_children(app: App) -> None:
    root, first, second, third = (unique() for _ in range(4))
    keep(app, root, "SUCCESS", "root", children=[[[first, None], None], [["g", None], [[[second, None], None]]]])
    keep(app, first, "SUCCESS", "first", children=[[[third, None], None]])
    keep(app, second, "SUCCESS", "second")
    result = AsyncResult(root, app=app)
    with pytest.raises(errors.IncompleteStream):
        list(result.iterdeps())
    keep(app, third, "SUCCESS", "third")
    assert [value for _, value in result.collect(timeout=5)] == ["root", "first", ["second"], "third", "second"]
    assert [(parent and parent.id, node.id) for parent, node in result.iterdeps()][:3] == [(None, root), (root, first), (root, "g")]
    assert result.get_leaf() == "second"


def test_forgetting_takes_the_parents_along(app: App) -> None:
    first, second = unique(), unique()
    tell(app, first, ("SUCCESS", 1))
    tell(app, second, ("SUCCESS", 2))
    result = AsyncResult(second, app=app, parent=AsyncResult(first, app=app))
    assert result.get() == 2
    result.forget()
    assert (result.state, AsyncResult(first, app=app).state) == ("PENDING", "PENDING")


def test_forgetting_a_group(app: App) -> None:
    tasks = [unique() for _ in range(3)]
    for task in tasks:
        tell(app, task, ("SUCCESS", 1))
    group = ResultSet([AsyncResult(task, app=app) for task in tasks])
    assert group.successful()
    group.forget()
    assert not group.ready()


def test_an_ignored_result_is_none_at_once(app: App) -> None:
    result = AsyncResult(unique(), app=app)
    result.ignored = True
    assert result.get() is None
    kept = AsyncResult(unique(), app=app)
    tell(app, kept.id, ("SUCCESS", 1))
    assert ResultSet([result, kept]).get() == [None, 1]
    assert list(ResultSet([result, kept]).iterate()) == [None, 1]


# ------------------------------------------------------------------------------------------------------- inside a task
@pytest.fixture
def inside_a_task() -> Iterator[None]:
    requests.push(Context(id="x", called_directly=False))
    yield
    requests.pop()


@pytest.mark.usefixtures("inside_a_task")
def test_waiting_inside_a_task_is_refused(app: App) -> None:
    task = unique()
    tell(app, task, ("SUCCESS", 1))
    result = AsyncResult(task, app=app)
    for waiting in (
        result.get,
        result.wait,
        ResultSet([result]).get,
        ResultSet([result]).join,
        EagerResult(task, 1, "SUCCESS", app=app).get,
    ):
        with pytest.raises(RuntimeError, match="never wait for a result inside a task"):
            waiting()
    assert result.get(disable_sync_subtasks=False) == 1
    with allow_join_result():
        assert ResultSet([result]).get() == [1]
    with pytest.raises(RuntimeError):
        result.get()


@pytest.mark.usefixtures("inside_a_task")
def test_waiting_is_refused_in_a_task_that_a_task_calls_directly(app: App) -> None:
    requests.push(Context(id="y", called_directly=True))
    try:
        with pytest.raises(RuntimeError):
            AsyncResult(unique(), app=app).get()
    finally:
        requests.pop()


def test_waiting_is_allowed_in_tasks_that_the_program_calls(app: App) -> None:
    task = unique()
    tell(app, task, ("SUCCESS", 1))
    for context in (Context(called_directly=True), Context(called_directly=False, is_eager=True)):
        requests.push(context)
        try:
            assert AsyncResult(task, app=app).get() == 1
        finally:
            requests.pop()


# ---------------------------------------------------------------------------------------------------- equality and travel
def test_results_are_equal_by_their_ids(app: App) -> None:
    assert AsyncResult("a", app=app) == AsyncResult("a", app=app) == "a"
    assert AsyncResult("a", app=app) != AsyncResult("b", app=app)
    assert AsyncResult("a", app=app) != 1
    assert len({AsyncResult("a", app=app), AsyncResult("a", app=app)}) == 1
    assert str(AsyncResult("a", app=app)) == "a"
    assert repr(AsyncResult("a", app=app)) == "<AsyncResult: a>"
    first, second = GroupResult("g", [AsyncResult("a", app=app)]), GroupResult("g", [AsyncResult("a", app=app)])
    assert first == second == "g"
    assert hash(first) == hash(second)
    assert repr(first) == "<GroupResult: g [a]>"
    assert first != GroupResult("g", [AsyncResult("b", app=app)])
    assert ResultSet([AsyncResult("a", app=app)]) == ResultSet([AsyncResult("a", app=app)])


@pytest.mark.parametrize("bad", [None, "", 5, b"x"])
def test_an_id_is_a_text(app: App, bad: Any) -> None:
    with pytest.raises(ValueError, match="needs the id of a call"):
        AsyncResult(bad, app=app)


def test_as_tuple_is_celerys_form_and_is_read_back(app: App) -> None:
    group = GroupResult("g", [AsyncResult("a", app=app), AsyncResult("b", app=app)], parent=AsyncResult("p", app=app), app=app)
    result = AsyncResult("c", app=app, parent=group)
    form = (("c", (("g", (("p", None), None)), [(("a", None), None), (("b", None), None)])), None)
    assert result.as_tuple() == form
    back = result_from_tuple(form, app)
    assert back == result
    assert back.parent == group
    assert back.parent.parent == AsyncResult("p", app=app)
    assert back.as_list() == ["c", "g", "p"]
    assert result_from_tuple(back, app) is back


def test_a_chain_of_thousands_needs_no_recursion(app: App) -> None:
    result: Any = None
    for number in range(5_000):
        result = AsyncResult(str(number), app=app, parent=result)
    back = result_from_tuple(result.as_tuple(), app)
    assert back.as_list() == result.as_list()
    assert len(back.as_list()) == 5_000


@pytest.mark.parametrize(
    "form", [1, "x", [], [1], [[None, None], None], [["a", None], 5], [["a", 7], None], [["a", None], [3]], [["", None], None]]
)
def test_what_is_no_result_is_refused(app: App, form: Any) -> None:
    with pytest.raises(errors.DecodeError, match="no result in the form"):
        result_from_tuple(form, app)


def test_results_can_be_pickled() -> None:
    with application("cache+memory://") as app:
        from flowc.runtime.current import set_current

        set_current(app)
        result = AsyncResult("c", app=app, parent=GroupResult("g", [AsyncResult("a", app=app)], app=app))
        back = pickle.loads(pickle.dumps(result))
        assert back == result
        assert back.parent == result.parent
        eager = pickle.loads(pickle.dumps(EagerResult("e", 5, "SUCCESS", name="t", app=app)))
        assert (eager.get(), eager.name) == (5, "t")


def test_groups_are_saved_and_restored(app: App) -> None:
    tasks = [unique(), unique()]
    group = GroupResult(unique(), [AsyncResult(task, app=app) for task in tasks], app=app, parent=AsyncResult("p", app=app))
    group.save()
    for number, task in enumerate(tasks):
        tell(app, task, ("SUCCESS", number))
    back = GroupResult.restore(group.id, app=app)
    assert back == group
    assert back.get() == [0, 1]
    group.delete()
    assert GroupResult.restore(group.id, app=app) is None


def test_a_saved_group_that_is_none_is_refused(app: App) -> None:
    app.backend.save_group("g", {"result": [["a", None], None]})
    with pytest.raises(errors.DecodeError, match="no group"):
        GroupResult.restore("g", app=app)
    app.backend.save_group("g", {"other": 1})
    with pytest.raises(errors.DecodeError, match="no group"):
        GroupResult.restore("g", app=app)


def test_members_can_be_added_and_removed(app: App) -> None:
    results = ResultSet([], app=app)
    first, second = AsyncResult("a", app=app), AsyncResult("b", app=app)
    results.add(first)
    results.add(first)
    results.update([first, second])
    assert (len(results), list(results), results[0]) == (2, [first, second], first)
    results.remove("a")
    with pytest.raises(KeyError):
        results.remove("a")
    results.discard("a")
    results.discard(second)
    assert len(results) == 0
    results.add(first)
    results.clear()
    assert list(results) == []


class Control:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, dict[str, Any]]] = []

    def revoke(self, task_id: Any, **options: Any) -> str:
        self.calls.append((task_id, options))
        return "answers"

    def close(self) -> None: ...


def test_revoking_tells_the_workers(app: App) -> None:
    control = app._made["control"] = Control()
    AsyncResult("a", app=app).revoke()
    AsyncResult("a", app=app).revoke(terminate=True, signal="SIGKILL")
    assert ResultSet([AsyncResult("a", app=app), GroupResult("g", [AsyncResult("b", app=app)])]).revoke(wait=True, timeout=1) == "answers"
    assert control.calls == [
        ("a", {"terminate": False}),
        ("a", {"terminate": True, "signal": "SIGKILL"}),
        (["a", "b"], {"terminate": False, "reply": True, "timeout": 1}),
    ]


# ---------------------------------------------------------------------------------------------------------------- eager
def test_an_eager_result_has_ended(app: App) -> None:
    result = EagerResult("e", 4, "SUCCESS", name="proj.add", app=app)
    assert (result.get(), result.ready(), result.successful(), result.state, result.name) == (4, True, True, "SUCCESS", "proj.add")
    assert (result.children, result.traceback, list(result.collect())) == ([], None, [(result, 4)])
    result.forget()
    assert result.get() == 4
    assert repr(result) == "<EagerResult: e>"


def test_an_eager_failure_is_raised(app: App) -> None:
    error = ValueError("x")
    result = EagerResult("e", error, "FAILURE", "Traceback …", app=app)
    with pytest.raises(ValueError, match="x") as caught:
        result.get()
    assert caught.value is error
    assert result.get(propagate=False) is error
    assert (result.failed(), result.traceback) == (True, "Traceback …")
    assert ResultSet([result]).get(propagate=False) == [error]


def test_a_revoked_eager_result_raises(app: App) -> None:
    result = EagerResult("e", 4, "SUCCESS", app=app)
    result.revoke()
    with pytest.raises(errors.TaskRevokedError):
        result.get()


def test_documents_that_are_no_results_raise_decodeerror_where_they_are_read(app: App) -> None:
    task = unique()
    keep(app, task, "SUCCESS", 1, date_done="yesterday", children=[5])
    result = AsyncResult(task, app=app)
    assert result.get() == 1
    with pytest.raises(errors.DecodeError, match="no time"):
        _ = result.date_done
    with pytest.raises(errors.DecodeError, match="no result in the form"):
        _ = result.children
    assert document(task, "SUCCESS")["task_id"] == task
