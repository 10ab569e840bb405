"""The process pool's children die in every way: what they ran fails with ``WorkerLostError`` or runs again; the pool goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ...slices import every
from .places import BROKERS, Place, held, waiting
from .waiting import wait_for
from .workers import Workers

DEATHS = ("exit", "kill", "segv", "term")


def failure(place: Place, id_: str, workers: Workers) -> tuple[str, str]:
    """How a task has failed: the exception's name and text."""
    document: Any = place.wait([id_], workers.logs)[id_]
    assert document["status"] == "FAILURE", document
    return document["result"]["exc_type"], str(document["result"]["exc_message"])


def test_children_that_die(redis_place: Place, redis_workers: Workers, tmp_path: Path) -> None:
    place, workers = redis_place, redis_workers
    worker = workers.start(place.queue, pool="processes", concurrency=2)
    died = {how: place.send("r.die", how) for how in DEATHS}
    late = {how: place.send("r.die_late", how) for how in DEATHS}
    again = {how: place.send("r.die_once", how, how, str(tmp_path / how)) for how in DEATHS}
    good = [place.send("r.work", number) for number in range(20)]
    memory = place.send("r.eats", 256)
    words = {"exit": "exit code 3", "kill": "SIGKILL", "segv": "SIGSEGV", "term": "SIGTERM"}
    for ids in (died, late):
        for how, id_ in ids.items():
            name, text = failure(place, id_, workers)
            assert name == "WorkerLostError"
            assert words[how] in text
    for how, id_ in again.items():
        assert place.wait([id_], workers.logs)[id_]["result"] == how
        assert workers.ledger.count("begin")[how] == 2
    assert [document["result"] for document in place.wait(good, workers.logs).values()] == list(range(20))
    assert failure(place, memory, workers)[0] == "MemoryError"
    assert "is given back to its queue" in worker.log()
    assert worker.stop() == 0
    assert waiting(place) + held(place) == 0
    assert workers.processes() == []


def test_time_limits(redis_place: Place, redis_workers: Workers) -> None:
    place, workers = redis_place, redis_workers
    worker = workers.start(place.queue, pool="processes", concurrency=2)
    caught = place.send("r.slow", "caught", 600)
    whole = place.send("r.slow", "whole", 0)
    soft = place.send("r.work", "soft", 600, soft_time_limit=0.2)
    hard = place.send("r.work", "hard", 600, time_limit=0.2)
    both = place.send("r.stubborn", "both", time_limit=0.6, soft_time_limit=0.2)
    assert place.wait([caught], workers.logs)[caught]["result"] == "soft"
    assert place.wait([whole], workers.logs)[whole]["result"] == "whole"
    assert failure(place, soft, workers)[0] == "SoftTimeLimitExceeded"
    assert failure(place, hard, workers)[0] == "TimeLimitExceeded"
    assert failure(place, both, workers)[0] == "TimeLimitExceeded"
    assert set(workers.ledger.count("soft")) == {"caught", "both"}
    assert workers.ledger.repeated() == {}  # too late is an end, too
    assert worker.stop() == 0
    assert waiting(place) + held(place) == 0


def test_what_starts_the_children_dies(redis_place: Place, redis_workers: Workers) -> None:
    place, workers = redis_place, redis_workers
    worker = workers.start(place.queue, pool="processes", concurrency=2)
    place.wait([place.send("r.work", "before")], workers.logs)
    children = [int(pid) for pid in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]
    assert len(children) == 1
    os.kill(children[0], signal.SIGKILL)
    ids = place.send_many("r.work", [(number,) for number in range(100)])
    # it starts another one, or ends; but it does not fail what others could run
    others = workers.start(place.queue, pool="processes", concurrency=2)
    documents = place.wait(ids, workers.logs)
    assert [one for one in documents.values() if one["status"] != "SUCCESS"] == []
    worker.process.terminate()
    worker.end()
    assert others.stop() == 0


@pytest.mark.parametrize("place", every(3, BROKERS, first=1), indirect=True)
@pytest.mark.parametrize("pool", ["threads", pytest.param("processes", marks=pytest.mark.soak)])
def test_tries(place: Place, workers: Workers, pool: str) -> None:
    """Retries outlive the worker that ordered them."""
    first = workers.start(place.queue, pool=pool, concurrency=2)
    ids = [place.send("r.tries", f"t{number}", 6) for number in range(10)]
    wait_for(lambda: workers.ledger.number("begin") > 20, workers.logs)
    first.kill()
    workers.start(place.queue, pool=pool, concurrency=2)
    documents = place.wait(ids, workers.logs)
    assert [documents[id_]["result"] for id_ in ids] == [6] * 10
    # an attempt that had ordered the next one, and was killed before it was acknowledged, may order it again
    assert set(workers.ledger.count("end")) == {f"t{number}" for number in range(10)}
