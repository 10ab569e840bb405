"""What messages can carry of small flows: who is carried by whom, and whose handlers stand where."""

from __future__ import annotations

import pytest

from flowc.compiler.pipeline import Settings, compile_source
from flowc.compiler.plan import Canvas, Carried, Plan, Ref
from flowc.dsl.source import Source

from ..runtime.plans import call, handler, on_error, plan
from .celery_model import Workers, driven


def plan_of(text: str) -> Plan:
    compiled = compile_source(Source("t.flow", text), Settings(require_params=False))
    assert compiled.plan is not None, [f"{d.code} {d.message}" for d in compiled.findings]
    return compiled.plan


def ways(canvas: Canvas) -> dict[str, str]:
    """``{"b#1": "link of a#1 -> c#1 !> h#1"}``: how each is carried, what it starts, what its failure calls."""
    return {one.id: way(one) for one in canvas.carried}


def way(one: Carried) -> str:
    how = "then" if one.how == "link" and one.immutable else one.how
    text = how if one.by is None else f"{how} of {one.by}"
    text += f" -> {', '.join(one.links)}" if one.links else ""
    return text + (f" !> {', '.join(handler for _, handler in one.errbacks)}" if one.errbacks else "")


CARRIED = {
    "a(1)": {"a#1": "message"},
    "a -> b => c": {"a#1": "message -> b#1", "b#1": "link of a#1 -> c#1", "c#1": "then of b#1"},
    "x = a()\nx -> b\nx => c\nd(x, 2)": {
        "x": "message -> b#1, c#1, d#1", "b#1": "link of x", "c#1": "then of x", "d#1": "link of x",
    },
    "[a, b] -> c": {"a#1": "header of group#1", "b#1": "header of group#1", "c#1": "body of group#1"},
    "a -> [b, c] -> d": {
        "a#1": "message -> group#1", "b#1": "header of group#1", "c#1": "header of group#1", "d#1": "body of group#1",
    },
    "[a, b] => c": {"a#1": "header of group#1", "b#1": "header of group#1", "c#1": "body of group#1"},
    "[a -> a2, b] -> c": {
        "a#1": "header of group#1 -> a2#1", "a2#1": "link of a#1", "b#1": "header of group#1", "c#1": "body of group#1",
    },
    "g = [a(), b()]\ng -> c\ng -> d": {
        "g[0]": "header of g", "g[1]": "header of g", "g.join": "body of g -> c#1, d#1", "c#1": "link of g.join", "d#1": "link of g.join",
    },
    "[a] -> b": {"a#1": "message -> group#1.list", "group#1.list": "link of a#1 -> b#1", "b#1": "link of group#1.list"},
    "[a] => b": {"a#1": "message -> b#1", "b#1": "then of a#1"},
    "a -> [] -> b": {"a#1": "message -> b#1", "b#1": "then of a#1"},
    "[] -> b": {"b#1": "message"},
    "[] => b": {"b#1": "message"},
    "a -> [b, 5] -> c": {
        "a#1": "message -> group#1", "b#1": "header of group#1", "group#1.1": "header of group#1", "c#1": "body of group#1",
    },
    "x = a()\n[x, x -> b] -> c": {
        "x": "message -> group#1", "b#1": "header of group#1", "group#1.0": "header of group#1", "c#1": "body of group#1",
    },
    "[[a, b], c] -> d": {
        "a#1": "header of group#2", "b#1": "header of group#2", "c#1": "header of group#1", "group#2.join": "body of group#2",
        "d#1": "body of group#1",
    },
    "[[a, b], c] => d": {
        "a#1": "header of group#1", "b#1": "header of group#1", "c#1": "header of group#1", "d#1": "body of group#1",
    },
    "flow f():\n    a()\n    return b()\nf() => d": {
        "f#1/a#1": "header of d#1.all", "f#1/b#1": "header of d#1.all", "d#1": "body of d#1.all",
    },
    "raw = [a(i) for i in [1, 2]]\nrows = [r -> b for r in raw]\nrows -> c": {
        "raw[0]": "header of rows -> rows[0]", "raw[1]": "header of rows -> rows[1]",
        "rows[0]": "link of raw[0]", "rows[1]": "link of raw[1]", "c#1": "body of rows",
    },
}  # fmt: skip


@pytest.mark.parametrize("text", CARRIED)
def test_how_steps_are_carried(text: str) -> None:
    canvas = plan_of(text).canvas()
    assert ways(canvas) == CARRIED[text]
    assert canvas.whole
    assert canvas.remarks == ()


