"""The tree of a flow: what was written, with a span on everything, and no meaning.

Left-recursive forms are kept flat (a chain is one node with many stages, ``a + b + c`` one node with many operands,
``a.b(1)[0] {…}`` one node with many trailers), so that the depth of a tree is bounded by its brackets and blocks, which the parser
limits: walking it may recurse.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal as OneOf
from typing import TypeAlias

from .record import dataclass
from .source import Span

# ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Name:
    """A word: a use of a name where it is an expression, else the name that a statement binds or an argument's name."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. ``value``: None, bool, int, float, str, timedelta, date or (aware or naive) datetime."""

    span: Span
    value: bool | int | float | str | dt.timedelta | dt.date | dt.datetime | None


@dataclass(frozen=True, slots=True)
class Now:
    """``now``: the moment of submission."""

    span: Span


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``_``: the linked result."""

    span: Span


@dataclass(frozen=True, slots=True)
class FString:
    """``f"io.{region}"``: texts and expressions in turn (format specs and ``!r`` do not exist)."""

    span: Span
    parts: tuple[str | Expr, ...]


@dataclass(frozen=True, slots=True)
class ListExpr:
    """``[a, b(1)]``: a group if a member contains a step, else a list value."""

    span: Span
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class For:
    """``for i, j in numbers if i > 0``. ``conditions`` may be empty."""

    span: Span
    targets: tuple[Name, ...]
    iterable: Expr
    conditions: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """``[add(i, j) for i, j in numbers if i > 0]``, with one or more ``for`` clauses."""

    span: Span
    element: Expr
    clauses: tuple[For, ...]


@dataclass(frozen=True, slots=True)
class MapItem:
    """``name: value`` in a map; the key of ``"any key": 2`` is the text without quotes."""

    span: Span
    key: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class MapExpr:
    """``{name: 1, "any key": 2}``."""

    span: Span
    items: tuple[MapItem, ...]


@dataclass(frozen=True, slots=True)
class Paren:
    """``( … )``: a smaller scope, or just grouping."""

    span: Span
    value: Expr


@dataclass(frozen=True, slots=True)
class Keyword:
    """``name=value`` in a call, or ``name = value`` in options."""

    span: Span
    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Arguments:
    """``(2, y=3)`` behind a function."""

    span: Span
    args: tuple[Expr, ...]
    kwargs: tuple[Keyword, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """``5s..2m``: the value of an option."""

    span: Span
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class Attribute:
    """``.count`` behind a value, or a part of a dotted name. ``span`` covers the dot."""

    span: Span
    name: Name


@dataclass(frozen=True, slots=True)
class Index:
    """``[0]`` or ``["k"]`` behind a value."""

    span: Span
    index: Expr


@dataclass(frozen=True, slots=True)
class Options:
    """``{queue = "etl", expires = 2h}`` behind a call, a group, a parenthesised scope, or ``defaults``."""

    span: Span
    items: tuple[Keyword, ...]


Trailer: TypeAlias = Arguments | Attribute | Index | Options


@dataclass(frozen=True, slots=True)
class Postfix:
    """A head and one or more trailers: ``proj.tasks.add(2, 2) {queue = "x"}``, ``x[0].count``, ``(a -> b) {…}``."""

    span: Span
    head: Expr
    trailers: tuple[Trailer, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """Operators before an operand, outermost first: each ``-``, ``+`` or ``not``."""

    span: Span
    operators: tuple[str, ...]
    operand: Expr


@dataclass(frozen=True, slots=True)
class Operation:
    """Operands of one level of precedence and the operators between them (one fewer).

    ``level`` is ``or``, ``and``, ``compare`` (chained as in Python: ``== != < <= > >= in``, ``not in``),
    ``sum`` (``+ -``), ``product`` (``* / // %``) or ``power`` (``**``, which binds to the right).
    """

    span: Span
    level: OneOf["or", "and", "compare", "sum", "product", "power"]
    operands: tuple[Expr, ...]
    operators: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """``a if c else b if d else e``: (value, condition) pairs, then the last value."""

    span: Span
    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class Coalesce:
    """``a ?? b ?? c`` (two or more)."""

    span: Span
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """``->`` or ``=>``."""

    span: Span
    text: OneOf["->", "=>"]


@dataclass(frozen=True, slots=True)
class Chain:
    """``a -> b => c``: stages (two or more) and the arrows between them."""

    span: Span
    stages: tuple[Expr, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Handling:
    """One ``!> h``, ``!> each [h, k]``, ``*> z`` or ``~> f`` clause. ``span`` covers arrow and targets."""

    span: Span
    arrow: Name
    each: bool
    targets: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Scoped:
    """A scope with its clauses, in written order: each takes everything to its left."""

    span: Span
    scope: Expr
    clauses: tuple[Handling, ...]


Expr: TypeAlias = (
    Name
    | Literal
    | Now
    | Placeholder
    | FString
    | ListExpr
    | Comprehension
    | MapExpr
    | Paren
    | Postfix
    | Unary
    | Operation
    | Conditional
    | Coalesce
    | Range
    | Chain
    | Scoped
)

# ── types ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TypeName:
    """``int``, ``list[str]``, ``tuple[int, str]``."""

    span: Span
    name: Name
    args: tuple[TypeExpr, ...]


@dataclass(frozen=True, slots=True)
class TypeText:
    """``"a"`` as a type: that text and no other."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class TypeOptional:
    """``T?``."""

    span: Span
    inner: TypeExpr


@dataclass(frozen=True, slots=True)
class TypeUnion:
    """``"a" | "b"`` (two or more members)."""

    span: Span
    members: tuple[TypeExpr, ...]


@dataclass(frozen=True, slots=True)
class TypeRecord:
    """``{ok: bool, n: int}``."""

    span: Span
    fields: tuple[tuple[Name, TypeExpr], ...]


TypeExpr: TypeAlias = TypeName | TypeText | TypeOptional | TypeUnion | TypeRecord

# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ImportedName:
    """``add`` or ``mul as times``; ``bound`` is the name that the file uses."""

    span: Span
    name: Name
    bound: Name


@dataclass(frozen=True, slots=True)
class Import:
    """``from proj.tasks import add, mul as times``. ``module`` is the dotted text."""

    span: Span
    module: Name
    names: tuple[ImportedName, ...]


@dataclass(frozen=True, slots=True)
class Include:
    """``include "common.flow" as common``."""

    span: Span
    path: Literal
    alias: Name


@dataclass(frozen=True, slots=True)
class Param:
    """``param regions: list[str] = ["eu"]``."""

    span: Span
    name: Name
    type: TypeExpr | None
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Elided:
    """``...``: a default that a task has, and that its declaration does not tell."""

    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a task or flow. ``kind``: ``plain``, ``*args``, ``**kwargs``, or a bare ``*`` or ``/`` (the name is empty)."""

    span: Span
    kind: OneOf["plain", "*args", "**kwargs", "*", "/"]
    name: Name
    type: TypeExpr | None
    default: Expr | Elided | None


@dataclass(frozen=True, slots=True)
class TaskDecl:
    """``task proj.add(x: int, y: int = 0) -> int {queue = "math"} "Adds." as plus``. ``name`` is the whole (dotted or quoted) text."""

    span: Span
    name: Name
    parameters: tuple[Parameter, ...] | None
    returns: TypeExpr | None
    options: Options | None
    description: str | None
    alias: Name | None


@dataclass(frozen=True, slots=True)
class FlowDecl:
    """``flow name(p: T = v) -> T:`` and its block (without its description)."""

    span: Span
    name: Name
    parameters: tuple[Parameter, ...]
    returns: TypeExpr | None
    description: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Defaults:
    """``defaults {queue = "etl"}``."""

    span: Span
    options: Options


@dataclass(frozen=True, slots=True)
class When:
    """``when cond:`` and ``else:`` blocks. ``otherwise`` is empty without an ``else``."""

    span: Span
    condition: Expr
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """``return x``."""

    span: Span
    value: Expr


@dataclass(frozen=True, slots=True)
class Bind:
    """``x = a -> b``."""

    span: Span
    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Do:
    """An expression that stands as a statement."""

    span: Span
    value: Expr


Statement: TypeAlias = Import | Include | Param | TaskDecl | FlowDecl | Defaults | When | Return | Bind | Do


@dataclass(frozen=True, slots=True)
class Module:
    """A whole file (its description is not among the statements).

    ``broken`` holds the names that statements with syntax errors would have bound: they are missing from ``statements``, so a
    use of one is no mistake of its own.
    """

    span: Span
    description: str | None
    statements: tuple[Statement, ...]
    broken: frozenset[str] = frozenset()
