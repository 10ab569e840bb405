"""Every format says the same: the boxes and lines that were to be drawn, of any plan, at any limit, whatever its names."""

from __future__ import annotations

import json

import networkx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.compiler.diagram import Drawing, drawing, for_mermaid, to_json, to_mermaid, to_text
from flowc.compiler.diagram.escape import visible
from flowc.compiler.graph import to_graph
from flowc.compiler.plan import Plan, Ref

from ..slices import every, some
from . import plans
from .plans import Builder
from .reading_formats import lines_of_dot, lines_of_json, lines_of_mermaid, lines_of_text, parse_mermaid, wanted
from .test_escape import HOSTILE, TEXTS, hostile_plan


def check_formats(picture: Drawing) -> None:
    asked = wanted(picture)
    assert lines_of_dot(picture) == asked
    assert lines_of_json(to_json(picture), picture) == asked
    assert lines_of_text(to_text(picture), picture) == asked
    text = to_mermaid(picture)
    assert lines_of_mermaid(text, picture) == asked
    chart = parse_mermaid(text)
    assert len(chart.words) == len(picture.boxes)
    assert len(chart.frames) == len(picture.frames) + bool(picture.legend)
    for number, box in enumerate(picture.boxes):
        title = "all" if box.kind == "join" else visible(box.title) or "\xa0"
        assert chart.words[f"n{number}"].startswith(title)
        place = chart.inside.get(f"n{number}")
        assert (picture.frames[int(place[1:])].id if place else None) == box.frame


def check_dependencies(plan: Plan, picture: Drawing) -> None:
    """What waited for what still does, through boxes that stand for both, or along lines."""
    ways: networkx.DiGraph[str] = networkx.DiGraph()
    ways.add_nodes_from(box.id for box in picture.boxes)
    parents = {frame.id: frame.parent for frame in picture.frames}
    for line in picture.lines:
        ways.add_edge(line.tail, line.head)
        for box in picture.boxes:
            around = box.frame
            while line.frame and around:
                if around == line.frame:
                    ways.add_edge(box.id, line.head)
                around = parents[around]
    reached = {key: networkx.descendants(ways, key) | {key} for key in ways}
    into = {(line.head, line.kind) for line in picture.lines}
    for tail, head, kind in to_graph(plan, pairs=10**9).edges(keys=True):
        a, b = picture.box_of(tail), picture.box_of(head)
        assert a is not None, tail
        assert b is not None, head
        assert b in reached[a] or (b, kind) in into, (tail, head, kind)
        if kind in ("link", "argument", "then"):
            assert b in reached[a], (tail, head, kind)


ALL = [plans.one_liner, plans.at_a_glance, plans.diamond, plans.sub_flows, plans.every_kind, plans.mapped]


@pytest.mark.parametrize("limit", [2, 6, 20, None])
@pytest.mark.parametrize("make", ALL)
def test_formats_agree_and_keep_what_waits_for_what(make: object, limit: int | None) -> None:
    assert callable(make)
    plan = make()
    for depth in (None, 0, 1):
        picture = drawing(plan, limit=limit, depth=depth)
        check_formats(picture)
        check_dependencies(plan, picture)


@settings(max_examples=some(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_plan_can_be_drawn_in_any_format(data: st.DataObject) -> None:
    b = Builder()
    places: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ())]
    groups: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for n in range(data.draw(st.integers(0, 4))):
        flow, group = data.draw(st.sampled_from(places))
        if data.draw(st.booleans()):
            places.append(((*flow, b.flow(f"f{n}", "sub", flow)), group))
        else:
            groups[f"G{n}"] = flow, group
            places.append((flow, (*group, f"G{n}")))
    for n in range(data.draw(st.integers(0, 3))):
        parent = f"S{n - 1}" if n and data.draw(st.booleans()) else None
        b.scope(f"S{n}", (f"h{n}", "h"), (f"k{n}", "k"), kind=data.draw(st.sampled_from(["error", "message"])), parent=parent)
    members: dict[str, list[Ref]] = {name: [] for name in groups}
    for n in range(data.draw(st.integers(1, 20))):
        needs = [Ref(f"c{m}") for m in data.draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True))] if n else []
        flow, group = data.draw(st.sampled_from(places))
        scope = data.draw(st.sampled_from([None, *(one.id for one in b.scopes)]))
        made = b.call(f"c{n}", data.draw(st.sampled_from(["t.a", "t.b"])), *needs, group=group, flow=flow, scope=scope)
        for name in group[-1:]:
            members[name].append(made)
    for name, (flow, parents) in groups.items():
        kind = data.draw(st.sampled_from(["list", "each", "chunks"]))
        b.group(name, tuple(members[name]), kind, "i", parents=parents, flow=flow)
    names = [*groups, *(["sub"] if b.flows else [])]
    plan = b.plan(Ref("c0"))
    picture = drawing(
        plan,
        limit=data.draw(st.sampled_from([2, 4, 10, 200, None])),
        few=data.draw(st.integers(1, 5)),
        depth=data.draw(st.sampled_from([None, 0, 1])),
        expand=data.draw(st.sets(st.sampled_from(names), max_size=2) if names else st.just(())),
        legend=data.draw(st.booleans()),
    )
    check_formats(picture)
    check_dependencies(plan, picture)


