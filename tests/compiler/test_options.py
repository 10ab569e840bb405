"""The options of a step: every row of the table, right and wrong, alone and together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.compiler.budget import Budget
from flowc.compiler.late import make_late
from flowc.compiler.option_table import DOC
from flowc.compiler.options import ALL, CHECKS, GROUP_ONLY, MERGED, UNSUPPORTED, OptionsResult, Problem, merge, validate
from flowc.compiler.plan import Late, Map
from flowc.dsl.codes import CODES
from flowc.dsl.diagnostics import Severity

B = Budget()
NOW = make_late("now", (), B)
ENV = make_late("env", ("X",), B)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)


def later(**duration: float) -> Late:
    return make_late("+", (NOW, dt.timedelta(**duration)), B)


def codes(options: dict[str, object]) -> list[tuple[str, str]]:
    return [(problem.option, problem.code) for problem in validate(options).problems]


def message(problem: Problem) -> str:
    return CODES[problem.code].message.format(**problem.values)


def one(options: dict[str, object]) -> Problem:
    (problem,) = validate(options).problems
    return problem


@pytest.mark.parametrize(
    ("option", "given", "kept"),
    [
        ("countdown", dt.timedelta(minutes=5), 300),
        ("countdown", dt.timedelta(milliseconds=500), 0.5),
        ("countdown", 30, 30),
        ("countdown", 1.5, 1.5),
        ("countdown", 2.0, 2),
        ("countdown", 0, 0),
        ("countdown", make_late("-", (later(hours=1), NOW), B), ...),
        ("eta", NOON, NOON),
        ("eta", NOW, NOW),
        ("eta", later(days=2), later(days=2)),
        ("expires", 2 * HOUR, 7200),
        ("expires", NOON, NOON),
        ("expires", later(days=1), later(days=1)),
        ("retry", False, False),
        ("retry_policy", {"max_retries": 5, "interval_max": SECOND}, Map((("max_retries", 5), ("interval_max", 1)))),
        ("retry_policy", {"max_retries": None, "interval_start": 0, "interval_step": 0.2}, ...),
        ("retry_policy", Map((("max_retries", 3),)), Map((("max_retries", 3),))),
        ("time_limit", HOUR, 3600),
        ("soft_time_limit", HOUR, 3600),
        ("timeout", HOUR, 3600),
        ("serializer", "msgpack", "msgpack"),
        ("serializer", "my-own", "my-own"),
        ("compression", "zstd", "zstd"),
        ("queue", "io.eu", "io.eu"),
        ("queue", make_late("concat", ("io.", ENV), B), ...),
        ("exchange", "media", "media"),
        ("routing_key", "a.b.c", "a.b.c"),
        ("priority", 0, 0),
        ("priority", 255, 255),
        ("ignore_result", True, True),
        ("task_id", "nightly", "nightly"),
        ("headers", {"a": 1, "b": None, "c": "x", "d": NOON}, Map((("a", 1), ("b", None), ("c", "x"), ("d", NOON)))),
        ("headers", {"token": make_late("secret", ("T",), B), "wait": HOUR}, ...),
        ("shadow", "nightly load", "nightly load"),
        ("delivery_mode", 1, 1),
        ("delivery_mode", "persistent", 2),
        ("delivery_mode", "transient", 1),
        ("mandatory", True, True),
    ],
)
def test_right_values(option: str, given: object, kept: object) -> None:
    result = validate({option: given})
    assert result.problems == ()
    assert [name for name, _ in result.options] == [option]
    if kept is not ...:
        assert result.options.get(option) == kept
        assert type(result.options.get(option)) is type(kept)


@pytest.mark.parametrize(
    ("option", "given", "code", "words"),
    [
        ("countdown", "soon", "F0502", "`countdown` takes a duration, not text"),
        ("countdown", True, "F0502", "not bool"),
        ("countdown", (), "F0502", "not a list"),
        ("countdown", -SECOND, "F0503", "not negative"),
        ("countdown", -1, "F0503", "`countdown` cannot be -1s"),
        ("countdown", 10**400, "F0503", "100 years"),
        ("countdown", 1e300, "F0503", "100 years"),
        ("countdown", NOW, "F0502", "not datetime"),
        ("eta", NOON.replace(tzinfo=None), "F0504", "2026-11-22T12:00:00 has none"),
        ("eta", dt.date(2026, 1, 2), "F0502", "not date"),
        ("eta", HOUR, "F0502", "not duration"),
        ("eta", "2026-01-02", "F0502", "not text"),
        ("eta", ENV, "F0502", "not str"),
        ("expires", NOON.replace(tzinfo=None), "F0504", "`expires` needs a time zone"),
        ("expires", -HOUR, "F0503", "not negative"),
        ("expires", dt.date(2026, 1, 2), "F0502", "`expires` takes a duration or datetime, not date"),
        ("expires", make_late("-", (NOW, HOUR), B), "F0503", "now - 1h"),
        ("retry", 1, "F0502", "`retry` takes a bool, not int"),
        ("retry_policy", 3, "F0502", "not int"),
        ("retry_policy", {"max_tries": 1}, "F0508", "no key `max_tries`"),
        ("retry_policy", {"max_retries": -1}, "F0509", "`max_retries` in `retry_policy` takes an int"),
        ("retry_policy", {"max_retries": True}, "F0509", "max_retries"),
        ("retry_policy", {"interval_max": "1s"}, "F0509", "interval_max"),
        ("retry_policy", {"interval_max": None}, "F0509", "interval_max"),
        ("retry_policy", {"interval_max": ENV}, "F0509", "that the compiler knows"),
        ("retry_policy", NOW, "F0510", "submission"),
        ("time_limit", 0, "F0503", "longer than nothing"),
        ("soft_time_limit", "x", "F0502", "not text"),
        ("timeout", 0, "F0503", "longer than nothing"),
        ("serializer", "", "F0507", "it is empty"),
        ("serializer", "jsno", "F0512", "jsno"),
        ("compression", "gizp", "F0512", "gizp"),
        ("compression", 5, "F0502", "not int"),
        ("queue", "a\0b", "F0507", "U+0000"),
        ("queue", "a\nb", "F0507", "U+000A"),
        ("queue", "a\ud800", "F0507", "surrogate"),
        ("queue", "ü" * 200, "F0507", "400 bytes"),
        ("queue", NOW, "F0502", "not datetime"),
        ("queue", ("a",), "F0502", "not a list"),
        ("priority", 256, "F0503", "from 0 to 255"),
        ("priority", -1, "F0503", "-1"),
        ("priority", True, "F0502", "not bool"),
        ("priority", 1.0, "F0502", "not float"),
        ("priority", 10**1_000, "F0503", "the number"),
        ("ignore_result", "yes", "F0502", "not text"),
        ("task_id", "", "F0507", "empty"),
        ("task_id", 5, "F0502", "not int"),
        ("headers", ("a",), "F0502", "not a list"),
        ("headers", {"a": (1,)}, "F0509", "`a` in `headers`"),
        ("headers", {"a": {"b": 1}}, "F0509", "`a` in `headers`"),
        ("headers", {"a\n": 1}, "F0509", "without control characters"),
        ("headers", {"": 1}, "F0509", "a name"),
        ("headers", {"a": "x\0"}, "F0509", "control characters"),
        ("shadow", "x" * 5_000, "F0507", "4,096"),
        ("delivery_mode", 3, "F0503", "persistent"),
        ("delivery_mode", "forever", "F0503", "forever"),
        ("delivery_mode", True, "F0502", "not bool"),
        ("mandatory", 0, "F0502", "not int"),
        ("attempts", 3, "F0803", "attempts"),
        ("need", "all", "F0803", "need"),
    ],
)
def test_wrong_values(option: str, given: object, code: str, words: str) -> None:
    problem = one({option: given})
    assert (problem.option, problem.code) == (option, code)
    if code in CODES:
        assert words in message(problem)
    if code not in ("F0512", "F0503"):
        assert validate({option: given}).options == Map()


def test_unknown_options_suggest_what_was_meant() -> None:
    assert one({"queu": 1}).help == ("did you mean `queue`?",)
    assert "`a -> b`" in one({"link": 1}).help[0]
    assert "!>" in one({"link_error": 1}).help[0]
    assert "retry_policy" in one({"max_retries": 1}).help[0]
    assert one({"zzzzzz": 1}).help == ()
    assert one({"retry_policy": {"max_retris": 1}}).help == ("did you mean `max_retries`?",)
    assert "now + 2h" in one({"eta": HOUR}).help[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"countdown": 1, "eta": NOON}, [("eta", "F0505")]),
        ({"eta": later(hours=1), "countdown": 1}, [("eta", "F0505")]),
        ({"eta": NOON, "expires": NOON - HOUR}, [("expires", "F0511")]),
        ({"eta": NOON, "expires": NOON}, []),
        ({"eta": NOON, "expires": (NOON + HOUR).astimezone(dt.timezone(2 * HOUR))}, []),
        ({"eta": later(hours=2), "expires": HOUR}, [("expires", "F0511")]),
        ({"eta": later(hours=2), "expires": later(hours=1)}, [("expires", "F0511")]),
        ({"eta": later(hours=2), "expires": later(hours=3)}, []),
        ({"eta": NOON, "expires": later(hours=3)}, []),
        ({"eta": NOON, "expires": HOUR}, []),
        ({"countdown": 2 * HOUR, "expires": HOUR}, [("countdown", "F0516")]),
        ({"countdown": 2 * HOUR, "expires": later(hours=1)}, [("countdown", "F0516")]),
        ({"countdown": HOUR, "expires": 2 * HOUR}, []),
        ({"countdown": HOUR, "expires": NOON}, []),
        ({"soft_time_limit": HOUR, "time_limit": SECOND}, [("soft_time_limit", "F0506")]),
        ({"soft_time_limit": SECOND, "time_limit": HOUR}, []),
        ({"queue": 1, "eta": 2, "nope": 3}, [("queue", "F0502"), ("eta", "F0502"), ("nope", "F0501")]),
        ({"countdown": "x", "eta": NOON}, [("countdown", "F0502")]),
    ],
)
def test_options_together(options: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert codes(options) == expected


def test_a_countdown_beyond_expires_is_only_a_warning() -> None:
    result = validate({"countdown": 2 * HOUR, "expires": HOUR})
    assert CODES[result.problems[0].code].severity is Severity.WARNING
    assert dict(result.options) == {"countdown": 7200, "expires": 3600}


def test_null_means_not_given() -> None:
    assert validate({"queue": None, "priority": 1}) == OptionsResult(Map((("priority", 1),)), ())
    assert validate({"countdown": None, "eta": NOON}).problems == ()


def test_options_stand_in_the_order_of_the_table() -> None:
    a = validate({"queue": "q", "countdown": 1, "priority": 3})
    b = validate({"priority": 3, "queue": "q", "countdown": 1})
    assert a.options == b.options
    assert [name for name, _ in a.options] == ["countdown", "queue", "priority"]


def test_a_set_is_validated_once() -> None:
    assert validate({"queue": "once", "headers": {"a": 1}}) is validate({"queue": "once", "headers": {"a": 1}})


def test_equal_values_of_other_kinds_are_told_apart() -> None:
    assert codes({"priority": 1}) == []
    assert codes({"priority": True}) == [("priority", "F0502")]
    assert codes({"priority": 1.0}) == [("priority", "F0502")]
    assert validate({"headers": {"a": 1}}).options != validate({"headers": {"a": "1"}}).options
    assert repr(validate({"headers": {"a": 1}}).options) != repr(validate({"headers": {"a": True}}).options)
    berlin = NOON.astimezone(dt.timezone(HOUR))
    assert validate({"eta": berlin}).options.get("eta").utcoffset() == HOUR
    assert validate({"eta": NOON}).options.get("eta").utcoffset() == dt.timedelta(0)


def test_many_distinct_sets_are_not_kept_for_ever() -> None:
    from flowc.compiler import options

    for n in range(3_000):
        validate({"queue": f"q{n}"})
    assert len(options._KEPT) <= options._MOST_KEPT


def test_merging() -> None:
    weak: dict[str, object] = {"queue": "a", "headers": {"x": 1, "y": 1}, "retry_policy": {"max_retries": 1}, "priority": 1}
    strong: dict[str, object] = {"queue": "b", "headers": {"y": 2}, "retry_policy": Map((("interval_max", 2),))}
    assert merge(weak, strong) == {
        "queue": "b",
        "headers": {"x": 1, "y": 2},
        "retry_policy": {"max_retries": 1, "interval_max": 2},
        "priority": 1,
    }
    assert merge({"headers": {"x": 1}}, {"headers": None}) == {"headers": None}
    assert merge({"headers": 5}, {"headers": {"x": 1}}) == {"headers": {"x": 1}}
    assert weak["headers"] == {"x": 1, "y": 1}


def test_the_table_and_the_schema_name_the_same_options() -> None:
    assert set(CHECKS) == ALL - UNSUPPORTED
    assert GROUP_ONLY < UNSUPPORTED
    assert MERGED < ALL
    for row in DOC.values():
        assert row.example.startswith(f"{row.name} = ")
        assert row.note


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
    | st.timedeltas()
    | st.sampled_from([NOW, ENV, later(hours=1), make_late("index", (ENV, 0), B)]),
    lambda inner: (
        st.lists(inner, max_size=2).map(tuple) | st.dictionaries(st.sampled_from(["max_retries", "interval_max", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*sorted(ALL), "queu", "link"]), anything, max_size=5))
def test_whatever_is_given_there_is_an_answer(options: dict[str, Any]) -> None:
    result = validate(options)
    kept = dict(result.options)
    for problem in result.problems:
        assert problem.option in options
        assert problem.code in CODES or problem.code == "F0803"
        if problem.code in CODES:
            assert message(problem)
    errors = {
        p.option for p in result.problems if p.code in ("F0501", "F0502", "F0503", "F0504", "F0507", "F0508", "F0509", "F0510", "F0803")
    }
    assert {name for name, value in options.items() if value is not None} - errors <= set(kept)
    again = validate(kept)
    assert again.options == result.options
