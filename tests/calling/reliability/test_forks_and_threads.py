"""An application that has been used is used on after a fork, and from many threads: each call arrives once."""

from __future__ import annotations

import sys
import threading

import pytest

from ...slices import every
from .places import BROKERS, Place
from .waiting import wait_for
from .workers import Workers

THREADS = 8


def forking(place: Place, workers: Workers, calls: int) -> None:
    worker = workers.start(place.queue)
    program = workers.run([sys.executable, "forker.py", place.queue, str(calls)])
    assert program.end() == 0, program.log() + worker.log()
    assert "Traceback" not in program.log()
    whole = {f"{who}-{name}-{number}" for who in ("before", "after") for name in "ab" for number in range(10)}
    whole |= {
        f"{who}-{name}-{number}"
        for who in ("meanwhile", "parent", "child0", "child1", "child2", "grandchild")
        for name in "ab"
        for number in range(calls)
    }
    assert workers.ledger.count("sent") == dict.fromkeys(whole, 1)
    wait_for(lambda: len(workers.ledger.count("end")) == len(whole), workers.logs)
    assert workers.ledger.count("end") == dict.fromkeys(whole, 1)
    assert workers.ledger.count("got") == dict.fromkeys([key for key in whole if key.endswith("0")], 1)
    assert worker.stop() == 0


@pytest.mark.parametrize("place", every(2, BROKERS), indirect=True)
@pytest.mark.parametrize("results", ["store", pytest.param("rpc", marks=pytest.mark.soak)])
def test_forks(place: Place, workers: Workers, results: str) -> None:
    if results == "rpc":
        workers.set("result_backend", "rpc://")
    forking(place, workers, 20)


@pytest.mark.soak
@pytest.mark.parametrize("results", ["store", "rpc"])
def test_forks_for_long(place: Place, workers: Workers, results: str) -> None:
    if results == "rpc":
        workers.set("result_backend", "rpc://")
    forking(place, workers, 1000)


def threaded(place: Place, workers: Workers, calls: int) -> None:
    worker = workers.start(place.queue)
    failed: list[BaseException] = []
    ids: list[str] = []

    def call(thread: int) -> None:
        try:
            for number in range(calls):
                result = place.app.send_task("r.early", (f"{thread}-{number}",), queue=place.queue)
                ids.append(result.id)
                if number % 20 == 0:
                    assert result.get(timeout=120) == f"{thread}-{number}"
        except BaseException as exc:
            failed.append(exc)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(ids)) == THREADS * calls
    place.wait(ids, workers.logs)
    assert worker.stop() == 0
    wanted = {f"{thread}-{number}": 1 for thread in range(THREADS) for number in range(calls)}
    assert workers.ledger.count("begin") == workers.ledger.count("end") == wanted


@pytest.mark.parametrize("place", every(3, BROKERS, first=1), indirect=True)
def test_threads(place: Place, workers: Workers) -> None:
    threaded(place, workers, 100)


@pytest.mark.soak
def test_threads_for_long(place: Place, workers: Workers) -> None:
    threaded(place, workers, 3000)
