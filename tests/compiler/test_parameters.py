"""Values of parameters: from the command line, from data, from files."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.compiler.fits import fits
from flowc.compiler.literals import ParameterError, read_literal
from flowc.compiler.parameters import from_data, from_text, read_params_file
from flowc.compiler.types import (
    ANY,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    DURATION,
    FLOAT,
    INT,
    JSON,
    NULL,
    STR,
    ListOf,
    MapOf,
    Record,
    Text,
    TupleOf,
    Type,
    optional,
    union,
)
from flowc.compiler.values import written

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
AB = union([Text("a"), Text("b")])


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("7", STR, "7"),
        ('"x"', STR, '"x"'),
        ("", STR, ""),
        ("7", INT, 7),
        ("-1_000", INT, -1000),
        (" 7 ", INT, 7),
        ("7", FLOAT, 7.0),
        ("1e3", FLOAT, 1000.0),
        ("true", BOOL, True),
        ("2026-11-22", DATE, dt.date(2026, 11, 22)),
        ("2026-11-22T12:00:00Z", DATETIME, NOON),
        ("2026-11-22 14:00+02:00", DATETIME, NOON),
        ("1h30m", DURATION, dt.timedelta(minutes=90)),
        ("90", DURATION, dt.timedelta(seconds=90)),
        ("0.5", DURATION, dt.timedelta(seconds=0.5)),
        ("null", optional(INT), None),
        ("7", optional(INT), 7),
        ("null", optional(STR), None),
        ("x", optional(STR), "x"),
        ("a", AB, "a"),
        ("[1, 2]", ListOf(INT), (1, 2)),
        ("[1, 2,]", ListOf(FLOAT), (1.0, 2.0)),
        ("1,2", ListOf(INT), (1, 2)),
        ("eu, us", ListOf(STR), ("eu", "us")),
        ("eu", ListOf(STR), ("eu",)),
        ("", ListOf(STR), ()),
        ('["a,b"]', ListOf(STR), ("a,b",)),
        ("a,b", ListOf(AB), ("a", "b")),
        ("[[1], []]", ListOf(ListOf(INT)), ((1,), ())),
        ("{a: 1, 'b c': 2}", MapOf(INT), {"a": 1, "b c": 2}),
        ('{"d": 2026-11-22, w: [1h]}', Record((("d", DATE), ("w", ListOf(DURATION)))),
         {"d": dt.date(2026, 11, 22), "w": (dt.timedelta(hours=1),)}),
        ('{"d": "2026-11-22"}', Record((("d", DATE),)), {"d": dt.date(2026, 11, 22)}),
        ("[1, x2]", ANY, "[1, x2]"),
        ("[1, 'x2']", ANY, (1, "x2")),
        ("7", ANY, 7),
        ("seven", ANY, "seven"),
        ('{"a": [1.5, null, true, "\\u00e9\\n"]}', JSON, {"a": (1.5, None, True, "é\n")}),
        ("[1, 'a']", TupleOf((INT, STR)), (1, "a")),
        ("7", union([STR, INT]), 7),
        ("seven", union([STR, INT]), "seven"),
        ("null", NULL, None),
    ],
)  # fmt: skip
def test_texts_are_converted_by_the_type(text: str, wanted: Type, expected: object) -> None:
    found = from_text(text, wanted)
    assert found == expected
    assert type(found) is type(expected)
    assert fits(found, wanted) is None


@pytest.mark.parametrize(
    ("text", "wanted", "reason"),
    [
        ("x", INT, '"x" is no int'),
        ("soon", DATE, '"soon" is no date: write it like 2026-11-22'),
        ("soon", DURATION, '"soon" is no duration: write 10s'),
        ("1.5", INT, "float, int expected"),
        ("9" * 5_000, INT, "no number"),
        ("9" * 1_900, INT, "4,000 bits"),
        ("9" * 1_000, FLOAT, "too large for a float"),
        ("1e999", FLOAT, "too large"),
        ("nan", FLOAT, '"nan" is no float'),
        ("yes", BOOL, "true or false"),
        ("True", BOOL, "true or false"),
        ("2026-13-01", DATE, "no day of the calendar"),
        ("0000-00-00", DATE, "no day"),
        ("2026-1-5", DATE, "like 2026-11-22"),
        ("2026-11-22T10:00:00", DATETIME, "no time zone"),
        ("2026-11-22T25:00:00Z", DATETIME, "no moment"),
        ("0001-01-01T00:00:00+23:00", DATETIME, "no moment"),
        ("2026-11-22", DATETIME, "like 2026-11-22T10:00:00Z"),
        ("soon", DURATION, "no duration"),
        ("30m1h", DURATION, "no duration"),
        ("99999999999999w", DURATION, "too long"),
        ("c", AB, '"c" is no "a" | "b"'),
        ("x", union([INT, BOOL]), "no int | bool"),
        ("x", optional(INT), "no int"),
        ("[1", ListOf(INT), "text ends"),
        ("[1 2]", ListOf(INT), "`,` or `]`"),
        ("1,x", ListOf(INT), '"x" is no int'),
        ("[1, x]", ListOf(INT), "a text stands in quotes"),
        ("['a']", ListOf(INT), 'item 0: "a" is text, int expected'),
        ("{a: 1, a: 2}", MapOf(INT), "stands twice"),
        ("{a 1}", MapOf(INT), "`:`"),
        ("[" * 100_000, JSON, "deeper than 100"),
        ("x", JSON, "a text stands in quotes"),
        ('"\\q"', JSON, "escape"),
        ('"\\ud800"', JSON, "escape"),
        ('"abc', JSON, "does not end"),
        ("1]", JSON, "the end"),
        ("x", BYTES, "bytes"),
        ("a\udc80", STR, "UTF-8"),
        ("x" * 1_000_001, STR, "1,000,001 characters"),
        ("x", NULL, "not null"),
    ],
)
def test_texts_that_are_no_such_value(text: str, wanted: Type, reason: str) -> None:
    with pytest.raises(ParameterError) as caught:
        from_text(text, wanted)
    assert reason in caught.value.reason
    assert len(caught.value.reason) < 400


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ([1, 2], ListOf(INT), (1, 2)),
        ((1, 2), ListOf(FLOAT), (1.0, 2.0)),
        (["2026-11-22"], ListOf(DATE), (dt.date(2026, 11, 22),)),
        ({"at": "2026-11-22T12:00:00Z"}, Record((("at", DATETIME),)), {"at": NOON}),
        (30, DURATION, dt.timedelta(seconds=30)),
        ("1h", optional(DURATION), dt.timedelta(hours=1)),
        ("2026-11-22", STR, "2026-11-22"),
        ("2026-11-22", ANY, "2026-11-22"),
        ("2026-11-22", union([DATE, STR]), dt.date(2026, 11, 22)),
        ("x", union([DATE, STR]), "x"),
        (None, optional(INT), None),
        ([[1, "a"]], ListOf(TupleOf((INT, STR))), ((1, "a"),)),
        ({"a": {"b": [1]}}, JSON, {"a": {"b": (1,)}}),
        (NOON, DATETIME, NOON),
    ],
)
def test_data_is_converted_by_the_type(value: object, wanted: Type, expected: object) -> None:
    found = from_data(value, wanted)
    assert found == expected
    assert type(found) is type(expected)


class Odd:
    pass


LOOP: list[Any] = []
LOOP.append(LOOP)
BOMB: list[Any] = []
for _ in range(60):
    BOMB = [BOMB, BOMB]


@pytest.mark.parametrize(
    ("value", "wanted", "reason"),
    [
        ([1, "x"], ListOf(INT), 'item 1: "x" is text, int expected'),
        ({"a": [{"b": None}]}, MapOf(ListOf(MapOf(INT))), 'key "a": item 0: key "b": null given'),
        ({"a": [{1: 2}]}, ANY, "a[0]: the key 1 is int; keys are text"),
        ({"a": Odd()}, ANY, "a: Odd is no value of a flow"),
        ({"a": {1, 2}}, ANY, "a: set is no value"),
        (b"x", ANY, "bytes is no value"),
        (float("nan"), ANY, "not finite"),
        (float("inf"), FLOAT, "not finite"),
        (10**2_000, INT, "4,000 bits"),
        (dt.datetime(2026, 1, 2), DATETIME, "no time zone"),
        (True, INT, "true is bool, int expected"),
        ("2026-13-01", DATE, "no day of the calendar"),
        ("a\ud800", STR, "UTF-8"),
        (10**400, FLOAT, "too large"),
        (LOOP, ANY, "deeper than 100"),
        (BOMB, ANY, "1,000,000 parts"),
        ("c", AB, '"a" | "b" expected'),
    ],
)
def test_data_that_does_not_fit(value: object, wanted: Type, reason: str) -> None:
    with pytest.raises(ParameterError) as caught:
        from_data(value, wanted)
    assert reason in caught.value.reason


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(plain)
def test_what_the_language_writes_is_read_back(value: object) -> None:
    assert repr(read_literal(written(value))) == repr(value)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i), max_leaves=8)
)
def test_json_is_read(value: object) -> None:
    assert from_text(json.dumps(value), JSON) == from_data(value, JSON)


@given(st.text(alphabet="[]{}:,'\"\\ 01aT-Z.mnull", max_size=30))
def test_any_text_is_a_value_or_a_parameter_error(text: str) -> None:
    for wanted in (JSON, ANY, ListOf(INT), optional(DURATION), union([INT, Text("a")])):
        try:
            found = from_text(text, wanted)
        except ParameterError:
            continue
        assert fits(found, wanted) is None


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────


def reason_of(path: Path | str) -> str:
    with pytest.raises(ParameterError) as caught:
        read_params_file(str(path))
    assert str(path) in caught.value.reason
    assert "\n" not in caught.value.reason
    assert len(caught.value.reason) < 600
    return caught.value.reason


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_files_are_read(tmp_path: Path) -> None:
    assert read_params_file(str(put(tmp_path, "a.json", '\ufeff{"a": [1, {"b": null}]}'))) == {"a": (1, {"b": None})}
    text = "a: 2026-11-22\nb: [x, 1.5]\nc: &x {d: yes}\ne: *x\nat: 2026-11-22T12:00:00Z\n"
    expected = {"a": dt.date(2026, 11, 22), "b": ("x", 1.5), "c": {"d": True}, "e": {"d": True}, "at": NOON}
    assert read_params_file(str(put(tmp_path, "a.yaml", text))) == expected
    assert read_params_file(str(put(tmp_path, "a.YML", "{}"))) == {}


BILLION = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.txt", "{}", ".json, .yaml or .yml"),
        ("a.json", "", "line 1, column 1"),
        ("a.json", "[1]", "it holds a list"),
        ("a.json", "null", "it holds nothing"),
        ("a.json", '{"a": 1,\n "a": 2}', 'the key "a" stands twice'),
        ("a.json", '{"a": {"b": 1, "b": 2}}', 'the key "b" stands twice'),
        ("a.json", '{"a": NaN}', "NaN"),
        ("a.json", '{"a": 1e999}', "not finite"),
        ("a.json", '{"a": ' + "9" * 5_000 + "}", "too many digits"),
        ("a.json", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "deeper"),
        ("a.json", '{"a": ' + "[" * 200 + "]" * 200 + "}", "deeper"),
        ("a.json", b'{"a": "\xff"}', "no UTF-8 text (byte 8)"),
        ("a.json", '{"a": "\\ud800"}', "UTF-8"),
        ("a.json", "x" * (1 << 20) + "x", "larger than 1 MiB"),
        ("a.yaml", "", "it holds nothing"),
        ("a.yaml", "- 1", "it holds a list"),
        ("a.yaml", "a: 1\na: 2", "the key a stands twice"),
        ("a.yaml", "a: {b: 1, b: 2}", "the key b stands twice"),
        ("a.yaml", "1: x", "the key 1 is int"),
        ("a.yaml", "? [a]\n: x", "keys are text"),
        ("a.yaml", "a: .nan", "not finite"),
        ("a.yaml", "a: [1", "no YAML that can be read"),
        ("a.yaml", "a: !!python/object/apply:os.system [x]", "no YAML that can be read"),
        ("a.yaml", "a: !!set {b}", "set is no value"),
        ("a.yaml", "a: !!binary aGk=", "bytes is no value"),
        ("a.yaml", "a: 2026-13-45", "cannot be read"),
        ("a.yaml", "a: 2026-11-22T10:00:00", "no time zone"),
        ("a.yaml", "a: *nope", "no YAML that can be read"),
        ("a.yaml", "a: &a [*a]", "deeper"),
        ("a.yaml", BILLION, "parts"),
        ("a.yaml", "a: &a {x: 1}\nb: {<<: *a}", "merge keys"),
        ("a.yaml", "a: " + "[" * 50_000, "deeper"),
        ("a.yaml", "a:\n" + "".join(" " * n + "- \n" for n in range(1, 150)), "deeper"),
        ("a.yaml", "- " * 5_000, "deeper"),
        ("a.yaml", "a: " + ":".join(["10"] * 100_000), "too long"),
        ("a.yaml", "a: " + "9" * 100_000, "too long"),
        ("a.yaml", "a: [" + "1," * 200_000 + "]", "more than 100,000 values"),
        ("a.yaml", "a: b\n---\nc: d", "no YAML that can be read"),
        ("a.yaml", b"a: \x00", "no YAML"),
        ("a.yaml", "x" * (1 << 20) + "x", "larger than 1 MiB"),
        ("a.yaml", "%YAML 9.9\n---\na: 1", "no YAML"),
    ],
    ids=lambda value: str(value)[:24],
)  # fmt: skip
def test_files_that_hold_no_parameters(tmp_path: Path, name: str, text: str | bytes, reason: str) -> None:
    found = reason_of(put(tmp_path, name, text))
    assert reason in found


def test_what_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "dir.json"
    folder.mkdir()
    assert "regular file" in reason_of(folder) or "directory" in reason_of(folder).lower()
    assert "No such file" in reason_of(tmp_path / "none.json")
    assert "not a path" in reason_of_text("a\0b.json")
    pipe = tmp_path / "pipe.yaml"
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
        assert "no regular file" in reason_of(pipe)
        zero = tmp_path / "zero.json"
        zero.symlink_to("/dev/zero")
        assert "no regular file" in reason_of(zero)


def reason_of_text(path: str) -> str:
    with pytest.raises(ParameterError) as caught:
        read_params_file(path)
    return caught.value.reason


def test_without_pyyaml_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    assert "flowc[yaml]" in reason_of(put(tmp_path, "a.yaml", "a: 1"))


@pytest.mark.parametrize("text", ["a: 1\nb: [x, {c: 2}]", "a: [" * 40, "a: 2026-13-45", "a: 1\na: 2", "1: 2"])
def test_yaml_reads_the_same_without_libyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    import yaml

    path = put(tmp_path, "a.yaml", text)

    def outcome() -> object:
        try:
            return read_params_file(str(path))
        except ParameterError as error:
            return type(error)

    fast = outcome()
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert outcome() == fast
