"""Row "results": what a result knows and does, alone and of a group; what is kept, how long, and what is not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import flowc
from flowc import App, AsyncResult, GroupResult, group
from flowc.exceptions import IncompleteStream, TaskRevokedError
from flowc.exceptions import TimeoutError as NoResultYet

from .proj import DEADLINE, SHARED, Proj, project, unique, until

#: Where another process can read results too.
shared = pytest.mark.parametrize("idle", SHARED, indirect=True, scope="module")


# ------------------------------------------------------------------------------------------------------------- AsyncResult
def test_a_result_that_came(proj: Proj) -> None:
    result = proj.add.delay(2, 2)
    assert isinstance(result, AsyncResult)
    assert result.get(timeout=DEADLINE) == result.wait() == result.result == result.info == 4
    assert (result.ready(), result.successful(), result.failed()) == (True, True, False)
    assert (result.state, result.status, result.traceback, list(result.children or [])) == ("SUCCESS", "SUCCESS", None, [])
    assert isinstance(result.date_done, dt.datetime)
    assert str(result) == result.id == result.task_id


def test_a_failure(proj: Proj) -> None:
    result = proj.divide.delay(1, 0)
    with pytest.raises(ZeroDivisionError):
        result.get(timeout=DEADLINE)
    assert isinstance(result.get(propagate=False), ZeroDivisionError)
    assert (result.ready(), result.successful(), result.failed(), result.state) == (True, False, True, "FAILURE")
    assert isinstance(result.result, ZeroDivisionError)
    assert isinstance(result.info, ZeroDivisionError)
    assert "in divide" in result.traceback


def test_a_result_that_has_not_come(idle: Proj) -> None:
    result = idle.add.apply_async((2, 2), queue=unique())
    assert (result.ready(), result.successful(), result.failed()) == (False, False, False)
    assert (result.state, result.result, result.info, result.traceback) == ("PENDING", None, None, None)
    with pytest.raises(NoResultYet):
        result.get(timeout=0.1)
    with pytest.raises(TimeoutError):
        result.get(timeout=0)


@shared
def test_a_result_by_its_id(proj: Proj) -> None:
    own = proj.add.delay(2, 2).id
    for found in (proj.app.AsyncResult(own), proj.add.AsyncResult(own), AsyncResult(own, app=proj.app)):
        assert found.get(timeout=DEADLINE) == 4
    if proj.store != "memory":
        with App("elsewhere", broker=proj.urls[0], backend=proj.urls[1], set_as_current=False) as other:
            assert other.AsyncResult(own).get(timeout=DEADLINE) == 4


@shared
def test_forget(proj: Proj) -> None:
    result = proj.add.delay(2, 2)
    assert result.get(timeout=DEADLINE) == 4
    result.forget()
    assert (result.state, proj.app.AsyncResult(result.id).state) == ("PENDING", "PENDING")


def test_children_and_collect(proj: Proj) -> None:
    result = proj.add.apply_async((2, 2), link=[proj.mul.s(16), proj.note.s()])
    assert result.get(timeout=DEADLINE) == 4
    assert [type(child) for child in result.children] == [AsyncResult, AsyncResult]
    if proj.store == "rpc":  # the results of the children go to the worker
        return
    assert [child.get(timeout=DEADLINE) for child in result.children] == [64, 4]
    assert sorted(value for _, value in result.collect()) == [4, 4, 64]


@shared
def test_collect_waits_and_iterdeps_does_not(proj: Proj) -> None:
    result = proj.add.apply_async((2, 2), link=proj.mul.s(16).set(queue=unique()))
    assert result.get(timeout=DEADLINE) == 4
    with pytest.raises(TimeoutError):
        list(result.collect(timeout=0.1))
    with pytest.raises(IncompleteStream):
        list(result.iterdeps())
    assert [node.id for _, node in result.iterdeps(intermediate=True)] == [result.id, result.children[0].id]


def test_parent(proj: Proj) -> None:
    result = (proj.add.s(2, 2) | proj.mul.s(8) | proj.mul.s(10)).apply_async()
    assert result.get(timeout=DEADLINE) == 320
    assert (result.parent.get(timeout=DEADLINE), result.parent.parent.get(timeout=DEADLINE)) == (32, 4)
    assert proj.add.delay(2, 2).parent is None


def test_revoke(proj: Proj) -> None:
    result = proj.note.apply_async(("ran",), countdown=60)
    result.revoke()
    with pytest.raises(TaskRevokedError):
        result.get(timeout=DEADLINE)
    assert (result.state, result.successful(), result.failed(), proj.seen) == ("REVOKED", False, False, [])


def test_nobody_waits_inside_a_task(proj: Proj) -> None:
    @proj.task()
    def waits() -> Any:
        return proj.add.delay(2, 2).get(timeout=DEADLINE)

    with pytest.raises(RuntimeError, match="task"):
        waits.delay().get(timeout=DEADLINE)


# ------------------------------------------------------------------------------------------------------------- GroupResult
def test_a_group_that_came(proj: Proj) -> None:
    result = group(proj.add.s(i, i) for i in (2, 4, 8, 16, 32))()
    assert isinstance(result, GroupResult)
    assert result.get(timeout=DEADLINE) == result.join(timeout=DEADLINE) == [4, 8, 16, 32, 64]
    assert (result.ready(), result.successful(), result.failed(), result.waiting()) == (True, True, False, False)
    assert (result.completed_count(), len(result)) == (5, 5)
    assert [child.get() for child in result.children] == [child.get() for child in result] == [4, 8, 16, 32, 64]
    assert result[0].get() == 4


def test_a_group_with_a_failure(proj: Proj) -> None:
    result = group(proj.add.s(2, 2), proj.divide.s(1, 0), proj.add.s(4, 4))()
    with pytest.raises(ZeroDivisionError):
        result.get(timeout=DEADLINE)
    values = result.get(timeout=DEADLINE, propagate=False)
    assert (values[0], values[2]) == (4, 8)
    assert isinstance(values[1], ZeroDivisionError)
    assert (result.ready(), result.successful(), result.failed(), result.completed_count()) == (True, False, True, 2)


def test_a_group_that_has_not_come(idle: Proj) -> None:
    result = group(idle.add.s(i, i) for i in range(3)).apply_async(queue=unique())
    assert (result.ready(), result.successful(), result.failed(), result.waiting()) == (False, False, False, True)
    assert result.completed_count() == 0
    with pytest.raises(TimeoutError):
        result.get(timeout=0.1)


@shared
def test_forgetting_and_saving_a_group(proj: Proj) -> None:
    result = group(proj.add.s(i, i) for i in range(3))()
    assert result.get(timeout=DEADLINE) == [0, 2, 4]
    result.save()
    restored = GroupResult.restore(result.id, app=proj.app)
    assert restored is not None
    assert restored.get(timeout=DEADLINE) == [0, 2, 4]
    result.forget()
    assert [child.state for child in result] == ["PENDING"] * 3


def test_revoking_a_group(proj: Proj) -> None:
    result = group(proj.note.s(i) for i in range(3)).apply_async(countdown=60)
    result.revoke()
    values = result.get(timeout=DEADLINE, propagate=False)
    assert [type(value) for value in values] == [TaskRevokedError] * 3
    assert proj.seen == []


# --------------------------------------------------------------------------------------------------- what is kept, how long
def test_ignored_by_the_call(proj: Proj) -> None:
    result = proj.note.apply_async(("ran",), ignore_result=True)
    assert result.get(timeout=DEADLINE) is None
    assert proj.noted() == [("note", "ran")]
    assert result.state == "PENDING"
    assert proj.add.apply_async((1, 2), ignore_result=False).get(timeout=DEADLINE) == 3


def test_ignored_by_the_task(proj: Proj) -> None:
    silent = proj.app.task(name=unique("proj.silent"), ignore_result=True)(lambda: proj.note("ran"))
    assert silent.delay().get(timeout=DEADLINE) is None
    assert proj.noted() == [("note", "ran")]
    assert silent.apply_async(ignore_result=False).get(timeout=DEADLINE) == "ran"


def test_ignored_by_the_setting(idle: Proj) -> None:
    with project(idle.broker, idle.store, idle.urls, task_ignore_result=True) as proj, proj.app.embedded_worker():
        result = proj.note.delay("ran")
        assert result.get(timeout=DEADLINE) is None
        assert proj.noted() == [("note", "ran")]
        assert proj.add.apply_async((1, 2), ignore_result=False).get(timeout=DEADLINE) == 3
        loud = proj.app.task(name="proj.loud", ignore_result=False)(lambda: "value")
        assert loud.delay().get(timeout=DEADLINE) == "value"


def test_extended(idle: Proj) -> None:
    with project(idle.broker, idle.store, idle.urls, result_extended=True) as proj:

        @proj.task(bind=True)
        def again(self: Any, x: int, y: int = 0) -> int:
            if self.request.retries < 1:
                raise self.retry(countdown=0)
            return x + y

        with proj.app.embedded_worker(hostname="me@here"):
            result = again.apply_async((2,), {"y": 3})
            assert result.get(timeout=DEADLINE) == 5
            assert (result.name, list(result.args), result.kwargs) == ("proj.again", [2], {"y": 3})
            assert (result.worker, result.retries, result.queue) == ("me@here", 1, proj.queue)
    if idle.store != "rpc":
        with project(idle.broker, idle.store, idle.urls) as plain, plain.app.embedded_worker():
            result = plain.add.delay(2, 2)
            assert (result.get(timeout=DEADLINE), result.name, result.args, result.worker) == (4, None, None, None)


@shared
def test_results_expire(idle: Proj) -> None:
    with project(idle.broker, idle.store, idle.urls, result_expires=2) as proj, proj.app.embedded_worker():
        result = proj.add.delay(2, 2)
        assert result.get(timeout=DEADLINE) == 4
        until(lambda: proj.app.AsyncResult(result.id).state == "PENDING")
    assert idle.app.conf.result_expires in (86400, dt.timedelta(days=1))


@shared
def test_started_is_told_where_it_is_asked_for(idle: Proj) -> None:
    with project(idle.broker, idle.store, idle.urls, task_track_started=True) as proj:
        go: list[bool] = []
        holds = proj.app.task(name="proj.holds")(lambda: until(lambda: go))
        with proj.app.embedded_worker():
            result = holds.delay()
            until(lambda: result.state == "STARTED")
            go.append(True)
            assert result.get(timeout=DEADLINE) == [True]


# ------------------------------------------------------------------------------------------------------------------- flows
def test_results_of_flows(here: Proj) -> None:
    result = flowc.loads("x = add(1, 1)\ndivide(x, 0) -> add(1)\n[add(2, 2), add(x, 3)]", app=here.app).run(here.app)
    assert [(step.id, step.state.name) for step in result.steps] == [
        ("x", "SUCCESS"),
        ("divide#1", "FAILURE"),
        ("add#1", "SKIPPED"),
        ("add#2", "SUCCESS"),
        ("add#3", "SUCCESS"),
    ]
    assert "ZeroDivisionError" in str(result.failed[0].error)
    assert "in divide" in str(result.failed[0].traceback)
    assert flowc.loads("[add(2, 2), add(1, 3)]", app=here.app).run(here.app).value == [4, 4]


def test_ignoring_in_flows(here: Proj) -> None:
    result = flowc.loads("note('ran') {ignore_result = true} => add(2, 2)", app=here.app).run(here.app)
    assert (result.value, result.steps[0].result, here.seen) == (4, None, [("note", "ran")])
    with pytest.raises(flowc.FlowError):
        flowc.loads("add(2, 2) {ignore_result = true} -> add(1)", app=here.app)
