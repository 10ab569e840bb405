"""Types and declarations: what goes where, through links, groups and reach-ins."""

from __future__ import annotations

import pytest

from .compiling import call, codes, plan, steps

TAKES = "task t.take(x: {wanted})\ntask t.give() -> {given}\n"


def fits(wanted: str, given: str) -> bool:
    """Whether a task's result of one type may be handed to a parameter of another, over an arrow and as an argument."""
    declared = TAKES.format(wanted=wanted, given=given)
    linked, argument = codes(declared + "t.give() -> t.take\n"), codes(declared + "t.take(t.give())\n")
    assert (linked, argument) in (([], []), (["F0406"], ["F0405"]))
    return not linked


def takes(wanted: str, value: str) -> bool:
    """Whether a value may be handed to a parameter of a type."""
    found = codes(f"task t.take(x: {wanted})\nt.take({value})\n")
    assert found in ([], ["F0405"])
    return not found


@pytest.mark.parametrize(
    "name", ["int", "float", "str", "bool", "bytes", "date", "datetime", "duration", "json", "any", "list[int]", "map[str]"]
)
def test_a_type_takes_itself(name: str) -> None:
    assert fits(name, name)


def test_int_goes_for_float_and_not_back() -> None:
    assert fits("float", "int")
    assert takes("float", "1")
    assert not fits("int", "float")
    assert not takes("int", "1.0")


def test_bool_does_not_go_for_int() -> None:
    assert not fits("int", "bool")
    assert not takes("int", "true")


def test_date_does_not_go_for_datetime() -> None:
    assert not fits("datetime", "date")
    assert not takes("datetime", "2026-11-22")
    assert takes("datetime", "2026-11-22T10:00:00Z")


def test_null_goes_only_to_optional_types() -> None:
    assert takes("int?", "null")
    assert not takes("int", "null")
    assert takes("any", "null")
    assert fits("int?", "int")
    assert not fits("int", "int?")


def test_undeclared_is_any() -> None:
    assert codes("task t.take(x: int)\nother.give() -> t.take\nt.take(other.give().deep[0])\n") == []
    assert codes("task t.take(x)\nt.take([1, null])\n") == []


def test_a_group_is_a_list() -> None:
    declared = "task t.int() -> int\ntask t.str() -> str\ntask t.ints(xs: list[int])\ntask t.both(xs: list[int | str])\n"
    assert codes(declared + "[t.int(), t.int()] -> t.ints\n") == []
    assert codes(declared + "[t.int(), t.str()] -> t.ints\n") == ["F0406"]
    assert codes(declared + "[t.int(), t.str()] -> t.both\n") == []
    assert codes(declared + "[] -> t.ints\n") == []


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("list[int]", "[1, 2]", '[1, "x"]'),
        ("map[int]", "{a: 1}", '{a: "x"}'),
        ("tuple[int, str]", '[1, "a"]', "[1, 2]"),
        ("tuple[int, str]", '[1, "a"]', '[1, "a", 2]'),
        ('"a" | "b"', '"a"', '"c"'),
        ("int | str", "1", "1.5"),
        ("{ok: bool, n: int}", "{ok: true, n: 1}", "{ok: true}"),
        ("{ok: bool, n: int}", "{n: 1, ok: true}", '{ok: "yes", n: 1}'),
        ("duration", "5m", '"x"'),
        ("duration", "5", '"5m"'),
        ("date", "2026-11-22", '"2026-11-22"'),
        ("bool", "false", "0"),
        ("str", '"x"', "1"),
        ("json", "{a: [1, null]}", "2026-11-22"),
    ],
)
def test_values_are_checked_against_types(wanted: str, good: str, bad: str) -> None:
    assert takes(wanted, good)
    assert not takes(wanted, bad)


def test_types_reach_through_records_lists_and_tuples() -> None:
    declared = "task t.get() -> {n: int, tags: list[str], pair: tuple[int, str]}\ntask t.int(x: int)\ntask t.str(x: str)\nr = t.get()\n"
    assert codes(declared + "t.int(r.n)\nt.str(r.tags[0])\nt.int(r.pair[0])\nt.str(r.pair[1])\n") == []
    assert codes(declared + "t.str(r.n)\n") == ["F0405"]
    assert codes(declared + "t.int(r.tags[0])\n") == ["F0405"]
    assert codes(declared + "r -> t.int(_.pair[1])\n") == ["F0405"]


def test_the_prepended_result_counts() -> None:
    declared = "task t.get() -> int\ntask t.add(x: int, y: int)\n"
    assert codes(declared + "t.get() -> t.add(1)\n") == []
    assert codes(declared + "t.get() -> t.add\n") == ["F0401"]
    assert codes(declared + "t.get() -> t.add(1, 2)\n") == ["F0402"]
    assert codes(declared + "t.get() -> t.add(x=1, y=2)\n") == ["F0404"]
    assert codes(declared + "t.get() -> t.add(x=1, y=_)\n") == []
    assert codes(declared + "t.get() => t.add(1, 2)\n") == []


def test_declarations_know_star_arguments() -> None:
    declared = "task t.f(x: int, *rest: str, deep: bool = false, **more: int)\n"
    assert codes(declared + 't.f(1, "a", "b", deep=true, k=2)\n') == []
    assert codes(declared + "t.f(1, 2)\n") == ["F0405"]
    assert codes(declared + 't.f(1, k="x")\n') == ["F0405"]
    assert codes(declared + "t.f()\n") == ["F0401"]


def test_declarations_know_keyword_only_parameters() -> None:
    declared = "task t.f(x, *, y: int, z = 1)\n"
    assert codes(declared + "t.f(1, y=2)\n") == []
    assert codes(declared + "t.f(1, 2)\n") == ["F0401", "F0402"]
    assert codes(declared + "t.f(1)\n") == ["F0401"]


def test_declarations_know_defaults_and_descriptions() -> None:
    assert codes('task t.f(x: int = 1, y: str? = null) -> int {queue = "q"} "What it does." as g\ng()\ng(2, "x")\nt.f()\n') == []
    assert codes('task t.f(x: int = "x")\nt.f()\n') == ["F0715"]


def test_a_declaration_without_brackets_takes_anything() -> None:
    assert codes("task t.f\nt.f(1, 2, k=3)\n") == []


def test_the_plan_says_what_a_step_returns() -> None:
    made = plan("task t.f() -> list[{n: int}?]\nx = t.f()\ny = o.g()\n")
    assert (call(made, "x").returns, call(made, "y").returns) == ("list[{n: int}?]", "any")


@pytest.mark.parametrize("text", ["integer", "list[what]", "map[int, int]", "int[str]", "tuple[nope]"])
def test_unknown_types_are_errors(text: str) -> None:
    assert codes(f"task t.f(x: {text})\n") in (["F0450"], ["F0451"])


def test_sub_flow_parameters_have_types_too() -> None:
    flow = "flow go(x: int) -> int:\n    return t.f(x)\n"
    assert codes(flow + "go('1')\n") == ["F0405"]
    assert steps(flow + "go(1)\n") == ["go#1/f#1 = t.f(1)"]


def test_items_of_map_and_starmap_are_checked() -> None:
    declared = "task t.add(x: int, y: int)\n"
    assert codes(declared + "starmap(t.add, [[1, 2], [3, 4]])\n") == []
    assert codes(declared + 'starmap(t.add, [[1, 2], [3, "x"]])\n') == ["F0405"]
    assert codes(declared + "map(t.add, [1])\n") == ["F0401"]
