"""Names as an editor sees them: what binds one, what uses it, and in which part of a text it is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import StrEnum
from typing import Any

from ...dsl import tree
from ...dsl.record import dataclass
from ...dsl.source import Source, Span


class Kind(StrEnum):
    """What a name stands for."""

    STEP = "step"
    PARAM = "parameter"
    ARGUMENT = "argument"
    LOOP = "loop"
    FLOW = "flow"
    INCLUDE = "include"
    TASK = "task"


@dataclass(eq=False)
class Symbol:
    """A name that a file binds.

    ``spans`` are all places that bind it: both branches of a ``when`` may. ``node`` is the statement (or parameter) of the first one.
    ``task`` is a task's full name. ``inner`` holds the parameters of a flow or declared task by their names.
    """

    kind: Kind
    name: str
    file: Source
    spans: list[Span]
    node: Any
    task: str = ""
    inner: dict[str, Symbol] = field(default_factory=dict)
    owner: Symbol | None = None

    @property
    def span(self) -> Span:
        """The place that binds it first."""
        return self.spans[0]


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a name stands, its own binding included.

    ``symbol``: what the (first) name is bound to in this file. ``path``: the members reached from there, through includes; the span is that
    of the last one. Without a symbol, ``task`` is the (dotted) name of a task that nothing binds, or ``function`` a built-in function.
    ``argument``: the span is the name of an argument in a call of all that.
    """

    span: Span
    symbol: Symbol | None = None
    path: tuple[str, ...] = ()
    task: str = ""
    function: str = ""
    argument: str = ""
    binds: bool = False


@dataclass(eq=False)
class Scope:
    """A part of a text that knows names of its own: the file, a sub-flow, a comprehension.

    ``indent``: of a sub-flow, the columns that its head is indented by. Behind its last statement, at ``solid``, what is indented more
    still belongs to it.
    """

    span: Span
    table: dict[str, Symbol] = field(default_factory=dict)
    outer: Scope | None = None
    indent: int = -1
    solid: int = 0

    def find(self, name: str) -> Symbol | None:
        """What a name stands for here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.table:
                return scope.table[name]
            scope = scope.outer
        return None

    def known(self) -> Iterator[Symbol]:
        """What can be named here, each name once, inner ones first."""
        seen: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            for name, symbol in scope.table.items():
                if name not in seen:
                    seen.add(name)
                    yield symbol
            scope = scope.outer


@dataclass(eq=False)
class Index:
    """One file: its tree, its names, and where they are used, in the order of the text.

    ``tasks`` are its declarations by full name. ``words`` are names that are looked up nowhere: ``option``, ``member``, ``key``, ``type``.
    """

    source: Source
    module: tree.Module
    top: Scope
    scopes: list[Scope]
    symbols: list[Symbol]
    uses: list[Use]
    tasks: dict[str, Symbol]
    words: dict[Span, str]

    def use_at(self, offset: int) -> Use | None:
        """The use that an offset lies in or just behind; of nested ones the shortest."""
        found = [use for use in self.uses if use.span.start <= offset <= use.span.end]
        return min(found, key=lambda use: (offset == use.span.end, use.span.end - use.span.start), default=None)

    def scope_at(self, offset: int) -> Scope:
        """The innermost scope around an offset. A line indented below a sub-flow's head still belongs to it."""
        indent = columns(self.source.text, self.source.text.rfind("\n", 0, offset) + 1, offset)
        around = [
            scope
            for scope in self.scopes
            if scope.span.start <= offset <= scope.span.end and (offset <= scope.solid or indent > scope.indent)
        ]
        return min(around, key=lambda scope: scope.span.end - scope.span.start, default=self.top)


def columns(text: str, at: int, stop: int | None = None) -> int:
    """The columns that a line beginning at an offset is indented by; blanks from ``stop`` on do not count."""
    width = 0
    stop = len(text) if stop is None else stop
    while at < stop and text[at] in " \t":
        width += 8 - width % 8 if text[at] == "\t" else 1
        at += 1
    return width
