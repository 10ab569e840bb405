"""Flows driven on stock Celery workers, over Redis (results in Redis, or none) and RabbitMQ (replies by rpc, or none)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

import flowc
from flowc.runtime.errors import UnknownTasks
from flowc.runtime.fleet.driver import drive
from flowc.runtime.outcome import RunResult, StepTold

from ..shared import SharedStock, shared_stock


class Fleet:
    """A shared worker, and an application that leads to it."""

    def __init__(self, kind: str, *, results: bool) -> None:
        self.stock: SharedStock = shared_stock(kind)
        settings = {"task_default_queue": self.stock.queue}
        backend = self.stock.backend if results else None
        self.app = flowc.App("proj", broker=self.stock.broker, backend=backend, settings=settings, set_as_current=False)

    def drive(self, text: str, **options: object) -> RunResult:
        return drive(flowc.loads(text).plan, self.app, **options)  # type: ignore[arg-type]


EVERY = ["redis", "redis-none", "rabbitmq", "rabbitmq-none"]
SOME = ["redis-none", "rabbitmq", *(pytest.param(kind, marks=pytest.mark.soak) for kind in ("redis", "rabbitmq-none"))]


@pytest.fixture(params=EVERY)
def fleet(request: pytest.FixtureRequest) -> Iterator[Fleet]:
    kind, _, none = request.param.partition("-")
    made = Fleet(kind, results=not none)
    with made.app:
        yield made


def states(result: RunResult) -> dict[str, str]:
    return {step.id: str(step.state) for step in result.steps}


@pytest.mark.parametrize("fleet", SOME, indirect=True)
def test_shapes(fleet: Fleet) -> None:
    """A diamond, placeholders anywhere, reach-ins, nested groups, thens, dates and texts."""
    result = fleet.drive(
        "x = proj.add(1, 2)\n"
        "y = x -> proj.mul(10)\n"
        "z = x -> proj.add(100)\n"
        'm = proj.echo({a: [1, {b: 2}], "c d": "é"}) -> proj.call(0, data=_, k=_.a[1].b)\n'
        "n = [[proj.add(i, j) for j in range(3)] -> proj.tsum for i in range(3)] -> proj.tsum\n"
        't = [proj.add(1, 1), proj.add(2, 2)] => proj.echo("then")\n'
        "proj.call(y, z, m[1].data, m, n=n, t=t, e=[], d=2026-11-22)\n"
    )
    assert result.ok, [(step.id, step.error) for step in result.failed]
    args, kwargs = result.value
    data = {"a": [1, {"b": 2}], "c d": "é"}
    assert args == [30, 103, data, [[0], {"data": data, "k": 2}]]
    assert {key: kwargs[key] for key in "nte"} == {"n": 18, "t": "then", "e": []}


def test_a_failure_and_its_handlers(fleet: Fleet) -> None:
    key = uuid.uuid4().hex
    result = fleet.drive(
        "task proj.on_error_id(task_id: str, *, key: str)\n"
        "task proj.fail(message: str)\n"
        "task proj.on_error(request, exc, traceback, key: str)\n"
        "task proj.add(x: any, y: any)\n"
        f'([proj.fail("a"), proj.add(1, 1)] -> proj.add(1)) !> [proj.on_error("{key}"), proj.on_error_id(key="{key}")]\n'
    )
    assert states(result) == {"fail#1": "FAILURE", "add#1": "SUCCESS", "add#2": "SKIPPED"}
    (failed,) = result.failed
    assert (failed.failure.type, failed.failure.args) == ("ValueError", ("a",)) if failed.failure else False
    assert "raise ValueError(message)" in (failed.traceback or "")
    assert [h.ok for h in result.handlers] == [True, True]
    called = fleet.stock.calls(key)
    assert [call[0] for call in called] == ["on_error", "on_error_id"]
    assert all(call[1].endswith(".fail#1") for call in called)
    assert result.exit_code == 4


def test_what_becomes_of_tasks_of_every_kind(fleet: Fleet) -> None:
    key = uuid.uuid4().hex
    result = fleet.drive(
        f'retried = proj.retrying("{key}", 2, 5)\n'
        "replaced = proj.replaced(2, 3) -> proj.add(1)\n"
        "ignored = proj.ignored(4) -> proj.add(1)\n"
        "unserialisable = proj.unserialisable()\n"
        "expired = proj.add(1, 2) {countdown = 1s, expires = 1s}\n"
        "arity = proj.add(1)\n"
    )
    assert states(result) == {
        "retried": "SUCCESS", "replaced.replaced#1": "SUCCESS", "replaced": "SUCCESS", "ignored.ignored#1": "SUCCESS", "ignored": "SUCCESS",
        "unserialisable": "FAILURE", "expired": "REVOKED", "arity": "FAILURE",
    }  # fmt: skip
    errors = {step.id: step.error or "" for step in result.failed}
    assert "expired" in errors["expired"]
    assert errors["arity"].startswith("TypeError")
    assert "EncodeError" in errors["unserialisable"]
    values = {step.id: step.result for step in result.steps}
    assert (values["retried"], values["replaced"], values["ignored"]) == (5, 6, 5)


@pytest.mark.parametrize("fleet", SOME, indirect=True)
def test_an_unknown_task(fleet: Fleet) -> None:
    with pytest.raises(UnknownTasks, match=r"did you mean 'proj\.add'\?"):
        fleet.drive("proj.addd(1, 2)\n")
    result = fleet.drive("proj.addd(1, 2) -> proj.add(1)\n", preflight=False)
    assert states(result) == {"addd#1": "FAILURE", "add#1": "SKIPPED"}
    assert "NotRegistered" in (result.failed[0].error or "")


@pytest.mark.parametrize("fleet", SOME, indirect=True)
def test_a_step_that_is_revoked_from_outside(fleet: Fleet) -> None:
    id_ = uuid.uuid4().hex
    events: list[object] = []

    def told(event: object) -> None:
        events.append(event)
        if type(event).__name__ == "StepEnded" and event.step.id == "first":  # type: ignore[attr-defined]
            fleet.app.control.revoke(id_)

    result = fleet.drive(
        f'first = proj.add(1, 2)\nrevoked = proj.add(1, 2) {{task_id = "{id_}", countdown = 2s}}\nrevoked -> proj.add(1)\n', on_event=told
    )
    assert states(result) == {"first": "SUCCESS", "revoked": "REVOKED", "add#1": "SKIPPED"}


@pytest.mark.parametrize("fleet", SOME, indirect=True)
def test_states_are_told(fleet: Fleet) -> None:
    events: list[object] = []
    result = fleet.drive("proj.progress(2, 0.3)\n", on_event=events.append)
    assert result.value == 2
    told = [event.meta for event in events if isinstance(event, StepTold)]
    if fleet.stock.backend.startswith("redis") and fleet.app.backend.url == "disabled":
        assert told == []  # they are stored where the run has not been told to look; events do not tell them
    else:
        assert told == [{"current": 1, "total": 2}, {"current": 2, "total": 2}]
