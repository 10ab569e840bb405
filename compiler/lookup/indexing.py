"""The names of one file: a walk over its tree that binds and looks up as the compiler would, without evaluating anything."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatchmethod
from typing import Any

from ...dsl import tree
from ...dsl.source import Source, Span
from ..lower.contains import FUNCTIONS
from .symbols import Index, Kind, Scope, Symbol, Use, columns


def index(source: Source, module: tree.Module) -> Index:
    """Find all names of a file."""
    walk = _Walk(source)
    top = Scope(Span(0, len(source.text)))
    walk.scopes.append(top)
    walk.block(module.statements, top)
    walk.uses.sort(key=lambda use: use.span)
    return Index(source, module, top, walk.scopes, walk.symbols, walk.uses, walk.tasks, walk.words)


def block_end(text: str, start: int, end: int) -> int:
    """Where the block of a head at ``start`` ends that is known to reach to ``end``: before the next line that is not indented more."""
    line = text.rfind("\n", 0, start) + 1
    indent = columns(text, line)
    at = text.find("\n", end)
    while at >= 0:
        following = text.find("\n", at + 1)
        stop = len(text) if following < 0 else following
        if text[at + 1 : stop].strip() and columns(text, at + 1) <= indent:
            return at
        end, at = stop, following
    return max(end, len(text))


class _Walk:
    """Gathers the symbols, scopes and uses of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.scopes: list[Scope] = []
        self.symbols: list[Symbol] = []
        self.uses: list[Use] = []
        self.tasks: dict[str, Symbol] = {}
        self.words: dict[Span, str] = {}

    # ── binding ──

    def bind(self, scope: Scope, kind: Kind, name: tree.Name, node: Any, **more: Any) -> Symbol:
        """Bind a name; a second binding of the same kind is another place of the first."""
        known = scope.table.get(name.text)
        if known is not None and known.kind is kind and kind is Kind.STEP:
            known.spans.append(name.span)
            symbol = known
        else:
            symbol = Symbol(kind, name.text, self.source, [name.span], node, **more)
            self.symbols.append(symbol)
            if name.text and known is None:
                scope.table[name.text] = symbol
        self.uses.append(Use(name.span, symbol, binds=True))
        return symbol

    def block(self, statements: Iterable[tree.Statement], scope: Scope, owner: Symbol | None = None) -> None:
        """The statements of a file or sub-flow: what they bind is known in all of it, since an editor looks at texts in any order."""
        statements = tuple(statements)
        flows = list(self.declare(statements, scope, owner))
        for statement in statements:
            self.visit(statement, scope)
        for flow in flows:
            self.flow(flow, scope)

    def declare(self, statements: Iterable[tree.Statement], scope: Scope, owner: Symbol | None) -> Iterable[Symbol]:
        """Bind what statements bind; gives the sub-flows."""
        for node in statements:
            if isinstance(node, tree.Import):
                for name in node.names:
                    task = f"{node.module.text}.{name.name.text}"
                    self.bind(scope, Kind.TASK, name.bound, node, task=task)
                    if name.bound.span != name.name.span:
                        self.uses.append(Use(name.name.span, task=task))
            elif isinstance(node, tree.Include):
                self.bind(scope, Kind.INCLUDE, node.alias, node)
            elif isinstance(node, tree.Param):
                self.bind(scope, Kind.PARAM, node.name, node)
            elif isinstance(node, tree.TaskDecl):
                self.task(node, scope)
            elif isinstance(node, tree.FlowDecl):
                yield self.bind(scope, Kind.FLOW, node.name, node)
            elif isinstance(node, tree.Bind):
                self.bind(scope, Kind.STEP, node.name, node, owner=owner)
            elif isinstance(node, tree.When):
                yield from self.declare((*node.body, *node.otherwise), scope, owner)

    def task(self, node: tree.TaskDecl, scope: Scope) -> None:
        full = node.name.text
        simple = "." not in full and full.isidentifier()
        if node.alias is not None:
            symbol = self.bind(scope, Kind.TASK, node.alias, node, task=full)
            self.uses.append(Use(node.name.span, task=full))
        elif simple:
            symbol = self.bind(scope, Kind.TASK, node.name, node, task=full)
        else:
            symbol = Symbol(Kind.TASK, full, self.source, [node.name.span], node, task=full)
            self.symbols.append(symbol)
            self.uses.append(Use(node.name.span, symbol, binds=True))
        inner = Scope(node.span)
        for parameter in node.parameters or ():
            self.parameter(parameter, inner, symbol)
        self.tasks.setdefault(full, symbol)

    def parameter(self, node: tree.Parameter, scope: Scope, owner: Symbol) -> None:
        if node.name.text:
            symbol = self.bind(scope, Kind.ARGUMENT, node.name, node, owner=owner)
            owner.inner.setdefault(node.name.text, symbol)
        self.visit(node.type, scope)

    def flow(self, symbol: Symbol, outer: Scope) -> None:
        node: tree.FlowDecl = symbol.node
        end = block_end(self.source.text, node.span.start, node.span.end)
        line = self.source.text.rfind("\n", 0, node.span.start) + 1
        scope = Scope(Span(node.span.start, end), {}, outer, columns(self.source.text, line), node.span.end)
        self.scopes.append(scope)
        for parameter in node.parameters:
            self.parameter(parameter, scope, symbol)
            self.visit(parameter.default, outer)
        self.visit(node.returns, scope)
        self.block(node.body, scope, symbol)

    # ── using ──

    @singledispatchmethod
    def visit(self, node: object, scope: Scope) -> None:
        """Look up the names in a node; those without names or parts have nothing to look up."""

    def all(self, nodes: Iterable[object], scope: Scope) -> None:
        for node in nodes:
            self.visit(node, scope)

    @visit.register
    def _(self, node: tree.Name, scope: Scope) -> None:
        self.named(node, (), scope)

    @visit.register
    def _(self, node: tree.Postfix, scope: Scope) -> None:
        if isinstance(node.head, tree.Name):
            self.named(node.head, node.trailers, scope)
        else:
            self.visit(node.head, scope)
            self.all(node.trailers, scope)

    def named(self, head: tree.Name, trailers: tuple[tree.Trailer, ...], scope: Scope) -> None:
        """A name with what stands behind it."""
        symbol = scope.find(head.text)
        members: list[tree.Name] = []
        for trailer in trailers:
            if not isinstance(trailer, tree.Attribute):
                break
            members.append(trailer.name)
        callee = Use(head.span, symbol)
        if symbol is None:
            called = bool(trailers) and isinstance(trailers[0], tree.Arguments)
            if head.text in FUNCTIONS and (called or not members):
                callee = Use(head.span, function=head.text)
            else:
                dotted = ".".join((head.text, *(name.text for name in members)))
                callee = Use(Span(head.span.start, (members or [head])[-1].span.end), task=dotted)
            self.uses.append(callee)
        else:
            self.uses.append(callee)
            if symbol.kind is Kind.INCLUDE:
                for count, name in enumerate(members, 1):
                    callee = Use(name.span, symbol, tuple(member.text for member in members[:count]))
                    self.uses.append(callee)
            else:
                self.words.update((name.span, "member") for name in members)
        for trailer in trailers[len(members) :]:
            self.visit(trailer, scope)
            if isinstance(trailer, tree.Arguments):
                for keyword in trailer.kwargs:
                    name = keyword.name
                    self.uses.append(Use(name.span, callee.symbol, callee.path, callee.task, callee.function, name.text))

    @visit.register
    def _(self, node: tree.Comprehension, scope: Scope) -> None:
        for number, clause in enumerate(node.clauses):
            self.visit(clause.iterable, scope)
            scope = Scope(node.span, {}, scope)
            self.scopes.append(scope)
            for target in clause.targets:
                self.bind(scope, Kind.LOOP, target, node.clauses[number])
            self.all(clause.conditions, scope)
        self.visit(node.element, scope)

    @visit.register
    def _(self, node: tree.Bind | tree.Do | tree.Return | tree.Paren | tree.Keyword, scope: Scope) -> None:
        self.visit(node.value, scope)

    @visit.register
    def _(self, node: tree.MapItem, scope: Scope) -> None:
        self.words[node.key.span] = "key"
        self.visit(node.value, scope)

    @visit.register
    def _(self, node: tree.Attribute, scope: Scope) -> None:
        self.words[node.name.span] = "member"

    @visit.register
    def _(self, node: tree.Param, scope: Scope) -> None:
        self.visit(node.type, scope)
        self.visit(node.default, scope)

    @visit.register
    def _(self, node: tree.Defaults, scope: Scope) -> None:
        self.visit(node.options, scope)

    @visit.register
    def _(self, node: tree.TaskDecl, scope: Scope) -> None:
        self.visit(node.returns, scope)
        self.visit(node.options, scope)

    @visit.register
    def _(self, node: tree.TypeName, scope: Scope) -> None:
        self.words[node.name.span] = "type"
        self.all(node.args, scope)

    @visit.register
    def _(self, node: tree.TypeOptional, scope: Scope) -> None:
        self.visit(node.inner, scope)

    @visit.register
    def _(self, node: tree.TypeUnion, scope: Scope) -> None:
        self.all(node.members, scope)

    @visit.register
    def _(self, node: tree.TypeRecord, scope: Scope) -> None:
        for name, field in node.fields:
            self.words[name.span] = "key"
            self.visit(field, scope)

    @visit.register
    def _(self, node: tree.When, scope: Scope) -> None:
        self.all((node.condition, *node.body, *node.otherwise), scope)

    @visit.register
    def _(self, node: tree.ListExpr | tree.MapExpr, scope: Scope) -> None:
        self.all(node.items, scope)

    @visit.register
    def _(self, node: tree.Options, scope: Scope) -> None:
        self.words.update((item.name.span, "option") for item in node.items)
        self.all(node.items, scope)

    @visit.register
    def _(self, node: tree.Arguments, scope: Scope) -> None:
        self.all((*node.args, *node.kwargs), scope)

    @visit.register
    def _(self, node: tree.FString, scope: Scope) -> None:
        self.all(node.parts, scope)

    @visit.register
    def _(self, node: tree.Index, scope: Scope) -> None:
        self.visit(node.index, scope)

    @visit.register
    def _(self, node: tree.Range, scope: Scope) -> None:
        self.all((node.low, node.high), scope)

    @visit.register
    def _(self, node: tree.Unary, scope: Scope) -> None:
        self.visit(node.operand, scope)

    @visit.register
    def _(self, node: tree.Operation | tree.Coalesce, scope: Scope) -> None:
        self.all(node.operands, scope)

    @visit.register
    def _(self, node: tree.Conditional, scope: Scope) -> None:
        self.all((part for branch in node.branches for part in branch), scope)
        self.visit(node.otherwise, scope)

    @visit.register
    def _(self, node: tree.Chain, scope: Scope) -> None:
        self.all(node.stages, scope)

    @visit.register
    def _(self, node: tree.Scoped, scope: Scope) -> None:
        self.visit(node.scope, scope)
        for clause in node.clauses:
            self.all(clause.targets, scope)
