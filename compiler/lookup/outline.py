"""The names that a file binds, as a tree to look through."""

from __future__ import annotations

from collections.abc import Iterable

from ...dsl import tree
from ...dsl.diagnostics import quote
from ...dsl.record import dataclass
from ...dsl.source import Source, Span
from .symbols import Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One name. ``whole`` is its statement, ``span`` the name in it."""

    kind: Kind
    name: str
    detail: str
    whole: Span
    span: Span
    inner: tuple[Entry, ...] = ()


def outline(source: Source, module: tree.Module) -> tuple[Entry, ...]:
    """The outline of a file, in the order of its text."""
    return tuple(_entries(source, module.statements))


def _entries(source: Source, statements: Iterable[tree.Statement]) -> Iterable[Entry]:
    for node in statements:
        if isinstance(node, tree.Import):
            for imported in node.names:
                bound = imported.bound
                yield Entry(Kind.TASK, bound.text, f"{node.module.text}.{imported.name.text}", imported.span, bound.span)
        elif isinstance(node, tree.Include):
            yield Entry(Kind.INCLUDE, node.alias.text, str(node.path.value), node.span, node.alias.span)
        elif isinstance(node, tree.Param):
            yield Entry(Kind.PARAM, node.name.text, _text(source, node.type), node.span, node.name.span)
        elif isinstance(node, tree.TaskDecl):
            name = node.alias or node.name
            yield Entry(Kind.TASK, name.text, node.name.text if node.alias else "", node.span, name.span)
        elif isinstance(node, tree.FlowDecl):
            taken = [Entry(Kind.ARGUMENT, p.name.text, _text(source, p.type), p.span, p.name.span) for p in node.parameters if p.name.text]
            inner = (*taken, *_entries(source, node.body))
            yield Entry(Kind.FLOW, node.name.text, _text(source, node.returns), node.span, node.name.span, inner)
        elif isinstance(node, tree.Bind):
            yield Entry(Kind.STEP, node.name.text, "", node.span, node.name.span)
        elif isinstance(node, tree.When):
            yield from _entries(source, (*node.body, *node.otherwise))


def _text(source: Source, node: tree.TypeExpr | None) -> str:
    return "" if node is None else quote(" ".join(source.text[node.span.start : node.span.end].split()), 100)
