"""Lines a second of parsing and compiling, whether it is linear, and the same canvas built by Celery."""

from __future__ import annotations

import json
from collections.abc import Callable

from flowc.compiler.pipeline import compile_source
from flowc.dsl.diagnostics import Findings
from flowc.dsl.parser import parse
from flowc.dsl.source import Source

from .flows import SHARD_LINES, canvas, text
from .measure import Row, medians

SIZES = (10, 100, 1_000, 10_000, 100_000)


def _compile(source: str) -> Callable[[], object]:
    def run() -> None:
        compiled = compile_source(Source("bench.flow", source))
        assert compiled.plan is not None

    return run


def run() -> list[Row]:
    """The rows of this benchmark."""
    rows: list[Row] = []
    for size in SIZES:
        source = text(size)
        lines = source.count("\n")

        def parsing(source: str = source) -> None:
            parse(Source("bench.flow", source), Findings())

        repeats = 5 if size <= 10_000 else 1
        parsed, whole = medians(parsing, _compile(source), repeats=repeats)
        rows.append(Row(f"parse, {lines:,} lines", f"{lines / parsed:,.0f} lines/s"))
        rows.append(Row(f"parse + compile, {lines:,} lines", f"{lines / whole:,.0f} lines/s", "≥ 5,000 lines/s"))
    return rows + _against_celery()


def _against_celery() -> list[Row]:
    lines = 1_000
    source = text(lines)
    shards = (source.count("\n") - 5) // SHARD_LINES

    def build() -> None:
        for one in canvas(shards):
            one.freeze()
            json.dumps(one)

    ours, theirs = medians(_compile(source), build)
    return [
        Row(f"flowc: {lines:,} lines checked and compiled", f"{ours * 1000:.0f} ms"),
        Row("Celery: the same canvas built, frozen and written as JSON, nothing checked", f"{theirs * 1000:.0f} ms"),
        Row("ratio flowc / Celery", f"{ours / theirs:.2f}"),
    ]
