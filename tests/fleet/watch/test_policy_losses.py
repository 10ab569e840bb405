"""How soon a step is given up: sooner where a worker or the broker was lost since it was sent. With the default patience."""

from __future__ import annotations

import pytest

from flowc.runtime.fleet.facts import Lost
from flowc.runtime.fleet.patience import Patience

from .inventions import Bench

PATIENCE = Patience()


@pytest.fixture(params=[True, False], ids=["redis", "rabbitmq"])
def slow(request: pytest.FixtureRequest) -> Bench:
    """With the patience that there is by default; both workers are known."""
    bench = Bench(redis=request.param, patience=PATIENCE)
    bench.fleet.workers = {"w1": {}, "w2": {}}
    bench.hosts.queues.update({"w1": frozenset("q"), "w2": frozenset("q")})
    return bench


def test_where_no_worker_was_lost_it_takes_longer(slow: Bench) -> None:
    """It has perhaps replaced itself."""
    slow.send("a")
    slow.after(PATIENCE.untold_after)
    assert slow.told(Lost) == []
    slow.after(500)
    assert slow.told(Lost) == ["a"]


def test_one_that_does_not_answer_any_more_is_one_that_was_lost(slow: Bench) -> None:
    slow.send("a")
    slow.after(10)
    del slow.fleet.workers["w2"]
    slow.after(300)
    assert slow.told(Lost) == ["a"]


def test_one_that_has_begun_anew_too(slow: Bench) -> None:
    slow.send("a")
    slow.after(10)
    slow.hosts.came("w2")
    slow.after(300)
    assert slow.told(Lost) == ["a"]


def test_while_the_broker_was_away_any_of_them_may_have_dropped_it(slow: Bench) -> None:
    slow.send("a")
    slow.after(10)
    slow.hosts.interrupted()
    slow.after(PATIENCE.lost_after)
    assert slow.told(Lost) == []
    slow.after(150)
    assert slow.told(Lost) == ["a"]


def test_what_was_sent_when_the_broker_was_back_was_not_dropped(slow: Bench) -> None:
    slow.hosts.interrupted()
    slow.after(10)
    slow.send("a")
    slow.after(PATIENCE.untold_after)
    assert slow.told(Lost) == []


def test_one_that_was_lost_before_cannot_have_had_it(slow: Bench) -> None:
    slow.hosts.came("w2")
    slow.after(10)
    slow.send("a")
    slow.after(PATIENCE.untold_after)
    assert slow.told(Lost) == []


def test_a_new_one_is_none_that_was_lost(slow: Bench) -> None:
    slow.send("a")
    slow.fleet.workers["w3"] = {}
    slow.hosts.came("w3")
    slow.after(PATIENCE.untold_after)
    assert slow.told(Lost) == []
