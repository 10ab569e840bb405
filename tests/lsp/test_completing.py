"""What is offered where: in whole texts, and in texts that are being written."""

from __future__ import annotations

from pathlib import Path

import pytest

from .texts import desk


@pytest.mark.parametrize(
    ("text", "offered", "not_offered"),
    [
        ("param day: date\n§", ["day", "extract", "param", "flow", "len"], ["if", "list", "queue"]),
        ("x = ext§", ["extract", "not"], ["x", "param"]),
        ("y = 1\nx = extract(§", ["day=", "region=", "y"], ["rows=", "x"]),
        ("x = extract(now, §", ["region="], ["day="]),
        ("x = extract(now, re§)", ["region="], ["day="]),
        ("x = extract(now, region=§)", [], ["region=", "day="]),
        ("r = extract(now) -> load(§", ["mode=", "dry="], ["rows=", "day="]),
        ("r = extract(now) -> load(rows=_, §", ["mode=", "dry="], ["rows="]),
        ("r = load([], mode=§)", ['"fast"', '"safe"'], ["mode="]),
        ("r = load([], dry=§)", ["true", "false"], []),
        ("r = load([], dry=true, §, mode=1)", [], ["dry=", "mode=", "rows="]),
        ("x = extract(now) {§", ["queue", "expires", "retry_policy"], ["extract", "need"]),
        ("x = extract(now) {queue = 1, §}", ["expires"], ["queue"]),
        ("x = extract(now) {§, queue = 1}\ny = load(1) {expires = 1h}", ["expires"], ["queue"]),
        ("x = extract(now) {ne§", ["need"], []),
        ("x = extract(now) {serializer = §", ['"json"', '"msgpack"'], ["expires", "countdown"]),
        ("x = extract(now) {ignore_result = §}", ["true", "false"], ["serializer"]),
        ("x = extract(now) {expires = §}", ["1h"], []),
        ("x = extract(now) {retry_policy = {§", ["max_retries", "interval_max"], ["queue"]),
        ("x = extract(now) {retry_policy = {max_retries: 1, §", ["interval_max"], ["max_retries"]),
        ("defaults {§", ["queue"], ["extract"]),
        ('a = extract(now) {queue = "deep"}\nb = extract(now) {queue = §}', ['"deep"', '"etl"'], []),
        ("r = load([])\nq = r.§", ["count", "took"], ["load", "r"]),
        ("x = proj.§", ["extract", "load"], ["page", "x"]),
        ("x = proj.ex§", ["extract"], []),
        ("from §", ["proj", "other"], ["extract"]),
        ("from proj §", ["import"], ["load"]),
        ("from proj import §", ["extract", "load"], ["page"]),
        ("from proj import load, §", ["extract"], ["load", "page"]),
        ("param n: §", ["int", "list"], ["extract"]),
        ("param n: int | §", ["str"], ["extract"]),
        ("param n: list[§", ["str"], ["extract"]),
        ("flow f(a: §", ["str"], ["extract"]),
        ("flow f(a: str) -> §", ["int"], ["extract"]),
        ("param §", [], ["extract", "int", "if"]),
        ("x = 1\nz = x §", ["if", "and", "or", "in"], ["extract", "param"]),
        ("x = extract(now) -> §", ["load"], ["x"]),
        ("y = 1\nx = extract(now) -> §", ["load"], ["y"]),
        ("x = extract(now) !> §", ["each", "page"], []),
        ("z = [extract(day) -> § for day in [now]]", ["day", "load"], []),
        ("z = [load(§ for rows in [1]]", ["rows", "mode="], []),
        ("flow f(inner: int):\n    §\n\ny = 1", ["inner", "return"], []),
        ("flow f(inner: int):\n    x = inner\n    §", ["inner", "x"], []),
        ("flow f(inner: int):\n    return inner\n\n§", ["f"], ["inner"]),
        ("flow f(inner: int):\n    return inner\nx = f(§", ["inner="], ["day="]),
        ("when true:\n    a = 1\n    b = §\n", ["a", "extract"], []),
        ('x = f"a{§', ["extract"], []),
        ('day = 1\nx = f"a {da§} b"', ["day"], []),
        ('x = f"a{1}§"', [], ["extract", "x"]),
        ('x = "a§"', [], ["extract"]),
        ("x = 1 # ext§", [], ["extract"]),
        ('include "§" as c', ["tasks.flow", "lib/a.flow"], ["extract"]),
        ('x = extract(now) {serializer = "§"}', ["json"], ["extract"]),
        ('x = load([], mode="§', ["fast", "safe"], ["extract"]),
        ("broken = (1 +\nother = bro§", ["broken"], []),
        ("x = load(\n    [],\n    §\n)", ["dry="], ["rows="]),
        ("x = extract(now)\n  -> §", ["load"], ["param"]),
        ("x = 1; y = §", ["x"], ["y"]),
    ],
)
def test_offers(text: str, offered: list[str], not_offered: list[str]) -> None:
    labels = desk(text).complete()
    assert [word for word in offered if word not in labels] == [], labels
    assert [word for word in not_offered if word in labels] == [], labels


def test_members_of_includes_and_of_their_includes(tmp_path: Path) -> None:
    inner = 'include "deep.flow" as deep\nparam size: int = 1\nflow clean(rows: list):\n    return rows\ntask far.away(x: int)\n'
    one = desk('include "lib.flow" as lib\nx = lib.§', tmp_path, lib=inner, deep="flow low():\n    return 1\n")
    assert {"size", "clean", "away", "deep"} <= set(one.complete())
    assert desk('include "lib.flow" as lib\nx = lib.deep.§', tmp_path).complete() == ["low"]
    assert "rows=" in desk('include "lib.flow" as lib\nx = lib.clean(§', tmp_path).complete()


def test_a_task_comes_with_its_signature_and_description() -> None:
    found = {one.label: one for one in desk("x = §").suggestions()}
    assert found["extract"].detail == 'task proj.extract(day: date, region: str = "eu") -> list[map]'
    assert found["extract"].doc == "Read a region."


def test_an_ambiguous_short_name_is_offered_in_full() -> None:
    labels = desk("x = §", tasks="task a.run(x)\ntask b.run(y)\n").complete()
    assert "a.run" in labels
    assert "b.run" in labels
    assert "run" not in labels
