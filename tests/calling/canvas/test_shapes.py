"""What ``|`` and the constructors make, and what sending a canvas puts into its messages."""

from __future__ import annotations

import copy
import json
import pickle
import uuid
from typing import Any

import pytest

from flowc import App, Signature, Task, chain, chord, chunks, group, maybe_signature, signature, xmap, xstarmap
from flowc.exceptions import EncodeError, ImproperlyConfigured

from .tiny_worker import TinyWorker


@pytest.fixture
def app() -> App:
    return App("proj", backend=f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def worker(app: App) -> TinyWorker:
    return TinyWorker(app)


@pytest.fixture
def add(app: App) -> Task:
    return app.task(name="proj.add")(lambda x, y=0: x + y)


@pytest.fixture
def total(app: App) -> Task:
    return app.task(name="proj.total")(sum)


def kept(app: App, result: Any) -> Any:
    """What a call came to."""
    meta = app.backend.get(result.id)
    assert meta is not None
    return meta["result"]


# ------------------------------------------------------------------------------------------------------------------ signatures
def test_a_signature_is_a_dict_with_attributes(add: Task) -> None:
    sig = add.s(2, y=3).set(countdown=5)
    assert sig == {
        "task": "proj.add",
        "args": (2,),
        "kwargs": {"y": 3},
        "options": {"countdown": 5},
        "subtask_type": None,
        "immutable": False,
    }
    assert (sig.task, sig.name, sig.args, sig.kwargs, sig.options, sig.immutable, sig.type, sig.id) == (
        "proj.add", "proj.add", (2,), {"y": 3}, {"countdown": 5}, False, add, None,
    )  # fmt: skip
    assert (sig(), add.s(2)(4), add.si(2)(4, y=5)) == (5, 6, 2)
    assert repr(sig) == "proj.add(2, y=3)"
    sig.args, sig.id = (7,), "x"
    assert (sig["args"], sig["options"]["task_id"]) == ((7,), "x")
    assert add.signature((2, 2), countdown=10).options == {"countdown": 10}
    assert add.signature((2, 2), {}, {"countdown": 10}, immutable=True).immutable is True


def test_a_signature_survives_every_way_of_copying(add: Task, app: App) -> None:
    canvas = add.s(1, 2).set(link=[add.s(5)]) | group(add.s(i) for i in range(3))
    made = [
        copy.copy(canvas), copy.deepcopy(canvas), canvas.clone(), signature(canvas), signature(dict(canvas), app=app),
        type(canvas)(canvas.tasks), pickle.loads(pickle.dumps(canvas)),
    ]  # fmt: skip
    assert all(one == canvas and type(one) is chain and type(one.tasks[1]) is group for one in made)
    made[2].tasks[0].options["link"].append("x")
    made[1].tasks[1].tasks.clear()
    assert len(canvas.tasks[0].options["link"]) == 1
    assert len(canvas.tasks[1]) == 3
    read = maybe_signature(json.loads(json.dumps(canvas)), app)
    assert json.loads(json.dumps(read)) == json.loads(json.dumps(canvas))
    assert read.tasks[1].tasks[0].type is add


@pytest.mark.parametrize(
    "broken",
    [
        {}, {"task": None}, {"task": 5}, {"task": ["x"]}, {"task": "t", "args": "ab"}, {"task": "t", "kwargs": [1]},
        {"task": "t", "options": 5}, {"task": "t", "subtask_type": "circle"}, {"task": "t", "subtask_type": ["chain"]},
        {"task": "celery.chunks", "kwargs": {}},
    ],
)  # fmt: skip
def test_what_is_no_signature_is_refused(broken: Any) -> None:
    with pytest.raises(ValueError, match=r"no signature|no subtask_type"):
        signature(broken)


@pytest.mark.parametrize("value", [5, "proj.add", None, [1]])
def test_a_canvas_takes_signatures_alone(value: Any, add: Task) -> None:
    if value is None:
        assert maybe_signature(None) is None
        return
    for make in (lambda: chain(add.s(1), value), lambda: group(add.s(1), value), lambda: chord([value], add.s())):
        with pytest.raises(TypeError, match="a signature is needed"):
            make()
    with pytest.raises(TypeError, match=r"write task\.s"):
        group(add, add)


def test_what_misses_is_filled_in(app: App) -> None:
    assert signature({"task": "t"}) == signature("t", app=app)


def test_links_are_lists_without_repeats(add: Task) -> None:
    sig, callback, errback = add.s(1), add.s(2), add.si(3)
    assert sig.link(callback) is callback
    sig.link(add.s(2))
    assert sig.link_error(errback) is errback
    assert sig.on_error(errback) is sig
    assert (sig.options["link"], sig.options["link_error"]) == ([callback], [errback])
    assert [one.task for one in sig.flatten_links()] == ["proj.add", "proj.add"]
    alone = add.signature((1,), link=add.s(5))
    alone.link(add.s(6))
    assert alone.options["link"] == [add.s(5), add.s(6)]


# -------------------------------------------------------------------------------------------------------------------- operators
def test_chains_are_flat_and_stay_what_they_were(add: Task) -> None:
    first = add.s(1, 1) | add.s(2)
    left, right = first | add.s(3), first | add.s(4)
    assert [repr(one) for one in (first, left, right)] == [
        "proj.add(1, 1) | add(2)", "proj.add(1, 1) | add(2) | add(3)", "proj.add(1, 1) | add(2) | add(4)",
    ]  # fmt: skip
    assert len((left | right | (add.s(9) | add.s(10))).tasks) == 8
    first.tasks.append(add.s(7))
    assert (len(left.tasks), len((first | add.s(8)).tasks)) == (3, 4)
    made = add.s(1)
    made |= add.s(2)
    assert type(made) is chain


def test_a_chain_that_nobody_has_looked_at_is_a_dict_like_any_other(add: Task) -> None:
    def fresh() -> Any:
        return add.s(1) | add.s(2)

    same = chain([add.s(1), add.s(2)])
    assert json.loads(json.dumps(fresh())) == json.loads(json.dumps(same))
    assert fresh() == same
    assert same == fresh()
    assert {"x": fresh()} == {"x": dict(same)}
    assert dict(fresh()) == dict(same) == {**fresh()} == fresh().copy()
    looks: list[Any] = [len, sorted, lambda one: "kwargs" in one, lambda one: one.get("kwargs"), lambda one: sorted(one.keys())]
    looks += [lambda one: len(one.values()), lambda one: one.pop("kwargs"), lambda one: one["kwargs"], lambda one: one.kwargs]
    for look in looks:
        assert look(fresh()) == look(same.clone())
    changed = fresh()
    changed["kwargs"] = {"tasks": [add.s(5)]}
    assert repr(changed) == "proj.add(5)"
    assert fresh() != changed


def test_upgrades(add: Task, total: Task) -> None:
    header = group(add.s(1), add.s(2))
    assert type(header | total.s()) is chord
    assert [type(one) for one in (add.s(0) | header).tasks] == [Signature, group]
    assert [type(one) for one in (add.s(0) | header | total.s()).tasks] == [Signature, chord]
    behind = (header | total.s()) | add.s(5)
    assert type(behind) is chord
    assert [one.task for one in behind.body.tasks] == ["proj.total", "proj.add"]
    assert header | group() is header
    assert len((add.s(1) | group()).tasks) == 1
    assert type(header | header) is chord
    with pytest.raises(TypeError):
        add.s(1) | 5


def test_links_of_a_chain_go_with_its_ends(add: Task) -> None:
    inner = add.s(1) | add.s(2)
    inner.link(add.s(7))
    inner.link_error(add.si(8))
    inner.set(queue="q")
    outer = inner | add.s(3)
    assert [one.options.get("link") for one in outer.tasks] == [None, [add.s(7)], None]
    assert [one.options.get("link_error") for one in outer.tasks] == [[add.si(8)], [add.si(8)], None]
    assert outer.options == {"queue": "q"}
    assert [one.options.get("link") for one in (add.s(0) | inner).tasks] == [None, None, [add.s(7)]]
    assert [len(one.options["link_error"]) for one in inner.unchain_tasks()] == [1, 1]
    assert "link" not in inner.tasks[1].options


def test_a_group_takes_any_iterable(add: Task) -> None:
    for made in (group(add.s(1), add.s(2)), group([add.s(1), add.s(2)]), group(add.s(i) for i in (1, 2)), group((add.s(1), add.s(2))),
                 group(group(add.s(1), add.s(2)))):  # fmt: skip
        assert made.tasks == [add.s(1), add.s(2)]
    assert (len(group(add.s(1))), len(group()), bool(group())) == (1, 0, False)
    assert [one.options["countdown"] for one in group(add.s(1) for _ in range(4)).skew(start=1, stop=3, step=1).tasks] == [1, 2, 3, 3]


def test_maps_and_chunks(add: Task, worker: TinyWorker, app: App) -> None:
    assert type(add.map([1])) is xmap
    assert repr(add.starmap([(1, 2)])) == "[proj.add(*x) for x in [(1, 2)]]"
    parts = add.chunks(zip(range(5), range(5), strict=True), 2)
    assert type(parts) is chunks
    assert [type(one) for one in parts.group().tasks] == [xstarmap] * 3
    result = parts.apply_async(queue="q")
    mapped = add.map([1, 2]).delay()
    worker.run()
    assert [kept(app, one) for one in result.results] == [[0, 2], [4, 6], [8]]
    assert kept(app, mapped) == [1, 2]
    assert {one["options"].get("queue") for one in worker.sent} == {"q", None}
    wrong: list[tuple[Any, type[Exception]]] = [(0, ValueError), (2.0, TypeError), (True, TypeError)]
    for n, error in wrong:
        with pytest.raises(error):
            add.chunks([], n)


# ------------------------------------------------------------------------------------------------------------------- messages
def test_a_chain_is_one_message_with_the_rest_backwards(add: Task, worker: TinyWorker) -> None:
    result = (add.s(2, 2) | add.s(4) | add.s(8)).apply_async(countdown=5, task_id="end", link_error=add.si(0))
    (message,) = worker.sent
    options = message["options"]
    assert (message["args"], options["countdown"], message["id"]) == ([2, 2], 5, result.parent.parent.id)
    assert [one["args"] for one in options["chain"]] == [[8], [4]]
    assert [one["options"]["task_id"] for one in options["chain"]] == ["end", result.parent.id]
    assert [len(one["link_error"]) for one in (options, *(one["options"] for one in options["chain"]))] == [1, 1, 1]
    assert set(options["chain"][0]) == {"task", "args", "kwargs", "options", "subtask_type", "immutable"}
    assert "countdown" not in options["chain"][0]["options"]


def test_a_group_is_one_batch_with_one_id(add: Task, worker: TinyWorker) -> None:
    result = group(add.s(i) for i in range(3)).delay(10)
    assert worker.batches == [3]
    assert [(one["options"]["group_id"], one["options"]["group_index"]) for one in worker.sent] == [(result.id, i) for i in range(3)]
    assert [one["args"] for one in worker.sent] == [[10, 0], [10, 1], [10, 2]]
    assert [one.id for one in result.results] == [one["id"] for one in worker.sent]
    assert not any("chord" in one["options"] for one in worker.sent)


def test_a_chord_counts_its_header_and_each_part_carries_the_body(add: Task, total: Task, worker: TinyWorker, app: App) -> None:
    opened = []
    app.backend.open_chord = lambda *args: opened.append((*args, len(worker.sent)))  # type: ignore[method-assign]
    result = (chord([add.s(1, 1), add.s(2, 2) | add.s(3), group(add.s(4, 4), add.s(5, 5))], total.s()) | add.s(9)).delay()
    assert opened == [(result.parent.parent.id, 4, 0)]
    assert [one["options"].get("group_index") for one in worker.sent] == [0, None, 2, 3]
    inner = worker.sent[1]["options"]["chain"][0]["options"]
    assert (inner["group_index"], inner["group_id"]) == (1, result.parent.parent.id)
    body = worker.sent[0]["options"]["chord"]
    assert (body["task"], body["options"]["task_id"], body["options"]["chain"][0]["options"]["task_id"]) == (
        "proj.total", result.parent.id, result.id,
    )  # fmt: skip
    assert inner["chord"] == body


def test_options_of_a_canvas_reach_its_parts(add: Task, total: Task, worker: TinyWorker) -> None:
    made = chord([add.s(1, 1), add.s(2, 2)], total.s(), queue="q", countdown=9)
    made.link(add.s(7))
    made.link_error(add.si(8))
    made.apply_async(task_id="body", priority=4)
    for one in worker.sent:
        options = one["options"]
        assert (options["queue"], options["countdown"], options["priority"], "link" in options) == ("q", 9, 4, False)
        body = options["chord"]["options"]
        assert (body["queue"], body["task_id"], body["priority"], len(body["link"]), len(body["link_error"])) == ("q", "body", 4, 1, 1)
        assert "countdown" not in body
    worker.sent.clear()
    group(add.s(1), add.s(2), queue="g").set(expires=5).apply_async((1,))
    assert [(one["options"]["queue"], one["options"]["expires"]) for one in worker.sent] == [("g", 5), ("g", 5)]


def test_a_group_as_a_whole_cannot_be_linked(add: Task, worker: TinyWorker) -> None:
    made = group(add.s(1, 1), add.s(2, 2))
    with pytest.raises(TypeError, match="link: use a chord"):
        made.apply_async(link=add.s(1))
    with pytest.raises(TypeError, match="link_error: give it to each task"):
        made.apply_async(link_error=add.s(1))
    made.link_error(add.si(9))
    made.link(add.s(8))
    assert ["link_error" in one.options for one in made.tasks] == [True, True]
    assert made.tasks[0].options["link"] == [add.si(8)]


def test_an_errback_of_a_group_or_chord_is_not_called_twice_for_one_failure(app: App, add: Task, total: Task, worker: TinyWorker) -> None:
    seen: list[str] = []
    errback = app.task(name="errback")(seen.append)
    fail = app.task(name="fail")(lambda *_: 1 / 0)
    (add.s(1, 1) | fail.s() | add.s(3)).on_error(errback.s()).delay()
    worker.run()
    assert len(seen) == 1
    group(fail.s(), fail.s(), add.s(1)).delay()
    made = group(fail.s(), fail.s(), add.s(1))
    made.link_error(errback.s())
    made.delay()
    worker.run()
    assert len(seen) == 3
    (group(fail.s(), add.s(1)) | total.s()).on_error(errback.s()).delay()
    assert [one["options"].get("link_error") for one in worker.queue] == [None, None]
    assert all(len(one["options"]["chord"]["options"]["link_error"]) == 1 for one in worker.queue)


def test_a_chord_needs_a_body_and_a_backend_that_counts(add: Task, total: Task, worker: TinyWorker, app: App) -> None:
    with pytest.raises(TypeError, match="has no body"):
        chord([add.s(1)])()
    assert chord([add.s(1)])(total.s()).parent is not None
    app.backend.keeps_groups = False  # type: ignore[misc]  # a backend that does not, for this test
    before = len(worker.sent)
    for made in (chord([add.s(1)], total.s()), add.s(1) | group(add.s(1)) | total.s(), group(add.s(1) | group(add.s(1)) | total.s())):
        with pytest.raises(ImproperlyConfigured, match="result_backend"):
            made.delay()
    assert len(worker.sent) == before
    group(add.s(1), add.s(2) | add.s(3)).delay()
    assert len(worker.sent) == before + 2


def test_empty_canvases(add: Task, total: Task, worker: TinyWorker, app: App) -> None:
    assert group().delay().results == []
    assert chain().delay() is None
    result = chord([], total.s()).delay()
    later = (add.s(1) | chord([], total.s())).delay()
    worker.run()
    assert (kept(app, result), kept(app, later)) == (0, 0)
    rest = [dict(add.s(4)), dict(add.s(2))]
    ends = [made.apply_async((1,), chain=rest) for made in (chain(), group(), group(chain()))]
    worker.run()
    assert [kept(app, one) for one in ends] == [3, 3, 3]
    assert [one["args"] for one in worker.sent[-3:]] == [[3, 4]] * 3


def test_replacing_a_task(app: App, add: Task, total: Task, worker: TinyWorker) -> None:
    @app.task(bind=True, name="swap")
    def swap(self: Task, x: int, how: str) -> Any:
        new = {"task": add.s(x, 1), "chain": add.s(x, 1) | add.s(1), "group": group(add.s(x, 1), add.s(x, 2)),
               "chord": chord([add.s(x, 1), add.s(x, 2)], total.s())}  # fmt: skip
        raise self.replace(new[how])

    def value(result: Any) -> Any:
        worker.run()
        return kept(app, result)

    assert value((add.s(1, 1) | swap.s("task") | add.s(100)).delay()) == 103
    assert value((add.s(1, 1) | swap.s("chain") | add.s(100)).delay()) == 104
    assert value((add.s(1, 1) | swap.s("group") | total.s()).delay()) == 7
    assert value(swap.s(5, "group").delay()) == [6, 7]
    assert value(chord([swap.s(1, "chord"), swap.s(1, "task"), add.s(1)], total.s()).delay()) == 8
    with pytest.raises(ImproperlyConfigured, match="empty"):
        swap.replace(chain())


def test_adding_to_a_chord(app: App, add: Task, total: Task, worker: TinyWorker) -> None:
    @app.task(bind=True, name="more")
    def more(self: Task, x: int) -> int:
        self.add_to_chord(add.s(x, 100))
        self.add_to_chord(group(add.s(x, 1_000), add.s(x, 2_000) | add.s(0)), lazy=True).delay()
        return x

    result = chord([more.s(1), add.s(2)], total.s()).delay()
    worker.run()
    assert kept(app, result) == 1 + 2 + 101 + 1_001 + 2_001
    with pytest.raises(ValueError, match="part of no chord"):
        more.add_to_chord(add.s(1))


# -------------------------------------------------------------------------------------------------------------------- largeness
def test_large_canvases_are_flat(add: Task, total: Task, worker: TinyWorker, app: App) -> None:
    made: Any = add.s(1, 0)
    for i in range(3_000):
        made = made | add.s(1) if i % 3 else made | group(add.s(0), add.s(1)) | total.s()
    result = made.delay()
    assert len(worker.sent) == 1
    assert len(json.dumps(worker.sent[0]["options"]["chain"])) < 3_000 * 1_000
    assert str(made.clone().freeze()) != str(result)
    assert len(repr(made)) < 20_000


def test_bodies_of_bodies_and_groups_behind_groups_of_any_depth(add: Task, total: Task, worker: TinyWorker, app: App) -> None:
    nested: Any = total.s()
    behind: Any = add.s(1, 0)
    for _ in range(600):
        nested = chord([add.s(0)], nested)
        behind = behind | group(total.s() if behind.task != "proj.add" else add.s(1))
    assert nested.clone() is not nested
    assert repr(nested).startswith("chord([")
    result, other = nested.apply_async((0,)), behind.delay()
    assert len(json.dumps(worker.sent[0])) < 1_000_000
    assert (result.parent is not None, other.parent is not None) == (True, True)


def test_groups_in_groups_too_deep_for_a_message_are_refused(add: Task, worker: TinyWorker) -> None:
    made: Any = add.s(1)
    for _ in range(2_000):
        made = group(chain(add.s(1), made))
    with pytest.raises(EncodeError, match="nested too deeply"):
        made.delay()