MORE = [
    "end", "click", "style x:y#1;", "1. one", "2) two", "- a", "+ b", "# h", "www.example.com", "a@b.example", "fa:fa-car", "`md`",
    "*x* _y_", "__init__", "$$x$$", "%%{init: {}}%%", "%% c", "a;b", "a#b;c", "ﬂ°°60¶ß", "x[1](y)", "x[0]", "***", "---", "A---oB",
    "@{shape: x}", "classDef a", "linkStyle 0", "|x|", "<br/>", ", ", "a, b", "each x", "result of: x", "scope 1", "(", "…", "a…",
]  # fmt: skip


@pytest.mark.parametrize("text", [*every(2, HOSTILE), *MORE], ids=lambda text: ascii(text)[:20])
def test_hostile_names_stay_text(text: str) -> None:
    picture = drawing(hostile_plan(text))
    check_formats(picture)
    for written in (to_json(picture), to_mermaid(picture), to_text(picture)):
        assert not [mark for mark in "\x00\x1b\r\u202e\u200b\u2066\x85\u2028" if mark in written]
    titles = {node["title"] for node in json.loads(to_json(picture))["nodes"]}
    assert titles == {box.title for box in picture.boxes}


@settings(max_examples=some(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_any_name_stays_text(text: str) -> None:
    check_formats(drawing(hostile_plan(text)))


def test_mermaid_keeps_to_what_github_draws() -> None:
    b = Builder("large", "d" * 300)
    for n in range(900):
        b.call(f"x{n}", f"t.{'long' * 9}{n}", *[Ref(f"x{m}") for m in {n // 2, n // 3} if m < n], options={"queue": "q" * 60})
    picture = drawing(b.plan(), limit=None, bound=for_mermaid())
    text = to_mermaid(picture)
    assert len(text) <= 50_000
    assert sum(parse_mermaid(text).lines.values()) <= 500
    assert picture.notes[-1] == "collapsed further, since Mermaid draws at most 500 lines and 50,000 characters"
    assert to_mermaid(b.plan(), limit=None) == text
    assert drawing(b.plan(), limit=40, bound=for_mermaid()).notes == drawing(b.plan(), limit=40).notes


def test_mermaid_gives_up_what_is_expanded_rather_than_its_limits() -> None:
    plan = plans.mapped(700)
    assert len(drawing(plan, expand=["parsed"]).boxes) == 704
    picture = drawing(plan, expand=["parsed"], bound=for_mermaid())
    assert len(picture.lines) <= 500
    assert len(to_mermaid(picture)) <= 50_000
    check_dependencies(plan, picture)


def test_each_kind_has_its_shape_and_its_arrow_in_mermaid() -> None:
    picture = drawing(plans.every_kind())
    text = to_mermaid(picture)
    assert parse_mermaid(text).samples == ["data", "then", "on_error", "on_message"]
    assert 'subgraph legend["' in text
    for words in ('{{"page"}}:::errback', '>"show"]:::listener', '(("all"))', '("bye<br/>countdown 5s"):::value', "-.-x", "-.-o", "-.->"):
        assert words in text


def test_the_model_has_places_and_is_sorted() -> None:
    model = json.loads(to_json(drawing(plans.sub_flows())))
    assert model["version"] == 1
    assert [node["id"] for node in model["nodes"]] == sorted(node["id"] for node in model["nodes"])
    assert [cluster["id"] for cluster in model["clusters"]] == sorted(cluster["id"] for cluster in model["clusters"])
    (node,) = [node for node in model["nodes"] if node["id"] == "north/read#1"]
    assert (node["task"], node["cluster"], node["steps"], node["count"]) == ("io.read", "flow north", 1, 1)
    assert node["source"] == {"file": "etl.flow", "line": 1, "column": 1, "end_line": 1, "end_column": 20}


def test_a_listing_says_what_each_step_waits_for() -> None:
    assert to_text(plans.at_a_glance(2)) == (
        "flow nightly\n"
        "# Nightly totals, one shard per region.\n"
        "group raw (each r):\n"
        "  raw[0] (proj.tasks.extract, queue io.eu)\n"
        "  raw[1] (proj.tasks.extract, queue io.us)\n"
        "group rows (each r):\n"
        "  rows[0] (proj.tasks.clean, queue etl)\n"
        "      result of: raw[0]\n"
        "  rows[1] (proj.tasks.clean, queue etl)\n"
        "      result of: raw[1]\n"
        "report (proj.tasks.total, queue etl)\n"
        "    result of: rows[0], rows[1]\n"
        "scope 1:\n"
        "  load#1 (proj.tasks.load, queue etl)\n"
        "      result of: report\n"
        "  audit#1 (proj.tasks.audit, queue etl, the value of the flow)\n"
        "      after: load#1\n"
        "show_progress#1 (handler of messages, proj.tasks.show_progress)\n"
        "    on messages of: scope 1\n"
        "page#1 (handler of errors, proj.tasks.page)\n"
        "    on error of: scope 1\n"
        "common/cleanup#1 (handler of errors, ops.cleanup)\n"
        "    on error of: scope 1\n"
    )


@pytest.mark.parametrize("make", ALL)
def test_the_same_plan_gives_the_same_bytes(make: object) -> None:
    assert callable(make)
    for write in (to_json, to_text, to_mermaid):
        assert write(make()) == write(make())
