"""Any canvas comes to the same: by its meaning, run here, sent message by message, and run by Celery from our dicts."""

from __future__ import annotations

import json
import uuid
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import flowc

from ...slices import some
from . import trees
from .tiny_worker import TinyWorker
from .trees import Chord, Group, ends, expected, written


def application() -> tuple[flowc.App, Any, Any]:
    app = flowc.App("proj", backend=f"memory://{uuid.uuid4().hex}")
    return app, app.task(name="proj.note")(trees.note), app.task(name="proj.only")(trees.only)


def value_of(app: flowc.App, result: Any) -> Any:
    """A result's value, groups flat; from the store, without waiting."""
    if hasattr(result, "results"):
        return [value for member in result.results for value in _listed(value_of(app, member), member)]
    meta = app.backend.get(result.id)
    assert meta is not None, result.id
    return meta["result"]


def _listed(value: Any, member: Any) -> list[Any]:
    return value if hasattr(member, "results") else [value]


APP, NOTE, ONLY = application()


@settings(max_examples=some(30), deadline=None)
@given(trees.trees(), st.booleans(), st.booleans())
def test_messages_lead_to_what_the_canvas_means(tree: Any, operators: bool, last_first: bool) -> None:
    worker = TinyWorker(APP)
    result = written(tree, flowc, NOTE, ONLY, operators=operators).apply_async(("<",))
    worker.run(last_first)
    assert worker.failed == []
    assert value_of(APP, result) == expected(tree, "<")


@settings(max_examples=some(30), deadline=None)
@given(trees.trees(), st.booleans())
def test_running_here_comes_to_the_same(tree: Any, operators: bool) -> None:
    result = written(tree, flowc, NOTE, ONLY, operators=operators).apply(("<",))
    leaves = [leaf.result for leaf in result.leaves()] if hasattr(result, "results") else result.result
    assert leaves == expected(tree, "<")


@settings(max_examples=some(30), deadline=None)
@given(trees.trees(), st.booleans())
def test_what_is_written_as_json_comes_to_the_same(tree: Any, operators: bool) -> None:
    worker = TinyWorker(APP)
    canvas = flowc.signature(json.loads(json.dumps(written(tree, flowc, NOTE, ONLY, operators=operators))), app=APP)
    result = canvas.apply_async(("<",))
    worker.run()
    assert value_of(APP, result) == expected(tree, "<")


@settings(max_examples=some(30), deadline=None)
@given(trees.trees())
def test_frozen_ids_are_those_that_it_is_sent_with(tree: Any) -> None:
    worker = TinyWorker(APP)
    canvas = written(tree, flowc, NOTE, ONLY)
    frozen = canvas.freeze()
    result = canvas.apply_async(("<",))
    worker.run()
    assert str(result) == str(frozen)
    assert value_of(APP, frozen) == expected(tree, "<")


@settings(max_examples=some(30), deadline=None)
@given(trees.trees())
def test_sending_changes_nothing_and_a_copy_is_equal(tree: Any) -> None:
    TinyWorker(APP)
    canvas = written(tree, flowc, NOTE, ONLY)
    before = json.dumps(canvas)
    copy = canvas.clone()
    assert copy == canvas
    canvas.apply_async(("<",), countdown=1, queue="q")
    copy.link(NOTE.s("!")) if not isinstance(tree, Group) else copy.link_error(NOTE.s("!"))
    assert json.dumps(canvas) == before


@settings(max_examples=some(30), deadline=None)
@given(trees.trees())
def test_each_result_has_those_before_it_as_parents(tree: Any) -> None:
    worker = TinyWorker(APP)
    result = written(tree, flowc, NOTE, ONLY).apply_async(("<",))
    worker.run()
    node = result
    while node is not None:
        value_of(APP, node)
        node = node.parent


def test_ends_of_a_chord_in_a_group() -> None:
    """The reference itself, on one case that is worked out by hand."""
    tree = Chord((trees.Step("a"), Group((trees.Step("b"), trees.Step("c")))), trees.Step("d"))
    assert expected(tree, "<") == "[<a,<b,<c]d"
    assert ends(Group((tree, trees.Step("e"))), "<") == ["[<a,<b,<c]d", "<e"]
