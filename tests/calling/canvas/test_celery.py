"""Celery reads our canvases and we read Celery's: both come to the same, but for brackets around groups that Celery unrolls."""

from __future__ import annotations

import json
import uuid
from typing import Any

import celery
import celery.canvas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowc
from flowc.exceptions import StepError, UsageError

from ...slices import some
from . import trees
from .tiny_worker import TinyWorker
from .trees import expected, letters, written

APP = flowc.App("proj", backend=f"memory://{uuid.uuid4().hex}", set_as_current=False)
NOTE, ONLY = APP.task(name="woods.note")(trees.note), APP.task(name="woods.only")(trees.only)

PEER = celery.Celery("proj", broker="memory://", backend="cache+memory://", set_as_current=False)
# names of their own: Celery gives shared tasks to every application of a process
PEER_NOTE, PEER_ONLY = PEER.task(name="woods.note")(trees.note), PEER.task(name="woods.only")(trees.only)


def by_celery(canvas: Any, *args: Any) -> Any:
    made = celery.canvas.maybe_signature(json.loads(json.dumps(canvas)), app=PEER)
    return made.apply(args).get(disable_sync_subtasks=False)


@settings(deadline=None, max_examples=some(25))
@given(trees.trees(), st.booleans())
def test_celery_runs_our_canvases(tree: Any, operators: bool) -> None:
    canvas = written(tree, flowc, NOTE, ONLY, operators=operators)
    assert letters(by_celery(canvas, "<")) == letters(expected(tree, "<"))


@settings(deadline=None, max_examples=some(25))
@given(trees.trees(), st.booleans())
def test_we_run_celerys_canvases(tree: Any, operators: bool) -> None:
    worker = TinyWorker(APP)
    theirs = json.loads(json.dumps(written(tree, celery, PEER_NOTE, PEER_ONLY, operators=operators)))
    flowc.signature(theirs, app=APP).apply_async(("<",))
    worker.run()
    assert worker.failed == []
    ran = [message["task"] for message in worker.sent if not message["task"].startswith("celery.")]
    assert len(ran) == count(tree)
    eager = flowc.signature(theirs, app=APP).apply(("<",))
    leaves = eager.leaves() if hasattr(eager, "results") else [eager]
    assert letters([leaf.result for leaf in leaves]) == letters(expected(tree, "<"))


def count(tree: Any) -> int:
    if isinstance(tree, trees.Step):
        return 1
    parts = (*tree.header, tree.body) if isinstance(tree, trees.Chord) else tree.parts
    return sum(count(part) for part in parts)


@settings(deadline=None, max_examples=some(25))
@given(trees.trees())
def test_celery_runs_what_we_put_into_messages(tree: Any) -> None:
    """The rest of a chain and a chord's body, as they stand in a message."""
    worker = TinyWorker(APP)
    written(tree, flowc, NOTE, ONLY).apply_async(("<",))
    for message in worker.sent:
        options = message["options"]
        for following in (*(options.get("chain") or ()), *([options["chord"]] if options.get("chord") else ())):
            following["options"].pop("chain", None)  # Celery's apply() leaves it out
            value = by_celery(following, "<")
            assert letters(value) == letters(flowc.signature(following, app=APP).apply(("<",)).get())


# -------------------------------------------------------------------------------------------------- one signature, both libraries
KEYS = st.sampled_from(["queue", "countdown", "priority", "task_id", "expires", "group_id"])
OPTIONS = st.dictionaries(KEYS, st.integers(1, 9), max_size=3)
ARGS = st.lists(st.integers(), max_size=3).map(tuple)
KWARGS = st.dictionaries(st.sampled_from("xyz"), st.integers(), max_size=2)


