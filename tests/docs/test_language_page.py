"""Every example of docs/language.md compiles, and prints what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flowc import App
from flowc.compiler.pipeline import Settings, compile_source
from flowc.dsl.render import render_full
from flowc.dsl.source import Source
from flowc.runtime.driver import run

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
BLOCKS = re.findall(r"^```flow\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

app = App("docs")


@app.task(name="add")
def add(x: int, y: int) -> int:
    return x + y


@app.task(name="mul")
def mul(x: int, y: int) -> int:
    return x * y


@app.task(name="neg")
def neg(x: int) -> int:
    return -x


@app.task(name="total")
def total(xs: list[int]) -> int:
    return sum(xs)


@app.task(name="stats")
def stats(xs: list[int]) -> dict[str, int]:
    return {"count": len(xs), "sum": sum(xs)}


@app.task(name="echo")
def echo(*args: object, **kwargs: object) -> list[object]:
    return [*args, kwargs] if kwargs else list(args)


@app.task(name="boom")
def boom() -> None:
    raise ValueError("boom")


@app.task(name="note")
def note(request: object, exc: object, traceback: object, *more: object) -> None:
    pass


def test_the_page_has_examples() -> None:
    assert len(BLOCKS) > 15
    assert sum("# → " in block for block in BLOCKS) > 12


@pytest.mark.parametrize("text", BLOCKS)
def test_example(text: str) -> None:
    compiled = compile_source(Source("example.flow", text), Settings())
    assert compiled.plan is not None, render_full(compiled.findings)
    assert {finding.code for finding in compiled.findings} <= {"F0901", "F0904"}, render_full(compiled.findings)
    promised = re.search(r"^# → (.*)$", text, re.MULTILINE)
    if promised is not None:
        assert run(compiled.plan, app, pool="solo").value == json.loads(promised[1])


def test_every_option_of_the_table_stands_on_the_page() -> None:
    from flowc.compiler.option_table import DOC

    missing = [name for name in DOC if f"`{name}`" not in PAGE.read_text()]
    assert missing == []


def test_every_function_stands_on_the_page() -> None:
    from flowc.compiler.lower.contains import FUNCTIONS

    listed = re.search(r"The functions are `([a-z ]+)`", PAGE.read_text())
    assert listed is not None
    assert set(listed[1].split()) == FUNCTIONS