HANDLED = {
    # a chain: each step, since only one of them can fail
    "a -> b !> h": {"a#1": "message -> b#1 !> h#1", "b#1": "link of a#1 !> h#1"},
    "(a !> h) -> b": {"a#1": "message -> b#1 !> h#1", "b#1": "link of a#1"},
    "(a !> h) -> b !> [k, l]": {"a#1": "message -> b#1 !> h#1, k#1, l#1", "b#1": "link of a#1 !> k#1, l#1"},
    # header and body: the body has them for both
    "[a, b] -> c -> d !> h": {
        "a#1": "header of group#1", "b#1": "header of group#1", "c#1": "body of group#1 -> d#1 !> h#1", "d#1": "link of c#1 !> h#1",
    },
    # the header alone: glue has them, so that the failure of the body itself calls none
    "([a, b] !> h) -> c": {
        "a#1": "header of group#1", "b#1": "header of group#1", "group#1.join": "body of group#1 -> c#1 !> h#1",
        "c#1": "link of group#1.join",
    },
    # the body alone: glue keeps failures of the header from calling them
    "x = a()\n[x -> b, x -> c] -> (d !> h)": {
        "x": "message -> group#1", "b#1": "header of group#1", "c#1": "header of group#1", "group#1.join": "body of group#1 -> d#1",
        "d#1": "link of group#1.join !> h#1",
    },
    # part of the header
    "[(a !> h), b] -> c": {"a#1": "header of group#1 !> h#1", "b#1": "header of group#1", "c#1": "body of group#1"},
    # each failing step
    "[a, b] -> c !> each h": {
        "a#1": "header of group#1 !> h#1", "b#1": "header of group#1 !> h#1", "group#1.join": "body of group#1 -> c#1",
        "c#1": "link of group#1.join !> h#1",
    },
    "[a, b] !> each h": {"a#1": "message !> h#1", "b#1": "message !> h#1"},
    # what comes before a group and after it
    "a -> [b, c] -> d !> h": {
        "a#1": "message -> group#1 !> h#1", "b#1": "header of group#1", "c#1": "header of group#1", "d#1": "body of group#1 !> h#1",
    },
    # a group of groups: nobody tells the outer one of the inner header's failure
    "[[a, b], c] -> d !> h": {
        "a#1": "header of group#2", "b#1": "header of group#2", "c#1": "header of group#1", "group#2.join": "body of group#2 !> h#1",
        "d#1": "body of group#1 !> h#1",
    },
}  # fmt: skip


@pytest.mark.parametrize("text", HANDLED)
def test_where_handlers_stand_so_that_each_is_called_once(text: str) -> None:
    plan = plan_of(text)
    canvas = plan.canvas()
    assert ways(canvas) == HANDLED[text]
    assert canvas.remarks == ()
    ids = [call.id for call in plan.calls]
    for number in range(2 ** len(ids)):
        failing = {id_ for bit, id_ in enumerate(ids) if number >> bit & 1}
        wanted = driven(plan, failing).called
        for modern in (True, False):
            assert Workers(canvas, failing, modern=modern).play().called == wanted, (failing, modern)


REMARKED = {
    "[a, b, c] !> h": 3,
    "a -> [b, c] !> h": 2,
    "x = (a -> b !> h)\n[b(1), b(2), b(3)] -> c\n(x -> [c, d] -> [e, f]) !> h": 2,
    # before an inner group that ends a member, and in one that something follows: some versions tell the outer group too
    "[a -> [b, c], d] -> e !> h": 2,
    "[[a, b] -> c, d] -> e !> h": 2,
}


@pytest.mark.parametrize("text", REMARKED)
def test_where_a_handler_may_be_called_again_a_remark_says_how_often(text: str) -> None:
    plan = plan_of(text)
    canvas = plan.canvas()
    assert canvas.whole
    (remark,) = canvas.remarks
    most = REMARKED[text]
    assert remark.code == "F1010"
    assert f"`h` may be called up to {'twice' if most == 2 else f'{most} times'}" in remark.reason
    ids = [call.id for call in plan.calls]
    seen: set[int] = set()
    for number in range(2 ** len(ids)):
        failing = {id_ for bit, id_ in enumerate(ids) if number >> bit & 1}
        for modern in (True, False):
            called = Workers(canvas, failing, modern=modern).play().called
            wanted = driven(plan, failing).called
            assert called.keys() == wanted.keys()
            seen.update(called.values())
    assert max(seen) == most


