"""The networkx graph of a plan: its nodes, its edges by kind, joins, handlers, and that it stays linear."""

from __future__ import annotations

from typing import Any

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.graph import PAIRS, to_graph
from flowc.compiler.pipeline import compile_source
from flowc.compiler.plan import Call, Group, Handler, Location, Map, Plan, Ref, Scope, Trigger
from flowc.dsl.source import Source

from ..slices import some

WHERE = Location("a.flow", 1, 1, 1, 2)


def graph_of(text: str, pairs: int = PAIRS) -> networkx.MultiDiGraph[str]:
    compiled = compile_source(Source("a.flow", text))
    assert compiled.plan is not None, compiled.findings
    return to_graph(compiled.plan, pairs=pairs)


def edges(graph: networkx.MultiDiGraph[str]) -> set[tuple[str, str, str]]:
    return {(tail, head, str(kind)) for tail, head, kind in graph.edges(keys=True)}


def step(key: str, *needs: str, scope: str | None = None, link: str | None = None) -> Call:
    args = tuple(Ref(need) for need in needs)
    return Call(key, "t", args, Map(), Map(), Trigger("join" if needs else "start", link, (), needs), (), (), scope, "any", WHERE)


def plan_of(*calls: Call, groups: tuple[Group, ...] = (), scopes: tuple[Scope, ...] = ()) -> Plan:
    return Plan("p", "what it does", calls, groups, scopes, (), None)


def gathered(key: str, *members: str, after: tuple[str, ...] = ()) -> Group:
    return Group(key, "list", tuple(Ref(member) for member in members), "", (), (), after, WHERE)


def test_a_step_node_has_what_its_call_has() -> None:
    graph = graph_of('x = a.b.f(1, k="v") {queue = "q"}')
    node: dict[str, Any] = dict(graph.nodes["x"])
    span = node.pop("span")
    assert (span.file, span.line, span.column) == ("a.flow", 1, 5)
    options = node.pop("options")
    assert options.get("queue") == "q"
    assert node.pop("kwargs") == Map((("k", "v"),))
    assert node == {"kind": "step", "task": "a.b.f", "args": (1,), "group": (), "flow": (), "scope": None, "returns": "any"}


def test_the_graph_says_what_it_is_of() -> None:
    plan = plan_of(step("a"))
    assert to_graph(plan).graph == {"name": "p", "description": "what it does", "version": plan.version, "plan": plan}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = a()\nx -> b", {("x", "b#1", "link")}),
        ("x = a()\nx => b", {("x", "b#1", "then")}),
        ("x = a()\nb(x)", {("x", "b#1", "argument")}),
        ("x = a()\nb(1, {k: [x]})", {("x", "b#1", "argument")}),
        ("x = a()\ny = c()\ny -> b(x)", {("x", "b#1", "argument"), ("y", "b#1", "link")}),
        ("x = a()\nx => b(x)", {("x", "b#1", "then"), ("x", "b#1", "argument")}),
        ("a !> h", {("a#1", "h#1", "on_error")}),
        ("a ~> f", {("a#1", "f#1", "on_message")}),
        ("a -> b !> [h, k]", {("a#1", "b#1", "link"), *((s, h, "on_error") for s in ("a#1", "b#1") for h in ("h#1", "k#1"))}),
        (
            "(a !> h) -> b !> k",
            {("a#1", "b#1", "link"), ("a#1", "h#1", "on_error"), ("a#1", "k#1", "on_error"), ("b#1", "k#1", "on_error")},
        ),
        ("[a, b] -> c", {("a#1", "c#1", "link"), ("b#1", "c#1", "link")}),
        ("[a, b] => c", {("a#1", "c#1", "then"), ("b#1", "c#1", "then")}),
        ("x = [[a, b], c]\nd(x)", {("x[0][0]", "d#1", "argument"), ("x[0][1]", "d#1", "argument"), ("x[1]", "d#1", "argument")}),
        ("x = a()\ny = x -> []\ny -> b", {("x", "b#1", "then")}),
    ],
)
def test_edges_have_the_kind_of_the_arrow(text: str, expected: set[tuple[str, str, str]]) -> None:
    def bare(key: str) -> str:
        return key.rsplit(".", 1)[-1]

    assert {(bare(tail), bare(head), kind) for tail, head, kind in edges(graph_of(text))} == expected


def test_uses_say_which_argument_and_what_inside_the_result() -> None:
    graph = graph_of('x = a()\nx -> b(x.count, k={a: x[0], b: x["any key"].z})')
    assert graph.edges["x", "b#1", "link"]["uses"] == ((0, ()), (1, ("count",)), ("k", (0,)), ("k", ("any key", "z")))
    placed = graph_of("a -> b(1, data=_.n)")
    assert placed.edges["a#1", "b#1", "link"]["uses"] == (("data", ("n",)),)


def test_nodes_and_edges_stand_in_text_order() -> None:
    graph = graph_of("b = t.z()\na = t.y(b)\nt.x(b, a) !> h")
    assert list(graph) == ["b", "a", "x#1", "h#1"]
    assert list(graph.edges(keys=True)) == [
        ("b", "a", "argument"),
        ("b", "x#1", "argument"),
        ("a", "x#1", "argument"),
        ("x#1", "h#1", "on_error"),
    ]


