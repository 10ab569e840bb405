"""Values and literals: numbers, texts, durations, dates, maps, operators, built-in functions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from .compiling import argument, codes, plan, value_text

UTC = dt.UTC


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1_000", 1000),
        ("0xff", 255),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ('"text"', "text"),
        ("'text'", "text"),
        ('"""two\nlines"""', "two\nlines"),
        ("'it is \"so\"'", 'it is "so"'),
        ("[1, [2]]", (1, (2,))),
        ("500ms", 0.5),
        ("10s", 10),
        ("5m", 300),
        ("2h", 7200),
        ("1d", 86400),
        ("1w", 604800),
        ("1h30m", 5400),
        ("1d2h3m4s5ms", 93784.005),
        ("2026-11-22", dt.date(2026, 11, 22)),
        ("2026-11-22T10:00:00Z", dt.datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00+02:00", dt.datetime(2026, 11, 22, 10, tzinfo=dt.timezone(dt.timedelta(hours=2)))),
    ],
)
def test_literals(text: str, value: object) -> None:
    found = argument(f"work({text})\n")
    assert found == value
    assert type(found) is type(value)


def test_maps_have_names_or_texts_for_keys() -> None:
    assert value_text(argument('work({name: 1, "any key": {deep: []}})\n')) == "{name: 1, any key: {deep: []}}"


@pytest.mark.parametrize(
    ("text", "value"),
    [(r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'), (r'"\u0041\u00e9"', "Aé"), (r'"\ud83d\ude00"', "😀"), (r"'\''", "'"), ('"é 😀"', "é 😀")],
)
def test_strings_have_jsons_escapes(text: str, value: str) -> None:
    assert argument(f"work({text})\n") == value


@pytest.mark.parametrize("text", [r'"\x41"', r'"\d"', r'"\u12"', r'"\N{DASH}"', r'"\0"'])
def test_and_no_others(text: str) -> None:
    assert codes(f"work({text})\n") == ["F0109"]


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\udc00\ud800"', r'"a\ud83d"'])
def test_lone_surrogates_are_errors(text: str) -> None:
    assert "F0109" in codes(f"work({text})\n")


@pytest.mark.parametrize("text", [r'task "a\u0000b" as x', r'task "a\nb" as x', 'task "" as x'])
def test_control_characters_in_task_names_are_errors(text: str) -> None:
    assert codes(text + "\n") == ["F0413"]


def test_control_characters_in_headers_are_errors() -> None:
    assert codes(r'work() {headers = {k: "a\u0000"}}' + "\n") == ["F0509"]
    assert codes(r'work() {headers = {"a\n": 1}}' + "\n") == ["F0509"]


@pytest.mark.parametrize(
    "text", ["30m1h", "1h1h", "5x", "1s1h", "10 s", "1h 30m", "1mm", "2026-1-5", "2026-11-2", "1-2-3", "26-11-22", "2026-13-01"]
)
def test_words_that_begin_with_a_digit_and_are_nothing(text: str) -> None:
    """Durations are one word of descending units; digit-dash-digit words are dates or errors."""
    assert codes(f"work({text})\n") in (["F0106"], ["F0101"])


def test_m_is_minutes() -> None:
    assert argument("work(1m)\n") == 60
    assert argument("work(1ms)\n") == 0.001


@pytest.mark.parametrize("text", ["0000-00-00", "2026-02-30", "2026-00-10", "2026-11-22T25:00:00Z", "2026-11-22T10:61:00Z"])
def test_days_that_are_in_no_calendar(text: str) -> None:
    assert codes(f"work({text})\n") == ["F0106"]


@pytest.mark.parametrize("text", ["-5s", "2h - 3h", "[-1s]", "{k: -1s}"])
def test_negative_durations_only_with_now(text: str) -> None:
    assert codes(f"work({text})\n") == ["F0368"]


def test_now_may_have_durations_taken_off_or_added() -> None:
    assert value_text(argument("work(now - 5s)\n")) == "-!(now!(), duration!(5))"
    assert value_text(argument("work(now + -5s)\n")) == "+!(now!(), duration!(-5))"
    assert value_text(argument("ago = -5s\nwork(now + ago)\n")) == "+!(now!(), duration!(-5))"


# ── operators mean what they mean in Python ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "1 + 2 * 3",
        "(1 + 2) * 3",
        "7 // 2",
        "-7 // 2",
        "7 / 2",
        "7 % 3",
        "-7 % 3",
        "2 ** 3 ** 2",
        "-2 ** 2",
        "2 ** -1",
        "10 - 2 - 3",
        "2 * 3 % 4",
        "+1",
        "--1",
        "1 < 2",
        "1 < 2 < 3",
        "1 < 3 < 2",
        "1 == 1.0",
        "1 != 1.0",
        "'a' < 'b'",
        "[1, 2] == [1, 2]",
        "[1, 2] < [1, 3]",
        "2 in [1, 2]",
        "3 not in [1, 2]",
        "'a' in 'cat'",
        "not 1 == 2",
        "1 and 0 or 5",
        "[] or 'none'",
        "0 and 1",
        "1 or 2 and 0",
        "1 if 2 > 1 else 3",
        "1 if 0 else 2 if 0 else 3",
        "(1 if 1 else 2) + 1",
        "[1] + [2]",
        "'a' + 'b'",
        "'ab' * 2",
        "[0] * 3",
        "'abc'[1]",
        "'abc'[-1]",
        "[1, 2][-1]",
        "[[1, 2], [3]][1][0]",
        "0.1 + 0.2",
        "2 ** 0.5",
        "1_000 + 0xff",
        "len('abc')",
        "len([1, 2])",
        "min(3, 1, 2)",
        "max([1, 2])",
        "sum([1, 2.5])",
        "int('3')",
        "int(2.9)",
        "float('1.5')",
        "str(1)",
        "str(1.5)",
    ],
)
def test_operators_and_functions_are_pythons(text: str) -> None:
    expected = eval(text)  # the texts above, which are Python too
    found = argument(f"work({text})\n")
    assert found == (tuple(expected) if isinstance(expected, list) else expected)
    assert type(found) is (tuple if isinstance(expected, list) else type(expected))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("range(3)", (0, 1, 2)),
        ("range(1, 4)", (1, 2, 3)),
        ("range(10, 0, -5)", (10, 5)),
        ("zip([1, 2], ['a', 'b'])", ((1, "a"), (2, "b"))),
        ("enumerate(['a', 'b'])", ((0, "a"), (1, "b"))),
        ("enumerate(['a'], 5)", ((5, "a"),)),
        ("sorted(['b', 'a'])", ("a", "b")),
        ("len({k: 1})", 1),
        ("{k: 1}.k", 1),
        ('{"a b": 1}["a b"]', 1),
        ("2026-11-22 + 1d", dt.date(2026, 11, 23)),
        ("2026-11-22 - 2026-11-20", 172800),
        ("2026-11-22T10:00:00Z - 1h", dt.datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("1h * 2", 7200),
        ("1h / 2", 1800),
        ("1h / 30m", 2.0),
        ("90m - 1h", 1800),
        ("1h > 30m", True),
        ("2026-11-22 < 2026-11-23", True),
    ],
)
def test_values_of_the_languages_own(text: str, value: object) -> None:
    assert argument(f"work({text})\n") == value


@pytest.mark.parametrize(
    "text", ["1 + 'a'", "'a' + 1", "[1] + 1", "-'a'", "1 < 'a'", "{a: 1} + {b: 1}", "1 in 2", "2026-11-22 + 1", "now + 1"]
)
def test_what_does_not_go_together(text: str) -> None:
    assert codes(f"work({text})\n") == ["F0301"]


def test_and_or_and_if_evaluate_what_they_need() -> None:
    """As in Python; what is left out is checked all the same."""
    assert argument("work(1 or 2)\n") == 1
    assert argument("work(0 and 1)\n") == 0
    assert codes("work(true or wrong)\n") == ["F0203"]
    assert codes("work(1 if true else wrong)\n") == ["F0203"]


def test_f_strings() -> None:
    assert argument('r = "eu"\nwork(f"io.{r}/{1 + 1}{{x}}")\n') == "io.eu/2{x}"
    assert argument("work(f'{true} {null} {1.0} {[1]}')\n") == "true null 1.0 [1]"


def test_there_are_no_user_functions_and_no_methods() -> None:
    assert codes("work('a'.upper())\n") != []
    assert codes("work([1].append(2))\n") != []


@pytest.mark.parametrize("text", ["countdown = 90", "countdown = 1m30s", "countdown = 90.0"])
def test_a_bare_number_for_a_duration_is_seconds(text: str) -> None:
    assert dict(plan(f"work() {{{text}}}\n").calls[0].options.items) == {"countdown": 90}


def test_durations_travel_as_seconds() -> None:
    assert argument("param wait: duration = 1m\nwork(wait)\n") == 60


def test_dates_keep_their_type_through_json() -> None:
    made: Any = plan("work(2026-11-22, 2026-11-22T10:00:00Z)\n")
    assert type(made).from_json(made.to_json()).calls[0].args == made.calls[0].args
