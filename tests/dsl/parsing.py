"""What the parser's tests share: parsing a text, and looking at what came out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from flowc.dsl import tree
from flowc.dsl.diagnostics import Diagnostic, Findings
from flowc.dsl.parser import parse
from flowc.dsl.source import Source


def parsed(text: str) -> tuple[tree.Module, tuple[Diagnostic, ...]]:
    """A text's tree and findings."""
    findings = Findings()
    module = parse(Source("test.flow", text), findings)
    return module, findings.sorted()


def accepted(text: str) -> tree.Module:
    """The tree of a text without mistakes."""
    module, findings = parsed(text)
    assert findings == (), [f"{finding.code}: {finding.message}" for finding in findings]
    return module


def expression(text: str) -> Any:
    """The tree of a value."""
    statement = accepted(f"x = {text}\n").statements[0]
    assert isinstance(statement, tree.Bind)
    return statement.value


def mistakes(text: str) -> list[str]:
    """A text's findings as ``line:column code text``."""
    source = Source("test.flow", text)
    findings = Findings()
    parse(source, findings)
    shown = []
    for finding in findings:
        line, column = source.position(finding.span.start)
        shown.append(f"{line}:{column} {finding.code} {text[finding.span.start : finding.span.end]}".rstrip())
    return shown


def told(text: str) -> str:
    """The only finding's message and help in one text."""
    _, findings = parsed(text)
    assert len(findings) == 1, findings
    return "; ".join((findings[0].message, *findings[0].help))


def kept(text: str) -> list[str]:
    """The texts of the statements that are in the tree."""
    module, _ = parsed(text)
    return [text[statement.span.start : statement.span.end] for statement in module.statements]


def nodes(node: object) -> Iterator[Any]:
    """A node and all below it, parents first."""
    if isinstance(node, tuple):
        for item in node:
            yield from nodes(item)
    elif dataclasses.is_dataclass(node):
        yield node
        for field in dataclasses.fields(node):
            yield from nodes(getattr(node, field.name))


def shape(node: Any) -> Any:
    """A tree without its spans, as nested lists that are short to write: names are their texts, literals their values."""
    if isinstance(node, tuple):
        return [shape(item) for item in node]
    if isinstance(node, tree.Name):
        return node.text
    if isinstance(node, tree.Literal):
        return repr(node.value)
    if not dataclasses.is_dataclass(node):
        return node
    return [type(node).__name__, *(shape(getattr(node, field.name)) for field in dataclasses.fields(node) if field.name != "span")]
