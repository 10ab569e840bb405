"""Several producers and several workers at once, each a process, of which some are killed: nothing is lost or doubled."""

from __future__ import annotations

import sys

import pytest

from .places import BROKERS, Ends, Place, held, waiting
from .waiting import wait_for
from .workers import Workers

PRODUCERS = 4


def producers_and_workers(place: Place, workers: Workers, count: int, pool: str) -> None:
    """Four producers and three workers; one of each is killed in the middle."""
    three = [workers.start(place.queue, pool=pool, concurrency=2, ready=False) for _ in range(3)]
    for worker in three:
        worker.wait_ready()
    ledger = workers.ledger
    with Ends(place.backend) as ends:
        producers = [
            workers.run([sys.executable, "producer.py", place.queue, str(number * count), str(count)]) for number in range(PRODUCERS)
        ]
        wait_for(lambda: ledger.number("end") > PRODUCERS * count // 5, workers.logs)
        producers[0].kill()
        three[0].kill()
        for producer in producers[1:]:
            assert producer.end() == 0, producer.log()
        sent = dict(key.split(":") for key in ledger.count("sent"))
        documents = place.wait(list(sent.values()), workers.logs)
        assert [documents[id_]["result"] for id_ in sent.values()] == [int(key) for key in sent]
        wait_for(lambda: waiting(place) + held(place) == 0, workers.logs)
        ended = ends.of(sent.values())
    for worker in three[1:]:
        assert worker.stop() == 0
    assert {id_: times for id_, times in ended.items() if times != 1} == {}
    # a producer that is killed may have sent one call that it does not know of
    assert set(sent) <= set(ledger.count("end")) <= set(ledger.count("sending"))
    assert len(sent) >= (PRODUCERS - 1) * count
    assert ledger.repeated_without_reason({three[0].number}) == {}


@pytest.mark.parametrize(("place", "count"), [
    ("rabbitmq", 40), *(pytest.param(broker, 100, marks=pytest.mark.soak) for broker in BROKERS),
], indirect=["place"])  # fmt: skip
def test_hundreds(place: Place, workers: Workers, count: int) -> None:
    producers_and_workers(place, workers, count, "threads")


@pytest.mark.soak
@pytest.mark.parametrize("pool", ["threads", "processes", "solo"])
def test_thousands(place: Place, workers: Workers, pool: str) -> None:
    producers_and_workers(place, workers, 2500, pool)
