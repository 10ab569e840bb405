"""From productions to nodes: expressions. Each method begins with the rule whose children it receives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import tree
from .diagnostics import Findings, Label
from .scanner import Token
from .source import Source, Span

#: Makes a Span of a pair in half the time of ``Span(start, end)``.
new = tuple.__new__

#: Parses the text between two offsets as an expression; None if it is none (and that has been reported).
Inner = Callable[[int, int], "tree.Expr | None"]


def name_of(token: Token) -> tree.Name:
    """A token as a name."""
    return tree.Name(new(Span, (token.start_pos, token.end_pos)), token.value)


class Expressions:
    """Builds expressions of one source; mistakes that the grammar cannot see go to ``findings``."""

    def __init__(self, source: Source, findings: Findings, inner: Inner) -> None:
        self.source = source
        self.findings = findings
        self.inner = inner
        self.broken: set[str] = set()
        self.refused: list[int] = []

    # ── arrows ──

    def scoped(self, c: list[Any]) -> tree.Scoped:
        # scoped: chain handling+
        return tree.Scoped(new(Span, (c[0].span[0], c[-1].span[1])), c[0], tuple(c[1:]))

    def handling(self, c: list[Any]) -> tree.Handling:
        # handling: (ON_ERROR "each"? | ALWAYS | ON_MESSAGE) postfix
        target = c[-1]
        targets = target.items if isinstance(target, tree.ListExpr) else (target,)
        return tree.Handling(Span(c[0].start_pos, target.span[1]), name_of(c[0]), len(c) == 3, targets)

    def chain(self, c: list[Any]) -> tree.Chain:
        # chain: _value ((LINK | THEN) _value)+
        arrows = tuple([tree.Arrow(new(Span, (arrow.start_pos, arrow.end_pos)), arrow.value) for arrow in c[1::2]])
        return tree.Chain(new(Span, (c[0].span[0], c[-1].span[1])), tuple(c[::2]), arrows)

    # ── operators ──

    def coalesce(self, c: list[Any]) -> tree.Coalesce:
        # coalesce: conditional ("??" conditional)+
        return tree.Coalesce(new(Span, (c[0].span[0], c[-1].span[1])), tuple(c[::2]))

    def conditional(self, c: list[Any]) -> tree.Conditional:
        # conditional: disjunction ("if" disjunction "else" disjunction)+
        branches = tuple(zip(c[:-1:4], c[2::4], strict=True))
        return tree.Conditional(new(Span, (c[0].span[0], c[-1].span[1])), branches, c[-1])

    def disjunction(self, c: list[Any]) -> tree.Operation:
        # disjunction: conjunction ("or" conjunction)+
        return self._operation("or", c)

    def conjunction(self, c: list[Any]) -> tree.Operation:
        # conjunction: negation ("and" negation)+
        return self._operation("and", c)

    def negation(self, c: list[Any]) -> tree.Unary:
        # negation: "not"+ comparison
        return tree.Unary(Span(c[0].start_pos, c[-1].span[1]), tuple(t.value for t in c[:-1]), c[-1])

    def comparison(self, c: list[Any]) -> tree.Operation:
        # comparison: sum (_comparator sum)+
        return self._operation("compare", c)

    def not_in(self, c: list[Any]) -> tree.Name:
        # not_in: "not" "in"
        return tree.Name(Span(c[0].start_pos, c[1].end_pos), "not in")

    def sum(self, c: list[Any]) -> tree.Operation:
        # sum: product (("+" | "-") product)+
        return self._operation("sum", c)

    def product(self, c: list[Any]) -> tree.Operation:
        # product: unary (("*" | "/" | "//" | "%") unary)+
        return self._operation("product", c)

    def unary(self, c: list[Any]) -> tree.Unary:
        # unary: ("-" | "+")+ power
        return tree.Unary(Span(c[0].start_pos, c[-1].span[1]), tuple(t.value for t in c[:-1]), c[-1])

    signed = unary

    def power(self, c: list[Any]) -> tree.Operation:
        # power: postfix ("**" postfix)* ("**" signed)?
        return self._operation("power", c)

    def _operation(self, level: Any, c: list[Any]) -> tree.Operation:
        operators = tuple([sign if sign.__class__ is tree.Name else name_of(sign) for sign in c[1::2]])
        return tree.Operation(new(Span, (c[0].span[0], c[-1].span[1])), level, tuple(c[::2]), operators)

    # ── behind a value ──

    def postfix(self, c: list[Any]) -> tree.Postfix:
        # postfix: atom (arguments | attribute | index | options)+
        return tree.Postfix(new(Span, (c[0].span[0], c[-1].span[1])), c[0], tuple(c[1:]))

    def arguments(self, c: list[Any]) -> tree.Arguments:
        # arguments: "(" ((_value | keyword) ("," (_value | keyword))* ","?)? ")"
        span = new(Span, (c[0].start_pos, c[-1].end_pos))
        args: list[tree.Expr] = []
        kwargs: list[tree.Keyword] = []
        late: tree.Expr | None = None
        for value in c[1:-1:2]:
            if value.__class__ is tree.Keyword:
                kwargs.append(value)
            else:
                args.append(value)
                if kwargs and not late:
                    late = value
        if late:
            label = Label(self.source, kwargs[0].span, "the first argument with a name")
            self.findings.report("F0117", self.source, late.span, labels=[label])
        if len(kwargs) > 1:
            self._repeated(kwargs)
        return tree.Arguments(span, tuple(args), tuple(kwargs))

    def _repeated(self, items: Sequence[Any]) -> None:
        """Report a second item of the same name among keywords, options or the items of a map."""
        names = [item.name for item in items]
        if len({name.text for name in names}) < len(names):
            seen: dict[str, tree.Name] = {}
            for name in names:
                self.once(name, seen)

    def once(self, name: tree.Name, seen: dict[str, tree.Name]) -> None:
        """Report a name that was ``seen`` before it."""
        first = seen.setdefault(name.text, name)
        if first is not name:
            label = Label(self.source, first.span, "first given here")
            self.findings.report("F0118", self.source, name.span, labels=[label], name=name.text)

    def keyword(self, c: list[Any]) -> tree.Keyword:
        # keyword: word "=" _value
        word, _, value = c
        start = word.start_pos
        name = tree.Name(new(Span, (start, word.end_pos)), word.value)
        return tree.Keyword(new(Span, (start, value.span[1])), name, value)

    option = keyword  # option: word "=" (_value | between)

    def attribute(self, c: list[Any]) -> tree.Attribute:
        # attribute: "." NAME
        return tree.Attribute(Span(c[0].start_pos, c[1].end_pos), name_of(c[1]))

    def index(self, c: list[Any]) -> tree.Index:
        # index: "[" _value "]"
        return tree.Index(Span(c[0].start_pos, c[2].end_pos), c[1])

    def options(self, c: list[Any]) -> tree.Options:
        # options: "{" (option ("," option)* ","?)? "}"
        items = tuple(c[1:-1:2])
        self._repeated(items)
        return tree.Options(new(Span, (c[0].start_pos, c[-1].end_pos)), items)

    def between(self, c: list[Any]) -> tree.Range:
        # between: _value ".." _value
        return tree.Range(Span(c[0].span[0], c[2].span[1]), c[0], c[2])
