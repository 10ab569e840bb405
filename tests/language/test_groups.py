"""Groups and values: when brackets are a group, what members are, how groups link, comprehensions."""

from __future__ import annotations

import pytest

from .compiling import argument, call, call_text, clean, codes, group, one, plan, steps, value_text


def members(text: str, identity: str = "group#1") -> str:
    return value_text(group(plan(text), identity).members)


def test_members_run_in_parallel_and_the_value_is_their_list() -> None:
    made = clean("[a(1), b(2)]\n")
    assert [(c.id, c.trigger.kind, c.group) for c in made.calls] == [("a#1", "start", ("group#1",)), ("b#1", "start", ("group#1",))]
    assert value_text(group(made, "group#1").members) == "[<a#1>, <b#1>]"
    assert value_text(made.value) == "<group#1>"


def test_what_follows_a_group_starts_once_with_the_list() -> None:
    made = clean("[a, b] -> c\n")
    assert call_text(call(made, "c#1")) == "c#1 = c(<group#1>)"
    assert call(made, "c#1").trigger.kind == "join"
    assert call(made, "c#1").trigger.link == "group#1"
    assert call(made, "c#1").trigger.needs == ("group#1",)


def test_a_step_gives_its_result_to_each_member() -> None:
    assert steps("a -> [b, c(1)]\n")[1:] == ["b#1 = b(<a#1>)", "c#1 = c(<a#1>, 1)"]


def test_a_group_gives_its_list_to_each_member() -> None:
    assert steps("[a, b] -> [c, d]\n")[2:] == ["c#1 = c(<group#1>)", "d#1 = d(<group#1>)"]


def test_what_follows_a_group_waits_for_all_of_it_whatever_it_uses() -> None:
    for use in ("f(_[0])", "f(_[0], _[1])", "f(len=1)"):
        assert "group#1" in call(plan(f"[a, b, c] -> {use}\n"), "f#1").trigger.needs


def test_members_may_be_chains_names_and_groups() -> None:
    assert members("x = a()\n[b -> c, x, [d, e], x.n]\n") == "[<c#1>, <x>, <group#2>, <x.n>]"


def test_a_group_of_one_is_a_list() -> None:
    assert members("[a]\n") == "[<a#1>]"


def test_an_empty_group_is_done_at_once_with_an_empty_list() -> None:
    assert plan("[]\n").value == ()
    assert steps("[] -> a\n") == ["a#1 = a([])"]
    assert call(plan("[f(i) for i in []] -> a\n"), "a#1").args
    made = plan("[f(i) for i in []] -> a\n")
    assert group(made, "group#1").members == ()
    assert group(made, "group#1").after == ()


def test_an_empty_group_behind_an_arrow_waits_for_it() -> None:
    made = plan("a -> [] -> b\n")
    assert group(made, "group#1").after == ("a#1",)
    assert call_text(call(made, "b#1")) == "b#1 = b(<group#1>)"


@pytest.mark.parametrize("text", ["[a, 1]", "[1, f(x=2)]", "[a -> b]", "[(a)]", "[(a !> h)]", "[{k: a()}]", "[a().n]", "[[a()]]"])
def test_brackets_are_a_group_if_a_member_contains_a_step(text: str) -> None:
    assert plan(text + "\n").groups != ()


@pytest.mark.parametrize("text", ["[1, 2]", "[]", "[[1], {k: 2}]", "[1 + 2, len([3])]", "[now, secret('S')]", "[i for i in [1, 2]]"])
def test_brackets_without_steps_are_a_value(text: str) -> None:
    assert plan(text + "\n").groups == ()


def test_a_step_among_call_arguments_makes_the_call_the_member() -> None:
    assert members("[a(b(1))]\n") == "[<a#1>]"


def test_literal_members_stay_literal() -> None:
    assert members('[1, a, "x", {k: 2}, [3]]\n') == "[1, <a#1>, 'x', {k: 2}, [3]]"
    assert members("z -> [5, a]\n") == "[5, <a#1>]"


def test_a_list_value_at_a_head_is_passed_whole() -> None:
    assert steps("[1, 2] -> f\n") == ["f#1 = f([1, 2])"]
    assert steps("[i for i in [1, 2]] -> f\n") == ["f#1 = f([1, 2])"]


def test_a_list_value_right_of_an_arrow_is_an_error() -> None:
    assert one("a -> [1, 2]\n").startswith("F0603 at `[1, 2]`")


def test_brackets_round_a_bound_step_are_a_group_of_one() -> None:
    made = plan("x = a()\n[x] -> f\n")
    assert value_text(group(made, "group#1").members) == "[<x>]"
    assert call_text(call(made, "f#1")) == "f#1 = f(<group#1>)"


def test_steps_inside_a_map_are_references() -> None:
    assert steps("f({k: a(1), l: {m: b()}})\n")[2] == "f#1 = f({k: <a#1>, l: {m: <b#1>}})"
    assert steps("x = a()\n{k: x} -> f\n")[1] == "f#1 = f({k: <x>})"


def test_zip_and_enumerate_pair_members() -> None:
    head = "g = [a, b]\nh = [c, d]\n"
    assert steps(head + "[f(x, y) for x, y in zip(g, h)]\n")[4:] == ["f#1 = f(<g[0]>, <h[0]>)", "f#2 = f(<g[1]>, <h[1]>)"]
    assert steps(head + "[f(i, x) for i, x in enumerate(g)] -> z(h)\n")[4:6] == ["f#1 = f(0, <g[0]>)", "f#2 = f(1, <g[1]>)"]


