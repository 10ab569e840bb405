"""What is learned of steps on stock workers that no link and no errback tells of: with a result backend, and with events."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from flowc.runtime.broker.inspecting import Command
from flowc.runtime.fleet.facts import Alive, Lost, Seen
from tests.fleet.shared import SharedStock

from .apart import Apart
from .listening import Run


@pytest.fixture(scope="module", params=["redis-backend", pytest.param("redis-events", marks=pytest.mark.soak), "rabbitmq-events"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    broker, _, source = request.param.partition("-")
    if source == "backend":
        stock: SharedStock = request.getfixturevalue(f"stock_{broker}")
        with Run(stock.broker, stock.backend, queue=stock.queue) as made:
            yield made
    else:
        apart = Apart(request.getfixturevalue(f"{broker}_url"), tmp_path_factory.mktemp("events"))
        with apart.worker(), apart.run(events=True) as made:
            yield made


def ask(run: Run, command: str) -> dict[str, Any]:
    """What workers answer."""
    answers = run.watching._asking.attempt(lambda inspector: inspector().ask([Command(command, {})], 10.0))
    return answers[0].by_host if answers else {}


def exception(seen: Seen) -> tuple[str, str, str | None]:
    """What an exception is said to be."""
    return seen.result["exc_type"], str(next(iter(seen.result["exc_message"]), "")), seen.result.get("exc_module")


def test_a_failure_with_what_was_raised(run: Run) -> None:
    seen = run.seen(run.send("proj.boom", "bad", 7), "FAILURE")
    assert seen.result == {"exc_type": "Boom", "exc_message": ["bad", 7], "exc_module": "tests.fleet.proj"}
    assert seen.traceback is not None
    assert seen.traceback.startswith("Traceback")


def test_a_task_that_workers_do_not_have(run: Run) -> None:
    seen = run.seen(run.send("proj.no_such"), "FAILURE")
    assert exception(seen) == ("NotRegistered", "proj.no_such", "celery.exceptions")


def test_a_revoked_step(run: Run) -> None:
    """Before it has begun."""
    task_id = f"{run.id}.revoked"
    run.app.control.revoke(task_id)
    run.wait_until(lambda: any(task_id in told for told in ask(run, "revoked").values()))
    run.send("proj.echo", task_id=task_id)
    assert exception(run.seen(task_id, "REVOKED"))[:2] == ("TaskRevokedError", "revoked")


def test_an_expired_step(run: Run) -> None:
    seen = run.seen(run.send("proj.echo", expires=-1), "REVOKED")
    assert exception(seen)[0] == "TaskRevokedError"
    assert "expired" in exception(seen)[1]


def test_a_step_that_tries_again(run: Run) -> None:
    """A worker sends it again before it says so: the second attempt may have ended by then, and that is what counts."""
    sent = {run.send("proj.retrying", uuid.uuid4().hex, 2) for _ in range(5)}
    for task_id in sent:
        run.seen(task_id, "SUCCESS")
    again = [fact for fact in run.facts if isinstance(fact, Seen) and fact.status == "RETRY" and fact.task_id in sent]
    assert {exception(seen)[0] for seen in again} == {"ConnectionError"}


def test_a_step_that_ignores_its_own_end(run: Run) -> None:
    lost = run.lost(run.send("proj.ignore"))
    assert lost.silent > 1
    assert lost.why.endswith(f"and it is not in its queue {run.queue!r}")


def test_a_step_that_runs_is_alive(run: Run) -> None:
    task_id = run.send("proj.sleep", 2.5)
    run.alive(task_id, "started")
    seen = run.seen(task_id, "SUCCESS")
    assert seen.complete == (seen.source == "backend")
    assert not any(isinstance(fact, Lost) for fact in run.of(task_id))


def test_progress_and_the_value(stock_redis: SharedStock) -> None:
    with Run(stock_redis.broker, stock_redis.backend) as run:
        own = f"nightly-{uuid.uuid4()}"
        for task_id in (run.send("proj.progress", 2), run.send("proj.progress", 2, task_id=own)):
            assert run.seen(task_id, "SUCCESS").result == 2
            said = [fact.result for fact in run.of(task_id) if isinstance(fact, Seen) and fact.status == "PROGRESS"]
            assert said == [{"current": 1, "total": 2}, {"current": 2, "total": 2}]


@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
def test_a_queue_without_a_worker(request: pytest.FixtureRequest, broker: str) -> None:
    stock: SharedStock = request.getfixturevalue(f"stock_{broker}")
    with Run(stock.broker) as run:
        waits = run.send("proj.echo", queue=f"nobody-{uuid.uuid4().hex}")
        run.lost(run.send("proj.ignore", queue=stock.queue))
        time.sleep(1.5)
        assert run.of(waits) == []


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_a_look_at_the_fleet(request: pytest.FixtureRequest, broker: str) -> None:
    stock: SharedStock = request.getfixturevalue(f"stock_{broker}")
    run = Run(stock.broker)
    fleet = run.watching.look()
    assert {"proj.add", "proj.echo", "celery.chord", "celery.accumulate"} <= fleet.tasks[stock.hostname]
    assert fleet.queues[stock.hostname] == {stock.queue}
    run.watching.close()
    run.app.close()


def test_a_look_waits_for_those_alone_who_read_the_queues(stock_rabbitmq: SharedStock) -> None:
    run = Run(stock_rabbitmq.broker)
    began = time.monotonic()
    fleet = run.watching.look(timeout=100, queues=[stock_rabbitmq.queue])
    assert time.monotonic() - began < 20  # else it would wait for a quarter of that, since nobody says how many there are
    assert fleet.queues[stock_rabbitmq.hostname] == {stock_rabbitmq.queue}
    run.watching.close()
    run.app.close()


@pytest.mark.parametrize("kind", ["redis_database", "rabbitmq_url"])
def test_a_look_at_no_fleet_is_short(request: pytest.FixtureRequest, kind: str) -> None:
    run = Run(request.getfixturevalue(kind), control_exchange=f"nobody-{uuid.uuid4().hex}")
    began = time.monotonic()
    fleet = run.watching.look(timeout=60)
    assert time.monotonic() - began < 30
    assert (dict(fleet.tasks), dict(fleet.queues)) == ({}, {})
    run.watching.close()
    run.app.close()


def test_alive_is_told_of_those_that_run_alone(stock_redis: SharedStock) -> None:
    with Run(stock_redis.broker, stock_redis.backend) as run:
        for _ in range(3):
            run.seen(run.send("proj.echo", 1), "SUCCESS")
        assert not any(isinstance(fact, Alive) for fact in run.facts)
