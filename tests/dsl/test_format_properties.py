"""What holds for the layout of any flow: it is a fixpoint, says the same, loses no comment; and no text makes it fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.dsl import format as format_module
from flowc.dsl import tree
from flowc.dsl.codes import CODES
from flowc.dsl.diagnostics import Findings
from flowc.dsl.format import format_source
from flowc.dsl.format_doc import WIDTH
from flowc.dsl.format_same import same
from flowc.dsl.parser import parse
from flowc.dsl.scanner import comments
from flowc.dsl.source import Source

from ..slices import some
from .messy_flows import Flows

ROOT = Path(__file__).resolve().parents[2]
SEEDS = st.integers(0, 2**32)
PIECES = (
    "\n",
    "\r",
    "\r\n",
    " ",
    "\t",
    "    ",
    "#",
    "'",
    '"',
    '"""',
    *"()[]{},;:=.?|x1\\é\0\f\x85\u2028\ufeff",
    "->",
    "!>",
    "if",
    "for",
    "not",
    "else:",
    "f'",
)


def module_of(text: str) -> tree.Module:
    findings = Findings()
    module = parse(Source("a.flow", text), findings)
    assert not findings.has_errors, [finding.message for finding in findings]
    return module


def formatted(text: str) -> str:
    result = format_source(Source("a.flow", text))
    assert result is not None
    return result


def comments_of(text: str) -> list[str]:
    return [text[start:end] for start, end in comments(Source("a.flow", text))]


@settings(max_examples=some(20), deadline=None)
@given(SEEDS)
def test_any_flow(seed: int) -> None:
    flows = Flows(seed)
    text = flows.file()
    before = module_of(text)
    result = formatted(text)
    assert formatted(result) == result
    assert same(before, module_of(result))
    assert comments_of(result) == flows.comments
    assert result.endswith("\n")
    assert not {"\r", "\ufeff"} & set(result)
    assert "\n\n\n" not in result
    assert not result.startswith("\n")


@settings(max_examples=some(10), deadline=None)
@given(SEEDS)
def test_a_line_that_fits_is_as_the_document_would_be(seed: int) -> None:
    text = Flows(seed).file()
    result = formatted(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(format_module, "WIDTH", -1)
        assert formatted(text) == result


@settings(max_examples=some(40), deadline=None)
@given(SEEDS, st.lists(st.tuples(st.floats(0, 1), st.sampled_from(PIECES), st.integers(0, 2)), min_size=1, max_size=3))
def test_broken_flows_are_left_alone_or_formatted(seed: int, changes: list[tuple[float, str, int]]) -> None:
    text = Flows(seed).file()[:1000]
    for place, piece, gone in changes:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + gone :]
    holds_for(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("ab1 \n\t#'\"()[]{},;:=.->!~*?|+\\\r"), st.characters()), max_size=60))
def test_any_text(text: str) -> None:
    holds_for(text)


def holds_for(text: str) -> None:
    findings = Findings()
    result = format_source(Source("a.flow", text), findings)
    if result is None:
        assert findings.has_errors
    else:
        assert formatted(result) == result


def repository_flows() -> list[Path]:
    return sorted(path for folder in ("examples", "tests") for path in (ROOT / folder).rglob("*.flow"))


@pytest.mark.parametrize("path", repository_flows(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_flows_of_the_repository(path: Path) -> None:
    holds_for(path.read_bytes().decode(errors="replace"))


def test_the_examples_of_the_findings() -> None:
    for code in CODES.values():
        holds_for(code.good)
        holds_for(code.bad)


@pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    "made",
    [
        lambda _: "[" * 50_000,
        lambda _: "f(" + "[" * 60 + "1" + "]" * 60 + ")",
        lambda _: "f(" + ("(1 if a + b else " * 20) + "c" + ")" * 20 + ")",
        lambda times: "f(" + "x," * 5_000 * times + ")",
        lambda times: "f(" + '"""\n""",' * 1_500 * times + ")",
        lambda times: "a" + ' -> b("""\n""")' * 800 * times,
        lambda times: "f(1" + " + b(1)" * 1_500 * times + ")",
        lambda times: "f" + "(x)" * 2_500 * times,
        lambda times: "f(\n" + "# c\n" * 5_000 * times + ")",
        lambda _: "\n" * 100_000 + "a",
        lambda times: "a;" * 5_000 * times,
        lambda _: "".join("  " * depth + "when x:\n" for depth in range(60)) + "  " * 60 + "a\n",
    ],
    ids=lambda made: made(1)[:12],
)
def test_hostile_texts(made: Callable[[int], str], times: int) -> None:
    holds_for(made(times))


def test_lines_are_within_the_width() -> None:
    """Where brackets and arrows allow it, no line is longer than it may be."""
    text = "".join(
        f"x{n} = extract(day, [1, 2, {'a, ' * n}3], key={{a: 1}}) -> clean(strict=true) => load(a + b * {n})\n" for n in range(60)
    )
    assert max(map(len, formatted(text).splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "b"),
        ("a(1)", "a(1.0)"),
        ("a(true)", "a(1)"),
        ("a(1)", "a(1, 1)"),
        ("a -> b", "a => b"),
        ("x = a", "a"),
        ("(a)", "a"),
        ("x = now", "x = null"),
        ('f(f"a{b}")', 'f(f"a{c}")'),
        ("f(2026-11-22T10:00:00Z)", "f(2026-11-22T10:00:00)"),
        ('"a"\nf()', '"b"\nf()'),
        ("when x:\n  a\nelse:\n  b", "when x:\n  a\n  b"),
    ],
)
def test_trees_that_differ(one: str, other: str) -> None:
    assert not same(module_of(one), module_of(other))
    assert same(module_of(one), module_of("\n\n" + one.replace(" ", "  ")))