def test_zip_stops_with_the_shortest() -> None:
    assert steps("g = [a, b]\n[f(x, y) for x, y in zip(g, [1])]\n")[2:] == ["f#1 = f(<g[0]>, 1)"]


def test_nested_loops_over_groups_are_a_product() -> None:
    made = steps("g = [a, b]\nh = [c, d]\n[f(x, y) for x in g for y in h]\n")
    assert made[4:] == [
        "f#1 = f(<g[0]>, <h[0]>)",
        "f#2 = f(<g[0]>, <h[1]>)",
        "f#3 = f(<g[1]>, <h[0]>)",
        "f#4 = f(<g[1]>, <h[1]>)",
    ]


def test_then_from_a_group_waits_for_all() -> None:
    made = call(plan("[a, b] => c\n"), "c#1")
    assert (made.args, made.trigger.after, made.trigger.needs) == ((), ("group#1",), ("group#1",))


def test_then_from_an_empty_group_starts_at_once() -> None:
    assert call(plan("[] => b\n"), "b#1").trigger.kind == "start"


# ── comprehensions ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_comprehension_over_known_values_is_unfolded() -> None:
    numbers = "numbers = [[1, 2], [0, 3], [4, 5]]\n"
    made = plan(numbers + "[add(i, j) for i, j in numbers if i > 0]\n")
    assert [call_text(c) for c in made.calls] == ["add#1 = add(1, 2)", "add#2 = add(4, 5)"]
    assert (made.groups[0].kind, made.groups[0].label) == ("each", "i, j")


def test_conditions_and_several_clauses_nest() -> None:
    assert argument("work([[i, j] for i in range(4) if i % 2 for j in range(i) if j != 1])\n") == ((1, 0), (3, 0), (3, 2))


def test_later_clauses_see_earlier_names() -> None:
    assert steps("[f(x) for xs in [[1, 2], [3]] for x in xs]\n") == ["f#1 = f(1)", "f#2 = f(2)", "f#3 = f(3)"]


def test_over_a_group_it_runs_over_the_members_without_a_barrier() -> None:
    made = plan("raw = [a(1), b(2)]\nrows = [r -> clean for r in raw]\n")
    assert [call(made, i).trigger.needs for i in ("rows[0]", "rows[1]")] == [("raw[0]",), ("raw[1]",)]


def test_over_a_written_group_too() -> None:
    made = plan("[r -> clean for r in [a(), b -> c]]\n")
    assert [call_text(c) for c in made.calls if c.task == "clean"] == ["clean#1 = clean(<a#1>)", "clean#2 = clean(<c#1>)"]


def test_over_a_result_it_is_not_yet_supported() -> None:
    assert codes("xs = a()\n[f(x) for x in xs]\n") == ["F0805"]
    assert codes("[f(x) for x in a()]\n") == ["F0805"]


def test_names_of_loops_end_with_them() -> None:
    assert codes("[f(i) for i in [1]]\ng(i)\n") == ["F0203"]


def test_options_behind_a_group_apply_to_each_member() -> None:
    made = plan('[a, b -> c] {queue = "q"}\n[f(i) for i in [1, 2]] {priority = 3}\n')
    assert [dict(c.options.items) for c in made.calls] == [{"queue": "q"}] * 3 + [{"priority": 3}] * 2


# ── one message for many calls ───────────────────────────────────────────────────────────────────────────────


def test_map_and_starmap_are_one_call_of_celerys_tasks() -> None:
    for name in ("map", "starmap"):
        made = call(plan(f"x = {name}(p.f, [[1], [2]])\n"), "x")
        assert made.task == f"celery.{name}"
        assert made.kwargs.get("it") == ((1,), (2,))
        signature = dict(made.kwargs.get("task").items)
        assert (signature["task"], signature["args"], signature["immutable"]) == ("p.f", (), False)


def test_chunks_sends_one_message_per_chunk() -> None:
    made = plan("x = chunks(f, [[1], [2], [3]], 2)\n")
    assert [(c.id, c.task, c.kwargs.get("it")) for c in made.calls] == [
        ("x[0]", "celery.starmap", ((1,), (2,))),
        ("x[1]", "celery.starmap", ((3,),)),
    ]
    assert made.groups[0].kind == "chunks"


def test_the_value_of_chunks_is_a_list_of_lists() -> None:
    declared = "task p.f(x: int) -> int\ntask p.take(xs: list[list[int]])\ntask p.flat(xs: list[int])\n"
    assert codes(declared + "chunks(p.f, [[1], [2]], 1) -> p.take\n") == []
    assert codes(declared + "chunks(p.f, [[1], [2]], 1) -> p.flat\n") == ["F0406"]


def test_a_linked_result_is_what_they_loop_over() -> None:
    assert call(plan("a -> map(f)\n"), "map#1").kwargs.get("it") == call(plan("a -> map(f, _)\n"), "map#1").kwargs.get("it")


# ── in one line each ─────────────────────────────────────────────────────────────────────────────────────────


def test_constants_may_be_named() -> None:
    assert steps("pairs = [[1, 2], [3, 4]]\nadd(pairs[1], n=pairs[0][1])\n") == ["add#1 = add([3, 4], n=2)"]


def test_a_list_or_comprehension_without_steps_is_a_value() -> None:
    assert argument("xs = [i * 2 for i in range(3)]\nwork([xs, [1]])\n") == ((0, 2, 4), (1,))


def test_a_handled_member_needs_parentheses() -> None:
    assert codes("[a !> h, b]\n") == ["F0101"]
    made = plan("[(a !> h), b]\n")
    assert [c.scope for c in made.calls] == ["scope#1", None]
