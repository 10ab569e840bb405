"""The builder: one method a rule of the grammar, called by the driver and (in a test) by Lark's inline transformer.

Each method receives the children of its production, tokens (with ``type``, ``value``, ``start_pos``, ``end_pos``) and nodes, as a list, and
begins with that production. A rule whose only child is its value has no method. Statements are here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from . import tree
from .build_expressions import name_of, new
from .build_types import Types, annotation, is_token, span_of
from .source import Span

Statements = list[tree.Statement]


class Builder(Types):
    """Builds the statements of one source, of what the classes above build."""

    # ── lines ──

    def start(self, c: list[Any]) -> tree.Module:
        # start: line*
        description, statements = _described(tuple(statement for line in c for statement in line))
        return tree.Module(Span(0, len(self.source.text)), description, statements, frozenset(self.broken))

    def line(self, c: list[Any]) -> Statements:
        # line: _statements _NEWLINE | flow | when
        if len(c) == 2 and c[0] is not None:
            return c[:1]
        return [child for child in c if child is not None and not is_token(child)]

    def block(self, c: list[Any]) -> tuple[tree.Statement, ...]:
        # block: _statements _NEWLINE | _NEWLINE _INDENT line+ _DEDENT
        if is_token(c[0]):
            return tuple(statement for line in c[2:-1] for statement in line)
        return tuple(child for child in c if child is not None and not is_token(child))

    # ── declarations ──

    def import_from(self, c: list[Any]) -> tree.Import:
        # import_from: "from" dotted "import" "("? imported ("," imported)* ","? ")"?
        names = tuple(child for child in c if isinstance(child, tree.ImportedName))
        return tree.Import(span_of(c), c[1], names)

    def imported(self, c: list[Any]) -> tree.ImportedName:
        # imported: NAME ("as" NAME)?
        return tree.ImportedName(span_of(c), name_of(c[0]), self.bound(c[-1]))

    def include(self, c: list[Any]) -> tree.Include:
        # include: "include" STRING "as" NAME
        path = tree.Literal(Span(c[1].start_pos, c[1].end_pos), self.text(c[1]))
        return tree.Include(span_of(c), path, self.bound(c[3]))

    def param(self, c: list[Any]) -> tree.Param:
        # param: "param" NAME (":" _type)? ("=" _value)?
        type_, default = annotation(c[2:])
        return tree.Param(span_of(c), self.bound(c[1]), type_, default)

    def task(self, c: list[Any]) -> tree.TaskDecl:
        # task: "task" (dotted | STRING) parameters? ("->" _type)? options? STRING? ("as" NAME)?
        name = self.key(c[1]) if is_token(c[1]) else c[1]
        parts: dict[str, Any] = {}
        for before, child in pairwise(c[1:]):
            if is_token(child):
                if child.type == "STRING":
                    parts["description"] = self.text(child)
                elif child.type == "NAME":
                    parts["alias"] = self.bound(child)
            elif is_token(before) and before.type == "LINK":
                parts["returns"] = child
            elif isinstance(child, tree.Options):
                parts["options"] = child
            else:
                parts["parameters"] = child.items
        return tree.TaskDecl(
            span_of(c),
            name,
            parts.get("parameters"),
            parts.get("returns"),
            parts.get("options"),
            parts.get("description"),
            parts.get("alias"),
        )

    def dotted(self, c: list[Any]) -> tree.Name:
        # dotted: NAME ("." NAME)*
        return tree.Name(span_of(c), "".join(token.value for token in c))

    def flow(self, c: list[Any]) -> tree.FlowDecl:
        # flow: "flow" NAME parameters ("->" _type)? ":" block
        parameters = tuple(self._told(parameter) for parameter in c[2].items)
        for parameter in parameters:
            if parameter.name.text:
                self.bindable(parameter.name)
        span = Span(c[0].start_pos, _end(c[-1], c[-2].end_pos))
        description, body = _described(c[-1])
        return tree.FlowDecl(span, self.bound(c[1]), parameters, c[4] if len(c) > 5 else None, description, body)

    def _told(self, parameter: tree.Parameter) -> tree.Parameter:
        """A sub-flow's parameter: flowc itself needs its default."""
        default = parameter.default
        if not isinstance(default, tree.Elided):
            return parameter
        self.findings.report("F0124", self.source, default.span)
        return tree.Parameter(parameter.span, parameter.kind, parameter.name, parameter.type, None)

    def defaults(self, c: list[Any]) -> tree.Defaults:
        # defaults: "defaults" options
        return tree.Defaults(span_of(c), c[1])

    # ── statements ──

    def when(self, c: list[Any]) -> tree.When | None:
        # when: "when" _value ":" block ("else" ":" block)?
        otherwise = c[6] if len(c) > 4 else ()
        end = _end(otherwise, c[5].end_pos) if len(c) > 4 else _end(c[3], c[2].end_pos)
        if not c[0].value:
            self.broken.update(_bound((*c[3], *otherwise)))
            return None
        return tree.When(Span(c[0].start_pos, end), c[1], c[3], otherwise)

    def return_value(self, c: list[Any]) -> tree.Return:
        # return_value: "return" _expression
        return tree.Return(span_of(c), c[1])

    def bind(self, c: list[Any]) -> tree.Bind:
        # bind: NAME "=" _expression
        value = c[2]
        return tree.Bind(new(Span, (c[0].start_pos, value.span[1])), self.bound(c[0]), value)

    def do(self, c: list[Any]) -> tree.Do | None:
        # do: _expression
        if c[0].span[0] == c[0].span[1]:
            return None  # stands for a block that is missing
        return tree.Do(c[0].span, c[0])


def _end(body: tuple[tree.Statement, ...], otherwise: int) -> int:
    """Where a block ends: with its last statement, whatever line breaks follow."""
    return body[-1].span[1] if body else otherwise


def _described(statements: tuple[tree.Statement, ...]) -> tuple[str | None, tuple[tree.Statement, ...]]:
    """The leading string, and the statements without it."""
    if statements:
        first = statements[0]
        if isinstance(first, tree.Do) and isinstance(first.value, tree.Literal) and isinstance(first.value.value, str):
            return first.value.value, statements[1:]
    return None, statements


def _bound(statements: tuple[tree.Statement, ...]) -> Iterator[str]:
    """The names that the statements of a block bind for those after them."""
    for statement in statements:
        if isinstance(statement, tree.Bind | tree.Param | tree.FlowDecl):
            yield statement.name.text
        elif isinstance(statement, tree.Import):
            yield from (name.bound.text for name in statement.names)
        elif isinstance(statement, tree.When):
            yield from _bound((*statement.body, *statement.otherwise))
