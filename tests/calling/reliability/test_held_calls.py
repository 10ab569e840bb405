"""Thousands of calls that wait for their time: they cost no threads, survive an orderly stop, and none begins early."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

from .places import BROKERS, Place, waiting
from .waiting import wait_for
from .workers import Workers


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def held_calls(place: Place, workers: Workers, count: int, seconds: float) -> None:
    first = workers.start(place.queue, concurrency=2)
    place.wait([place.send("r.work", "now") for _ in range(20)], workers.logs)
    threads = threads_of(first.pid)
    due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    ids = place.send_many("r.work", [(f"held{number}",) for number in range(count)], eta=due)
    wait_for(lambda: waiting(place) == 0, workers.logs)  # all are with the worker
    assert threads_of(first.pid) <= threads + 1
    assert first.stop() == 0
    wait_for(lambda: waiting(place) == count, lambda: f"{waiting(place)} wait")
    second = workers.start(place.queue, concurrency=2)
    wait_for(lambda: waiting(place) == 0 or time.time() > due.timestamp(), workers.logs)
    place.wait(ids, workers.logs)
    lines = [line for line in workers.ledger.lines() if line.what == "begin" and line.key != "now"]
    assert sorted(line.key for line in lines) == sorted(f"held{number}" for number in range(count))
    assert {line.worker for line in lines} == {second.number}
    assert min(line.time for line in lines) >= due.timestamp()


@pytest.mark.parametrize(("place", "count", "seconds"), [
    ("rabbitmq", 200, 4), *(pytest.param(broker, 500, 6, marks=pytest.mark.soak) for broker in BROKERS),
], indirect=["place"])  # fmt: skip
def test_hundreds(place: Place, workers: Workers, count: int, seconds: float) -> None:
    held_calls(place, workers, count, seconds)


@pytest.mark.soak
def test_thousands(place: Place, workers: Workers) -> None:
    held_calls(place, workers, 5000, 60)
