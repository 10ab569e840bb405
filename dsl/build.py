"""The builder: one method a rule of the grammar, called by the driver and (in a test) by Lark's inline transformer.

Each method receives the children of its production, tokens (with ``type``, ``value``, ``start_pos``, ``end_pos``) and nodes, as a list, and
begins with that production. A rule whose only child is its value has no method. Statements are here.
"""

from __future__ import annotations

from typing import Any

from . import tree
from .build_expressions import name_of
from .build_types import Types, annotation, is_token, span_of
from .source import Span

Statements = list[tree.Statement]


class Builder(Types):
    """Builds the statements of one source, of what the classes above build."""

    # ── lines ──

    def start(self, c: list[Any]) -> tree.Module:
        # start: line*
        statements = [statement for line in c for statement in line]
        description = _description(statements)
        return tree.Module(Span(0, len(self.source.text)), description, tuple(statements), frozenset(self.broken))

    def line(self, c: list[Any]) -> Statements:
        # line: _statements _NEWLINE | flow | when
        return [child for child in c if not is_token(child)]

    def block(self, c: list[Any]) -> Statements:
        # block: _statements _NEWLINE | _NEWLINE _INDENT line+ _DEDENT
        if is_token(c[0]):
            return [statement for line in c[2:-1] for statement in line]
        return [child for child in c if not is_token(child)]

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
        for before, child in zip(c[1:], c[2:]):  # noqa: B905 - a part and what stands before it
            if is_token(child):
                if child.type == "STRING":
                    parts["description"] = self.text(child)
                elif child.type == "NAME":
                    parts["alias"] = self.bound(child)
            elif is_token(before) and before.type == "LINK":
                parts["returns"] = child
            else:
                parts["options" if isinstance(child, tree.Options) else "parameters"] = child
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
        parameters: tuple[tree.Parameter, ...] = c[2]
        for parameter in parameters:
            if parameter.kind != "*":
                self.bindable(parameter.name)
        body: Statements = c[-1]
        description = _description(body)
        end = self._end(body, c[-2].end_pos)
        return tree.FlowDecl(
            Span(c[0].start_pos, end), self.bound(c[1]), parameters, c[4] if len(c) > 5 else None, description, tuple(body)
        )

    def defaults(self, c: list[Any]) -> tree.Defaults:
        # defaults: "defaults" options
        return tree.Defaults(span_of(c), c[1])

    # ── statements ──

    def when(self, c: list[Any]) -> tree.When:
        # when: "when" _value ":" block ("else" ":" block)?
        otherwise: Statements = c[6] if len(c) > 4 else []
        end = self._end(c[3], c[2].end_pos)
        if len(c) > 4:
            end = self._end(otherwise, c[5].end_pos)
        return tree.When(Span(c[0].start_pos, end), c[1], tuple(c[3]), tuple(otherwise))

    def return_value(self, c: list[Any]) -> tree.Return:
        # return_value: "return" _expression
        return tree.Return(span_of(c), c[1])

    def bind(self, c: list[Any]) -> tree.Bind:
        # bind: NAME "=" _expression
        return tree.Bind(span_of(c), self.bound(c[0]), c[2])

    def do(self, c: list[Any]) -> tree.Do:
        # do: _expression
        return tree.Do(c[0].span, c[0])

    def _end(self, body: Statements, otherwise: int) -> int:
        """Where a block ends: with its last statement, whatever line breaks follow."""
        return body[-1].span[1] if body else otherwise


def _description(statements: Statements) -> str | None:
    """Take the leading string off."""
    if statements:
        first = statements[0]
        if isinstance(first, tree.Do) and isinstance(first.value, tree.Literal) and isinstance(first.value.value, str):
            del statements[0]
            return first.value.value
    return None
