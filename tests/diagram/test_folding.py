"""Comprehensions of many members are drawn once, with their number."""

from __future__ import annotations

import pytest

from flowc.compiler.diagram import FEW, drawing, to_dot

from . import plans
from .reading import boxes, drawn, lines, parse_dot


def test_few_members_are_drawn_one_by_one() -> None:
    picture = drawn(f"g = [a(i) for i in range({FEW})]")
    assert len(picture.boxes) == FEW
    assert [(frame.title, frame.detail, frame.many) for frame in picture.frames] == [("g", "each i", 0)]


def test_many_members_of_one_step_are_one_box() -> None:
    picture = drawn(f"g = [t.a(i) for i in range({FEW + 1})]")
    assert picture.frames == ()
    (box,) = picture.boxes
    assert (box.title, box.detail, box.count, box.result) == ("g", "a · each i", FEW + 1, True)
    assert box.tooltip.startswith("6 steps, the first: g[0] = t.a(0)")
    assert "dashed" in parse_dot(to_dot(picture)).nodes["g[0]"]["style"]


def test_many_members_of_several_steps_are_one_frame() -> None:
    picture = drawn("g = [t.a(i) -> b -> c for i in range(1000)]\ng -> z")
    (frame,) = picture.frames
    assert (frame.title, frame.detail, frame.many) == ("g", "each i", 1000)
    assert boxes(picture) == [("step", "a", 1), ("step", "b", 1), ("step", "g", 1), ("step", "z", 1)]
    assert lines(picture) == {("g[0].a#1", "g[0].b#1", "data"), ("g[0].b#1", "g[0]", "data"), ("g[0]", "z#1", "data")}
    assert not any(line.each for line in picture.lines)


def test_member_to_member_is_told_from_all_to_all() -> None:
    linked = drawn("g = [a(i) for i in range(50)]\nh = [x -> b for x in g]")
    assert [(line.tail, line.head, line.each) for line in linked.lines] == [("g[0]", "h[0]", True)]
    joined = drawn("g = [a(i) for i in range(50)]\nh = [b(g, i) for i in range(50)]")
    assert [(line.tail, line.head, line.each) for line in joined.lines] == [("g[0]", "h[0]", False)]
    assert len(joined.boxes) == 2


def test_members_that_differ_are_folded_by_task() -> None:
    picture = drawn("[a(i) if i % 4 == 0 else b(i) for i in range(40)] -> z")
    assert boxes(picture) == [("step", "a", 10), ("step", "b", 30), ("step", "z", 1)]
    assert picture.frames[0].many == 40


def test_groups_in_groups() -> None:
    picture = drawn("[[b(i, j) for i in range(30)] -> c(j) for j in range(20)] -> z")
    assert boxes(picture) == [("step", "b", 30), ("step", "c", 1), ("step", "z", 1)]
    assert [(frame.detail, frame.many) for frame in picture.frames] == [("each j", 20)]


def test_sub_flows_in_comprehensions() -> None:
    picture = drawn("flow f(x):\n    return a(x) -> b\n[f(i) for i in range(100)]")
    assert boxes(picture) == [("step", "a", 1), ("step", "b", 1)]
    assert [(frame.kind, frame.title, frame.many) for frame in picture.frames] == [("group", "", 100), ("flow", "f", 0)]


def test_handlers_of_members_are_folded_with_them() -> None:
    picture = drawn("[(a(i) !> h) -> b for i in range(100)]")
    assert boxes(picture) == [("step", "a", 1), ("step", "b", 1), ("errback", "h", 1)]
    assert {box.frame for box in picture.boxes} == {picture.frames[0].id}
    assert [line.kind for line in picture.lines if line.head == picture.boxes[2].id] == ["on_error"]


def test_chunks_are_folded() -> None:
    picture = drawn("chunks(t.a, range(1000), 10) -> b")
    assert boxes(picture) == [("step", "starmap(a)", 100), ("step", "b", 1)]
    assert picture.boxes[0].detail == "chunks"


@pytest.mark.parametrize("members", [6, 1000])
def test_the_picture_does_not_depend_on_the_number_of_members(members: int) -> None:
    picture = drawing(plans.at_a_glance(members))
    assert [(box.title, box.count) for box in picture.boxes[:2]] == [("raw", members), ("rows", members)]
    assert len(picture.boxes) == 8
    assert picture.notes == ()


def test_folding_can_be_chosen() -> None:
    assert len(drawing(plans.mapped(20), few=20).boxes) == 43
    assert len(drawn("[a, b, c, d, e, a(1), b(1), c(1)]").boxes) == 8
