"""Whole flows while something breaks: workers, brokers, result stores. Every step ends, and none of them twice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from flowc.runtime.outcome import RunEvent, StepEnded
from tests.fleet.stock import StockWorker
from tests.fleet.watch.listening import QUICK
from tests.runtime.plans import states
from tests.servers.rabbitmq import RabbitServer
from tests.servers.redis import RedisServer
from tests.servers.server import Server

from .rows import Place, key

APPLICATION = "tests.fleet.outcomes.tasks"

#: More patient: what breaks here comes back after some seconds.
PATIENT = replace(QUICK, lost_after=4.0, untold_after=6.0, down_after=20.0)


class Ends:
    """Counts how often each step is told to have ended."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()

    def __call__(self, event: RunEvent) -> None:
        if isinstance(event, StepEnded):
            self.of[event.step.id] += 1


@contextmanager
def meanwhile(what: Callable[[], None]) -> Iterator[None]:
    """Do something in a thread; what it raises is raised here, in the end."""
    errors: list[BaseException] = []

    def act() -> None:
        try:
            what()
        except BaseException as exc:
            errors.append(exc)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    yield
    thread.join(60)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def until(worker: StockWorker, note: str, count: int = 1) -> None:
    """Wait until a task has begun so often."""
    deadline = time.monotonic() + 60
    while len(worker.calls(note)) < count:
        assert time.monotonic() < deadline, worker.log()
        time.sleep(0.02)


# ------------------------------------------------------------------------------------------------------------------- workers
def test_a_host_goes_down(redis_database: str, tmp_path: Path) -> None:
    """What it had acknowledged is lost, what follows from it skipped; the rest goes on with the next worker."""
    began, ends = key(), Ends()
    place = Place(redis_database, redis_database, "celery")
    with StockWorker(redis_database, redis_database, folder=tmp_path / "w", concurrency=2) as worker:

        def crash() -> None:
            until(worker, began)
            while not ends.of["c"]:  # else Redis would hold it for the worker, for an hour
                time.sleep(0.01)
            worker.kill()
            worker.start()

        calls = [place.call("a", "sleep", 600, None, began), place.call("c", "add", 1, 2)]
        after = replace(place.call("b", "echo", 1), trigger=replace(calls[0].trigger, kind="join", after=("a",), needs=("a",)))
        late = replace(place.call("d", "add", 3, 4), trigger=after.trigger)
        with meanwhile(crash):
            result = place.drive(*calls, after, late, on_event=ends, preflight=True)
    assert states(result) == {"a": "LOST", "b": "SKIPPED", "c": "SUCCESS", "d": "SKIPPED"}
    assert "worker" in str(next(step.error for step in result.steps if step.id == "a"))
    assert set(ends.of.values()) == {1}
    assert result.exit_code == 4


@pytest.mark.soak
def test_a_host_goes_down_that_acknowledges_late(rabbitmq_url: str, tmp_path: Path) -> None:
    """On RabbitMQ its steps run again, with the next worker."""
    began, ends, queue = key(), Ends(), f"faults-{key()}"
    place = Place(rabbitmq_url, None, queue)
    with StockWorker(rabbitmq_url, None, folder=tmp_path / "w", queues=(queue,), application=APPLICATION) as worker:

        def crash() -> None:
            until(worker, began)
            worker.kill()
            worker.start()

        with meanwhile(crash):
            result = place.drive(place.call("a", "twice", began, 3.0, "ok"), on_event=ends, preflight=True)
        assert states(result) == {"a": "SUCCESS"}
        assert worker.calls(began) == ["called", "called"]
        assert ends.of == {"a": 1}


@pytest.mark.soak
def test_a_host_goes_down_that_acknowledges_late_on_redis(redis_database: str, tmp_path: Path) -> None:
    """Redis gives its message back when the visibility timeout is over: until then the step is not lost."""
    began, place = key(), Place(redis_database, redis_database, "celery")
    settings = {"broker_transport_options": {"visibility_timeout": 8, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}}
    with StockWorker(redis_database, redis_database, folder=tmp_path / "w", application=APPLICATION, settings=settings) as worker:

        def crash() -> None:
            until(worker, began)
            worker.kill()
            worker.start()

        with meanwhile(crash):
            result = place.drive(place.call("a", "twice", began, 2.0, "ok"), preflight=True)
        assert states(result) == {"a": "SUCCESS"}
        assert worker.calls(began) == ["called", "called"]


@pytest.mark.soak
@pytest.mark.parametrize(("task", "state"), [("sleep", "LOST"), ("sleep_late", "SUCCESS")])
def test_a_cold_shutdown(rabbitmq_url: str, tmp_path: Path, task: str, state: str) -> None:
    began, queue = key(), f"faults-{key()}"
    place = Place(rabbitmq_url, "rpc://", queue)
    with StockWorker(rabbitmq_url, "rpc://", folder=tmp_path / "w", queues=(queue,), pool="prefork", concurrency=1) as worker:

        def stop() -> None:
            until(worker, began)
            worker.quit()
            worker.start()

        with meanwhile(stop):
            result = place.drive(place.call("a", task, 8.0, "ok", began), patience=replace(QUICK, unsure_after=4.0), preflight=True)
    assert states(result) == {"a": state}


