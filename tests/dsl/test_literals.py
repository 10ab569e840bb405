"""Numbers, durations, dates, strings and f-strings."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.dsl import tree
from flowc.dsl.literals import MOST_DIGITS, BadWord, number

from .parsing import expression, mistakes, shape

UTC = dt.UTC


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0", 0),
        ("00", 0),
        ("42", 42),
        ("1_000", 1000),
        ("0xff", 255),
        ("0b101", 5),
        ("0o17", 15),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("1.5e-3", 0.0015),
        ("1_0.2_5", 10.25),
        ("007.5", 7.5),
        ("0x1d", 29),
        ("9" * MOST_DIGITS, 10**MOST_DIGITS - 1),
        ("500ms", dt.timedelta(milliseconds=500)),
        ("10s", dt.timedelta(seconds=10)),
        ("5m", dt.timedelta(minutes=5)),
        ("1.5h", dt.timedelta(minutes=90)),
        ("1w2d3h4m5s6ms", dt.timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5, milliseconds=6)),
        ("2026-11-22", dt.date(2026, 11, 22)),
        ("2026-11-22T10:00:00Z", dt.datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00", dt.datetime(2026, 11, 22, 10)),
        ("2026-11-22T10:00:00.25+01:00", dt.datetime(2026, 11, 22, 10, 0, 0, 250_000, tzinfo=dt.timezone(dt.timedelta(hours=1)))),
    ],
)
def test_words_that_begin_with_a_digit(word: str, value: Any) -> None:
    found = expression(word)
    assert isinstance(found, tree.Literal)
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        "5x", "1__0", "1_", "007", "0b2", "0xg", "1.5.5", "1h1h", "30m1h", "1.5h30m", "1hour", "5S", "1e", "1.5x", "2026-1-5", "2026-13-40",
        "0000-00-00", "2026-02-30", "5-3", "1-2-3", "20261122-1", "2026-11-22T25:00:00Z", "2026-11-22T10", "2026-11-22T10:00+1", "1²",
        "2026-11-22T24:00", "2026-11-22t10:00", "2026-11-22T10:00:60Z",
    ],
)  # fmt: skip
def test_words_that_are_nothing(word: str) -> None:
    found = mistakes(f"f({word})")
    assert found[0].split()[1] in ("F0106", "F0101")
    assert len(found) == 1


@pytest.mark.parametrize("word", ["9" * (MOST_DIGITS + 1), "9" * 100_000, "0x" + "f" * 4_000, "1e999", "9" * 30 + "w", "9" * 400 + ".0h"])
def test_too_large(word: str) -> None:
    with pytest.raises(BadWord) as caught:
        number(word)
    assert caught.value.code == "F0107"


def test_a_minus_needs_blanks_between_digits() -> None:
    assert shape(expression("5 - 3")) == ["Operation", "sum", ["5", "3"], ["-"]]
    assert shape(expression("x-3")) == ["Operation", "sum", ["x", "3"], ["-"]]
    assert mistakes("f(5-3)") == ["1:3 F0106 5-3"]


def test_negative_numbers_are_operations() -> None:
    assert shape(expression("-1")) == ["Unary", ["-"], "1"]


@given(st.integers(0, 10**30))
def test_integers_are_pythons(value: int) -> None:
    assert number(str(value)) == value


@given(st.timedeltas(dt.timedelta(0), dt.timedelta(days=99_999)))
def test_durations_add_up(value: dt.timedelta) -> None:
    value -= dt.timedelta(microseconds=value.microseconds % 1000)
    hours, seconds = divmod(value.seconds, 3600)
    word = f"{value.days}d{hours}h{seconds // 60}m{seconds % 60}s{value.microseconds // 1000}ms"
    assert number(word) == value


# ── strings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def text(written: str) -> Any:
    found = expression(written)
    assert isinstance(found, tree.Literal)
    return found.value


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_strings_are_jsons(value: str) -> None:
    written = json.dumps(value)
    assert text(written) == value
    assert text("'" + written[1:-1].replace("'", "\\'") + "'") == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("''", ""),
        ('""""""', ""),
        ("'it\\'s'", "it's"),
        ("'\"'", '"'),
        ('"\\/\\b\\f\\n\\r\\t\\\\"', "/\b\f\n\r\t\\"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\u00e9\\\\u00e9"', "é\\u00e9"),
        ('"""a\nb"c""d"""', 'a\nb"c""d'),
        ('"""a\r\nb"""', "a\nb"),
        ('"""a\\n\r\nb"""', "a\n\nb"),
        ("'''\"\"\"'''", '"""'),
        ('"# no comment"', "# no comment"),
    ],
)
def test_strings(written: str, value: str) -> None:
    assert text(written) == value


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (r'"a\qb\x"', ["1:3 F0109 \\q", "1:6 F0109 \\x"]),
        (r'"\u12"', ["1:2 F0109 \\u"]),
        (r'"\ud83d x"', ["1:2 F0109 \\ud83d"]),
        (r'"\ude00\ud83d\ude00"', ["1:2 F0109 \\ude00"]),
        (r'"\ud83d\n\ude00"', ["1:2 F0109 \\ud83d", "1:10 F0109 \\ude00"]),
        (r'"\ud83d\ud83d\ude00"', ["1:2 F0109 \\ud83d"]),
        ('f"{1}\\q"', ["1:6 F0109 \\q"]),
        ('"a\\', ['1:1 F0103 "']),
        ('"a', ['1:1 F0103 "']),
        ("'''a\nb", ["1:1 F0103 '''"]),
        ('"\ud800"', ["1:2 F0110 \ud800"]),
        ('"\0"', ["1:2 F0110 \0"]),
        ('"""a\rb"""', ["1:5 F0110"]),
    ],
)
def test_what_no_string_holds(written: str, found: list[str]) -> None:
    assert mistakes(written) == found


