"""Findings as people see them. Source and rendered text stand together in ``snapshots/*.txt``; ``FLOWC_SNAPSHOTS=write`` rewrites them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.dsl.diagnostics import Diagnostic, Edit, Label, Severity
from flowc.dsl.render import render_concise, render_full, render_json, summary
from flowc.dsl.source import Source, Span

SNAPSHOTS = Path(__file__).parent / "snapshots"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def finding(source: Source, part: str, message: str = "a message", *, severity: Severity = Severity.ERROR, **more: object) -> Diagnostic:
    """A finding about the first place where ``part`` stands in the source."""
    start = source.text.index(part)
    return Diagnostic("F0201", severity, source, Span(start, start + len(part)), message, **more)  # type: ignore[arg-type]


def label(source: Source, part: str, text: str) -> Label:
    start = source.text.index(part)
    return Label(source, Span(start, start + len(part)), text)


def one_line() -> list[Diagnostic]:
    source = Source("etl.flow", "x = extrct(1)\n")
    return [finding(source, "extrct", "no task is called `extrct`", help=("did you mean `extract`?", "declare it with `task`"))]


def several_lines() -> list[Diagnostic]:
    source = Source("etl.flow", "load(\n\tfirst,\n    second,\n) -> b\n")
    return [finding(source, source.text[:27])]


def many_lines() -> list[Diagnostic]:
    source = Source("etl.flow", "a = [\n" + "".join(f"    step({n}),\n\n" for n in range(9)) + "]\n")
    return [finding(source, source.text[:-1])]


def labels_here_and_elsewhere() -> list[Diagnostic]:
    other = Source("common.flow", "# shared\ntask audit(x)\n")
    source = Source("etl.flow", "x = one()\n\n\ny = two()\nx = three() -> audit\nz = x\n")
    return [
        finding(
            source,
            "x = three()",
            "`x` is bound twice",
            labels=(label(source, "x", "first bound here"), label(source, "audit", "used here"), label(other, "audit(x)", "declared here")),
            help=("give one of them another name",),
        )
    ]


def neighbouring_labels() -> list[Diagnostic]:
    source = Source("a.flow", "a = 1\nb = 2\nc = 3\n")
    return [finding(source, "c = 3", labels=(label(source, "a", "one line is between"),))]


def wide_and_combining() -> list[Diagnostic]:
    source = Source("a.flow", 'a = "日本語" + bad\nb = "e\u0301e\u0301" + worse\n\tc = "\t" + worst\n')
    return [finding(source, "bad"), finding(source, "worse"), finding(source, "worst"), finding(source, "本語")]


def control_characters() -> list[Diagnostic]:
    source = Source("evil\x1b[2J.flow", 'a = "\x1b[31mred\x07" + bad("\u202eabc", "\x85", "\u200b", "\x00\x7f")\n')
    return [finding(source, "bad", "found \x1b[31mred\u202e", help=("not \x1b]0;title\x07 this",)), finding(source, "\x1b[31m")]


def long_lines() -> list[Diagnostic]:
    source = Source("a.flow", "x = " + "a" * 300 + " + bad + " + "b" * 300 + "\n" + "y" * 500 + "\n" + "語" * 100 + "end\n")
    return [finding(source, "bad"), finding(source, "y" * 500), finding(source, "語" * 100), finding(source, "end")]


def line_ends() -> list[Diagnostic]:
    source = Source("a.flow", "a ->\r\nb ->\n")
    end = len(source.text)
    return [
        Diagnostic("F0101", Severity.WARNING, source, Span(4, 6), "the line break itself"),
        Diagnostic("F0101", Severity.WARNING, source, Span(end, end), "the end of the file"),
        Diagnostic("F0101", Severity.WARNING, source, Span(end + 9, end + 99), "past the end"),
        Diagnostic("F0101", Severity.WARNING, Source("empty.flow", ""), Span(0, 0), "an empty file"),
    ]


def line_numbers_of_two_widths() -> list[Diagnostic]:
    source = Source("a.flow", "first = 1\n" + "\n" * 98 + "last = first\n")
    return [finding(source, "last", labels=(label(source, "first", "here"),))]


CASES = [
    one_line,
    several_lines,
    many_lines,
    labels_here_and_elsewhere,
    neighbouring_labels,
    wide_and_combining,
    control_characters,
    long_lines,
    line_ends,
    line_numbers_of_two_widths,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.__name__))
def test_rendered_text_is_as_in_the_snapshot(case: object) -> None:
    findings = case()  # type: ignore[operator]
    sources = {id(d.source): d.source for d in findings}.values()
    shown = "".join(f"=== source {source.name!r}\n{source.text!r}\n" for source in sources)
    text = f"{shown}=== rendered\n{render_full(findings)}"
    path = SNAPSHOTS / f"{case.__name__}.txt"  # type: ignore[attr-defined]
    if os.environ.get("FLOWC_SNAPSHOTS") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.__name__))
def test_colours_change_nothing_but_colours(case: object) -> None:
    findings = case()  # type: ignore[operator]
    for render in (render_full, render_concise):
        coloured = render(findings, colour=True)
        assert ANSI.search(coloured)
        assert ANSI.sub("", coloured) == render(findings)


def test_findings_in_one_endless_line_are_quick() -> None:
    """A thousand findings in a line of 16 million characters: copying it for each would take minutes."""
    source = Source("a.flow", "x" * 16_000_000)
    found = [Diagnostic("F0201", Severity.ERROR, source, Span(n * 16_000, n * 16_000 + 9), "m") for n in range(1_000)]
    assert render_full(found).count("^" * 9) == 1_000
    assert len(render_json(found, files=1)) < 2_000_000


def test_concise_is_one_line_each() -> None:
    source = Source("a.flow", "x = 1\n")
    findings = [finding(source, "x", "first"), finding(source, "1", "second\nline", severity=Severity.WARNING)]
    assert render_concise(findings) == "a.flow:1:1: error[F0201]: first\na.flow:1:5: warning[F0201]: second␊line\n"


def test_json_holds_all_that_is_known() -> None:
    other = Source("b.flow", "two\n")
    source = Source("a.flow", "x = 1\ny = \x1b\n")
    found = finding(source, "\x1b", "wörd", labels=(label(other, "two", "there"),), help=("do",), fix=(Edit(Span(0, 1), "z"),))
    text = render_json([found, finding(source, "x", severity=Severity.WARNING)], files=3)
    assert text.isascii()
    assert "\x1b" not in text
    document = json.loads(text)
    assert document["version"] == 1
    assert document["counts"] == {"files": 3, "errors": 1, "warnings": 1}
    assert document["findings"][0] == {
        "severity": "error",
        "code": "F0201",
        "message": "wörd",
        "file": "a.flow",
        "range": {"start": {"line": 2, "column": 5}, "end": {"line": 2, "column": 6}},
        "snippet": "y = \x1b",
        "labels": [{"file": "b.flow", "range": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 4}}, "message": "there"}],
        "help": ["do"],
        "fixes": [{"range": {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 2}}, "text": "z"}],
    }


@pytest.mark.parametrize(
    ("errors", "warnings", "files", "expected"),
    [
        (0, 0, 3, "No findings in 3 files."),
        (1, 0, 1, "Found 1 error in 1 file."),
        (0, 2, 2, "Found 2 warnings in 2 files."),
        (1_000, 1, 2, "Found 1,000 errors and 1 warning in 2 files."),
    ],
)
def test_summary_counts(errors: int, warnings: int, files: int, expected: str) -> None:
    source = Source("a.flow", "x")
    found = [finding(source, "x")] * errors + [finding(source, "x", severity=Severity.WARNING)] * warnings
    assert summary(found, files=files) == expected


@given(st.text(max_size=400), st.integers(0, 400), st.integers(0, 400), st.text(max_size=20))
def test_any_text_renders_without_raw_control_characters(text: str, start: int, length: int, message: str) -> None:
    source = Source("a.flow", text)
    found = Diagnostic("F0201", Severity.ERROR, source, Span(start, start + length), message)
    rendered = render_full([found])
    assert all(character.isprintable() or character == "\n" for character in rendered)
    assert "^" in rendered
    assert max(map(len, rendered.splitlines())) < 2_000


def test_carets_stand_under_the_characters_they_mean() -> None:
    source = Source("a.flow", "日本\tx")
    code, carets = render_full([finding(source, "x")]).splitlines()[2:4]
    assert code == "1 | 日本    x"
    # Two wide characters are four columns, the tab goes on to column eight.
    assert carets == "  | " + " " * 8 + "^"
