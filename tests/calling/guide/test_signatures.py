"""Row "signatures": Celery's dict form and back, and the canvas: chain, group, chord, ``|``, map, starmap, chunks."""

from __future__ import annotations

import json
from typing import Any

import pytest

import flowc
from flowc import AsyncResult, GroupResult, Signature, chain, chord, group, signature
from flowc.exceptions import ChordError

from .proj import DEADLINE, PAIRS, SHARED, Proj

#: A chord is counted in the result store, so the workers must share one.
counted = pytest.mark.parametrize("idle", SHARED, indirect=True, scope="module")


def over_json(made: Signature, proj: Proj) -> Signature:
    """What another process gets."""
    return signature(json.loads(json.dumps(made)), app=proj.app)


# ------------------------------------------------------------------------------------------------------------- the dict form
def test_the_dict_form_is_celerys(proj: Proj) -> None:
    made = proj.add.signature((2,), {"y": 2}, countdown=0.1)
    assert dict(made) == {
        "task": "proj.add",
        "args": (2,),
        "kwargs": {"y": 2},
        "options": {"countdown": 0.1},
        "subtask_type": None,
        "immutable": False,
    }
    assert proj.add.si(2, 2)["immutable"] is True
    assert (made.task, made.args, made.kwargs, made.options) == ("proj.add", (2,), {"y": 2}, {"countdown": 0.1})
    assert repr(proj.add.s(2, 2)) == "proj.add(2, 2)"


def test_a_signature_goes_to_json_and_back(proj: Proj) -> None:
    back = over_json(proj.add.s(2, 2).set(shadow="other"), proj)
    assert back.options == {"shadow": "other"}
    assert back.delay().get(timeout=DEADLINE) == 4
    assert Signature.from_dict(json.loads(json.dumps(proj.add.s(2))), app=proj.app).delay(3).get(timeout=DEADLINE) == 5


@pytest.mark.parametrize("kind", ["chain", "group", "map", "starmap", "chunks", "nested"])
def test_every_canvas_goes_to_json_and_back(proj: Proj, kind: str) -> None:
    made, expected = {
        "chain": (chain(proj.add.s(2, 2), proj.add.s(4)), 8),
        "group": (group(proj.add.s(2, 2), proj.add.s(4, 4)), [4, 8]),
        "map": (proj.xsum.map([[1, 2], [3, 4]]), [3, 7]),
        "starmap": (proj.add.starmap([(2, 2), (4, 4)]), [4, 8]),
        "chunks": (proj.add.chunks([(n, n) for n in range(4)], 3).group(), [[0, 2, 4], [6]]),
        "nested": (chain(proj.add.s(2, 2), group(proj.add.s(1), chain(proj.add.s(2), proj.mul.s(10)))), [5, 60]),
    }[kind]
    back = over_json(made, proj)
    assert type(back) is type(made)
    assert json.dumps(back, sort_keys=True) == json.dumps(made, sort_keys=True)
    assert back.apply_async().get(timeout=DEADLINE) == expected


@counted
def test_a_chord_goes_to_json_and_back(proj: Proj) -> None:
    made = chord([proj.add.s(2, 2), proj.add.s(4, 4)], proj.xsum.s())
    back = over_json(made, proj)
    assert isinstance(back, chord)
    assert back.apply_async().get(timeout=DEADLINE) == 12


# ------------------------------------------------------------------------------------------------------------------- chains
def test_chains(proj: Proj) -> None:
    add = proj.add
    assert chain(add.s(2, 2), add.s(4), add.s(8))().get(timeout=DEADLINE) == 16
    assert (add.s(2, 2) | add.s(4) | add.s(8))().get(timeout=DEADLINE) == 16
    assert chain(add.s(4), proj.mul.s(8)).delay(4).get(timeout=DEADLINE) == 64  # the first of them is partial
    assert chain([add.s(2, 2), add.s(4)])().get(timeout=DEADLINE) == 8
    assert chain(add.s(n) for n in range(1, 5)).apply_async((0,)).get(timeout=DEADLINE) == 10
    assert chain(add.si(2, 2), add.si(4, 4))().get(timeout=DEADLINE) == 8
    assert (add.s(2, 2) | add.s(4)).apply().get() == 8


def test_the_parents_of_a_chain(proj: Proj) -> None:
    result = chain(proj.add.s(2, 2), proj.add.s(4), proj.add.s(8))()
    assert result.get(timeout=DEADLINE) == 16
    assert result.parent.get(timeout=DEADLINE) == 8
    assert result.parent.parent.get(timeout=DEADLINE) == 4
    assert result.parent.parent.parent is None


def test_a_failure_ends_its_chain(proj: Proj) -> None:
    result = chain(proj.divide.s(4, 0), proj.note.s(label="never"))()
    with pytest.raises(ZeroDivisionError):
        result.get(timeout=DEADLINE)
    assert proj.seen == []


# ------------------------------------------------------------------------------------------------------------------- groups
def test_groups_take_signatures_lists_and_iterables(proj: Proj) -> None:
    expected = [0, 2, 4, 6]
    for made in (
        group(*(proj.add.s(i, i) for i in range(4))),
        group([proj.add.s(i, i) for i in range(4)]),
        group(proj.add.s(i, i) for i in range(4)),
        group(map(proj.add.s, range(4), range(4))),
    ):
        result = made()
        assert isinstance(result, GroupResult)
        assert result.get(timeout=DEADLINE) == expected


def test_a_group_is_partial_too(proj: Proj) -> None:
    assert group(proj.add.s(10), proj.mul.s(10))(4).get(timeout=DEADLINE) == [14, 40]