@st.composite
def operations(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Things done to a signature, one after the other."""
    links = st.builds(lambda n: ("link", n), st.integers(0, 2))
    errors = st.builds(lambda n: ("link_error", n), st.integers(0, 2))
    clones = st.builds(lambda *parts: ("clone", parts), ARGS, KWARGS, OPTIONS)
    sets = st.builds(lambda options: ("set", options), OPTIONS)
    replaces = st.builds(lambda *parts: ("replace", parts), st.none() | ARGS, st.none() | KWARGS, st.none() | OPTIONS)
    fixed = st.builds(lambda flag: ("set_immutable", flag), st.booleans())
    return draw(st.lists(st.one_of(links, errors, clones, sets, replaces, fixed, st.just(("on_error", 0))), max_size=6))


def done(signature: Any, lib: Any, steps: list[tuple[str, Any]]) -> list[Any]:
    seen = []
    for what, value in steps:
        if what in ("link", "link_error", "on_error"):
            getattr(signature, what)(lib.signature(f"cb{value}", immutable=True))
        elif what == "clone":
            signature = signature.clone(value[0], value[1], **value[2])
        elif what == "replace":
            signature = signature.replace(*value)
        elif what == "set":
            signature = signature.set(**value)
        else:
            signature.set_immutable(value)
        seen.append(json.loads(json.dumps(signature)))
    return seen


@settings(max_examples=some(35), deadline=None)
@given(ARGS, KWARGS, OPTIONS, st.booleans(), operations())
def test_the_same_operations_give_the_same_dict(args: Any, kwargs: Any, options: Any, immutable: bool, steps: Any) -> None:
    given = {"args": args, "kwargs": kwargs, "options": options, "immutable": immutable}
    assert done(flowc.signature("proj.t", **given), flowc, steps) == done(celery.signature("proj.t", **given), celery, steps)


@settings(max_examples=some(35), deadline=None)
@given(ARGS, KWARGS, OPTIONS, st.booleans(), ARGS, KWARGS, OPTIONS)
def test_partial_arguments_are_merged_as_celery_does(
    args: Any, kwargs: Any, options: Any, immutable: bool, more: Any, named: Any, newer: Any
) -> None:
    given = {"args": args, "kwargs": kwargs, "options": options, "immutable": immutable}
    ours = flowc.signature("proj.t", **given).merged(more, named, newer)
    theirs = celery.signature("proj.t", **given)._merge(more, named, newer)
    assert [tuple(ours[0]), *ours[1:]] == [tuple(theirs[0]), *theirs[1:]]


BOTH = [(flowc, NOTE, ONLY), (celery, PEER_NOTE, PEER_ONLY)]


@pytest.mark.parametrize(
    "write",
    [
        lambda lib, a, b: a.s("1"),
        lambda lib, a, b: b.si("1").set(queue="q"),
        lambda lib, a, b: a.s("1") | a.s("2") | a.s("3"),
        lambda lib, a, b: lib.chain(a.s("1"), a.s("2")),
        lambda lib, a, b: lib.chain(a.s(i) for i in "123"),
        lambda lib, a, b: a.s("1") | (a.s("2") | a.s("3")),
        lambda lib, a, b: lib.group(a.s("1"), a.s("2")),
        lambda lib, a, b: lib.group([a.s("1"), a.s("2")]) | a.s("3"),
        lambda lib, a, b: lib.chord([a.s("1"), a.s("2")], a.s("3")),
        lambda lib, a, b: lib.chord([a.s("1"), a.s("2")], a.s("3")) | a.s("4"),
        lambda lib, a, b: a.s("0") | lib.group(a.s("1"), a.s("2")),
        lambda lib, a, b: a.s("0") | lib.group(a.s("1"), a.s("2")) | a.s("3"),
        lambda lib, a, b: a.map(["1", "2"]),
        lambda lib, a, b: a.starmap([("1", "2")]),
        lambda lib, a, b: a.chunks([("1", "2"), ("3", "4")], 1),
    ],
)
def test_canvases_have_the_same_dict_and_text(write: Any) -> None:
    ours, theirs = [write(*one) for one in BOTH]
    assert json.loads(json.dumps(ours)) == json.loads(json.dumps(theirs, default=list))
    assert type(ours).__name__.strip("_") == type(theirs).__name__.strip("_")


# ------------------------------------------------------------------------------------------------------------- whatever comes
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "chain", "woods.note"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["task", "args", "tasks", "x"]), inner, max_size=3),
    max_leaves=6,
)
KINDS = st.sampled_from([None, "chain", "group", "chord", "xmap", "xstarmap", "chunks"])


@st.composite
def garbage(draw: st.DrawFn, depth: int = 2) -> Any:
    """A signature's dict, with anything wrong in it."""
    inner = garbage(depth - 1) if depth else ANY
    parts = st.lists(inner | ANY, max_size=3) | inner | ANY

    def some(*keys: str) -> Any:
        return draw(st.fixed_dictionaries({}, optional=dict.fromkeys(keys, parts)) | ANY)

    kwargs = some("tasks", "header", "body", "task", "it", "n", "kwargs")
    options = some("link", "link_error", "chain", "chord", "task_id", "group_id")
    task = draw(st.sampled_from(["woods.note", "celery.chunks", "celery.map"]) | ANY)
    made = {"task": task, "args": draw(ANY), "kwargs": kwargs, "options": options}
    return {**made, "subtask_type": draw(KINDS), "immutable": draw(ANY)} if draw(st.booleans()) else made


@settings(max_examples=some(35), deadline=None)
@given(garbage())
def test_a_damaged_signature_is_a_type_or_value_error(damaged: Any) -> None:
    worker = TinyWorker(APP)
    try:
        made = flowc.signature(damaged, app=APP)
        repr(made), made.clone(), made.freeze()
        made.apply_async(("<",))
    except (TypeError, ValueError, StepError, UsageError):
        assert worker.sent == []