@pytest.mark.soak
def test_a_warm_shutdown(redis_database: str, tmp_path: Path) -> None:
    """It finishes what it runs, and answers no more; the next one takes the rest."""
    began, place = key(), Place(redis_database, redis_database, "celery")
    with StockWorker(redis_database, redis_database, folder=tmp_path / "w", concurrency=1) as worker:

        def stop() -> None:
            until(worker, began)
            worker.stop()
            worker.start()

        calls = [place.call("a", "sleep", 5.0, "ok", began), *(place.call(f"b{n}", "add", n, n) for n in range(3))]
        with meanwhile(stop):
            result = place.drive(*calls, preflight=True, patience=replace(QUICK, unsure_after=30.0))
    assert result.ok, [(step.id, step.state, step.error) for step in result.steps]


# ------------------------------------------------------------------------------------------------------------------- brokers
@pytest.mark.soak
@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_the_broker_is_started_again(kind: str, how: str, tmp_path: Path) -> None:
    """Steps that run then, acknowledged early and late, and those that wait: all end once.

    What Redis has given to a worker that lost its connection comes back after the visibility timeout. On RabbitMQ the worker waits for
    confirms: without them a link is lost for ever that a broker has read and not kept when it is killed.
    """
    server: Server = RedisServer(tmp_path / "s") if kind == "redis" else RabbitServer(tmp_path / "s")
    pool: Literal["threads", "prefork"] = "threads" if kind == "redis" else "prefork"
    # the threads of a stock pool get into each other's frames when RabbitMQ comes back
    began, ends = key(), Ends()
    redis = {"visibility_timeout": 10, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    settings = {"broker_transport_options": redis if kind == "redis" else {"confirm_publish": True}}
    with server:
        place = Place(server.url, None, "celery")
        with StockWorker(
            server.url, None, folder=tmp_path / "w", pool=pool, concurrency=2, application=APPLICATION, settings=settings
        ) as worker:

            def restart() -> None:
                until(worker, began)
                getattr(server, how)()
                time.sleep(1)
                server.start()
                time.sleep(8)
                if not worker.running:  # 5.7 does not always outlive the restart of its broker
                    worker.start()

            calls = [place.call("early", "sleep", 3.0, "ok", began), place.call("late", "twice", key(), 3.0, "ok")]
            calls += [place.call(f"n{n}", "add", n, n) for n in range(10)]
            with meanwhile(restart):
                result = place.drive(*calls, on_event=ends, preflight=True, patience=PATIENT, timeout=120)
            bad = [step for step in result.steps if str(step.state) != "SUCCESS"]
            shown = [line for line in worker.log().splitlines() for step in bad if f".{step.id}]" in line]
            if kind == "redis" and how == "kill" and not shown:
                # a worker takes a message out of its list before it registers it: what is on its way then, no worker ever sees
                bad = [step for step in bad if str(step.state) != "LOST"]
            assert not bad, (bad, shown)
            assert set(ends.of.values()) == {1}


@pytest.mark.soak
def test_a_visibility_timeout_that_is_too_short(redis_database: str, tmp_path: Path) -> None:
    """The step runs several times at once; its first end counts."""
    began, ends, place = key(), Ends(), Place(redis_database, redis_database, "celery")
    settings = {"broker_transport_options": {"visibility_timeout": 1, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}}
    with StockWorker(redis_database, redis_database, folder=tmp_path / "w", application=APPLICATION, settings=settings) as worker:
        result = place.drive(place.call("a", "twice", began, 4.0, "ok"), on_event=ends)
        assert states(result) == {"a": "SUCCESS"}
        assert ends.of == {"a": 1}
        assert len(worker.calls(began)) >= 1


# -------------------------------------------------------------------------------------------------------------------- stores
@pytest.mark.soak
def test_the_result_store_is_away(rabbitmq_url: str, tmp_path: Path) -> None:
    """What succeeds is told by its link. A failure is told by nobody: workers try to store it, then give up."""
    queue = f"faults-{key()}"
    with RedisServer(tmp_path / "s") as store:
        settings = {"result_backend_transport_options": {"retry_policy": {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1}}}
        with StockWorker(rabbitmq_url, store.url, folder=tmp_path / "w", queues=(queue,), pool="prefork", settings=settings):
            place = Place(rabbitmq_url, store.url, queue)
            store.stop()
            result = place.drive(place.call("a", "add", 1, 2), place.call("b", "fail", "x"), timeout=60)
    ends = states(result)
    assert ends["a"] == "SUCCESS"
    assert ends["b"] in ("LOST", "FAILURE")
