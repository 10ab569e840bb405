"""What pictures show of each part of the language: boxes, frames, lines, legend."""

from __future__ import annotations

import pytest

from flowc.compiler.diagram import drawing, render, to_dot
from flowc.compiler.graph import to_graph

from . import plans
from .reading import boxes, drawn, lines, parse_dot, plan_of, svg_heights, svg_places

#: A group whose members two others use; of the orders of its members several cross as few lines.
FORKED = "g = [a(i) for i in range(3)]\nh = [x -> b for x in g]\nt = g -> best\nreport(h, t) -> publish !> page"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = a()\nx -> b", {("x", "b#1", "data")}),
        ("x = a()\nb(x.n)", {("x", "b#1", "data")}),
        ("x = a()\nx => b", {("x", "b#1", "then")}),
        ("x = a()\nx => b(x)", {("x", "b#1", "data")}),
        ("x = a() !> h", {("x", "h#1", "on_error")}),
        ("x = a() ~> f", {("x", "f#1", "on_message")}),
        ("x = a()\n[x -> b, x -> c] -> d", {("x", "b#1", "data"), ("x", "c#1", "data"), ("b#1", "d#1", "data"), ("c#1", "d#1", "data")}),
    ],
)
def test_lines_have_the_kind_of_the_arrow(text: str, expected: set[tuple[str, str, str]]) -> None:
    def bare(key: str) -> str:
        return key.rsplit(".", 1)[-1]

    assert {(bare(tail), bare(head), kind) for tail, head, kind in lines(drawn(text))} == expected


def test_kinds_differ_by_stroke_and_head_not_by_colour_alone() -> None:
    looks = {}
    for text, kind in [("a -> b", "data"), ("a => b", "then"), ("a !> h", "on_error"), ("a ~> f", "on_message")]:
        (edge,) = parse_dot(to_dot(plan_of(text))).edges
        looks[kind] = (edge[2]["style"], edge[2]["arrowhead"])
    assert looks == {
        "data": ("solid", "normal"),
        "then": ("dotted", "empty"),
        "on_error": ("dashed", "vee"),
        "on_message": ("dotted", "vee"),
    }


def test_boxes_have_the_shape_of_their_kind() -> None:
    nodes = parse_dot(to_dot(plan_of("x = a() !> h\ny = b() ~> f"))).nodes
    assert {key: node["shape"] for key, node in nodes.items()} == {"x": "box", "y": "box", "x.h#1": "octagon", "y.f#1": "cds"}
    assert "rounded" in nodes["x"]["style"]


@pytest.mark.parametrize(
    ("text", "title", "detail"),
    [
        ("proj.tasks.add(2)", "add", ""),
        ("total = proj.tasks.add(2)", "total", "add"),
        ("add = proj.tasks.add(2)", "add", ""),
        ('proj.tasks.add(2) {queue = "q", priority = 3}', "add", "queue q"),
        ('x = proj.tasks.add(2) {queue = "q", countdown = 90s}', "x", "add · queue q · countdown 1m30s"),
        ("add(2) {eta = now + 2d}", "add", "eta now + 2d"),
        ("map(proj.add, [1, 2])", "map(add)", ""),
    ],
)
def test_a_box_shows_name_task_queue_and_time(text: str, title: str, detail: str) -> None:
    (box,) = drawn(text).boxes
    assert (box.title, box.detail) == (title, detail)


def test_a_tooltip_has_the_rest() -> None:
    declared = "task t.add(a: any, b: any) -> list[int]\ntask t.z() -> any\n"
    text = declared + 'z = t.z()\nx = t.add(z.count, b=secret("KEY")) {priority = 3, expires = 2h}'
    box = next(box for box in drawn(text).boxes if box.id == "x")
    assert box.tooltip.splitlines() == [
        'x = t.add(z.count, b=secret("KEY"))', "returns list[int]", "expires = 2h", "priority = 3", "the value of the flow", "a.flow:4",
    ]  # fmt: skip


