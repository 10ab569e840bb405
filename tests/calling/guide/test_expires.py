"""Row "expires": a task that expired is not run; its state is REVOKED."""

from __future__ import annotations

import datetime as dt
import time

import pytest

import flowc
from flowc.exceptions import TaskRevokedError

from .proj import DEADLINE, Proj, unique


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_before_it_expires_a_task_runs(proj: Proj) -> None:
    assert proj.add.apply_async((2, 2), expires=60).get(timeout=DEADLINE) == 4
    assert proj.add.apply_async((2, 2), expires=now() + dt.timedelta(days=1)).get(timeout=DEADLINE) == 4
    assert proj.add.apply_async((2, 2), countdown=0.1, expires=120).get(timeout=DEADLINE) == 4


@pytest.mark.parametrize("given", ["seconds", "datetime"])
def test_after_that_it_is_revoked(proj: Proj, given: str) -> None:
    expires = 0.1 if given == "seconds" else now() + dt.timedelta(seconds=0.1)
    result = proj.note.apply_async(("ran",), countdown=0.3, expires=expires, link_error=proj.failed.s())
    with pytest.raises(TaskRevokedError, match="expired"):
        result.get(timeout=DEADLINE)
    assert (result.state, result.failed(), result.ready()) == ("REVOKED", False, True)
    assert isinstance(result.result, TaskRevokedError)
    assert proj.add.delay(2, 2).get(timeout=DEADLINE) == 4
    assert proj.seen == []  # neither the task nor an errback was called


def test_it_expires_in_the_queue_too(idle: Proj) -> None:
    queue = unique()
    soon = idle.note.apply_async(("ran",), queue=queue, expires=0.2)
    past = idle.note.apply_async(("ran",), queue=queue, expires=now() - dt.timedelta(seconds=1))
    never = idle.add.apply_async((2, 2), queue=queue)
    time.sleep(0.3)
    idle.seen.clear()
    with idle.app.embedded_worker([queue]):
        for result in (soon, past):
            with pytest.raises(TaskRevokedError):
                result.get(timeout=DEADLINE)
            assert result.status == "REVOKED"
        assert never.get(timeout=DEADLINE) == 4
    assert idle.seen == []


def test_the_default_of_a_task(proj: Proj) -> None:
    short = proj.app.task(name=unique("proj.short"), expires=0.1)(lambda: "ran")
    with pytest.raises(TaskRevokedError):
        short.apply_async(countdown=0.3).get(timeout=DEADLINE)
    assert short.apply_async(countdown=0.2, expires=60).get(timeout=DEADLINE) == "ran"


# ------------------------------------------------------------------------------------------------------------------- flows
def test_expiry_in_flows(here: Proj) -> None:
    assert flowc.loads("add(2, 2) {expires = 1h}", app=here.app).run(here.app).value == 4
    assert flowc.loads("add(2, 2) {expires = now + 1d}", app=here.app).run(here.app).value == 4
    result = flowc.loads("note('ran') {countdown = 300ms, expires = 100ms} -> add(1) !> failed", app=here.app).run(here.app)
    assert [step.state.name for step in result.steps] == ["REVOKED", "SKIPPED"]
    assert "TaskRevokedError" in str(result.steps[0].error)
    assert not result.ok
    assert here.seen == []
