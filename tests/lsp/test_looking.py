"""Hovering, quick fixes, the outline, and the kinds of words."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.lookup.completing import Around, complete
from flowc.compiler.lookup.describing import describe
from flowc.compiler.lookup.mending import mend
from flowc.compiler.lookup.observing import observe
from flowc.compiler.lookup.outline import Entry, outline
from flowc.compiler.lookup.painting import paint
from flowc.compiler.lookup.project import Project
from flowc.compiler.lookup.renaming import RefusedError, rename
from flowc.compiler.pipeline import Settings, compile_source
from flowc.dsl.source import Source

from .texts import TASKS, desk

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.flow"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "x = extr§act(now)",
            ['task proj.extract(day: date, region: str = "eu") -> list[map]', "Read a region.", 'queue = "etl"', "Step `x`"],
        ),
        ('x = extr§act(now) {queue = "mine", expires = 1h}', ['`expires = 1h, queue = "mine"`']),
        ("defaults {priority = 3}\nextract(now) -> lo§ad {expires = now + 2d}", ["priority = 3", "expires = now"]),
        ("x = extract(da§y=now)", ["day: date", "a parameter of `proj.extract`"]),
        ("x = extract(now)\ny = x§ -> load", ["x: list[map]", "The result of a call of `proj.extract`"]),
        ("# Twice as much.\n# Really.\nx§ = 2 * 21", ["x: int", "Twice as much.\nReally.", "`= 42`"]),
        ("x§ = [extract(d) for d in [now, now]]", ["x: list[list[map]]", "A group of 2 members"]),
        ("param day: date = 2026-11-22\nx = extract(da§y)", ["param day: date = 2026-11-22", "-p day="]),
        ('flow f(a: int = 1) -> int:\n    "What it does."\n    return a\nf§(1)', ["flow f(a: int = 1) -> int\n", "What it does."]),
        ("flow f(a: int):\n    y§ = extract(now)\n    return y", ["y: list[map]"]),
        ("x = le§n([1])", ["len(x)", "how many items"]),
        ("x = extract(now) {expi§res = 1h}", ["expires: duration or datetime", "`expires = 2h`"]),
        ('defaults {que§ue = "a"}', ["queue: text"]),
        ("x = 1 -§> load", ["link"]),
        ("x = extract(now) !§> page", ["on error"]),
        ("para§m x: int", ["a parameter of the whole flow"]),
        ("x = unknown.task§(1)", ["task unknown.task", "Nothing is known"]),
        ("x = [i§ for i in [1]]", ["for i in [1]"]),
        ("x = (1 + \ny = extr§act(now)", ["task proj.extract"]),
    ],
)
def test_hover(text: str, said: list[str]) -> None:
    found = desk(text).hover()
    assert [words for words in said if words not in found] == [], found


@pytest.mark.parametrize("text", ["x = 1§2", "x = 'a§b'", "# com§ment", "§\n\nx = 1", "y = 1\nx = y.me§mber", "x = {ma§p: 1}"])
def test_nothing_to_say(text: str) -> None:
    assert desk(text).hover() == ""


def test_hover_of_an_include(tmp_path: Path) -> None:
    text = desk('include "lib.flow" as li§b', tmp_path, lib='"""Shared."""\nparam a: int = 1\nflow f(x):\n    return x\n').hover()
    assert "Shared." in text
    assert "`a`, `f`" in text


def test_a_hostile_default_stays_in_its_block() -> None:
    text = desk(
        "fl§ow2 = 1\nx = f§(1)".replace("fl§ow2", "flow2"), tasks='task a.f(x: str = "```\\n<script>") "``` [x](http://y)"\n'
    ).hover()
    assert text.startswith("````flow\n")


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ('x = extract(now) {quue = "a"}', 'x = extract(now) {queue = "a"}'),
        ("x = extract(dya=now)", "x = extract(day=now)"),
        ("x = extrct(now)", "x = extract(now)"),
        ("x = proj.extrct(now)", "x = proj.extract(now)"),
        ("from proj import extrct\nx = extrct(now)", "from proj import extract as extrct\nx = extrct(now)"),
        ("value = 1\nx = load(valu)", "value = 1\nx = load(value)"),
        ("param x: intt", "param x: int"),
        ("x = extract(now) {retry_policy = {max_retris: 1}}", "x = extract(now) {retry_policy = {max_retries: 1}}"),
    ],
)
def test_did_you_mean_becomes_an_edit(text: str, mended: str) -> None:
    source = Source("main.flow", TASKS + text)
    index = Project(lambda path: None).index(source)
    found = [mending for f in compile_source(source, Settings(require_params=False)).findings if (mending := mend(f, index)) is not None]
    assert len(found) == 1
    after = source.text
    for edit in found[0].edits:
        after = after[: edit.span.start] + edit.text + after[edit.span.end :]
    assert after == TASKS + mended


def test_outline() -> None:
    text = 'include "a.flow" as a\nfrom m import t as u\nparam p: int = 1\nflow f(q: str) -> int:\n    r = u(q)\n    return r\n'
    text += 'when p > 1:\n    s = f("x")\n'
    source = Source("main.flow", text)

    def tree(entry: Entry) -> object:
        return (entry.kind.value, entry.name, entry.detail, [tree(inner) for inner in entry.inner])

    assert [tree(entry) for entry in outline(source, Project(lambda path: None).index(source).module)] == [
        ("include", "a", "a.flow", []),
        ("task", "u", "m.t", []),
        ("parameter", "p", "int", []),
        ("flow", "f", "int", [("argument", "q", "str", []), ("step", "r", "", [])]),
        ("step", "s", "", []),
    ]


def test_kinds_of_words() -> None:
    text = 'from a.b import t\nparam p: int = 1\nx = t(p, key=2) {queue = f"q{p}é"} -> c.d.e(_.m) # end\n'
    source = Source("main.flow", text)
    project = Project(lambda path: None)
    found = [(text[one.span.start : one.span.end], one.kind) for one in paint(project, project.index(source))]
    assert ("t", "function") in found
    assert [kind for word, kind in found if word == "p"] == ["parameter"] * 3
    for pair in [("key", "parameter"), ("queue", "property"), ("int", "type"), ("c", "namespace"), ("d", "namespace"), ("e", "function")]:
        assert pair in found
    for pair in [
        ('f"q{', "string"),
        ('}é"', "string"),
        ("->", "operator"),
        ("_", "keyword"),
        ("m", "property"),
        ("# end", "comment"),
        ("x", "variable"),
    ]:
        assert pair in found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_words_are_painted_in_order(path: Path) -> None:
    source = Source(str(path), path.read_text("utf-8"), str(path))
    project = Project(lambda path: None)
    end = 0
    for one in paint(project, project.index(source)):
        assert one.span.start >= end
        assert "\n" not in source.text[one.span.start : one.span.end]
        end = one.span.end
    assert end > 0


PIECES = st.sampled_from(
    [
        *("x", "=", " ", "\n", "(", ")", "[", "]", "{", "}", ",", ".", "->", "!>", '"', "'", '"""', 'f"{', "_", "1h", "#", ";", "\\"),
        *("for ", "in ", "flow f(", ":\n    ", "param ", "include ", "from ", "import ", "as ", "task ", "when ", "queue=", "extract"),
        *("\r", "\t", "😀", "\u2028", "\0", "é"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=25), st.integers(0, 60))
def test_no_text_breaks_a_query(pieces: list[str], offset: int) -> None:
    source = Source("main.flow", "task extract(x: int)\n" + "".join(pieces))
    offset = min(offset, len(source.text))
    project = Project(lambda path: None)
    index = project.index(source)
    observed = observe(source, Settings(require_params=False))
    describe(project, index, observed, offset)
    complete(Around(project, index, observed, lambda: ()), offset)
    outline(source, index.module)
    spans = [one.span for one in paint(project, index)]
    assert all(before.end <= after.start for before, after in pairwise(spans))
    use = index.use_at(offset)
    if use is not None:
        project.definition(index, use)
        project.references(index, use, ())
    for finding in observed.findings:
        mend(finding, index)
    with suppress(RefusedError):
        rename(project, index, offset, "fresh", ())