def test_a_line_says_what_it_carries() -> None:
    carried = {line.head: line.tooltip for line in drawn("x = a()\nx.items[0] -> b(1, n=x.count)\nx => c").lines}
    assert carried == {"b#1": "x.items[0] as argument 1, x.count as n", "c#1": "x, then c#1"}


def test_the_flows_value_is_marked() -> None:
    assert [box.id for box in drawn("x = a()\ny = b()").boxes if box.result] == ["y"]
    group = drawn("x = a()\n[b, c(1)]")
    assert [frame.result for frame in group.frames] == [True]
    assert not any(box.result for box in group.boxes)
    assert {box.id for box in drawn("x = a()\ny = b()\n[x, y]").boxes if box.result} == {"x", "y"}


def test_sub_flows_and_groups_are_frames() -> None:
    picture = drawing(plans.sub_flows())
    assert [(frame.kind, frame.title, frame.detail, frame.parent) for frame in picture.frames] == [
        ("flow", "north", "daily", None),
        ("flow", "check", "", "flow north"),
        ("flow", "south", "daily", None),
        ("flow", "check", "", "flow south"),
    ]
    assert {box.id: box.frame for box in picture.boxes if box.id.startswith("north")} == {
        "north/read#1": "flow north",
        "north/check#1/count#1": "flow north/check#1",
        "north/check#1/judge#1": "flow north/check#1",
        "north/store#1": "flow north",
        "north/check#1/alert#1": "flow north/check#1",
    }
    clusters = parse_dot(to_dot(picture)).clusters
    assert sorted(map(len, clusters.values())) == [3, 3, 5, 5]


def test_groups_are_dashed_and_say_what_they_run_over() -> None:
    picture = drawn("raw = [a(r) for r in [1, 2]]\n[b, c]")
    assert [(frame.kind, frame.title, frame.detail) for frame in picture.frames] == [("group", "raw", "each r"), ("group", "", "")]
    looks = parse_dot(to_dot(picture)).attributes
    assert all("dashed" in look["style"] for look in looks.values())


def test_groups_in_sub_flows_and_sub_flows_in_groups() -> None:
    text = "flow f(x):\n    return [a(x), b(x)] -> c\n[f(i) for i in range(2)]"
    frames = drawn(text).frames
    parents = {frame.id: frame.parent for frame in frames}
    outer = next(frame.id for frame in frames if frame.detail == "each i")
    flows = [frame.id for frame in frames if frame.kind == "flow"]
    assert [parents[flow] for flow in flows] == [outer, outer]
    assert sorted(str(parents[frame.id]) for frame in frames if frame.kind == "group" and frame.id != outer) == sorted(flows)


def test_many_to_many_goes_through_a_point() -> None:
    picture = drawing(plans.every_kind())
    (join,) = [box for box in picture.boxes if box.kind == "join"]
    assert {line.tail for line in picture.lines if line.head == join.id} == {"left#1", "right#1", "centre#1"}
    assert {line.head for line in picture.lines if line.tail == join.id} == {"one#1", "two#1", "three#1"}
    assert join.tooltip == "all of these as one list"


def test_a_legend_where_three_kinds_occur() -> None:
    assert drawn("a -> b !> h").legend == ()
    assert drawn("a -> b => c !> h").legend == ("data", "then", "on_error")
    assert drawing(plans.every_kind()).legend == ("data", "then", "on_error", "on_message")
    assert drawn("a -> b !> h", legend=True).legend == ("data", "on_error")
    assert drawn("a -> b => c !> h", legend=False).legend == ()


def test_short_flows_run_to_the_right_and_long_ones_down() -> None:
    assert drawn("a -> b").direction == "LR"
    assert drawn(" -> ".join("abcdefghi")).direction == "TB"
    assert drawn("a -> b", direction="TB").direction == "TB"
    assert "rankdir=TB" in to_dot(plan_of("a -> b"), direction="TB")


