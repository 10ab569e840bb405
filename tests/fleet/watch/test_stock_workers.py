"""Workers that die, leave, are busy, come later: what becomes of the steps they had, and of the events that were switched on."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.broker.inspecting import Command, make_event_stream, make_inspector
from flowc.runtime.fleet.facts import Lost
from tests.fleet.stock import StockWorker

from .apart import Apart
from .listening import QUICK, Run


@pytest.fixture
def redis(redis_database: str, tmp_path: Path) -> Apart:
    return Apart(redis_database, tmp_path)


@pytest.fixture
def rabbitmq(rabbitmq_url: str, tmp_path: Path) -> Apart:
    return Apart(rabbitmq_url, tmp_path)


def is_lost(run: Run, task_id: str) -> bool:
    return any(isinstance(fact, Lost) for fact in run.of(task_id))


def begin(run: Run, worker: StockWorker, task: str, seconds: float) -> str:
    """Send a step that takes so long, and wait until it runs."""
    key = uuid.uuid4().hex
    task_id = run.send(task, seconds, None, key)
    run.wait_until(lambda: worker.calls(key))
    return task_id


@pytest.mark.parametrize("kind", ["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
def test_a_worker_that_is_killed_and_started_anew(request: pytest.FixtureRequest, kind: str) -> None:
    """What it had acknowledged is lost. The rest comes again: on RabbitMQ at once, on Redis after the visibility timeout. Meanwhile it is
    told that nobody is there."""
    apart: Apart = request.getfixturevalue(kind)
    with apart.worker() as worker, apart.run() as run:
        early, late = begin(run, worker, "proj.sleep", 600), begin(run, worker, "proj.sleep_late", 600)
        worker.kill()
        run.wait_until(lambda: run.notes)
        run.facts.clear()
        worker.start()
        run.lost(early)
        run.wait_until(lambda: len(run.notes) > 1)
        assert run.notes[0].startswith("no worker answers any more")
        assert run.notes[1:] == [f"a worker answers again: {worker.hostname}"]
        if kind == "rabbitmq":
            run.alive(late, "started")
        time.sleep(1.5)
        assert not is_lost(run, late)


@pytest.mark.soak
def test_all_workers_are_gone(redis: Apart) -> None:
    """With nobody to ask, it takes longer; while messages wait in the queue, for ever."""
    with redis.worker() as worker, redis.run() as run:
        early = begin(run, worker, "proj.sleep", 600)
        worker.kill()
        waits = run.send("proj.echo")
        time.sleep(QUICK.down_after + 2)
        assert not is_lost(run, early)
        worker.start()
        run.lost(early)
        run.lost(waits)  # it ran; nobody told


@pytest.mark.soak
def test_a_busy_solo_worker_does_not_answer(redis: Apart) -> None:
    with redis.worker(pool="solo", concurrency=1) as worker, redis.run(patience=replace(QUICK, silent_after=60.0)) as run:
        busy = begin(run, worker, "proj.sleep", 4)
        waits = run.send("proj.sleep", 600)
        time.sleep(4)
        assert not is_lost(run, busy)
        time.sleep(1)
        assert not is_lost(run, waits)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_a_worker_that_leaves_finishes_its_tasks(request: pytest.FixtureRequest, kind: str) -> None:
    """It answers no more, while another does."""
    apart: Apart = request.getfixturevalue(kind)
    with apart.worker() as worker, apart.run(patience=replace(QUICK, silent_after=60.0)) as run:
        last = begin(run, worker, "proj.sleep", 6)
        run.alive(last)
        with apart.worker("other"):
            os.kill(worker.pid, signal.SIGTERM)
            time.sleep(3)
            assert not is_lost(run, last)


def off(run: Run, hosts: list[str]) -> set[str]:
    """What workers answer who are told to send no events."""
    with make_and_close(run) as inspector:
        (answers,) = inspector.ask([Command("disable_events", {})], 30, destination=hosts)
    assert answers.by_host.keys() == set(hosts)
    return {str(told.get("ok")) for told in answers.by_host.values()}


def test_events_are_switched_on_and_off_again(redis: Apart) -> None:
    with redis.worker() as quiet:
        with redis.run(events=True) as run:
            assert run.seen(run.send("proj.echo", 1), "SUCCESS").worker == quiet.hostname
        assert off(run, [quiet.hostname]) == {"task events already disabled"}


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_events_of_a_worker_that_comes_later(request: pytest.FixtureRequest, kind: str) -> None:
    """They are switched on when it says that it has come, long before everybody is asked again."""
    apart: Apart = request.getfixturevalue(kind)
    with apart.worker("first"), apart.run(events=True, patience=replace(QUICK, enable_again=3600.0)) as run, apart.worker("late") as late:
        run.wait_until(lambda: late.hostname in run.watching._switch._ours)  # type: ignore[union-attr]
        run.watching.close()
        assert off(run, [late.hostname]) == {"task events already disabled"}


@pytest.mark.soak
def test_events_that_were_on_stay_on(redis: Apart) -> None:
    with redis.worker(events=True) as worker:
        with redis.run(events=True) as run:
            run.seen(run.send("proj.echo", 1), "SUCCESS")
        stream = make_event_stream(run.app.broker, ["task.#"])
        run.app.send_task("proj.echo", (1,), queue=redis.name)
        until = time.monotonic() + 30
        while not any(b"task-received" in bytes(str(body), "utf-8") for body, _ in stream.receive(0.5)):
            assert time.monotonic() < until
        stream.close()
        run.app.close()
        assert worker.running


@contextmanager
def make_and_close(run: Run) -> Iterator[Any]:
    inspector = make_inspector(run.app.broker)
    yield inspector
    inspector.close()
    run.app.close()
