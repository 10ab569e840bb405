"""When a step is asked about, and when it is given up: the policy, with a fleet and a clock that are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowc.runtime.fleet.facts import Alive, Lost, Seen
from flowc.runtime.fleet.patience import Patience

from .inventions import Bench

PATIENCE = Patience()


@pytest.fixture(params=[True, False], ids=["redis", "rabbitmq"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(redis=request.param)


def only(bench: Bench) -> Lost:
    (found,) = (fact for _, fact in bench.facts if isinstance(fact, Lost))
    return found


# ------------------------------------------------------------------------------------------------------------------- asking
def test_nobody_is_asked_about_a_step_that_was_heard_of_lately(bench: Bench) -> None:
    bench.send("a")
    for _ in range(20):
        bench.after(20)
        bench.watched.hear("a")
    assert bench.fleet.asked == []


def test_one_that_runs_is_asked_about_ever_more_rarely(bench: Bench) -> None:
    bench.send("a")
    bench.fleet.workers["w1"]["a"] = "active"
    bench.after(1000)
    first, *others = bench.when(Alive)
    assert first == PATIENCE.probe_after
    pauses = [after - before for before, after in zip([first, *others], others, strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == PATIENCE.pause_most
    assert bench.told(Lost) == []


def test_the_answer_says_who_has_it_and_how(bench: Bench) -> None:
    states = {"a": "active", "b": "reserved", "c": "scheduled", "d": "ready"}
    for task_id in states:
        bench.send(task_id)
    bench.fleet.workers = {"w1": {}, "w2": states}
    bench.after(31)
    assert {fact.task_id: (fact.state, fact.worker) for _, fact in bench.facts if isinstance(fact, Alive)} == {
        "a": ("started", "w2"), "b": ("received", "w2"), "c": ("scheduled", "w2"), "d": ("received", "w2"),
    }  # fmt: skip


def test_many_are_asked_about_in_few_questions(bench: Bench) -> None:
    for n in range(600):
        bench.send(f"a{n}")
        bench.fleet.workers["w1"][f"a{n}"] = "active"
    bench.after(31)
    assert [len(ids) for ids in bench.fleet.asked] == [250, 250, 100]
    assert len(bench.told(Alive)) == 600


def test_one_with_an_eta_is_not_asked_about_before_it(bench: Bench) -> None:
    bench.send("a", delay=3600)
    bench.after(3600)
    assert bench.fleet.asked == []
    bench.after(1000)
    assert bench.told(Lost) == ["a"]


def test_nothing_is_asked_when_nothing_is_out(bench: Bench) -> None:
    bench.send("a")
    bench.watched.remove(["a"])
    bench.after(1000)
    assert bench.fleet.asked == []


# ------------------------------------------------------------------------------------------------------------------ giving up
def test_what_nobody_knows_is_lost(bench: Bench) -> None:
    bench.send("a")
    bench.after(1000)
    lost = only(bench)
    assert PATIENCE.probe_after + PATIENCE.lost_after <= lost.silent <= PATIENCE.probe_after + 1.5 * PATIENCE.lost_after
    assert lost.why == "its only worker does not know it, and it is not in its queue 'q'"
    assert len(bench.watched) == 0


def test_it_takes_two_questions_however_short_the_patience(bench: Bench) -> None:
    hasty = Bench(redis=bench.fleet.redis, patience=replace(PATIENCE, untold_after=0.0))
    hasty.send("a")
    hasty.after(1000)
    assert hasty.told(Lost) == ["a"]
    assert len(hasty.fleet.asked) == 2


def test_any_sign_of_life_begins_it_anew(bench: Bench) -> None:
    bench.send("a")
    bench.after(100)
    bench.watched.hear("a")
    bench.after(100)
    assert bench.told(Lost) == []
    bench.after(200)
    assert bench.told(Lost) == ["a"]


def test_a_worker_that_comes_by_it_again_saves_it(bench: Bench) -> None:
    """Its worker died; its message went back to the queue, and to another."""
    bench.send("a")
    bench.after(100)
    bench.fleet.workers["w2"] = {"a": "active"}
    bench.after(2000)
    assert bench.told(Lost) == []


def test_in_its_queue_it_is_never_lost(bench: Bench) -> None:
    bench.fleet.queues["q"] = ["a"]
    bench.send("a")
    bench.after(50_000)
    assert bench.facts == []


def test_in_a_queue_that_nobody_reads_it_is_never_lost(bench: Bench) -> None:
    bench.fleet.queues["q"] = ["a"]
    bench.fleet.reads["w1"] = ["another"]
    bench.send("a")
    bench.after(50_000)
    assert bench.facts == []


def test_unacknowledged_it_is_never_lost() -> None:
    """Redis keeps it, until the visibility timeout is over."""
    bench = Bench(redis=True)
    bench.fleet.unacked = {"a"}
    bench.send("a")
    bench.after(50_000)
    assert bench.facts == []


def test_others_in_the_queue_do_not_save_it_where_one_can_look() -> None:
    bench = Bench(redis=True)
    bench.fleet.queues["q"] = ["b", "c"]
    bench.send("a")
    bench.after(300)
    assert bench.told(Lost) == ["a"]


@pytest.mark.parametrize(("priority", "lost"), [(0, ["a"]), (None, [])])
def test_where_one_cannot_look_it_counts_that_a_later_one_has_left_the_queue(priority: int | None, lost: list[str]) -> None:
    bench = Bench(redis=False)
    bench.fleet.queues["q"] = ["somebody's", "else's"]
    bench.send("a", priority=priority)
    bench.after(10)
    bench.send("b", priority=priority)
    bench.watched.remove(["b"])
    bench.after(PATIENCE.unsure_after)
    assert bench.told(Lost) == []
    bench.after(600)
    assert bench.told(Lost) == lost


@pytest.mark.parametrize("priority", [1, 0])
def test_one_that_was_given_up_or_may_overtake_proves_nothing(priority: int) -> None:
    bench = Bench(redis=False)
    bench.fleet.queues["q"] = ["somebody's", "else's"]
    bench.send("a", priority=0)
    bench.after(10)
    bench.send("b", priority=priority)
    bench.watched.remove(["b"], ran=priority == 1)
    bench.after(10_000)
    assert bench.told(Lost) == []


def test_a_queue_that_is_gone_is_named() -> None:
    bench = Bench(redis=False)
    del bench.fleet.queues["q"]
    bench.send("a")
    bench.after(300)
    assert only(bench).why == "its only worker does not know it, and there is no queue 'q' any more"


def test_held_for_its_time_by_a_worker_that_does_not_say_so() -> None:
    """Workers before 5.7: ``query_task`` does not know what waits for its ETA, as after a retry."""
    bench = Bench(redis=False)
    bench.fleet.scheduled["a"] = "w1"
    bench.send("a")
    bench.after(2000)
    assert bench.told(Lost) == []
    assert {fact.state for _, fact in bench.facts if isinstance(fact, Alive)} == {"scheduled"}


# --------------------------------------------------------------------------------------------------------- who does not answer
def test_a_worker_that_does_not_answer_may_have_it(bench: Bench) -> None:
    """A solo pool that works on it, say."""
    bench.fleet.workers["w2"] = {}
    bench.fleet.silent = {"w2"}
    bench.send("a")
    bench.after(PATIENCE.silent_after)
    assert bench.told(Lost) == []
    bench.after(600)
    assert only(bench).why == "its only worker does not know it (another one does not answer), and it is not in its queue 'q'"


def test_a_worker_that_cannot_be_asked_may_have_it(bench: Bench) -> None:
    """Remote control is switched off there; an event said that it has it."""
    bench.send("a")
    bench.watched.hear("a", "dumb")
    bench.after(PATIENCE.silent_after)
    assert bench.told(Lost) == []


def test_a_fleet_that_cannot_be_asked(bench: Bench) -> None:
    """None has ever answered: they may all be at work."""
    bench.fleet.workers = {}
    bench.send("a")
    bench.after(PATIENCE.silent_after)
    assert bench.told(Lost) == []
    bench.after(600)
    assert bench.told(Lost) == ["a"]


def test_one_that_reads_other_queues_does_not_count_where_that_is_known() -> None:
    bench = Bench(redis=False)
    bench.fleet.workers["w2"] = {}
    bench.fleet.silent = {"w2"}
    bench.fleet.reads["w2"] = ["another"]
    bench.send("a")
    bench.after(300)
    assert bench.told(Lost) == ["a"]


def test_a_worker_that_leaves_may_finish_it_without_a_word(bench: Bench) -> None:
    bench.send("a")
    bench.hosts.answered(["w2"], bench.now)
    bench.watched.hear("a", "w2")
    bench.hosts.leaves("w2")
    bench.after(PATIENCE.unsure_after)
    assert bench.told(Lost) == []
    bench.after(600)
    assert bench.told(Lost) == ["a"]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("others", [True, False])
def test_any_that_leaves_may_have_it_even_the_last_one(bench: Bench, known: bool, others: bool) -> None:
    bench.send("a")
    bench.hosts.answered(["w2"], bench.now)
    if known:
        bench.watched.hear("a", "w2")
    bench.hosts.leaves("w2")
    if not others:
        bench.fleet.workers = {}
    bench.after(PATIENCE.unsure_after)
    assert bench.told(Lost) == []
    bench.after(600)
    assert bench.told(Lost) == ["a"]


def test_one_that_left_before_cannot_have_it(bench: Bench) -> None:
    bench.hosts.answered(["w2"], bench.now)
    bench.hosts.leaves("w2")
    bench.after(10)
    bench.send("a")
    bench.after(300)
    assert bench.told(Lost) == ["a"]


def test_a_task_with_a_rate_limit_is_held_without_a_word() -> None:
    bench = Bench(redis=False)
    bench.send("a", limited=True)
    bench.after(PATIENCE.unsure_after)
    assert bench.told(Lost) == []


def test_no_worker_at_all_takes_longer(bench: Bench) -> None:
    bench.hosts.answered(["w1"], bench.now)
    bench.fleet.workers = {}
    bench.send("a")
    bench.after(PATIENCE.down_after)
    assert bench.told(Lost) == []
    bench.after(300)
    assert only(bench).why == "no worker answers, and it is not in its queue 'q'"


def test_no_worker_at_all_and_messages_in_the_queue_is_a_deploy(bench: Bench) -> None:
    bench.fleet.workers = {}
    bench.fleet.queues["q"] = ["b"]
    bench.send("a")
    bench.after(20_000)
    assert bench.told(Lost) == []


def test_while_the_broker_is_away_nothing_is_lost(bench: Bench) -> None:
    bench.send("a")
    bench.after(100)
    bench.fleet.away = True
    bench.after(10_000)
    bench.fleet.away = False
    bench.after(PATIENCE.lost_after)
    assert bench.told(Lost) == []
    bench.after(200)
    assert bench.told(Lost) == ["a"]


# ------------------------------------------------------------------------------------------------------------------- expired
def test_past_its_expiry_it_is_revoked_when_nobody_has_it(bench: Bench) -> None:
    bench.send("a", expires=10)
    bench.after(60)
    (seen,) = (fact for _, fact in bench.facts if isinstance(fact, Seen))
    assert (seen.task_id, seen.status, seen.source, seen.result["exc_message"]) == ("a", "REVOKED", "probe", ["expired"])
    assert bench.when(Seen)[0] < PATIENCE.probe_after


def test_in_a_queue_too(bench: Bench) -> None:
    bench.fleet.queues["q"] = ["a"]
    bench.send("a", expires=10)
    bench.after(60)
    assert bench.told(Seen) == ["a"]


def test_with_no_worker_at_all_too(bench: Bench) -> None:
    bench.fleet.workers = {}
    bench.fleet.queues["q"] = ["a"]
    bench.send("a", expires=10)
    bench.after(60)
    assert bench.told(Seen) == ["a"]


def test_but_not_while_it_runs(bench: Bench) -> None:
    bench.fleet.workers["w1"]["a"] = "active"
    bench.send("a", expires=10)
    bench.after(10_000)
    assert bench.told(Seen) == bench.told(Lost) == []


def test_nor_while_a_worker_that_may_run_it_does_not_answer(bench: Bench) -> None:
    bench.fleet.workers["w2"] = {}
    bench.fleet.silent = {"w2"}
    bench.send("a", expires=10)
    bench.after(PATIENCE.silent_after)
    assert bench.told(Seen) == bench.told(Lost) == []


def test_long_before_it_expires_it_may_be_lost(bench: Bench) -> None:
    bench.send("a", expires=100_000)
    bench.after(1000)
    assert bench.told(Lost) == ["a"]
    assert bench.told(Seen) == []


def test_a_step_lives_in_the_calls_that_it_has_made(bench: Bench) -> None:
    """It has replaced itself with a chord, say, whose body will have its id."""
    bench.send("a")
    bench.watched.adopt("child", "a")
    bench.watched.adopt("grandchild", "child")
    bench.watched.hear_child("child", over=True)
    bench.fleet.workers["w1"]["grandchild"] = "active"
    bench.after(10_000)
    assert bench.told(Lost) == []
    bench.fleet.workers["w1"].clear()
    bench.watched.hear_child("grandchild", over=True)
    bench.after(1000)
    assert bench.told(Lost) == ["a"]
    assert bench.watched._parents == {}
