"""Types: how they are written, which takes which, what values fit, and where they are read from."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, NewType, NotRequired, Optional, TypedDict, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.compiler import types as t
from flowc.compiler.annotations import from_annotation
from flowc.compiler.fits import fits, kind, type_of
from flowc.compiler.plan import Late, Map, Ref
from flowc.compiler.type_syntax import from_tree
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
    accepts,
    optional,
    reach,
    union,
)
from flowc.dsl import tree
from flowc.dsl.source import Span

SCALARS = [ANY, NULL, BOOL, INT, FLOAT, STR, BYTES, DATE, DATETIME, DURATION, JSON]

types = st.recursive(
    st.sampled_from(SCALARS) | st.builds(Text, st.text(max_size=3)),
    lambda inner: st.one_of(
        st.builds(ListOf, inner),
        st.builds(MapOf, inner),
        st.builds(TupleOf, st.lists(inner, max_size=3).map(tuple)),
        inner.map(optional),
        st.lists(inner, min_size=1, max_size=3).map(union),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda d: Record(tuple(d.items()))),
    ),
    max_leaves=8,
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.timedeltas(),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (ListOf(INT), "list[int]"),
        (ListOf(ANY), "list"),
        (MapOf(optional(STR)), "map[str?]"),
        (TupleOf((INT, STR)), "tuple[int, str]"),
        (union([Text("a"), Text('b"')]), '"a" | "b\\""'),
        (optional(union([INT, STR])), "int | str | null"),
        (Record((("ok", BOOL), ("any key", INT))), '{ok: bool, "any key": int}'),
    ],
)
def test_types_are_written_as_in_a_flow(written: Type, expected: str) -> None:
    assert str(written) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([INT, INT], INT),
        ([INT, FLOAT], t.Union((INT, FLOAT))),
        ([INT, NULL], t.Optional(INT)),
        ([optional(INT), STR], t.Optional(t.Union((INT, STR)))),
        ([union([INT, STR]), STR, BOOL], t.Union((INT, STR, BOOL))),
        ([NULL], NULL),
        ([], ANY),
        ([INT, ANY], ANY),
        ([Text("a"), STR], STR),
    ],
)
def test_unions_are_flat_and_without_repeats(members: list[Type], expected: Type) -> None:
    assert union(members) == expected


def test_a_union_of_very_many_members_is_any() -> None:
    assert union([Text(str(n)) for n in range(1_000)]) == ANY


YES = [
    (FLOAT, INT), (DURATION, INT), (DURATION, FLOAT), (FLOAT, DURATION), (ANY, BYTES), (BYTES, ANY), (STR, Text("a")),
    (optional(INT), NULL),
    (optional(INT), INT), (optional(FLOAT), optional(INT)), (union([INT, STR]), Text("x")), (FLOAT, union([INT, FLOAT])),
    (ListOf(FLOAT), ListOf(INT)), (ListOf(INT), TupleOf((INT, INT))), (TupleOf((INT, STR)), ListOf(union([INT, STR]))),
    (ListOf(INT), ListOf(ANY)),
    (MapOf(INT), Record((("a", INT),))), (Record((("a", INT),)), Record((("b", STR), ("a", INT)))),
    (Record((("a", optional(INT)),)), Record(())),
    (Record((("a", INT),)), MapOf(ANY)), (JSON, ListOf(MapOf(optional(INT)))),
    (JSON, Record((("a", TupleOf((INT, NULL))),))), (JSON, DURATION),
    (INT, JSON), (ListOf(INT), JSON), (optional(ListOf(INT)), JSON), (optional(FLOAT), union([INT, NULL])),
]  # fmt: skip
NO = [
    (INT, BOOL), (FLOAT, BOOL), (BOOL, INT), (INT, FLOAT), (DATETIME, DATE), (DATE, DATETIME), (INT, NULL),
    (INT, optional(INT)), (STR, INT),
    (INT, DURATION), (Text("a"), Text("b")), (Text("a"), STR), (STR, union([INT, STR])), (ListOf(INT), ListOf(STR)),
    (ListOf(INT), MapOf(INT)),
    (TupleOf((INT, INT)), TupleOf((INT,))), (TupleOf((INT, STR)), ListOf(INT)), (MapOf(INT), Record((("a", STR),))),
    (STR, DATE), (DATE, STR),
    (Record((("a", INT),)), Record(())), (Record((("a", INT),)), MapOf(STR)), (JSON, BYTES), (JSON, ListOf(DATE)),
    (DATE, JSON), (BYTES, STR),
    (ListOf(INT), STR), (NULL, INT),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "found"), YES, ids=str)
def test_takes(wanted: Type, found: Type) -> None:
    assert accepts(wanted, found)


@pytest.mark.parametrize(("wanted", "found"), NO, ids=str)
def test_refuses(wanted: Type, found: Type) -> None:
    assert not accepts(wanted, found)


@given(types)
def test_every_type_takes_itself_any_and_is_taken_by_any(found: Type) -> None:
    assert accepts(found, found)
    assert accepts(ANY, found)
    assert accepts(found, ANY)
    assert hash(found) == hash(found)


@given(types, types)
def test_a_union_takes_its_members_and_is_taken_where_all_are(a: Type, b: Type) -> None:
    both = union([a, b])
    assert accepts(both, a)
    assert accepts(both, b)
    if accepts(a, b):
        assert accepts(a, both)


@given(values)
def test_a_value_fits_its_own_type(value: object) -> None:
    assert fits(value, type_of(value)) is None


@given(values, types)
def test_values_are_checked_at_least_as_kindly_as_their_types(value: object, wanted: Type) -> None:
    if (
        accepts(wanted, type_of(value))
        and not isinstance(wanted, (TupleOf, Record))
        and "tuple" not in str(wanted)
        and "{" not in str(wanted)
    ):
        assert fits(value, wanted) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, NULL),
        (True, BOOL),
        (dt.datetime(2026, 1, 1), DATETIME),
        (dt.timedelta(1), DURATION),
        ((), ListOf(ANY)),
        ((1, "a", 2), ListOf(t.Union((INT, STR)))),
        ((1, None), ListOf(t.Optional(INT))),
        ({"a": (1,)}, Record((("a", ListOf(INT)),))),
        (Map((("a", 1),)), Record((("a", INT),))),
        (Ref("x"), ANY),
        ((({"a": 1}), ({"a": 2})), ListOf(Record((("a", INT),)))),
    ],
)
def test_the_type_of_a_value(value: object, expected: Type) -> None:
    assert type_of(value) == expected


def test_the_type_of_a_huge_value_is_found_quickly() -> None:
    assert type_of(tuple(range(500_000))) == ListOf(INT)
    assert isinstance(type_of(tuple((n,) for n in range(50_000))), ListOf)
    assert isinstance(type_of({str(n): n for n in range(50_000)}), MapOf)


@pytest.mark.parametrize(
    ("value", "wanted", "reason"),
    [
        ((1, 2, "x"), ListOf(INT), 'item 2: "x" is text, int expected'),
        ({"a": {"b": (1, None)}}, MapOf(MapOf(ListOf(INT))), 'key "a": key "b": item 1: null given, int expected'),
        ({"n": True}, Record((("n", INT),)), "field n: true is bool, int expected"),
        ({}, Record((("n", INT),)), "field n is missing, {n: int} expected"),
        ("c", union([Text("a"), Text("b")]), '"c" is text, "a" | "b" expected'),
        ((1, 2, 3), TupleOf((INT, INT)), "a list of 3 given, tuple[int, int] expected"),
        ((1, "2"), TupleOf((INT, INT)), 'item 1: "2" is text, int expected'),
        (("x",), optional(ListOf(INT)), 'item 0: "x" is text, int expected'),
        (1.5, INT, "1.5 is float, int expected"),
        (dt.date(2026, 1, 2), DATETIME, "2026-01-02 is date, datetime expected"),
        (dt.timedelta(milliseconds=1500), INT, "0:00:01.500000 is duration, int expected"),
        ((b"",), JSON, "item 0: bytes given, json expected"),
        (None, STR, "null given, str expected"),
        (3, ListOf(INT), "3 is int, list[int] expected"),
        (((),), MapOf(ANY), "a list given, map expected"),
    ],
)
def test_why_a_value_does_not_fit(value: object, wanted: Type, reason: str) -> None:
    assert fits(value, wanted) == reason


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1, FLOAT),
        (dt.timedelta(seconds=2), INT),
        (30, DURATION),
        ((), ListOf(INT)),
        ((1, "a"), TupleOf((INT, STR))),
        ("a", union([Text("a"), Text("b")])),
        ({"n": 1, "more": 2}, Record((("n", INT), ("maybe", optional(INT))))),
        ((Ref("x"), Late("now")), ListOf(INT)),
        (Map((("a", 1),)), JSON),
        (None, JSON),
    ],
)
def test_what_fits(value: object, wanted: Type) -> None:
    assert fits(value, wanted) is None


def test_reasons_stay_short() -> None:
    reason = fits({"k" * 10_000: "v" * 10_000}, MapOf(union([Text("x" * 5_000), INT])))
    assert reason is not None
    assert len(reason) < 300


@pytest.mark.parametrize(
    ("found", "key", "expected"),
    [
        (ANY, "x", ANY),
        (JSON, 0, JSON),
        (Record((("n", INT),)), "n", INT),
        (Record((("n", INT),)), "m", None),
        (MapOf(INT), "m", INT),
        (MapOf(INT), 0, None),
        (ListOf(INT), 7, INT),
        (ListOf(INT), "a", None),
        (TupleOf((INT, STR)), -1, STR),
        (TupleOf((INT, STR)), 2, None),
        (STR, 0, STR),
        (INT, 0, None),
        (optional(MapOf(INT)), "a", None),
        (union([MapOf(INT), Record((("a", STR),))]), "a", t.Union((INT, STR))),
        (union([MapOf(INT), INT]), "a", None),
    ],
)
def test_reaching_in(found: Type, key: str | int, expected: Type | None) -> None:
    assert reach(found, key) == expected


def test_what_may_be_null() -> None:
    assert t.may_be_null(optional(INT))
    assert t.may_be_null(NULL)
    assert not t.may_be_null(ANY)


def test_kinds_are_the_users_words() -> None:
    samples: list[object] = ["", (), {}, None, 1, Ref("x")]
    assert list(map(kind, samples)) == ["text", "a list", "a map", "null", "int", "a step's result"]


# ── written types ────────────────────────────────────────────────────────────────────────────────────────────

AT = Span(3, 9)


def name(text: str, *args: tree.TypeExpr) -> tree.TypeName:
    return tree.TypeName(AT, tree.Name(AT, text), args)


def read(expr: tree.TypeExpr) -> tuple[Type, list[tuple[str, object, dict[str, object]]]]:
    found: list[tuple[str, object, dict[str, object]]] = []

    def report(code: str, span: Span, /, *, help: str | tuple[str, ...] = (), **values: object) -> None:  # noqa: A002
        assert span == AT
        found.append((code, help, values))

    return from_tree(expr, report), found


def test_written_types_are_read() -> None:
    expr = tree.TypeUnion(
        AT,
        (
            name("list", tree.TypeOptional(AT, name("int"))),
            tree.TypeText(AT, "a"),
            tree.TypeRecord(AT, ((tree.Name(AT, "ok"), name("bool")),)),
            name("tuple", name("int"), name("map", name("json"))),
        ),
    )
    found, findings = read(expr)
    assert str(found) == 'list[int?] | "a" | {ok: bool} | tuple[int, map[json]]'
    assert not findings


@pytest.mark.parametrize("word", ["int", "float", "str", "bool", "bytes", "date", "datetime", "duration", "json", "any", "list", "map"])
def test_every_type_of_one_word_is_known(word: str) -> None:
    found, findings = read(name(word))
    assert str(found) == word
    assert not findings


@pytest.mark.parametrize(
    ("expr", "code", "helps"),
    [
        (name("string"), "F0450", "did you mean `str`?"),
        (name("strr"), "F0450", ("did you mean `str`?",)),
        (name("int", name("int")), "F0451", "write `int` alone"),
        (name("list", name("int"), name("str")), "F0451", "as in `list[int]`"),
    ],
)
def test_mistakes_in_written_types(expr: tree.TypeExpr, code: str, helps: object) -> None:
    _, findings = read(expr)
    assert [(c, h) for c, h, _ in findings] == [(code, helps)]


# ── annotations ──────────────────────────────────────────────────────────────────────────────────────────────


class Row(TypedDict):
    id: int
    name: NotRequired[str]


class Loop(TypedDict):
    inner: Loop


UserId = NewType("UserId", int)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, "int"),
        (None, "null"),
        (Any, "any"),
        (object, "any"),
        (list, "list"),
        (list[int], "list[int]"),
        (dict[str, list[float]], "map[list[float]]"),
        (dict[int, str], "any"),
        (tuple[int, str], "tuple[int, str]"),
        (tuple[int, ...], "list[int]"),
        (Optional[int], "int?"),  # noqa: UP045
        (Union[int, str], "int | str"),  # noqa: UP007
        (int | None, "int?"),
        (Literal["a", "b"], '"a" | "b"'),
        (Literal["a", 1], '"a" | int'),
        (Annotated[int, "x"], "int"),
        (UserId, "int"),
        (Row, "{id: int, name: str?}"),
        (dt.timedelta, "duration"),
        (dt.datetime, "datetime"),
        (complex, "any"),
        ("int", "any"),
        (5, "any"),
        ([1], "any"),
    ],
    ids=str,
)
def test_annotations(annotation: object, expected: str) -> None:
    assert str(from_annotation(annotation)) == expected


def test_hostile_annotations_are_any() -> None:
    class Angry:
        def __hash__(self) -> int:
            raise RuntimeError("no")

    assert from_annotation(Angry()) == ANY
    assert "any" in str(from_annotation(Loop))