# ── f-strings ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ('f""', []),
        ('f"a"', ["a"]),
        ('f"io.{region}"', ["io.", "region"]),
        ('f"{a}{b}c"', ["a", "b", "c"]),
        ('f"{{{a}}}"', ["{", "a", "}"]),
        ('f"\\n{{\\u00e9}}"', ["\n{é}"]),
        ("f'{x[\"k\"]}'", [["Postfix", "x", [["Index", "'k'"]]]]),
        ("f'{ {a: 1} }'", [["MapExpr", [["MapItem", "a", "1"]]]]),
        ("f'''{a +\n  1}'''", [["Operation", "sum", ["a", "1"], ["+"]]]),
        ("f\"{f'{a}'}\"", [["FString", ["a"]]]),
        ("f\"{'}'}\"", ["'}'"]),
    ],
)
def test_fstrings(written: str, parts: list[object]) -> None:
    assert shape(expression(written)) == ["FString", parts]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ('f"{}"', ["1:3 F0119 {}"]),
        ('f"{ }"', ["1:3 F0119 { }"]),
        ('f"a{"', ["1:4 F0116 {"]),
        ('f"a}b{c}"', ["1:4 F0116 }"]),
        ('f"{a b}{c +}"', ["1:6 F0101 b", "1:12 F0101 }"]),
        ('f"{a!r}"', ["1:5 F0104 !"]),
        ('f"{a:>3}"', ["1:5 F0101 :"]),
        ('f"{if}"', ["1:4 F0105 if"]),
        ('f"{x["k"]}"', ["1:7 F0101 k"]),
    ],
)
def test_mistakes_in_fstrings(written: str, found: list[str]) -> None:
    assert mistakes(written) == found


def test_values_in_fstrings_have_their_places_in_the_file() -> None:
    written = 'x = f"io.{ region.name }!"'
    value = expression(written.removeprefix("x = "))
    (_, part, _) = value.parts
    assert written[part.span.start : part.span.end] == "region.name"
