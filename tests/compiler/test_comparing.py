"""Two plans side by side: who is who, and what is different."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

import flowc
from flowc.compiler.comparing import Difference, compare
from flowc.compiler.comparing.as_json import to_json
from flowc.compiler.comparing.folding import fold
from flowc.compiler.comparing.summary import counts, summary
from flowc.compiler.comparing.text import to_text
from flowc.compiler.plan import Plan

from ..fleet.submit.flows import flows


def plan(text: str) -> Plan:
    return flowc.loads(text).plan


def difference(old: str, new: str) -> Difference:
    return compare(plan(old), plan(new))


def told(old: str, new: str) -> list[str]:
    """The nodes that are different, with what is."""
    return [
        f"{one.status} {one.id}" + "".join(f"; {change.what}: {change.old} → {change.new}" for change in one.changes)
        for one in difference(old, new).nodes
    ]


FLOW = """
x = t.a(1, key="k") {expires = 1h}
y = [t.b(i) for i in range(3)]
y -> t.c(x) !> t.h("s")
t.d()
"""


def test_the_same_flow_laid_out_otherwise() -> None:
    other = """
    # a comment
    x = t.a(
        1,
        key = "k",
    ) {
        expires = 3600s,
    }

    y = [
        t.b(i)
        for i in range(3)
    ]
    y
      -> t.c(x)
      !> t.h("s")
    t.d()
    """
    found = compare(plan(FLOW), plan("\n".join(line[4:] for line in other.split("\n"))))
    assert not found
    assert summary(found) == "No difference."
    assert found.same == 6


@pytest.mark.parametrize(
    ("old", "new", "nodes"),
    [
        ("t.a()", "t.a()\nt.b()", ["added b#1"]),
        ("t.a()\nt.b()", "t.b()", ["removed a#1"]),
        ("t.a(1)", "t.a(2)", ["changed a#1; argument 1: 1 → 2"]),
        ("t.a(1)", "t.a(1.0)", ["changed a#1; argument 1: 1 → 1.0"]),
        ("t.a(true)", "t.a(1)", ["changed a#1; argument 1: true → 1"]),
        ("t.a(k=1)", "t.a(j=1)", ["changed a#1; argument j: None → 1; argument k: 1 → None"]),
        ("t.a(1, 2)", "t.a(1)", ["changed a#1; argument 2: 2 → None"]),
        ("t.a() {expires = 1h}", "t.a() {expires = 2h}", ["changed a#1; option expires: 1h → 2h"]),
        ("t.a() {priority = 1}", "t.a()", ["changed a#1; option priority: 1 → None"]),
        ("x = t.a()", "x = t.b()", ["changed x; task: t.a → t.b"]),
        # among steps without a name, equal ones are the same
        ("t.a(1)\nt.a(2)", "t.a(0)\nt.a(1)\nt.a(2)", ["added a#1"]),
        ("t.a(1)\nt.a(2)\nt.a(3)", "t.a(1)\nt.a(3)", ["removed a#2"]),
        ("t.a(1)\nt.a(2)\nt.a(3)", "t.a(1)\nt.a(4)\nt.a(3)", ["changed a#2; argument 1: 2 → 4"]),
        ("t.a(1) -> t.b\nt.a(2) -> t.b", "t.a(2) -> t.b\nt.a(1) -> t.b", []),
        # names
        ("x = t.a(1)\nt.b(x)", "z = t.a(1)\nt.b(z)", ["moved z; name: x → z"]),
        ("t.a(1) -> t.b", "x = t.a(2) -> t.b", ["changed x.a#1; name: a#1 → x.a#1; argument 1: 1 → 2", "moved x; name: b#1 → x"]),
        ("x = t.a(1)", "y = t.a(2)", ["added y", "removed x"]),
        # groups and sub-flows
        ("[t.a(1), t.b()]", "[t.a(1), t.b(), t.c()]", ["added c#1", "changed group#1; members: 2 → 3"]),
        (
            "x = [t.a(i) for i in range(2)]", "x = [t.a(i) {queue = \"q\"} for i in range(2)]",
            ["changed x[0]; option queue: None → \"q\"", "changed x[1]; option queue: None → \"q\""],
        ),
        (
            "x = t.a()\ny = t.b()\n[x, y] -> t.c", "x = t.a()\ny = t.b()\n[y, x] -> t.c",
            ["changed group#1; member 1: x → y; member 2: y → x"],
        ),
        # handlers
        ("t.a() !> t.h(1)", "t.a() !> t.h(2)", ["changed h#1; argument 1: 1 → 2"]),
        ("t.a()", "t.a() !> t.h", ["changed a#1; on error: None → h#1", "added h#1"]),
        ("t.a() !> t.h", "t.a() ~> t.h", ["changed a#1; on error: h#1 → None; on message: None → h#1"]),
        ("t.a() !> t.h", "t.a() !> each t.h", ["changed a#1; on error: h#1 → h#1, each"]),
    ],
)  # fmt: skip
def test_nodes(old: str, new: str, nodes: list[str]) -> None:
    assert told(old, new) == nodes


def test_a_step_that_went_into_a_sub_flow() -> None:
    found = difference("x = t.a(1)\ny = t.b(x)", "flow f():\n    x = t.a(1)\n    return x\nx = f()\ny = t.b(x)")
    (moved,) = found.nodes
    assert (moved.status, moved.was, moved.task) == ("moved", "x", "t.a")
    assert [change.what for change in moved.changes] == ["name", "sub-flow"]
    assert not found.edges


def test_edges() -> None:
    found = difference("x = t.a()\nx -> t.b\nt.c()", "x = t.a()\nx => t.b\nt.b2(x)\nt.c()")
    assert [(edge.status, edge.source, edge.target, edge.kind) for edge in found.edges] == [
        ("added", "x", "b#1", "then"),
        ("added", "x", "b2#1", "argument"),
        ("removed", "x", "b#1", "link"),
    ]


def test_the_flow_itself() -> None:
    found = difference('"""One."""\nx = t.a()\ny = t.b()\nx', '"""Two."""\nx = t.a()\ny = t.b()\ny')
    assert found.description is not None
    assert (found.description.old, found.description.new) == ("One.", "Two.")
    assert found.value is not None
    assert (found.value.old, found.value.new) == ("x", "y")
    assert summary(found) == "another value; another description; 2 steps as before"


def test_secrets_stay_secret() -> None:
    found = difference('t.a(secret("OLD"))', 't.a(secret("NEW"))')
    assert told('t.a(secret("OLD"))', 't.a(secret("NEW"))') == ['changed a#1; argument 1: secret("OLD") → secret("NEW")']
    assert 'secret("NEW")' in to_text(found)


def test_many_that_changed_alike_are_one_line() -> None:
    found = difference("x = [t.a(i) for i in range(300)]", "x = [t.a(i) {priority = 3} for i in range(301)]")
    assert [(one.name, len(one.nodes)) for one in fold(found.nodes)] == [("x[0] … x[299]", 300), ("x[300]", 1), ("x", 1)]
    assert "~ x[0] … x[299]  t.a (300 steps)" in to_text(found)
    assert summary(found) == "1 step added, 300 changed; 1 group changed; 1 edge added; no step as before"


def test_one_change_among_many_steps_without_a_name() -> None:
    wide = "\n".join(f"t.a({n}) -> t.b" for n in range(3000))
    found = difference(wide, wide.replace("t.a(1500)", "t.a(-1)"))
    assert [(one.status, one.id) for one in found.nodes] == [("changed", "a#1501")]
    found = difference(wide, f"t.a(-1)\n{wide}")
    assert [(one.status, one.id) for one in found.nodes] == [("added", "a#1")]
    assert not found.edges


def test_unnamed_steps_and_groups_that_feed_each_other_again_and_again() -> None:
    deep = " -> ".join(f"[t.a({n}), t.c({n})] -> t.b({n})" for n in range(12))
    found = difference(deep, f"[t.a(-1), t.c(-1)] -> t.b(-1)\n{deep}")
    assert [(one.status, one.id) for one in found.nodes] == [("added", "a#1"), ("added", "c#1"), ("added", "b#1"), ("added", "group#1")]


@settings(max_examples=60, deadline=None)
@given(flows(), flows())
def test_any_two_flows(old: str, new: str) -> None:
    before, after = plan(old), plan(new)
    assert not compare(before, before)
    there, back = compare(before, after), compare(after, before)
    steps, reverse = counts(there)["steps"], counts(back)["steps"]
    both = steps["changed"] + steps["moved"] + steps["same"]
    assert both + steps["removed"] == len(before.calls)
    assert both + steps["added"] == len(after.calls)
    assert (steps["added"], steps["removed"]) == (reverse["removed"], reverse["added"])
    ids = {call.id for call in after.calls} | {group.id for group in after.groups}
    for edge in there.edges:
        assert edge.status == "removed" or {edge.source, edge.target} <= ids
    assert json.loads(to_json(there, "a", "b"))["different"] == bool(there)
