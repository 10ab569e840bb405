"""Row "connections": pooled by default, or one of one's own over many calls; in threads and after a fork."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from kombu.messaging import Producer

from flowc import group

from .gate import Gate
from .proj import DEADLINE, PAIRS, Proj, project, unique

NUMBERS = [(2, 2), (4, 4), (8, 8), (16, 16)]
SUMS = [4, 8, 16, 32]


@pytest.fixture
def single(worked: Proj) -> Iterator[Proj]:
    """An application with a pool of one connection, whose calls the worker takes."""
    if worked.broker == "memory":
        yield worked  # nothing leaves the process
        return
    with project(worked.broker, worked.store, worked.urls, broker_pool_limit=1, task_default_queue=worked.queue) as made:
        yield made


def test_a_connection_of_the_pool(single: Proj) -> None:
    with single.app.pool.acquire(block=True) as connection:
        results = [single.add.apply_async(pair, connection=connection) for pair in NUMBERS]
    assert [result.get(timeout=DEADLINE) for result in results] == SUMS


def test_the_example_of_the_guide(single: Proj) -> None:
    add, results = single.add, []
    with add.app.pool.acquire(block=True) as connection, add.get_publisher(connection) as publisher:
        for pair in NUMBERS:
            results.append(add.apply_async(pair, publisher=publisher))
    assert [result.get(timeout=DEADLINE) for result in results] == SUMS


def test_a_producer_of_the_pool_and_one_of_ones_own(single: Proj) -> None:
    with single.app.producer_pool.acquire(block=True) as producer:
        results = [single.add.apply_async(pair, producer=producer) for pair in NUMBERS]
    assert [result.get(timeout=DEADLINE) for result in results] == SUMS
    with single.app.connection() as connection:
        own = Producer(connection)
        results = [single.add.apply_async(pair, publisher=own) for pair in NUMBERS]
        results += [single.add.s(*pair).apply_async(producer=own) for pair in NUMBERS]
    assert [result.get(timeout=DEADLINE) for result in results] == SUMS * 2


def test_much_better_expressed_as_a_group(single: Proj) -> None:
    made = group(single.add.s(i, j) for i, j in NUMBERS)
    assert made.apply_async().get(timeout=DEADLINE) == SUMS
    with single.app.pool.acquire(block=True) as connection:
        result = made.apply_async(connection=connection)
    assert result.get(timeout=DEADLINE) == SUMS


def test_nothing_is_left_out_of_the_pool(single: Proj) -> None:
    for _ in range(3):  # with one connection, the second would wait for ever
        single.add.apply_async((2, 2)).get(timeout=DEADLINE)
        with single.app.pool.acquire(block=True, timeout=DEADLINE):
            pass


def test_calls_share_connections(idle: Proj) -> None:
    if idle.broker in ("memory", "sqlite"):
        return  # nobody connects
    with Gate(idle.urls[0]) as gate, project(idle.broker, "disabled", (gate.url, "disabled://")) as proj:
        proj.add.delay(0, 0)
        before = gate.came
        for n in range(50):
            proj.add.delay(n, n)
        assert gate.came == before
        with proj.app.connection() as own:
            for n in range(50):
                proj.add.apply_async((n, n), connection=own)
            assert gate.came <= 2 * before


def test_many_threads(worked: Proj) -> None:
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        found[number] = [worked.add.delay(number, n).get(timeout=DEADLINE) for n in range(10)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [number + n for n in range(10)] for number in range(8)}


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("idle", PAIRS[1:], indirect=True, scope="module")
def test_after_a_fork_both_sides_go_on(worked: Proj) -> None:
    label = unique("child")
    worked.seen.clear()
    with project(worked.broker, worked.store, worked.urls, task_default_queue=worked.queue) as proj:
        proj.add.delay(2, 2)
        child = os.fork()
        if child == 0:
            try:
                for n in range(10):
                    proj.note.delay(n, label)
                os._exit(0)
            finally:
                os._exit(1)
        results = [proj.add.delay(n, n) for n in range(10)]
        assert os.waitpid(child, 0)[1] == 0
        assert [result.get(timeout=DEADLINE) for result in results] == [n + n for n in range(10)]
    assert sorted(worked.noted(10)) == [(label, n) for n in range(10)]
