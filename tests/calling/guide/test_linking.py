"""Row "linking": callbacks and errbacks, in order, with what Celery gives them; and an errback's own error is never lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import flowc
from flowc import AsyncResult, allow_join_result

from .proj import DEADLINE, SHARED, Proj, until


@pytest.fixture(scope="module")
def linked(idle: Proj) -> Iterator[Proj]:
    """One task at a time, so that what is sent in order runs in order."""
    seen = idle.seen

    @idle.task()
    def error_handler(request: Any, exc: BaseException, traceback: Any) -> None:
        seen.append(("three", request.id, request.task, list(request.args), exc, str(traceback)))

    @idle.task()
    def labelled(request: Any, exc: BaseException, traceback: Any, label: str = "") -> None:
        seen.append((label, request.id))

    @idle.task()
    def with_the_id(task_id: str) -> None:
        seen.append(("id", task_id))

    @idle.task(bind=True)
    def bound_errback(self: Any, task_id: str) -> None:
        seen.append(("bound", task_id, self.request.parent_id))

    @idle.task()
    def broken(request: Any, exc: BaseException, traceback: Any) -> None:
        raise RuntimeError("the handler broke")

    @idle.task()
    def broken_with_the_id(task_id: str) -> None:
        raise RuntimeError("the handler broke")

    with idle.app.embedded_worker([idle.queue], concurrency=1):
        yield idle


@pytest.fixture
def proj(linked: Proj) -> Proj:
    linked.seen.clear()
    return linked


# --------------------------------------------------------------------------------------------------------------- callbacks
def test_the_callback_gets_the_result_first(proj: Proj) -> None:
    result = proj.add.apply_async((2, 2), link=proj.add.s(16))
    assert result.get(timeout=DEADLINE) == 4
    assert len(result.children) == 1
    if proj.store != "rpc":  # there, results go to whoever called: the worker
        assert result.children[0].get(timeout=DEADLINE) == 20
    proj.add.apply_async((2, 2), link=proj.note.s("label"))
    assert proj.noted() == [("label", 4)]


def test_several_callbacks_are_called_in_order(proj: Proj) -> None:
    labels = [f"link {n}" for n in range(5)]
    result = proj.add.apply_async((2, 2), link=[proj.note.s(label=label) for label in labels])
    assert result.get(timeout=DEADLINE) == 4
    assert proj.noted(5) == [(label, 4) for label in labels]
    assert len(result.children) == 5


def test_no_callback_after_a_failure(proj: Proj) -> None:
    result = proj.divide.apply_async((1, 0), link=proj.note.s(), link_error=proj.with_the_id.s())
    assert isinstance(result.get(timeout=DEADLINE, propagate=False), ZeroDivisionError)
    assert proj.noted() == [("id", result.id)]


def test_callbacks_keep_their_options_and_their_own_links(proj: Proj) -> None:
    inner = proj.add.s(1).set(countdown=0.1)
    inner.link(proj.note.s(label="inner"))
    proj.add.apply_async((2, 2), link=[inner, proj.note.si("immutable")])
    assert proj.noted(2) == [("note", "immutable"), ("inner", 5)]


def test_a_chain_as_callback(proj: Proj) -> None:
    proj.add.apply_async((2, 2), link=proj.add.s(1) | proj.mul.s(10) | proj.note.s(label="end"))
    assert proj.noted() == [("end", 50)]


# ---------------------------------------------------------------------------------------------------------------- errbacks
def test_errbacks_are_called_with_request_exception_and_traceback(proj: Proj) -> None:
    result = proj.divide.apply_async((1, 0), link_error=proj.error_handler.s())
    with pytest.raises(ZeroDivisionError):
        result.get(timeout=DEADLINE)
    ((kind, id_, task, args, exc, traceback),) = proj.noted()
    assert (kind, id_, task, args) == ("three", result.id, "proj.divide", [1, 0])
    assert isinstance(exc, ZeroDivisionError)
    assert "in divide" in traceback


def test_several_errbacks_are_called_in_order(proj: Proj) -> None:
    labels = [f"errback {n}" for n in range(5)]
    result = proj.divide.apply_async((1, 0), link_error=[proj.labelled.s(label=label) for label in labels])
    assert isinstance(result.get(timeout=DEADLINE, propagate=False), ZeroDivisionError)
    assert proj.noted(5) == [(label, result.id) for label in labels]


def test_one_argument_gets_the_failed_id(proj: Proj) -> None:
    result = proj.divide.apply_async((1, 0), link_error=proj.with_the_id.s())
    assert proj.noted() == [("id", result.id)]


def test_a_bound_errback_gets_the_id_too(proj: Proj) -> None:
    result = proj.divide.apply_async((1, 0), link_error=proj.bound_errback.s())
    assert proj.noted() == [("bound", result.id, result.id)]


@pytest.mark.parametrize("idle", SHARED, indirect=True, scope="module")
def test_an_errback_with_one_argument_can_read_what_failed(proj: Proj) -> None:
    @proj.task()
    def reader(task_id: str) -> None:
        with allow_join_result():
            proj.seen.append((task_id, proj.app.AsyncResult(task_id).get(propagate=False, timeout=DEADLINE)))

    result = proj.app.send_task("proj.divide", (1, 0), link_error=reader.s())
    ((id_, exc),) = proj.noted()
    assert id_ == result.id
    assert isinstance(exc, ZeroDivisionError)


def test_a_single_errback_and_a_chain(proj: Proj) -> None:
    result = (proj.add.s(1, 1) | proj.divide.s(0) | proj.note.s(label="never")).apply_async(link_error=proj.labelled.s(label="chain"))
    assert isinstance(result.get(timeout=DEADLINE, propagate=False), ZeroDivisionError)
    assert proj.noted() == [("chain", result.parent.id)]


# ------------------------------------------------------------------------------------------------- an error inside an errback
@pytest.mark.parametrize("errback", ["broken", "broken_with_the_id"])
def test_an_error_in_an_errback_is_reported_and_stops_nothing(proj: Proj, errback: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="flowc"):
        result = proj.divide.apply_async((1, 0), link_error=[getattr(proj, errback).s(), proj.labelled.s(label="after")])
        assert isinstance(result.get(timeout=DEADLINE, propagate=False), ZeroDivisionError)
        assert proj.noted() == [("after", result.id)]
        until(lambda: "the handler broke" in caplog.text)
    reported = [record for record in caplog.records if "the handler broke" in f"{record.getMessage()}{record.exc_text}"]
    assert reported[0].levelno >= logging.ERROR
    assert f"proj.{errback}" in reported[0].getMessage()


@pytest.mark.parametrize("idle", SHARED, indirect=True, scope="module")
def test_what_an_errback_raises_as_a_task_is_its_result(proj: Proj) -> None:
    own = f"errback-{proj.queue}"
    proj.divide.apply_async((1, 0), link_error=proj.broken_with_the_id.s().set(task_id=own))
    failed: AsyncResult = proj.app.AsyncResult(own)
    with pytest.raises(RuntimeError, match="the handler broke"):
        failed.get(timeout=DEADLINE)


# ------------------------------------------------------------------------------------------------------------------- flows
def test_links_in_flows(here: Proj) -> None:
    assert flowc.loads("add(2, 2) -> [add(16), note(label='second')]", app=here.app).run(here.app).value == [20, 4]
    assert here.seen == [("second", 4)]


def test_errbacks_in_flows(here: Proj) -> None:
    @here.task()
    def on_error(request: Any, exc: BaseException, traceback: Any, label: str = "") -> None:
        here.seen.append((label, request.task, type(exc).__name__, "in divide" in str(traceback)))

    @here.task()
    def by_id(task_id: str) -> None:
        here.seen.append(("id", task_id))

    result = flowc.loads("divide(1, 0) {task_id = 'own'} -> add(1) !> [on_error('first'), on_error('second'), by_id]", app=here.app).run(
        here.app
    )
    assert not result.ok
    assert here.seen == [
        ("first", "proj.divide", "ZeroDivisionError", True),
        ("second", "proj.divide", "ZeroDivisionError", True),
        ("id", "own"),
    ]


def test_an_error_in_a_flows_errback_is_reported(here: Proj) -> None:
    @here.task()
    def broken(request: Any, exc: BaseException, traceback: Any) -> None:
        raise RuntimeError("the handler broke")

    @here.task()
    def by_id(task_id: str) -> None:
        here.seen.append(task_id)

    result = flowc.loads("divide(1, 0) {task_id = 'own'} !> [broken, by_id]", app=here.app).run(here.app)
    assert [(handler.task, handler.ok) for handler in result.handlers] == [("proj.broken", False), ("proj.by_id", True)]
    assert here.seen == ["own"]
    assert "the handler broke" in str(result.handlers[0].failure)
