"""Arrows and scopes: what starts what, and whose failure a handler is called for."""

from __future__ import annotations

import pytest

from .compiling import arguments_text, call, clean, codes, findings, one, plan, scope, scope_text, shown, steps, value_text


def test_a_link_prepends_the_result() -> None:
    made = clean("a -> b(1)\n")
    assert steps("a -> b(1)\n") == ["a#1 = a()", "b#1 = b(<a#1>, 1)"]
    trigger = call(made, "b#1").trigger
    assert (trigger.kind, trigger.link, trigger.after, trigger.needs) == ("link", "a#1", (), ("a#1",))


def test_a_then_hands_nothing_over() -> None:
    trigger = call(clean("a => b(1)\n"), "b#1").trigger
    assert steps("a => b(1)\n")[1] == "b#1 = b(1) after a#1"
    assert (trigger.kind, trigger.link, trigger.after, trigger.needs) == ("then", None, ("a#1",), ("a#1",))


def test_a_then_with_results_among_its_arguments_waits_for_both() -> None:
    made = call(plan("x = a()\nb => c(x)\n"), "c#1")
    assert (made.trigger.kind, made.trigger.needs) == ("join", ("x", "b#1"))


def test_on_error_calls_the_handlers_in_order_once() -> None:
    made = clean('a -> b !> [h, k("x")]\n')
    assert scope_text(made, "scope#1") == "a#1 b#1 !> h() k('x')"
    assert scope(made, "scope#1").kind == "error"
    assert not scope(made, "scope#1").each


def test_each_calls_the_handler_for_every_failing_step() -> None:
    assert scope(plan("[a, b] !> each h\n"), "scope#1").each
    assert scope_text(plan("a !> each [h, k]\n"), "scope#1") == "a#1 !> each h() k()"


def test_on_message() -> None:
    made = clean("a -> b ~> f\n")
    assert scope_text(made, "scope#1") == "a#1 b#1 ~> f()"
    assert scope(made, "scope#1").kind == "message"


def test_handlers_take_everything_left_of_them_in_the_statement() -> None:
    made = plan("a -> b !> h => c\n".replace(" => c", "\nc\n"))
    assert scope_text(made, "scope#1") == "a#1 b#1 !> h()"
    assert scope_text(plan("x = a -> [b, c] => d !> h\n"), "x.scope#1") == "x.a#1 x.b#1 x.c#1 x !> h()"


def test_arguments_and_group_members_are_inside_too() -> None:
    assert scope_text(plan("a(b(1)) -> [c, d(e())] !> h\n"), "scope#1") == "b#1 a#1 c#1 e#1 d#1 !> h()"


def test_parentheses_make_a_smaller_scope() -> None:
    made = plan("(a !> h) -> b\n")
    assert steps("(a !> h) -> b\n") == ["a#1 = a()", "b#1 = b(<a#1>)"]
    assert [c.scope for c in made.calls] == ["scope#1", None]


@pytest.mark.parametrize("arrow", ["->", "=>"])
@pytest.mark.parametrize("handler", ["!>", "~>"])
def test_an_arrow_behind_a_handler_is_an_error_that_says_what_to_do(arrow: str, handler: str) -> None:
    (found,) = findings(f"a {handler} h {arrow} b\n")
    assert found.code == "F0115"
    assert "parentheses" in found.help[0]


def test_links_bind_looser_than_operators_and_tighter_than_handlers() -> None:
    assert steps("1 + 2 -> f !> h\n") == ["f#1 = f(3)"]
    assert steps("1 if true else 2 -> f\n") == ["f#1 = f(1)"]
    assert steps("a => b -> c\n") == ["a#1 = a()", "b#1 = b() after a#1", "c#1 = c(<b#1>)"]


def test_the_value_of_a_scope_is_its_own() -> None:
    assert value_text(plan("a -> b !> h\n").value) == "<b#1>"
    assert steps("x = a !> h\nx -> b\n") == ["x = a()", "b#1 = b(<x>)"]


def test_a_scope_holds_the_steps_written_in_its_statement() -> None:
    made = plan("x = a()\nx -> b !> h\n")
    assert scope_text(made, "scope#1") == "b#1 !> h()"


@pytest.mark.parametrize(
    "text",
    [
        "x -> b !> h",
        "x.y -> b !> h",
        "(x -> b) !> h",
        "[x -> b, c] !> h",
        "[c, x => b, x -> c] -> b !> h",
        "[(x -> b !> h)]",
        "[i -> b for i in x] !> h",
        "[(i -> b) for i in x] -> c !> h",
    ],
)
def test_a_lint_points_at_a_head_that_is_left_uncovered(text: str) -> None:
    found = one(f"x = [a(), a()]\n{text}\n" if " for " in text else f"x = a()\n{text}\n")
    assert found.startswith("F0905 at `x")


def test_a_handler_of_a_sub_flows_call_covers_all_its_steps() -> None:
    assert codes("flow f():\n    x = a()\n    y = [x -> b, x -> c]\n    return y -> b\n\nf() !> h\n") == []