OBSTACLES: dict[str, list[tuple[str, tuple[str, ...], str]]] = {
    "x = a()\ny = b()\nc(x, y)": [("F1001", ("c#1",), "`c#1` gets the results of `x` and `y`")],
    "x = a()\ny = b()\nc(x, y, x.n)": [("F1001", ("c#1",), "`x` and `y`"), ("F1004", ("c#1",), "reaches into a result (`x.n`)")],
    "flow f(v):\n    return b(v)\nx = a()\ny = c()\ny => f(x)": [("F1002", ("f#1/b#1",), "waits for `y` besides `x`")],
    "a -> b(1, _)": [("F1003", ("b#1",), "as argument 2")],
    "a -> b(n=_)": [("F1003", ("b#1",), "as the argument `n`")],
    "x = a()\nb(x, x)": [("F1003", ("b#1",), "twice")],
    "x = a()\nb(x[0])": [("F1004", ("b#1",), "argument 1 of `b#1` reaches into a result (`x[0]`)")],
    "x = a()\nb({n: x})": [("F1005", ("b#1",), "is a map with the result of `x` inside")],
    "x = a()\n[x.n, b()] -> c": [("F1004", ("c#1",), "member 0 of `group#1` reaches into a result (`x.n`)")],
    "x = a()\n[x -> b, x -> c, d()] -> e": [("F1006", ("e#1",), "some members of `group#1` come from `x`, and others do not")],
    "x = a()\n[x, b()] -> c\n[x, d()] -> e": [("F1009", ("e#1",), "`x` leads to two joins, of `group#1` and of `group#2`")],
    "a ~> show": [("F1008", ("a#1",), "`show` is to be called")],
    "x = a()\n[b(i, x) for i in [1, 2, 3]]": [("F1003", ("b#1", "b#2", "b#3"), "each of `b#1`, `b#2` and `b#3` gets the result")],
}  # fmt: skip


@pytest.mark.parametrize("text", OBSTACLES)
def test_what_no_message_can_carry(text: str) -> None:
    canvas = plan_of(text).canvas()
    assert not canvas.whole
    assert [(one.code, one.steps) for one in canvas.obstacles] == [(code, steps) for code, steps, _ in OBSTACLES[text]]
    for one, (_, _, said) in zip(canvas.obstacles, OBSTACLES[text], strict=True):
        assert said in one.reason


def test_all_obstacles_are_told_and_what_is_behind_them_is_left_out() -> None:
    canvas = plan_of("x = a()\ny = b()\nz = c(x, y)\nz -> d\nx -> e\nf(1, y)").canvas()
    assert [one.steps for one in canvas.obstacles] == [("z",), ("f#1",)]
    assert list(ways(canvas)) == ["x", "y", "e#1"]


def test_a_header_whose_join_cannot_be_carried_starts_by_itself() -> None:
    canvas = plan_of("g = [a(), b()]\nc(1, g)").canvas()
    assert ways(canvas) == {"g[0]": "message", "g[1]": "message"}
    assert canvas.chords == ()


def test_a_group_whose_list_nobody_gets_starts_by_itself() -> None:
    canvas = plan_of("x = a()\n[b(1, x), [c(), d()]] -> e").canvas()
    assert ways(canvas) == {"x": "message", "c#1": "message", "d#1": "message"}
    assert canvas.chords == ()


def test_arguments_are_those_of_the_message() -> None:
    canvas = plan_of("a(1, n=2) -> [] -> b(3, k=[])\n[] -> c(4)").canvas()
    assert [(one.id, one.args, one.kwargs.items) for one in canvas.carried] == [
        ("a#1", (1,), (("n", 2),)),
        ("b#1", ((), 3), (("k", ()),)),
        ("c#1", ((), 4), ()),
    ]


def test_paths_lead_from_the_header_to_what_is_collected() -> None:
    canvas = plan_of("[[a, b] -> c -> d, e -> f] -> g").canvas()
    assert [(one.id, one.by, one.members, one.body) for one in canvas.chords] == [
        ("group#2", "group#1", (("a#1",), ("b#1",)), "c#1"),
        ("group#1", None, (("group#2", "d#1"), ("e#1", "f#1")), "g#1"),
    ]


def test_a_timeout_is_remarked_on() -> None:
    canvas = plan_of("a() {timeout = 5s} -> b").canvas()
    assert canvas.whole
    assert [(one.code, one.steps) for one in canvas.remarks] == [("F1011", ("a#1",))]


def test_long_and_wide_flows_are_quick_and_need_no_recursion() -> None:
    assert plan_of("a() -> " + " -> ".join(["b"] * 9_999) + " !> h").canvas().whole
    nested = "\n".join(["g0 = [a(), a()]", *(f"g{n} = [g{n - 1}, a()]" for n in range(1, 400)), "g399 -> b !> h"])
    assert len(plan_of(nested).canvas().chords) == 400
    wide = plan_of("[a(i) -> b for i in range(2000)] -> c !> h").canvas()
    assert wide.whole
    assert wide.remarks == ()


def test_a_handler_that_gets_a_result_is_an_obstacle() -> None:
    """No text can say that (F0606), a plan can."""
    made = plan(call("a", "t", scope="s"), call("b", "t", scope="s"), on_error("s", handler("h", "t", Ref("a"))))
    assert [(one.code, one.where) for one in made.canvas().obstacles] == [("F1007", made.scopes[0].handlers[0].where)]
