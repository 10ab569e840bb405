"""Pictures stay small: what is collapsed above the limit, and that every step is still accounted for."""

from __future__ import annotations

from dataclasses import replace

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.diagram import LIMIT, drawing, to_dot
from flowc.compiler.diagram.model import Drawing, LineKind
from flowc.compiler.diagram.sketch import Edge, Piece, Sketch
from flowc.compiler.diagram.thin import thin
from flowc.compiler.plan import Plan, Ref

from ..slices import some
from . import plans
from .plans import Builder
from .reading import boxes, lines, parse_dot


def independent(count: int) -> Plan:
    b = Builder()
    for n in range(count):
        b.call(f"x{n}", "t.add", n)
    return b.plan(b.call("end", "t.end", Ref("x0")))


def chain(count: int) -> Plan:
    b = Builder()
    for n in range(count):
        b.call(f"x{n}", f"t.task{n}", link=f"x{n - 1}" if n else None)
    return b.plan()


def tree(count: int) -> Plan:
    b = Builder()
    for n in range(count):
        b.call(f"x{n}", f"t.t{n}", *([Ref(f"x{n // 2}")] if n else []))
    return b.plan()


def sub_flows(count: int, task: str = "t.start") -> Plan:
    b = Builder()
    b.call("start", task)
    for n in range(count):
        flow = (b.flow(f"s#{n}", "s"),)
        b.scope(f"s#{n}/scope", (f"s#{n}/h#1", "t.h"))
        b.call(f"s#{n}/a", "t.a", link="start", flow=flow, scope=f"s#{n}/scope")
        b.call(f"s#{n}/b", "t.b", link=f"s#{n}/a", flow=flow)
    return b.plan()


def test_up_to_the_limit_nothing_is_collapsed() -> None:
    picture = drawing(chain(LIMIT))
    assert len(picture.boxes) == LIMIT
    assert picture.notes == ()


def test_collapsing_is_said_in_the_picture() -> None:
    picture = drawing(chain(LIMIT + 1))
    assert picture.notes == ("201 steps, collapsed: what is alike, inner sub-flows and groups are drawn as one box",)
    assert "201 steps, collapsed" in to_dot(picture)


def test_steps_that_are_alike_become_one() -> None:
    picture = drawing(independent(500))
    assert boxes(picture) == [("step", "x0", 500), ("step", "end", 1)]
    assert lines(picture) == {("x0", "end", "data")}


def test_sub_flows_become_one_box_each_and_alike_ones_one() -> None:
    picture = drawing(sub_flows(300))
    assert boxes(picture) == [("step", "start", 1), ("flow", "s", 300)]
    assert picture.boxes[1].detail == "600 steps"
    assert drawing(sub_flows(60)).notes == ()
    assert len(drawing(sub_flows(60)).boxes) == 181


def test_the_middle_of_a_long_row_is_left_out() -> None:
    picture = drawing(chain(1000))
    assert boxes(picture) == [("step", "x0", 1), ("run", "… 998 steps …", 1), ("step", "x999", 1)]
    assert len(picture.lines) == 2


def test_in_the_end_the_first_boxes_are_drawn() -> None:
    picture = drawing(tree(3000), limit=50)
    assert len(picture.boxes) == 50
    assert [box.title for box in picture.boxes[:3]] == ["x0", "x1", "x2"]
    assert picture.boxes[-1].kind == "rest"
    assert picture.boxes[-1].title == "… 2,951 steps more"
    assert picture.notes[0].endswith("only the first 49 boxes are drawn")


def test_no_limit() -> None:
    assert len(drawing(tree(300), limit=None).boxes) == 300


def everything_before(count: int) -> Plan:
    """Each step needs all before it."""
    b = Builder()
    for n in range(count):
        b.call(f"x{n}", f"t.t{n}", *(Ref(f"x{m}") for m in range(n)))
    return b.plan()


def test_lines_that_follow_from_others_are_left_out_where_there_are_too_many() -> None:
    assert len(drawing(everything_before(20)).lines) == 190
    picture = drawing(everything_before(60))
    assert lines(picture) == {(f"x{n}", f"x{n + 1}", "data") for n in range(59)}
    assert picture.notes == ("1,711 lines that follow from others are left out",)


