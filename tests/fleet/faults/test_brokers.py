"""The broker, or the result store, goes away in the middle of a run with steps running, waiting in the queue, and links on their way."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ...servers.redis import RedisServer
from .driven import PATIENCE, Driven, ends, new_key, told, wait_for
from .remains import found, left_of_run
from .sites import OUTLIVING, kept_running, site

#: Links arrive when workers have connected again, which may take half a minute; until then a step must not count as lost.
PATIENT = replace(PATIENCE, lost_after=12.0, untold_after=20.0, unsure_after=25.0, silent_after=30.0, down_after=90.0)

#: Steps that run when it breaks, steps in the queue, one with a countdown, one that fails, a handler, and joins of all that.
FLOW = """
running = [proj.sleep(3, n, "KEY.running") for n in range(3)] -> proj.tsum
queued = [proj.sleep(0.2, n, "KEY.queued") for n in range(20)] -> proj.tsum
later = proj.add(1, 2) {countdown = 4s}
proj.call(running, queued, later) -> proj.keep("KEY.all")
proj.sleep(2, 7, "KEY.running") -> proj.fail !> proj.on_error("KEY.handler")
"""


def outage(kind: str, folder: Path, how: str, seconds: float) -> None:
    """The broker goes, and comes back with what it had; so must the run."""
    key = new_key()
    with site(kind, folder) as there, there.worker(concurrency=4, **OUTLIVING[kind]) as worker:
        wait_for(lambda: worker.running)
        before = found(there.server)
        with kept_running(worker), Driven(FLOW.replace("KEY", key), there.url, patience=PATIENT) as run:
            wait_for(lambda: len(worker.calls(f"{key}.running")) >= 4)
            getattr(there.server, how)()
            time.sleep(seconds)
            there.server.start()
            result = run.wait()
        states = ends(result)
        assert {id_ for id_, state in states.items() if state != "SUCCESS"} == {"fail#1"}, told(result)
        assert states["fail#1"] == "FAILURE"
        assert worker.calls(f"{key}.all") == [[[3, 190, 3], {}]]
        assert len(worker.calls(f"{key}.handler")) == 1
        assert run.notes.count("the broker is back") <= 1
        assert not left_of_run(before, found(there.server), run.run_id)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_a_broker_that_is_away_for_ten_seconds(tmp_path: Path, kind: str) -> None:
    outage(kind, tmp_path, "stop", 10)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_a_broker_that_is_killed(tmp_path: Path, kind: str) -> None:
    """Redis writes to the disk before it answers; RabbitMQ keeps persistent messages."""
    outage(kind, tmp_path, "kill", 1)


@pytest.mark.soak
def test_a_broker_that_breaks_three_times(tmp_path: Path) -> None:
    """Steps that are acknowledged late run again; their results count once."""
    key = new_key()
    flow = f"""
        [proj.sleep_late(1, n, "{key}.late") -> proj.add(1) for n in range(12)] -> proj.tsum -> proj.keep("{key}.all")
        """
    with site("rabbitmq", tmp_path) as there, there.worker(concurrency=2) as worker:
        with kept_running(worker), Driven(flow, there.url, patience=PATIENT) as run:
            for count in (1, 4, 7):
                wait_for(
                    lambda: len(run.ended) >= count  # noqa: B023
                )
                there.server.stop()
                there.server.start()
            result = run.wait(250)
        assert result.ok, told(result)
        assert worker.calls(f"{key}.all") == [78]


@pytest.mark.soak
@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_result_store_that_is_away(tmp_path: Path, pool: str) -> None:
    """What returns comes by its link all the same. What fails is told to nobody: a child process gives up, a thread of
    a pool is blocked, so that its worker says for ever that it has the step; its ``timeout`` ends that."""
    key = new_key()
    flow = f"""
        [proj.sleep(1, n, "{key}.good") for n in range(4)] -> proj.tsum -> proj.keep("{key}.after")
        (proj.sleep(1, 1, "{key}.good") -> proj.fail("no") {{timeout = 40s}} !> proj.on_error("{key}.handler")) -> proj.keep("{key}.never")
    """
    with (
        site("redis", tmp_path) as there,
        RedisServer(tmp_path / "results") as results,
        there.worker(backend=results.url, concurrency=8, pool=pool) as worker,
    ):
        with Driven(flow, there.url, results.url, patience=PATIENT) as run:
            wait_for(lambda: worker.calls(f"{key}.good"))
            results.kill()
            result = run.wait()
        states = ends(result)
        assert (states["tsum#1"], states["keep#1"], states["keep#2"]) == ("SUCCESS", "SUCCESS", "SKIPPED"), told(result)
        assert states["fail#1"] in ("FAILURE", "LOST"), told(result)
        assert worker.calls(f"{key}.after") == [6]
        assert len(worker.calls(f"{key}.handler")) == 1


@pytest.mark.soak
def test_a_result_store_that_comes_back(tmp_path: Path) -> None:
    """A worker that could not write down that a step failed tells nobody, even later: it is lost, and the rest goes on."""
    key = new_key()
    flow = f'proj.sleep(1, 1, "{key}") -> proj.fail("no") !> proj.on_error("{key}.handler")\nproj.sleep(2, 5) -> proj.add(1)'
    with (
        site("redis", tmp_path) as there,
        RedisServer(tmp_path / "results") as results,
        there.worker(backend=results.url, pool="prefork") as worker,
        Driven(flow, there.url, results.url, patience=PATIENT) as run,
    ):
        wait_for(lambda: worker.calls(key))
        results.kill()
        time.sleep(5)
        results.start()
        result = run.wait()
        states = ends(result)
        assert states.pop("fail#1") in ("FAILURE", "LOST")
        assert set(states.values()) == {"SUCCESS"}, told(result)
        assert len(worker.calls(f"{key}.handler")) == 1


@pytest.mark.soak
def test_a_broker_that_never_comes_back(tmp_path: Path) -> None:
    """The run says that it is away, and ends when its time is over; it does not hang."""
    key = new_key()
    with site("redis", tmp_path) as there, there.worker() as worker:
        with Driven(f'proj.sleep(1, 1, "{key}") -> proj.add(1)', there.url, timeout=8.0) as run:
            wait_for(lambda: worker.calls(key))
            there.server.kill()
            result = run.wait(40)
        assert result.timed_out
        assert any("cannot be reached" in text for text in run.notes)
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("flowc-")]
