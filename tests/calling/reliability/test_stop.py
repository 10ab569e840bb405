"""An orderly stop finishes what runs and gives back the rest; a second signal gives back what runs, too."""

from __future__ import annotations

import datetime as dt
import signal
import time
from pathlib import Path

import pytest

from .places import Place
from .waiting import wait_for
from .workers import Workers

POOLS = ("threads", "processes", "solo")
SIGNALS = (signal.SIGTERM, signal.SIGINT)
HELD = 100


def begun(workers: Workers, key: str) -> None:
    """Wait until a task has begun."""
    wait_for(lambda: workers.ledger.count("begin")[key], workers.logs)


def what_runs_is_finished(place: Place, workers: Workers, pool: str, number: int, tmp_path: Path) -> None:
    first = workers.start(place.queue, pool=pool, concurrency=1)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=600)
    held = [place.send("r.work", f"held{n}", eta=soon) for n in range(HELD)]
    running = place.send("r.until" if pool == "threads" else "r.early_until", "running", str(tmp_path / "go"))
    prefetched = [place.send("r.work", f"more{n}") for n in range(8)]
    begun(workers, "running")
    first.signal(number)
    # it stays for the one that runs, and what it had taken besides can be had by others
    second = workers.start(place.queue, pool=pool, concurrency=1)
    place.wait(prefetched, workers.logs)
    assert first.process.poll() is None
    (tmp_path / "go").touch()
    assert place.wait([running])[running]["status"] == "SUCCESS"
    assert first.end() == 0
    assert workers.ledger.count("begin").total() == len(prefetched) + 1
    assert second.stop() == 0
    assert workers.processes() == []
    assert place.documents(held) == {}


@pytest.mark.parametrize("place", ["rabbitmq"], indirect=True)  # everywhere else in soak
def test_what_runs_is_finished(place: Place, workers: Workers, tmp_path: Path) -> None:
    what_runs_is_finished(place, workers, "threads", signal.SIGTERM, tmp_path)


@pytest.mark.parametrize(("pool", "number"), [("processes", signal.SIGINT), pytest.param("solo", signal.SIGTERM, marks=pytest.mark.soak)])
def test_what_runs_is_finished_in_other_pools(redis_place: Place, redis_workers: Workers, pool: str, number: int, tmp_path: Path) -> None:
    what_runs_is_finished(redis_place, redis_workers, pool, number, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("number", SIGNALS, ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("pool", POOLS)
def test_what_runs_is_finished_everywhere(place: Place, workers: Workers, pool: str, number: int, tmp_path: Path) -> None:
    what_runs_is_finished(place, workers, pool, number, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("pool", POOLS)
def test_held_calls_survive(place: Place, workers: Workers, pool: str) -> None:
    first = workers.start(place.queue, pool=pool, concurrency=1)
    due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=8)
    held = [place.send("r.work", f"held{n}", eta=due) for n in range(HELD)]
    late = place.send("r.work", "now")
    place.wait([late], workers.logs)
    assert first.stop() == 0
    assert workers.ledger.number("begin") == 1
    workers.start(place.queue, pool=pool, concurrency=1)
    place.wait(held, workers.logs)
    lines = [line for line in workers.ledger.lines() if line.what == "begin" and line.key != "now"]
    assert sorted(line.key for line in lines) == sorted(f"held{n}" for n in range(HELD))
    assert min(line.time for line in lines) >= due.timestamp()
    assert time.time() >= due.timestamp()


def second_signal(place: Place, workers: Workers, pool: str, number: int, task: str, tmp_path: Path) -> None:
    first = workers.start(place.queue, pool=pool, concurrency=1)
    running = place.send(task, "running", str(tmp_path / "go"))
    begun(workers, "running")
    first.signal(number)
    if pool != "solo":  # whose one thread is in the task
        wait_for(lambda: "stopping" in first.log(), first.log)
        assert first.process.poll() is None

    def signalled() -> bool:
        if first.process.poll() is None:
            first.signal(number)  # signals that come before the one before was seen to are one
        return first.process.poll() is not None

    wait_for(signalled, first.log, pause=0.3)
    assert first.end() == 128 + number
    wait_for(lambda: workers.processes() == [])
    assert place.documents([running]) == {}
    assert "is given back to its queue" in first.log()
    second = workers.start(place.queue, pool=pool, concurrency=1)
    wait_for(lambda: workers.ledger.count("begin")["running"] == 2, workers.logs)
    (tmp_path / "go").touch()
    assert place.wait([running])[running]["status"] == "SUCCESS"
    assert second.stop() == 0
    assert workers.ledger.workers("end") == {"running": [second.number]}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # everywhere else in soak
def test_a_second_signal_gives_back_what_runs(place: Place, workers: Workers, tmp_path: Path) -> None:
    second_signal(place, workers, "threads", signal.SIGTERM, "r.until", tmp_path)


@pytest.mark.parametrize(("pool", "number", "task"), [("processes", signal.SIGINT, "r.early_until"), ("solo", signal.SIGTERM, "r.until")])
def test_a_second_signal_in_other_pools(
    redis_place: Place, redis_workers: Workers, pool: str, number: int, task: str, tmp_path: Path
) -> None:
    second_signal(redis_place, redis_workers, pool, number, task, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("number", SIGNALS, ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("task", ["r.until", "r.early_until"])
def test_a_second_signal_everywhere(place: Place, workers: Workers, pool: str, number: int, task: str, tmp_path: Path) -> None:
    second_signal(place, workers, pool, number, task, tmp_path)