def test_a_dense_picture_is_collapsed_further() -> None:
    b = Builder()
    for n in range(90):
        b.call(f"x{n}", f"t.t{n}")
    for n in range(90):
        b.call(f"y{n}", f"t.u{n}", *(Ref(f"x{m}") for m in range(90) if (n * m) % 7 != 3))
    picture = drawing(b.plan())
    assert len(picture.boxes) <= 100
    assert steps_in(picture) == 180
    assert picture.notes


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14), st.sampled_from(["data", "then"])), max_size=60))
def test_thinning_keeps_every_way(found: list[tuple[int, int, LineKind]]) -> None:
    keys = [f"n{n}" for n in range(15)]
    edges: dict[Edge, int] = {(keys[min(a, b)], keys[max(a, b)], kind): 1 for a, b, kind in found if a != b}
    whole = Sketch({key: Piece(key, "step", key, "t", 1, 1, (), None) for key in keys}, edges)
    thinned, left_out = thin(whole)
    assert len(thinned.edges) == len(edges) - left_out
    assert ways(thinned) == ways(whole)
    for edge in edges:
        others = replace(thinned, edges={other: 1 for other in thinned.edges if other != edge})
        assert edge not in thinned.edges or ways(others) != ways(whole)
        if edge[2] == "data" and edge not in thinned.edges:
            assert (edge[0], edge[1], "then") not in thinned.edges


def ways(small: Sketch) -> set[tuple[str, str]]:
    graph: networkx.DiGraph[str] = networkx.DiGraph((tail, head) for tail, head, _ in small.edges)
    return set(networkx.transitive_closure(graph).edges)


def steps_in(picture: Drawing) -> int:
    """Steps that the boxes say they stand for."""
    many = {frame.id: frame.many or 1 for frame in picture.frames}
    parents = {frame.id: frame.parent for frame in picture.frames}
    total = 0
    for box in picture.boxes:
        factor, frame = 1, box.frame
        while frame is not None:
            factor, frame = factor * many[frame], parents[frame]
        if box.kind == "step":
            total += box.count * factor
        elif box.kind in ("run", "rest", "flow", "group"):
            words = f"{box.title} {box.detail}".replace(",", "").split()
            total += int(words[[word.startswith("step") for word in words].index(True) - 1])
    return total


@pytest.mark.parametrize("limit", [2, 5, 20, 200])
@pytest.mark.parametrize(
    "make", [plans.every_kind, plans.sub_flows, lambda: chain(300), lambda: tree(300), lambda: sub_flows(150), plans.mapped]
)
def test_every_step_is_accounted_for(make: object, limit: int) -> None:
    assert callable(make)
    plan = make()
    picture = drawing(plan, limit=limit)
    assert len([box for box in picture.boxes if box.kind != "join"]) <= limit
    assert steps_in(picture) == len(plan.calls)
    parsed = parse_dot(to_dot(picture))
    assert len(parsed.nodes) == len(picture.boxes)


@settings(max_examples=some(25), deadline=None)
@given(st.data())
def test_any_plan_can_be_drawn_at_any_limit(data: st.DataObject) -> None:
    """Random plans with groups, sub-flows and scopes: never an exception, never too many boxes, no line to nowhere."""
    b = Builder()
    flows = [(), (b.flow("f", "f"),), (b.flow("g", "g"),)]
    size: int = data.draw(st.integers(1, 25))
    groups = data.draw(st.integers(0, 3))
    for n in range(groups):
        flow = data.draw(st.sampled_from(flows))
        members: list[str] = data.draw(st.lists(st.sampled_from([f"c{m}" for m in range(size)]), max_size=8))
        b.group(f"G{n}", tuple(Ref(m) for m in members), data.draw(st.sampled_from(["list", "each", "chunks"])), "i", flow=flow)
    for n in range(data.draw(st.integers(0, 3))):
        parent = f"S{n - 1}" if n and data.draw(st.booleans()) else None
        b.scope(f"S{n}", (f"h{n}", "h"), (f"k{n}", "k"), kind=data.draw(st.sampled_from(["error", "message"])), parent=parent)
    for n in range(size):
        needs = [Ref(f"c{m}") for m in data.draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True))] if n else []
        group = tuple(sorted(data.draw(st.sets(st.sampled_from([f"G{m}" for m in range(groups)]), max_size=2)))) if groups else ()
        scope = data.draw(st.sampled_from([None, *(one.id for one in b.scopes)]))
        task = data.draw(st.sampled_from(["t.a", "t.b"]))
        b.call(f"c{n}", task, *needs, group=group, flow=data.draw(st.sampled_from(flows)), scope=scope)
    limit = data.draw(st.sampled_from([2, 4, 10, 200, None]))
    picture = drawing(b.plan(Ref("c0")), limit=limit, few=data.draw(st.integers(1, 5)))
    names = {box.id for box in picture.boxes}
    frames = {frame.id for frame in picture.frames}
    assert limit is None or len(names) <= limit
    assert len(names) == len(picture.boxes)
    for line in picture.lines:
        assert {line.tail, line.head} <= names
        assert line.frame is None or line.frame in frames
    assert {box.frame for box in picture.boxes} - {None} <= frames
    assert len(parse_dot(to_dot(picture)).nodes) == len(names)