def test_title_and_description() -> None:
    picture = drawn('"""What it does,\nand why."""\na')
    assert (picture.title, picture.description) == ("a", "What it does, and why.")


def test_a_flow_of_nothing_can_be_drawn() -> None:
    picture = drawn("# nothing\n")
    assert (picture.boxes, picture.lines) == ((), ())
    assert parse_dot(to_dot(picture)).nodes == {}


def test_a_part_of_a_graph_can_be_drawn() -> None:
    graph = to_graph(plans.at_a_glance())
    part = graph.subgraph(["report", "load#1", "audit#1"])
    assert lines(drawing(part)) == {("report", "load#1", "data"), ("load#1", "audit#1", "then")}


@pytest.mark.parametrize("make", [plans.one_liner, plans.at_a_glance, plans.diamond, plans.sub_flows, plans.every_kind, plans.mapped])
def test_the_same_plan_gives_the_same_text(make: object) -> None:
    assert callable(make)
    assert to_dot(make()) == to_dot(make())


def test_every_kind_of_box_and_line_reaches_the_dot_text() -> None:
    picture = drawing(plans.every_kind())
    parsed = parse_dot(to_dot(picture))
    assert len(parsed.nodes) == len(picture.boxes)
    assert len(parsed.edges) == len(picture.lines)
    assert len(parsed.clusters) == len(picture.frames)
    assert boxes(picture)[:4] == [("step", "a", 1), ("step", "left", 1), ("step", "right", 1), ("step", "centre", 1)]


def test_links_lead_to_the_line() -> None:
    plan = plan_of("\n\nx = a()")
    assert parse_dot(to_dot(plan)).nodes["x"]["URL"] == "a.flow#L3"
    assert parse_dot(to_dot(plan, base="https://host/blob/main/")).nodes["x"]["URL"] == "https://host/blob/main/a.flow#L3"
    assert not parse_dot(to_dot(plan, base=None)).nodes["x"].get("URL")


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("x = a()\nx -> b\nx -> c\nx -> d", ["b", "c", "d"]),
        ("x = a()\nx -> [b, c, d] -> e", ["b", "c", "d"]),
        ("[b, c, d] -> e", ["b", "c", "d"]),
        ("a\nb\nc -> d\ne", ["a", "b", "c", "e"]),
        ("a -> b !> h\n[c, d]\ne -> f -> g !> h", ["a", "c", "d", "e"]),
        ("flow f(x):\n    return a(x) -> b\no = f(1)\np = f(2)\nq = f(3)\nr(o, p, q)", ["o", "p", "q"]),
        ("g = [a(i) for i in [1, 2]]\nh = [x -> b for x in g]\nc(h)", ["g[0]", "g[1]"]),
        ("g = [a(i) for i in [1, 2]]\nh = [x -> b for x in g]\nc(h)", ["h[0]", "h[1]"]),
        (FORKED, ["g[0]", "g[1]", "g[2]"]),
        (FORKED, ["h[0]", "h[1]", "h[2]"]),
    ],
)
def test_what_is_written_first_is_drawn_above(text: str, order: list[str]) -> None:
    heights = svg_heights(render(to_dot(plan_of(text), direction="LR"), "svg"))
    assert sorted(order, key=heights.__getitem__) == order


@pytest.mark.parametrize(
    ("text", "order"),
    [("x = a()\nx -> [b, c, d] -> e", ["b", "c", "d"]), (FORKED, ["g[0]", "g[1]", "g[2]"]), (FORKED, ["h[0]", "h[1]", "h[2]"])],
)
def test_what_is_written_first_is_drawn_to_the_left(text: str, order: list[str]) -> None:
    """Ranks go down here, so that it is the abscissa that tells."""
    places = svg_places(render(to_dot(plan_of(text), direction="TB"), "svg"))
    assert sorted(order, key=places.__getitem__) == order
