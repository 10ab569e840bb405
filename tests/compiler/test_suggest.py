"""Did-you-mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.compiler.suggest import did_you_mean, suggest


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("queu", ["queue", "eta"], "queue"),
        ("Queue", ["queue"], "queue"),
        ("ad", ["add"], "add"),
        ("dad", ["add", "bad"], "add"),
        ("expries", ["expires"], "expires"),
        ("add", ["proj.tasks.add"], "proj.tasks.add"),
        ("x", ["y"], None),
        ("load", ["total"], None),
        ("queue", ["queue"], None),
        ("", ["a"], None),
        ("a" * 10_000, ["b" * 10_000], None),
    ],
)
def test_the_nearest_word(word: str, known: list[str], expected: str | None) -> None:
    assert suggest(word, known) == expected


def test_equally_near_words_give_the_first_of_the_alphabet() -> None:
    assert suggest("cat", ["rat", "bat", "hat"]) == suggest("cat", {"hat", "rat", "bat"}) == "bat"


def test_many_known_words_cost_little() -> None:
    assert suggest("name77777", [f"name{n}" for n in range(100_000)]) is not None


def test_help_lines() -> None:
    assert did_you_mean("eat", ["eta"]) == ("did you mean `eta`?",)
    assert did_you_mean("zzzz", ["b", "a"]) == ("known here: `a`, `b`",)
    assert did_you_mean("zzzz", [f"name{n}" for n in range(50)]) == ()
    assert did_you_mean("zzzz", []) == ()


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=5))
def test_a_suggestion_is_known_and_another_word(word: str, known: list[str]) -> None:
    found = suggest(word, known)
    assert found is None or (found in known and found != word)
