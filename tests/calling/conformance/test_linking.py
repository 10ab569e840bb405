"""Callbacks, errbacks, chains, groups, chords and retries, over every broker, result store and pool."""

from __future__ import annotations

import itertools
import uuid
from pathlib import Path
from typing import Any

import pytest

from flowc import chain, chord, group
from flowc.exceptions import ChordError

from .waiting import DEADLINE, lines, wait_for

Combination = Any


# ----------------------------------------------------------------------------------------------------------------- links
def test_a_link_gets_the_result_before_its_own_arguments(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    result = tasks.add.apply_async((2, 2), link=tasks.record_result.s(str(notes), "sum"))
    assert result.get(timeout=DEADLINE) == 4
    assert lines(notes, 1) == ["sum 4"]


def test_links_are_called_in_order_and_immutable_ones_as_they_are(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    links = [tasks.record_result.s(str(notes), str(n)) for n in range(4)] + [tasks.record.si(str(notes), "immutable")]
    tasks.add.apply_async((1, 1), link=links)
    assert sorted(lines(notes, 5)) == ["0 2", "1 2", "2 2", "3 2", "immutable"]
    if combination.worker.concurrency == 1:
        assert lines(notes, 5) == ["0 2", "1 2", "2 2", "3 2", "immutable"]


def test_a_linked_call_is_a_child(combination: Combination) -> None:
    tasks = combination.tasks
    result = tasks.add.apply_async((1, 1), link=tasks.add.s(10))
    result.get(timeout=DEADLINE)
    (child,) = result.children
    if combination.store != "rpc":  # a callback's reply goes to who sent it, which is the worker
        assert child.get(timeout=DEADLINE) == 12


def test_a_call_made_inside_a_task_is_a_child(combination: Combination, notes: Path) -> None:
    result = combination.tasks.outer.delay(str(notes))
    inner = result.get(timeout=DEADLINE)
    assert lines(notes, 1) == ["inner"]
    assert [child.id for child in result.children] == [inner]


def test_no_link_is_called_after_a_failure(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    result = tasks.fail.apply_async(link=tasks.record.si(str(notes), "link"), link_error=tasks.errback_id.s(path=str(notes)))
    assert lines(notes, 1) == [f"id {result.id}"]


# -------------------------------------------------------------------------------------------------------------- errbacks
def test_an_errback_gets_request_exception_and_traceback(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    result = tasks.fail.apply_async(("bad",), link_error=tasks.errback.s(path=str(notes), text="mine"))
    assert lines(notes, 1) == [f"mine {result.id} c.fail Odd ('bad', 7) True"]


def test_an_errback_of_one_argument_gets_the_id_even_with_more_that_have_defaults(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    result = tasks.fail.apply_async(link_error=tasks.errback_id.s(path=str(notes)))
    assert lines(notes, 1) == [f"id {result.id}"]


def test_a_bound_errback_is_a_task_of_its_own(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    result = tasks.fail.apply_async(link_error=tasks.errback_bound.s(path=str(notes)))
    assert lines(notes, 1) == [f"bound {result.id} {result.id}"]


def test_errbacks_are_all_called_though_one_breaks(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    broken = tasks.errback_broken.s().set(task_id=str(uuid.uuid4()))
    errbacks = [broken, tasks.errback.s(path=str(notes), text="first"), tasks.errback.s(path=str(notes), text="second")]
    result = tasks.fail.apply_async(link_error=errbacks)
    assert [line.split()[:2] for line in lines(notes, 2)] == [["first", result.id], ["second", result.id]]
    if combination.store != "rpc":
        failed = tasks.app.AsyncResult(broken.options["task_id"])
        wait_for(failed.ready)
        assert (failed.state, str(failed.result)) == ("FAILURE", "the errback is broken")


def test_an_errback_of_a_call_to_nobody(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    result = tasks.app.send_task("c.nonsense", link_error=tasks.errback_id.s(path=str(notes)))
    assert lines(notes, 1) == [f"id {result.id}"]


# ---------------------------------------------------------------------------------------------------------------- canvas
def test_a_chain(combination: Combination) -> None:
    tasks = combination.tasks
    result = chain(tasks.add.s(1, 1), tasks.add.s(10), tasks.add.s(100))()
    assert result.get(timeout=DEADLINE) == 112
    assert result.parent.get(timeout=DEADLINE) == 12
    assert result.parent.parent.get(timeout=DEADLINE) == 2


def test_a_chain_ends_with_its_first_failure(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    result = chain(tasks.add.s(1, 1), tasks.fail.si("middle"), tasks.record_result.s(str(notes), "never"), tasks.add.si(1, 1))()
    with pytest.raises(tasks.Odd, match="middle"):
        result.get(timeout=DEADLINE)
    assert not notes.exists()


def test_a_group(combination: Combination) -> None:
    tasks = combination.tasks
    assert group(tasks.add.s(n, n) for n in range(20))().get(timeout=DEADLINE) == [2 * n for n in range(20)]
    assert group([tasks.add.s(1, 1)])().get(timeout=DEADLINE) == [2]


def test_a_group_after_a_task(combination: Combination) -> None:
    tasks = combination.tasks
    assert (tasks.add.s(1, 1) | group(tasks.add.s(10), tasks.add.s(20)))().get(timeout=DEADLINE) == [12, 22]


def _chords(combination: Combination) -> Any:
    if combination.store == "rpc":
        pytest.skip("rpc cannot count the parts of a chord")
    return combination.tasks


def test_a_chord(combination: Combination) -> None:
    tasks = _chords(combination)
    assert chord(tasks.add.s(n, n) for n in range(10))(tasks.total.s()).get(timeout=DEADLINE) == 90


def test_a_chord_in_a_chain(combination: Combination) -> None:
    tasks = _chords(combination)
    canvas = tasks.add.s(1, 1) | group(tasks.add.s(n) for n in range(4)) | tasks.total.s() | tasks.add.s(1000)
    assert canvas().get(timeout=DEADLINE) == 1014


def test_a_chord_of_chains(combination: Combination) -> None:
    tasks = _chords(combination)
    header = [chain(tasks.add.s(n, 1), tasks.add.s(10)) for n in range(3)]
    assert chord(header)(tasks.total.s()).get(timeout=DEADLINE) == 36


def test_a_chord_with_a_failure(combination: Combination, notes: Path) -> None:
    tasks = _chords(combination)
    body = tasks.record_result.s(str(notes), "body").on_error(tasks.errback_id.s(path=str(notes), text="failed"))
    result = chord([tasks.add.s(1, 1), tasks.fail.s("part"), tasks.add.s(2, 2)])(body)
    with pytest.raises(ChordError, match="part"):
        result.get(timeout=DEADLINE)
    assert lines(notes, 1) == [f"failed {result.id}"]


def test_a_chord_with_a_call_to_nobody(combination: Combination) -> None:
    tasks = _chords(combination)
    nobody = tasks.app.signature("c.nonsense")
    with pytest.raises(ChordError, match=r"c\.nonsense"):
        chord([tasks.add.s(1, 1), nobody])(tasks.total.s()).get(timeout=DEADLINE)


def test_a_chord_whose_part_fails_in_a_chain(combination: Combination) -> None:
    tasks = _chords(combination)
    header = [chain(tasks.add.s(1, 1), tasks.fail.si("early"), tasks.add.si(1, 1)), tasks.add.s(2, 2)]
    with pytest.raises(ChordError, match="early"):
        chord(header)(tasks.total.s()).get(timeout=DEADLINE)


def test_map_starmap_and_chunks(combination: Combination) -> None:
    tasks = combination.tasks
    assert tasks.add.map([1, 2, 3]).apply_async().get(timeout=DEADLINE) == [1, 2, 3]
    assert tasks.add.starmap([(1, 2), (3, 4)]).apply_async().get(timeout=DEADLINE) == [3, 7]
    assert tasks.add.chunks([(n, n) for n in range(5)], 2).group()().get(timeout=DEADLINE) == [[0, 2], [4, 6], [8]]


def test_a_task_replaces_itself(combination: Combination) -> None:
    if combination.store == "rpc":
        pytest.skip("the replacement replies to who sent it")
    assert combination.tasks.replace.delay(1).get(timeout=DEADLINE) == 101


# --------------------------------------------------------------------------------------------------------------- retries
def test_a_retry_keeps_its_id_and_waits(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    states: list[str] = []
    result = tasks.retry.delay(str(notes), 2, 0.15)
    assert result.get(timeout=DEADLINE, on_message=lambda message: states.append(message["status"]), propagate=False) == 2
    ran = [line.split() for line in lines(notes, 3)]
    assert [(id_, retries) for id_, retries, _ in ran] == [(result.id, "0"), (result.id, "1"), (result.id, "2")]
    moments = [float(moment) for _, _, moment in ran]
    assert all(later - earlier >= 0.15 for earlier, later in itertools.pairwise(moments))
    assert states == ["RETRY", "RETRY", "SUCCESS"]


def test_retries_are_used_up(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    with pytest.raises(tasks.Odd) as caught:
        tasks.retry.delay(str(notes), 100).get(timeout=DEADLINE)
    assert caught.value.number == 5
    lines(notes, 6)


def test_automatic_retries(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    with pytest.raises(tasks.Odd):
        tasks.auto.delay(str(notes)).get(timeout=DEADLINE)
    assert lines(notes, 3) == ["0", "1", "2"]


def test_links_and_chains_wait_for_the_last_attempt(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    path = notes.with_name("link")
    canvas = chain(tasks.retry.s(str(notes), 2).set(link=tasks.record_result.s(str(path), "link")), tasks.add.s(10))
    assert canvas().get(timeout=DEADLINE) == 12
    assert lines(path, 1) == ["link 2"]


def test_a_retry_inside_a_chord(combination: Combination, notes: Path) -> None:
    tasks = _chords(combination)
    header = [tasks.retry.s(str(notes), 1), tasks.add.s(1, 1)]
    assert chord(header)(tasks.total.s()).get(timeout=DEADLINE) == 3


def test_an_ignoring_task_leaves_nothing(combination: Combination, notes: Path) -> None:
    tasks = combination.tasks
    before = combination.worker.counts["IGNORED"]
    result = tasks.ignore.apply_async(link=tasks.record.si(str(notes), "x"), link_error=tasks.record.si(str(notes), "y"))
    wait_for(lambda: combination.worker.counts["IGNORED"] > before)
    tasks.add.delay(1, 1).get(timeout=DEADLINE)
    assert (result.state, notes.exists()) == ("PENDING", False)
