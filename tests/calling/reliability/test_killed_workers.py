"""``kill -9`` of workers in the middle of hundreds of tasks that are acknowledged late: none is lost, each ends once."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

import pytest

from .places import BROKERS, Ends, Place
from .waiting import wait_for
from .workers import Worker, Workers

TASKS = 1000
FEW = 300
CONCURRENCY = 4

#: For `make test`: each broker and each pool once or twice.
SOME = {("redis", "processes"), ("rabbitmq", "threads"), ("sqlite", "threads")}


def send(place: Place, count: int) -> list[str]:
    """Tasks of a few milliseconds, which note what they do under their numbers; their ids."""
    draw = random.Random(count)
    return place.send_many("r.work", [(number, draw.random() * 0.01) for number in range(count)])


def check(place: Place, workers: Workers, ends: Ends, ids: Sequence[str], killed: Collection[Worker]) -> None:
    """Every task has run to its end and has ended once in the store; what ran more often had begun in a worker that was killed."""
    documents = place.wait(ids, workers.logs)
    for number, id_ in enumerate(ids):
        assert (documents[id_]["status"], documents[id_]["result"]) == ("SUCCESS", number)
    ledger = workers.ledger
    assert {int(key) for key in ledger.count("end")} == set(range(len(ids)))
    assert ledger.repeated_without_reason({worker.number for worker in killed}) == {}
    for worker in workers.all:
        if worker not in killed:
            assert worker.stop() == 0, worker.log()
    wait_for(lambda: not workers.processes())
    again = ends.of(ids)
    assert {id_: times for id_, times in again.items() if times != 1} == {}
    assert place.documents(ids) == documents


@pytest.mark.parametrize(("place", "pool", "count"), [
    *((broker, pool, FEW) for broker, pool in sorted(SOME)),
    *(pytest.param(broker, pool, TASKS, marks=pytest.mark.soak) for broker in BROKERS for pool in ("threads", "processes")),
], indirect=["place"])  # fmt: skip
def test_one_of_two_and_then_the_other(place: Place, workers: Workers, pool: str, count: int) -> None:
    killed = [workers.start(place.queue, pool=pool, concurrency=CONCURRENCY, ready=False) for _ in range(2)]
    for worker in killed:
        worker.wait_ready()
    with Ends(place.backend) as ends:
        ids = send(place, count)
        wait_for(lambda: workers.ledger.number("end") > count // 4, workers.logs)
        killed[0].kill()
        wait_for(lambda: workers.ledger.number("end") > count // 2, workers.logs)
        killed[1].kill()
        workers.start(place.queue, pool=pool, concurrency=CONCURRENCY)
        check(place, workers, ends, ids, killed)
    assert len(workers.ledger.repeated()) <= 2 * CONCURRENCY * 5  # what they had taken, at most


@pytest.mark.soak
@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_again_and_again(place: Place, workers: Workers, pool: str) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    alive = [workers.start(place.queue, pool=pool, concurrency=CONCURRENCY) for _ in range(3)]
    killed: list[Worker] = []
    with Ends(place.backend) as ends:
        ids = send(place, 5 * TASKS)
        for _ in range(12):
            done = workers.ledger.number("end")
            aim = done + draw.randrange(1, 300)
            wait_for(lambda aim=aim: workers.ledger.number("end") >= min(aim, len(ids)), workers.logs)  # type: ignore[misc]
            victim = alive.pop(draw.randrange(len(alive)))
            victim.kill()
            killed.append(victim)
            alive.append(workers.start(place.queue, pool=pool, concurrency=CONCURRENCY))
        check(place, workers, ends, ids, killed)
