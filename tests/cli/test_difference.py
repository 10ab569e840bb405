"""Unified diffs of two texts."""

from __future__ import annotations

from difflib import unified_diff

from hypothesis import given
from hypothesis import strategies as st

from flowc.cli.difference import unified
from flowc.dsl.alignment import changes

lines = st.lists(st.sampled_from("abcdefgh"), max_size=40)


@given(lines, lines)
def test_the_changes_make_one_text_of_the_other(before: list[str], after: list[str]) -> None:
    made: list[str] = []
    at = 0
    for i, k, j, m in changes(before, after):
        assert i >= at
        made += before[at:i] + after[j:m]
        at = k
    assert made + before[at:] == after


def test_it_reads_as_that_of_difflib() -> None:
    before = [f"line {n}" for n in range(60)]
    after = ["new", *before[:20], *before[22:40], "changed", *before[41:], "end"]
    ours = list(unified(before, after, "t.flow"))
    assert ours == list(unified_diff(before, after, "t.flow", "t.flow", lineterm=""))


def test_texts_that_are_the_same_have_none() -> None:
    assert list(unified(["a"], ["a"], "t.flow")) == []


def test_every_second_line_of_many_changed() -> None:
    before = [f"a{n} = f( )" if n % 2 else f"a{n} = f()" for n in range(100_000)]
    after = [f"a{n} = f()" for n in range(100_000)]
    assert len(list(changes(before, after))) == 50_000


def test_many_lines_that_are_all_the_same() -> None:
    assert len(list(changes(["a( )", "a()"] * 50_000, ["a()"] * 100_000))) == 1