def test_a_group_of_one_stays_a_list(proj: Proj) -> None:
    assert group([proj.add.s(2, 2)])().get(timeout=DEADLINE) == [4]
    assert group(proj.add.s(2, 2)).apply_async().get(timeout=DEADLINE) == [4]
    assert (proj.add.s(2, 2) | group(proj.add.s(1))).delay().get(timeout=DEADLINE) == [5]
    assert group([], app=proj.app)().get(timeout=DEADLINE) == []


def test_a_group_within_a_group_is_part_of_it(proj: Proj) -> None:
    made = group(proj.add.s(1, 1) | proj.add.s(1), group(proj.add.s(2, 2), proj.add.s(3, 3)), proj.add.s(4, 4))
    assert made().get(timeout=DEADLINE) == [3, 4, 6, 8]
    behind = made | proj.add.s(1)
    assert isinstance(behind, chord)


def test_skew_sets_the_members_apart(proj: Proj) -> None:
    made = group(proj.add.s(i, i) for i in range(4)).skew(start=0, stop=0.2, step=0.1)
    assert [task.options["countdown"] for task in made.tasks] == [0, 0.1, 0.2, 0.2]
    assert made().get(timeout=DEADLINE) == [0, 2, 4, 6]


# ------------------------------------------------------------------------------------------------------------------- chords
@counted
def test_chords(proj: Proj) -> None:
    add, xsum = proj.add, proj.xsum
    assert chord((add.s(i, i) for i in range(10)), xsum.s())().get(timeout=DEADLINE) == 90
    assert chord(add.s(i, i) for i in range(10))(xsum.s()).get(timeout=DEADLINE) == 90
    assert chord([add.s(2, 2)])(xsum.s()).get(timeout=DEADLINE) == 4
    assert chord([add.s(2, 2)])(xsum.si([1, 1])).get(timeout=DEADLINE) == 2
    assert (group(add.s(i, i) for i in range(10)) | xsum.s()).delay().get(timeout=DEADLINE) == 90
    result = chord([add.s(2, 2), add.s(4, 4)])(xsum.s())
    assert result.get(timeout=DEADLINE) == 12
    assert result.parent.get(timeout=DEADLINE) == [4, 8]


@counted
def test_chords_in_chains(proj: Proj) -> None:
    add, xsum = proj.add, proj.xsum
    made = add.s(1, 1) | group(add.s(1), add.s(2)) | xsum.s() | add.s(100)
    assert made().get(timeout=DEADLINE) == 107
    again = group(add.s(1, 1), add.s(2, 2)) | group(xsum.s(), xsum.s()) | xsum.s()
    assert again().get(timeout=DEADLINE) == 12
    assert chord([add.s(1, 1), add.s(2, 2)], xsum.s() | add.s(1))().get(timeout=DEADLINE) == 7


@counted
def test_a_failure_in_a_chord_is_told_to_its_body(proj: Proj) -> None:
    body = proj.xsum.s().on_error(proj.failed.s())
    result = chord([proj.divide.s(4, 0), proj.add.s(2, 2)])(body)
    with pytest.raises(ChordError, match="ZeroDivisionError"):
        result.get(timeout=DEADLINE)
    assert proj.noted() == [("failed", result.id)]


@pytest.mark.parametrize("idle", PAIRS[-1:], indirect=True, scope="module")
def test_where_no_chord_can_be_counted_it_is_refused(proj: Proj) -> None:
    with pytest.raises(Exception, match="a chord needs a result backend"):
        chord([proj.add.s(2, 2)])(proj.xsum.s())


# ----------------------------------------------------------------------------------------------------- map, starmap, chunks
def test_map_starmap_and_chunks(proj: Proj) -> None:
    assert proj.xsum.map([list(range(10)), list(range(100))]).delay().get(timeout=DEADLINE) == [45, 4950]
    assert ~proj.add.starmap(zip(range(10), range(10), strict=True)) == [n + n for n in range(10)]
    result = proj.add.chunks(zip(range(10), range(10), strict=True), 4)()
    assert result.get(timeout=DEADLINE) == [[0, 2, 4, 6], [8, 10, 12, 14], [16, 18]]
    assert proj.add.starmap([(2, 2)]).apply_async(countdown=0.1).get(timeout=DEADLINE) == [4]


# ------------------------------------------------------------------------------------------------- a signature as an argument
def test_a_signature_travels_as_an_argument(proj: Proj) -> None:
    @proj.task()
    def call_it(sig: dict[str, Any]) -> str:
        result = signature(sig, app=proj.app).delay(40)
        assert isinstance(result, AsyncResult)
        return result.id

    own = call_it.delay(proj.add.s(2)).get(timeout=DEADLINE)
    assert proj.app.AsyncResult(own).get(timeout=DEADLINE) == 42 if proj.store != "rpc" else own


# -------------------------------------------------------------------------------------------------------------------- flows
FLOWS = [
    ("add(2, 2) -> add(4) -> add(8)", 16),
    ("[add(i, i) for i in range(4)]", [0, 2, 4, 6]),
    ("[add(2, 2)]", [4]),
    ("[add(i, i) for i in range(10)] -> xsum", 90),
    ("add(1, 1) -> [add(1), add(2)] -> xsum -> add(100)", 107),
    ("[add(1, 1), add(2, 2)] -> [xsum, xsum] -> xsum", 12),
    ("map(xsum, [[1, 2], [3, 4]])", [3, 7]),
    ("starmap(add, [[2, 2], [4, 4]])", [4, 8]),
    ("chunks(add, [[n, n] for n in range(4)], 3)", [[0, 2, 4], [6]]),
]


@pytest.mark.parametrize(("text", "value"), FLOWS)
def test_the_same_in_flows(text: str, value: Any, here: Proj) -> None:
    assert flowc.loads(text, app=here.app).run(here.app).value == value
