"""Every node covers exactly its own text."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.dsl import tree
from flowc.dsl.source import Span

from ..slices import some
from .messy_flows import Flows
from .parsing import accepted, expression, nodes, parsed, shape

#: Nodes whose text alone, in parentheses, is the same node again.
ALONE = (
    tree.Literal, tree.FString, tree.ListExpr, tree.Comprehension, tree.MapExpr, tree.Paren, tree.Postfix, tree.Unary, tree.Operation,
    tree.Conditional, tree.Coalesce, tree.Chain, tree.Scoped,
)  # fmt: skip


def check_nesting(node: Any) -> None:
    """A node's children lie inside it, in order of their fields."""
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        for child in value if isinstance(value, tuple) else (value,):
            if dataclasses.is_dataclass(child):
                span: Span = child.span  # type: ignore[union-attr]
                assert node.span.start <= span.start <= span.end <= node.span.end, (node, child)


def check_text(node: Any, text: str) -> None:
    covered = text[node.span.start : node.span.end]
    if not isinstance(node, tree.Module):
        assert covered == covered.strip(), node
    if isinstance(node, tree.Name) and covered.isidentifier():
        assert node.text == covered
    if isinstance(node, ALONE):
        assert shape(expression(f"({covered})")) == ["Paren", shape(node)]


@settings(max_examples=some(15), deadline=None)
@given(st.integers(0, 10**9))
def test_spans_of_random_flows(seed: int) -> None:
    text = Flows(seed).file()
    for node in nodes(accepted(text)):
        check_nesting(node)
        check_text(node, text)


def test_spans_of_statements() -> None:
    texts = [
        "from p import (a, b as c,)",
        'include "x.flow" as y',
        "param z: {a: int} = 1",
        'task q.r(s: int = 1) -> int? {queue = "m"} "Does." as t',
        "flow f(a) -> int:\n    b\n    c # why",
        "when a:\n    b\nelse:\n    c",
        "d = e\n  -> g",
        "(h)",
    ]
    text = "\n\n# between\n".join(texts) + "\n"
    module = accepted(text)
    assert [text[statement.span.start : statement.span.end] for statement in module.statements] == [t.split(" #")[0] for t in texts]
    assert module.span == (0, len(text))


def test_spans_of_small_parts() -> None:
    text = "x = a.b(1, k=2) {q = 3}[4]\n"
    (bind,) = accepted(text).statements
    assert isinstance(bind, tree.Bind)
    assert isinstance(bind.value, tree.Postfix)
    assert [text[part.span.start : part.span.end] for part in bind.value.trailers] == [".b", "(1, k=2)", "{q = 3}", "[4]"]


def test_a_string_with_a_bad_escape_keeps_its_place() -> None:
    text = 'f("a\\qb")'
    module, _ = parsed(text)
    (literal,) = (node for node in nodes(module) if isinstance(node, tree.Literal))
    assert text[literal.span.start : literal.span.end] == '"a\\qb"'