def test_the_lint_is_silent_where_the_head_has_a_handler_of_its_own() -> None:
    assert codes("x = a() !> h\nx -> b !> k\n") == []
    assert codes("x = a()\nx -> b ~> k\n") == []


@pytest.mark.parametrize("text", ["x !> h", "(x) !> h", "x.y !> h", "5 !> h", "[1, 2] !> h", "x ~> h"])
def test_a_scope_without_a_step_is_an_error(text: str) -> None:
    assert codes(f"x = a()\n{text}\nf(x)\n") == ["F0604"]


def test_nested_handlers_are_served_from_the_inside() -> None:
    made = plan("a -> (b !> inner) -> c !> outer\n")
    inner = call(made, "b#1").scope
    assert inner is not None
    assert scope(made, inner).handlers[0].task == "inner"
    assert scope(made, inner).parent == call(made, "a#1").scope
    assert scope_text(made, str(call(made, "a#1").scope)) == "a#1 b#1 c#1 !> outer()"


def test_clauses_behind_each_other_are_nested_in_written_order() -> None:
    made = plan("a !> h !> k ~> f\n")
    assert [s.handlers[0].task for s in made.scopes] == ["h", "k", "f"]
    assert [s.parent for s in made.scopes] == ["scope#2", "scope#3", None]
    assert call(made, "a#1").scope == "scope#1"


def test_a_handlers_own_arguments_follow_those_it_is_called_with() -> None:
    """The plan holds only the handler's own ones."""
    (handler,) = scope(plan('a !> page("etl", urgent=true)\n'), "scope#1").handlers
    assert (handler.task, arguments_text(handler)) == ("page", "('etl', urgent=True)")


def test_a_declared_handler_is_checked_with_the_three() -> None:
    declared = "task p.page(request, exc, traceback, who: str)\ntask p.plain(request, exc, traceback)\ntask p.old(id: str)\n"
    assert codes(declared + 'x.a() !> p.page("x") !> p.plain !> p.old\n') == []
    assert codes(declared + "x.a() !> p.page\n") == ["F0401"]
    assert codes(declared + 'x.a() !> p.plain("x")\n') == ["F0402"]
    assert codes(declared + "x.a() !> p.page(5)\n") == ["F0405"]


def test_handlers_are_in_no_scope_and_no_group() -> None:
    made = plan("[a, b !> h]\n".replace("b !> h", "(b !> h)"))
    assert [c.task for c in made.calls] == ["a", "b"]


@pytest.mark.parametrize("target", ["5", '"h"', "(h -> k)", "{k: 1}", "[]", "[h, 5]", "len([1])"])
def test_a_handler_is_a_task(target: str) -> None:
    assert codes(f"a !> {target}\n") == ["F0605"]


def test_a_handler_waits_for_nothing() -> None:
    assert codes("x = a()\nb !> h(x)\n") == ["F0606"]
    assert codes("b !> h(c())\n") == ["F0606"]


def test_constants_and_late_values_may_be_a_handlers_arguments() -> None:
    (handler,) = scope(plan("n = 5\na !> h(n, now, secret('S'))\n"), "scope#1").handlers
    assert arguments_text(handler) == "(5, now!(), secret!('S'))"


# ── bare names, literals and nested calls ────────────────────────────────────────────────────────────────────


def test_a_bare_name_is_a_call_without_arguments() -> None:
    assert steps("a -> b\n") == steps("a() -> b()\n")
    assert scope_text(plan("a !> h\n"), "scope#1") == scope_text(plan("a() !> h()\n"), "scope#1")


@pytest.mark.parametrize(
    ("head", "value"), [("5", "5"), ('"x"', "'x'"), ("[1]", "[1]"), ("null", "None"), ("2m", "120"), ("{k: 1}", "{k: 1}")]
)
def test_a_literal_may_start_a_chain(head: str, value: str) -> None:
    assert steps(f"{head} -> add(3)\n") == [f"add#1 = add({value}, 3)"]


def test_a_literal_before_a_then_is_dropped() -> None:
    assert steps("5 => add(3)\n") == ["add#1 = add(3)"]


def test_a_call_in_an_argument_is_a_step_of_its_own() -> None:
    made = clean("add(mul(2, 3), mul(4, 5))\n")
    assert [c.id for c in made.calls] == ["mul#1", "mul#2", "add#1"]
    assert call(made, "add#1").trigger.needs == ("mul#1", "mul#2")


def test_always_is_not_yet_supported() -> None:
    assert one("a *> sweep()\n").startswith("F0801 at `*> sweep()`")


def test_or_else_is_not_yet_supported() -> None:
    assert codes("x = a()\nf(x ?? 0)\n") == ["F0802"]


def test_findings_of_arrows_show_where() -> None:
    (found,) = findings("x = a()\nb -> x\n")
    assert shown(found) == "F0601 at `x`: `x` runs already"
    assert found.labels
