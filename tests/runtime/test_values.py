from __future__ import annotations

import datetime as dt

import pytest

from flowc.compiler.plan import Late, Map, Ref
from flowc.runtime.errors import ReachError
from flowc.runtime.values import Broken, fill

from .plans import freeze

RESULTS = {
    "x": {"count": 3, "rows": [{"name": "a"}, {"name": "b"}], "1": "one"},
    "day": dt.date(2026, 1, 2),
    "list": [1, 2, 3],
    "none": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), RESULTS["x"]),
        (("count",), 3),
        (("rows", 1, "name"), "b"),
        (("rows", -1, "name"), "b"),
        ((1,), "one"),
    ],
)
def test_a_path_reaches_into_a_result(path: tuple[str | int, ...], value: object) -> None:
    assert fill(Ref("x", path), RESULTS) == value


def test_an_attribute_stands_in_where_there_are_no_keys() -> None:
    assert fill(Ref("day", ("year",)), RESULTS) == 2026


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        (Ref("x", ("cuont",)), "x.cuont: there is no key 'cuont' (keys: count, rows, 1); did you mean 'count'?"),
        (Ref("x", ("rows", 7)), "x.rows[7]: there is no item 7 (it has 2)"),
        (Ref("x", ("rows", 0, "a b")), "x.rows[0]['a b']: there is no key 'a b' (keys: name)"),
        (Ref("none", ("count",)), "none.count: the value is null and has no key 'count'"),
        (Ref("list", ("count",)), "list.count: the value is of type list and has no key 'count'"),  # a method is no value
        (Ref("day", ("__class__",)), "day.__class__: the value is of type date and has no key '__class__'"),
        (Ref("x", ("count", 0)), "x.count[0]: the value is of type int and has no item 0"),
    ],
)
def test_a_missing_part_is_named_with_its_path(ref: Ref, message: str) -> None:
    with pytest.raises(ReachError) as caught:
        fill(ref, RESULTS)
    assert str(caught.value) == message


def test_templates_are_filled_at_any_depth() -> None:
    template = freeze({"a": [Ref("x", ("count",)), {"b": Ref("list")}], "c": 1})
    assert fill(template, RESULTS) == {"a": [3, {"b": [1, 2, 3]}], "c": 1}


def test_a_broken_group_breaks_what_needs_it() -> None:
    with pytest.raises(ReachError, match="no key"):
        fill(Ref("g"), {"g": Broken("x.y: no key")})


def test_a_late_value_must_be_bound_first() -> None:
    with pytest.raises(TypeError, match="bind"):
        fill(Map((("a", Late("now")),)), {})