def test_a_join_stands_between_where_there_would_be_too_many_edges() -> None:
    text = "g = [a(i) for i in range(3)]\nb(g)\nc(g)"
    few = graph_of(text, pairs=6)
    assert len(few.edges) == 6
    assert "g" not in few
    many = graph_of(text, pairs=5)
    assert many.nodes["g"]["kind"] == "join"
    assert edges(many) == {*((f"g[{i}]", "g", "argument") for i in range(3)), ("g", "b#1", "argument"), ("g", "c#1", "argument")}
    assert [many.edges[f"g[{i}]", "g", "argument"]["uses"] for i in range(3)] == [((0, ()),), ((1, ()),), ((2, ()),)]


def test_a_join_never_takes_the_name_of_a_step() -> None:
    calls = (step("a"), step("b"), step("g"), step("x", "g2"), step("y", "g2"))
    plan = plan_of(*calls, groups=(gathered("g2", "a", "b"),))
    assert "g2" in to_graph(plan, pairs=1)
    clash = plan_of(*calls, step("g2"), groups=(gathered("g2", "a", "b"),))
    assert to_graph(clash, pairs=1).number_of_nodes() == 7


def test_all_pairs_stay_linear() -> None:
    size = 400
    members = tuple(step(f"m{n}") for n in range(size))
    consumers = tuple(step(f"c{n}", "g") for n in range(size))
    plan = plan_of(*members, *consumers, groups=(gathered("g", *(call.id for call in members)),))
    assert to_graph(plan).number_of_edges() == 2 * size


def test_groups_of_groups_stay_linear() -> None:
    doubling = (gathered("g0", "a", "b"), *(gathered(f"g{n}", f"g{n - 1}", f"g{n - 1}") for n in range(1, 60)))
    assert to_graph(plan_of(step("a"), step("b"), step("z", "g59"), groups=doubling)).in_degree("z") == 2
    depth = 2000
    calls = [step("s0")]
    groups = [gathered("g0", "s0")]
    for n in range(1, depth):
        calls.append(step(f"s{n}", f"g{n - 1}"))
        groups.append(gathered(f"g{n}", f"g{n - 1}", f"s{n}"))
    graph = to_graph(plan_of(*calls, groups=tuple(groups)))
    assert graph.number_of_edges() < 40 * depth


def test_scopes_stay_linear() -> None:
    def handler(key: str) -> Handler:
        return Handler(key, "h", (), Map(), Map(), WHERE)

    depth, width = 30, 100
    scopes = tuple(
        Scope(f"s{n}", "error", False, (handler(f"h{n}"), handler(f"k{n}")), f"s{n - 1}" if n else None, WHERE) for n in range(depth)
    )
    calls = tuple(step(f"c{n}.{m}", scope=f"s{n}") for n in range(depth) for m in range(width))
    graph = to_graph(plan_of(*calls, scopes=scopes))
    assert graph.number_of_edges() <= depth * (width + 4)
    for n in range(depth):
        served = networkx.ancestors(graph, f"h{n}")
        assert {call.id for call in calls if call.scope in {f"s{m}" for m in range(n, depth)}} <= served
        assert f"c{n - 1}.0" not in served


def test_references_to_nothing_are_left_out() -> None:
    assert set(to_graph(plan_of(step("a", "missing")))) == {"a"}


@settings(max_examples=some(30), deadline=None)
@given(st.data())
def test_no_graph_has_a_circle_and_every_need_is_a_way(data: st.DataObject) -> None:
    """Random plans: whatever a call needs leads to it, through joins or not, whatever the limit of pairs is."""
    size: int = data.draw(st.integers(1, 12))
    calls: list[Call] = []
    groups: list[Group] = []
    for n in range(size):
        known = [call.id for call in calls] + [group.id for group in groups]
        if data.draw(st.booleans()) and known:
            members = data.draw(st.lists(st.sampled_from(known), max_size=4))
            groups.append(gathered(f"g{n}", *members, after=tuple(known[:1])))
            known.append(f"g{n}")
        needs: list[str] = data.draw(st.lists(st.sampled_from(known), unique=True, max_size=4)) if known else []
        calls.append(step(f"c{n}", *needs))
    graph = to_graph(plan_of(*calls, groups=tuple(groups)), pairs=data.draw(st.integers(0, 10)))
    assert networkx.is_directed_acyclic_graph(graph)
    names = {call.id for call in calls}
    for call in calls:
        for need in call.trigger.needs:
            for waited in _steps_in(need, groups, names):
                assert networkx.has_path(graph, waited, call.id)


def _steps_in(key: str, groups: list[Group], calls: set[str]) -> set[str]:
    if key in calls:
        return {key}
    group = next(group for group in groups if group.id == key)
    inside = [member.id for member in group.members if isinstance(member, Ref)] or list(group.after)
    return set().union(*(_steps_in(member, groups, calls) for member in inside)) if inside else set()
