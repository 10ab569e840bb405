"""Lines and blocks: where statements end, and what a file is worth."""

from __future__ import annotations

import pytest

from .compiling import clean, codes, one, plan, steps, value_text


def test_a_statement_is_a_line_and_a_semicolon_ends_one_too() -> None:
    assert steps("a(1)\nb(2); c(3);\n") == ["a#1 = a(1)", "b#1 = b(2)", "c#1 = c(3)"]


def test_line_breaks_in_brackets_do_not_count() -> None:
    assert steps("a(\n  1,\n[2,\n3], {\nk:\n1}\n)\n") == ["a#1 = a(1, [2, 3], {k: 1})"]


def test_a_line_that_begins_with_an_arrow_goes_on() -> None:
    assert steps("a()\n-> b()\n# between\n\n  => c()\n") == ["a#1 = a()", "b#1 = b(<a#1>)", "c#1 = c() after b#1"]


def test_the_line_behind_an_arrow_goes_on() -> None:
    assert steps("a() ->\n# between\n  b() =>\nc()\n") == ["a#1 = a()", "b#1 = b(<a#1>)", "c#1 = c() after b#1"]


def test_comments_are_no_text() -> None:
    assert steps("# one\na() # two -> b\n#three\n") == ["a#1 = a()"]


def test_a_string_at_the_top_describes_the_file() -> None:
    made = plan('"""What it does.\n\nMore."""\na()\n')
    assert made.description == "What it does.\n\nMore."
    assert plan('"short"\na()\n').description == "short"
    assert plan('a()\n"no description"\n').description is None


def test_a_string_at_the_top_of_a_flow_describes_it() -> None:
    assert steps('flow go():\n    "about"\n    return a()\ngo()\n') == ["go#1/a#1 = a()"]


def test_blocks_are_indented() -> None:
    assert steps("flow go():\n  x = a()\n  return x -> b\ngo()\n") == ["go#1/x = a()", "go#1/b#1 = b(<go#1/x>)"]
    assert one("flow go():\na()\n").startswith("F0108 ")


def test_tabs_and_spaces_do_not_mix_in_a_block() -> None:
    assert codes("flow go():\n    x = a()\n\treturn x\ngo()\n") == ["F0111"]
    assert codes("flow go():\n\tx = a()\n\treturn x\ngo()\n") == []


@pytest.mark.parametrize("text", ["x = a()\r\nx -> b\r\n", "x = a()\nx -> b", "\ufeffx = a()\nx -> b\n", "\n\nx = a()\n\n\nx -> b\n\n"])
def test_line_ends_and_marks_at_the_rim_do_not_matter(text: str) -> None:
    assert steps(text) == ["x = a()", "b#1 = b(<x>)"]


def test_statements_order_nothing() -> None:
    made = clean("a()\nb()\nc(1) -> d\n")
    assert [c.trigger.kind for c in made.calls] == ["start", "start", "start", "link"]


def test_a_file_is_worth_its_last_statement() -> None:
    assert value_text(plan("a()\nb() -> c\n").value) == "<c#1>"
    assert value_text(plan("a()\nx = 5\n").value) == "5"


def test_a_file_whose_last_statement_has_no_value_is_worth_null() -> None:
    """Declarations have no value."""
    for last in ("param n: int = 1", "from p import b", "task p.c", "flow f():\n    return 1", "defaults {queue = 'x'}"):
        text = f"{last}\n" if last.startswith("defaults") else f"f()\n{last}\n" if "flow" in last else f"p.c()\n{last}\n"
        assert plan(text).value is None
    assert plan("").value is None
    assert plan("# nothing\n").value is None


def test_ten_mistakes_are_ten_findings() -> None:
    assert codes("a() b()\n" * 10) == ["F0101"] * 10


def test_a_binding_is_worth_its_right_side_and_a_chain_its_last_stage() -> None:
    assert value_text(plan("x = a -> b\n").value) == "<x>"
    assert value_text(plan("x = [a, b]\n").value) == "<x>"
    assert value_text(plan("a -> [b, c]\n").value) == "<group#1>"


def test_an_arrow_may_stand_left_of_its_statement_in_the_same_block() -> None:
    text = "flow go():\n        a()\n        return b()\n            -> c()\n        -> d()\ngo()\n"
    assert steps(text)[1:] == ["go#1/b#1 = b()", "go#1/c#1 = c(<go#1/b#1>)", "go#1/d#1 = d(<go#1/c#1>)"]
    assert steps("  \na()\n-> b\n") == ["a#1 = a()", "b#1 = b(<a#1>)"]


def test_an_arrow_may_not_leave_its_block() -> None:
    assert one("flow go():\n    return a()\n-> b()\n").startswith("F0114 at `->`")


def test_a_string_at_the_head_of_a_chain_is_a_value() -> None:
    """Even as the first thing of a file or flow."""
    assert plan('"text" -> f\n').description is None
    assert steps('"text" -> f\n') == ["f#1 = f('text')"]
    assert steps("flow go():\n    'text' -> f\n    return 1\ngo()\n") == ["go#1/f#1 = f('text')"]
