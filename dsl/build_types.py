"""From productions to nodes: types and parameters. Each method begins with the rule whose children it receives."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import tree
from .build_expressions import name_of
from .build_values import Values
from .source import Span


def is_token(child: Any) -> bool:
    """Whether a child is a token, ours or Lark's; else it is a node, or a list of nodes."""
    return hasattr(child, "start_pos")


class Parameters(NamedTuple):
    """Parameters and the brackets around them."""

    span: Span
    items: tuple[tree.Parameter, ...]


def span_of(children: list[Any]) -> Span:
    """From the first child to the last, each a token or a node."""
    first, last = children[0], children[-1]
    start = first.start_pos if is_token(first) else first.span[0]
    return Span(start, last.end_pos if is_token(last) else last.span[1])


def annotation(c: list[Any]) -> tuple[tree.TypeExpr | None, tree.Expr | None]:
    """The type and the default in ``(":" _type)? ("=" _value)?``."""
    if not c:
        return None, None
    if c[0].type == "EQUAL":
        return None, c[1]
    return c[1], c[3] if len(c) > 2 else None


class Types(Values):
    """Builds types and parameter lists."""

    def union(self, c: list[Any]) -> tree.TypeUnion:
        # union: optional ("|" optional)+
        return tree.TypeUnion(Span(c[0].span[0], c[-1].span[1]), tuple(c[::2]))

    def optional(self, c: list[Any]) -> tree.TypeOptional:
        # optional: single_type "?"
        return tree.TypeOptional(Span(c[0].span[0], c[1].end_pos), c[0])

    def type_name(self, c: list[Any]) -> tree.TypeName:
        # type_name: NAME ("[" _type ("," _type)* ","? "]")?
        return tree.TypeName(Span(c[0].start_pos, c[-1].end_pos), name_of(c[0]), tuple(c[2:-1:2]))

    def type_text(self, c: list[Any]) -> tree.TypeText:
        # type_text: STRING
        return tree.TypeText(Span(c[0].start_pos, c[0].end_pos), self.text(c[0]))

    def record(self, c: list[Any]) -> tree.TypeRecord:
        # record: "{" (field ("," field)* ","?)? "}"
        fields = tuple(c[1:-1:2])
        names: dict[str, tree.Name] = {}
        for name, _ in fields:
            self.once(name, names)
        return tree.TypeRecord(Span(c[0].start_pos, c[-1].end_pos), fields)

    def field(self, c: list[Any]) -> tuple[tree.Name, tree.TypeExpr]:
        # field: (NAME | STRING) ":" _type
        return self.key(c[0]), c[2]

    def parameters(self, c: list[Any]) -> Parameters:
        # parameters: "(" (parameter ("," parameter)* ","?)? ")"
        given: tuple[tree.Parameter, ...] = tuple(c[1:-1:2])
        names: dict[str, tree.Name] = {}
        stars: set[str] = set()
        defaulted = slashed = False
        kept: list[tree.Parameter] = []
        for parameter in given:
            if parameter.name.text:
                self.once(parameter.name, names)
            misplaced = "**kwargs" in stars
            if parameter.kind == "/":
                misplaced = misplaced or bool(stars) or slashed or parameter is given[0]
                slashed = True
            elif parameter.kind == "plain":
                misplaced = misplaced or (defaulted and not stars and parameter.default is None)
                defaulted = defaulted or parameter.default is not None
            else:
                misplaced = misplaced or (bool(stars) and parameter.kind != "**kwargs")
                stars.add(parameter.kind)
            if misplaced:
                self.findings.report("F0122", self.source, parameter.span)
            if not (misplaced and parameter.kind == "/"):  # one in a wrong place says nothing of those before it
                kept.append(parameter)
        return Parameters(span_of(c), tuple(kept))

    def parameter(self, c: list[Any]) -> tree.Parameter:
        # parameter: NAME (":" _type)? ("=" (_value | ELLIPSIS))? | ("*" | "**") NAME (":" _type)? | "*" | "/"
        if c[0].type == "NAME":
            type_, default = annotation(c[1:])
            left_out = tree.Elided(Span(default.start_pos, default.end_pos)) if is_token(default) else default  # type: ignore[union-attr]
            return tree.Parameter(span_of(c), "plain", name_of(c[0]), type_, left_out)
        if len(c) == 1:
            nameless = tree.Name(Span(c[0].end_pos, c[0].end_pos), "")
            return tree.Parameter(span_of(c), "*" if c[0].type == "STAR" else "/", nameless, None, None)
        return tree.Parameter(span_of(c), "*args" if c[0].type == "STAR" else "**kwargs", name_of(c[1]), annotation(c[2:])[0], None)
