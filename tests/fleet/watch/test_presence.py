"""What is told of the fleet itself while steps are out: that no worker is left, and that one is there again."""

from __future__ import annotations

import pytest

from flowc.runtime.errors import UsageError
from flowc.runtime.fleet.facts import Lost
from flowc.runtime.fleet.hosts import Hosts
from flowc.runtime.fleet.patience import Patience

from .inventions import Bench

PATIENCE = Patience()


@pytest.fixture(params=[True, False], ids=["redis", "rabbitmq"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(redis=request.param)


def test_that_no_worker_is_left_is_told_once_and_that_one_is_back(bench: Bench) -> None:
    bench.send("a")
    bench.fleet.workers["w1"]["a"] = "active"
    bench.after(40)
    bench.fleet.workers.clear()
    bench.fleet.queues["q"] = ["b"]
    bench.send("b")
    bench.after(300)
    ((when, said),) = bench.notes
    assert 40 < when <= 40 + PATIENCE.probe_after
    assert said.startswith("no worker answers any more: what is in a queue waits until one comes; ")
    assert "counts as lost after 600 s" in said
    bench.fleet.workers["w2"] = {"b": "active"}
    bench.fleet.queues["q"] = []
    bench.after(300)
    assert [said for _, said in bench.notes[1:]] == ["a worker answers again: w2"]


def test_workers_that_say_that_they_end_hasten_what_is_told(bench: Bench) -> None:
    bench.send("a")
    bench.fleet.workers["w1"]["a"] = "active"
    bench.after(600)
    bench.hosts.leaves("w1")
    bench.fleet.workers.clear()
    bench.after(10)
    ((when, said),) = bench.notes
    assert when <= 610
    assert said.endswith("; those that are leaving may still finish what they have")
    bench.hosts.came("w2")
    bench.fleet.workers["w2"] = {"a": "active"}
    bench.after(10)
    assert bench.notes[1:] == [(bench.notes[1][0], "a worker answers again: w2")]


def test_one_of_several_that_leaves_is_nothing_to_speak_of(bench: Bench) -> None:
    bench.fleet.workers["w2"] = {"a": "active"}
    bench.send("a")
    bench.after(600)
    bench.fleet.asked.clear()
    bench.hosts.leaves("w1")
    del bench.fleet.workers["w1"]
    bench.after(10)
    assert (bench.notes, bench.fleet.asked) == ([], [])


def test_that_nobody_was_ever_there_is_told_by_the_look_alone(bench: Bench) -> None:
    bench.fleet.workers.clear()
    bench.fleet.queues["q"] = ["a"]
    bench.send("a")
    bench.after(1000)
    assert bench.notes == []


def test_workers_may_take_their_time_when_the_broker_is_back(bench: Bench) -> None:
    bench.send("a")
    bench.hosts.ever.add("w1")
    there, bench.fleet.workers = bench.fleet.workers, {}
    bench.hosts.interrupted()
    bench.after(55)
    assert (bench.notes, bench.fleet.asked) == ([], [["a"]] * len(bench.fleet.asked))
    bench.fleet.workers = there
    bench.after(300)
    assert bench.notes == []
    bench.fleet.workers = {}
    bench.hosts.interrupted()
    bench.send("b")
    bench.after(300)
    assert [said.partition(":")[0] for _, said in bench.notes] == ["no worker answers any more"]


def test_workers_that_are_busy_are_not_said_to_be_gone(bench: Bench) -> None:
    bench.hosts.ever.add("w1")
    bench.fleet.silent = {"w1"}
    bench.send("a")
    bench.after(1000)
    assert bench.notes == []


def test_the_worker_that_an_origin_belongs_to() -> None:
    hosts = Hosts({"celery@one": frozenset(), "a@two": frozenset(), "b@two": frozenset()})
    hosts.ever.add("gone@one")
    assert hosts.name_of("gone@one") == "gone@one"
    assert [hosts.name_of(f"gen7@{machine}") for machine in ("one", "two", "three")] == ["celery@one", "gen7@two", "gen7@three"]
    assert Hosts({"media@eu": frozenset()}).name_of("gen7@one") == "media@eu"
    assert Hosts({}).name_of("gen7@one") == "gen7@one"


# -------------------------------------------------------------------------------------------------------- a patience of one's own
@pytest.mark.parametrize("redis", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_a_step_is_lost_after_as_long_as_somebody_wants(redis: bool, there: bool) -> None:
    bench = Bench(redis=redis, patience=Patience.losing_after(40))
    bench.hosts.ever.add("w1")
    if not there:
        bench.fleet.workers.clear()
    bench.send("a")
    bench.after(69)
    assert bench.told(Lost) == []
    bench.after(31)
    assert bench.told(Lost) == ["a"]


def test_one_that_ran_for_hours_too() -> None:
    bench = Bench(patience=Patience.losing_after(5))
    bench.fleet.workers["w1"]["a"] = "active"
    bench.send("a")
    bench.after(7200)
    assert bench.told(Lost) == []
    del bench.fleet.workers["w1"]["a"]
    bench.after(25)
    assert bench.told(Lost) == ["a"]


def test_who_may_have_it_and_cannot_say_so_has_the_usual_time() -> None:
    bench = Bench(patience=Patience.losing_after(5))
    bench.hosts.ever.add("w1")
    bench.fleet.silent = {"w1"}
    bench.send("a")
    bench.after(PATIENCE.silent_after)
    assert bench.told(Lost) == []


def test_a_long_patience_goes_for_all() -> None:
    assert Patience.losing_after(None) == PATIENCE
    assert Patience.losing_after(86_400).silent_after == Patience.losing_after(86_400).lost_after == 86_400


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_is_no_patience(seconds: float) -> None:
    with pytest.raises(UsageError, match="lost_after"):
        Patience.losing_after(seconds)
