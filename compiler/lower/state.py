"""What lowering keeps: names and what they stand for, the surroundings of an expression, and what has been emitted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from ...dsl import tree
from ...dsl.diagnostics import Edit, Findings, Help, Label
from ...dsl.record import dataclass
from ...dsl.source import Source, Span
from ..budget import Budget, OperatorError
from ..declarations import Declaration, ParameterSpec
from ..include import Loader
from ..plan import Call, Group, Location, Map, Scope, SubFlow
from .domain import WRONG, Compound, Elab, PlanValues

#: Evaluations that one compile may make: so many, one for each character of its text, and more for each step that comes of them.
MOST_WORK = 500_000
WORK_OF_A_STEP = 60

#: Files that one compile may include, each counted as often as it is included.
MOST_INCLUDES = 1_000

#: How many files may include each other in a row.
DEEPEST_INCLUDE = 30


class TooMuchError(Exception):
    """A limit was reached and reported; the compile ends here."""


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Bound:
    """A name that stands for a value. ``kind`` says what bound it; ``also`` where the other branch of a ``when`` binds it."""

    value: Elab
    source: Source
    span: Span
    kind: Literal["name", "parameter", "loop"] = "name"
    also: Span | None = None


@dataclass(frozen=True, slots=True)
class TaskName:
    """A name that stands for a task, by its full name: imported or declared."""

    task: str
    source: Source
    span: Span


@dataclass(frozen=True, slots=True)
class FlowName:
    """A name that stands for a sub-flow."""

    flow: tree.FlowDecl
    file: FileNames
    source: Source
    span: Span


@dataclass(frozen=True, slots=True)
class IncludeName:
    """A name that stands for an included file."""

    file: FileNames
    source: Source
    span: Span


Binding: TypeAlias = Bound | TaskName | FlowName | IncludeName


@dataclass(slots=True)
class Names:
    """The names of a block, inside those around it."""

    table: dict[str, Binding] = field(default_factory=dict)
    outer: Names | None = None
    #: whether this is a file or sub-flow, and no loop or branch inside one
    block: bool = True
    #: where each name that a statement of this block binds is bound, to tell "too early" from "unknown"
    later: Mapping[str, Span] = field(default_factory=dict)

    def find(self, name: str) -> Binding | None:
        """What a name stands for here."""
        names: Names | None = self
        while names is not None:
            found = names.table.get(name)
            if found is not None:
                return found
            names = names.outer
        return None

    def bound_later(self, name: str) -> Span | None:
        """Where a statement further below binds the name."""
        names: Names | None = self
        while names is not None:
            if name in names.later:
                return names.later[name]
            names = names.outer
        return None

    def known(self) -> list[str]:
        """Every name that could be meant here."""
        names: Names | None = self
        known: dict[str, None] = {}
        while names is not None:
            known.update(dict.fromkeys(names.table))
            names = names.outer
        return list(known)


@dataclass(slots=True)
class FileNames:
    """One file (as often as it is included): its names, its parameters not yet asked for, its ``defaults``."""

    source: Source
    module: tree.Module
    space: str
    names: Names = field(default_factory=Names)
    params: dict[str, tree.Param] = field(default_factory=dict)
    asking: list[str] = field(default_factory=list)
    defaults: Layer = field(default_factory=lambda: NO_OPTIONS)
    included: bool = False
    #: the tasks that this file declares, by their short names
    tasks: dict[str, list[TaskName]] = field(default_factory=dict)
    #: for each include, whether it only declares tasks (a stub file)
    stubs: dict[str, bool] = field(default_factory=dict)


class Problem(Protocol):
    """What is wrong with a value: a code, what its message says, and help."""

    @property
    def code(self) -> str:
        """A code of the registry."""

    @property
    def values(self) -> Mapping[str, object]:
        """What fills the code's message."""

    @property
    def help(self) -> tuple[str, ...]:
        """What to do."""


# ── options ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Option:
    """One option as it was written."""

    value: Elab
    source: Source
    span: Span


Layer: TypeAlias = dict[str, Option]
NO_OPTIONS: Layer = {}

# ── surroundings ─────────────────────────────────────────────────────────────────────────────────────────────


class Frame(NamedTuple):
    """The surroundings of an expression.

    ``space`` prefixes identities (``"etl/"`` inside the sub-flow call ``etl``); ``base`` is the name of the statement, or empty.
    ``block`` are the defaults of the block; ``wrapper`` the options of the flow calls, groups and scopes around, merged.
    ``after`` are ids that a step has to wait for unless it waits for one emitted since ``entry``, the count at the flow's start.
    """

    file: FileNames
    names: Names
    space: str = ""
    base: str = ""
    scope: str | None = None
    groups: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    block: Layer = NO_OPTIONS
    wrapper: Layer = NO_OPTIONS
    after: tuple[str, ...] = ()
    entry: int = 0

    @property
    def source(self) -> Source:
        """The file that the expression stands in."""
        return self.file.source

    def within(self, **changes: Any) -> Frame:
        """These surroundings with some of them changed."""
        return self._replace(**changes)


@dataclass(frozen=True, slots=True)
class Feed:
    """What an arrow brings to the stage right of it: a result (``->``), or only that something has succeeded (``=>``)."""

    kind: Literal["link", "then"]
    value: Elab
    ids: tuple[str, ...]
    span: Span


@dataclass(slots=True)
class Hole:
    """What ``_`` stands for in the arguments that are being evaluated, and whether it was used."""

    value: Elab
    used: bool = False


# ── what comes out ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Output:
    """What has been emitted so far. ``order`` numbers every id of a call or group."""

    calls: list[Call] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    flows: list[SubFlow] = field(default_factory=list)
    order: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    #: steps that ignore their result, with the place of the option
    ignoring: dict[str, Option] = field(default_factory=dict)
    #: groups that stand for the end of a sub-flow, with what its value is where it has no step of its own
    ends: dict[str, Elab] = field(default_factory=dict)
    #: groups whose members were looked at for ignored results
    consumed: set[str] = field(default_factory=set)
    #: the place of each ``task_id`` option that a step has taken
    task_ids: dict[object, Option] = field(default_factory=dict)
    task_id_steps: dict[object, str] = field(default_factory=dict)
    #: ids of the steps and groups that stand in a scope with handlers
    handled: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Lowering:
    """The one mutable thing of a compile: where findings and output go, and the limits.

    ``value`` and ``stage`` evaluate an expression as an operand and as a stage, ``layer`` options, ``block`` the body of a sub-flow and
    ``constants`` the statements of an included file. They are set once by :mod:`.dispatch`, so that the modules of this package need not
    import each other in a circle.
    """

    findings: Findings
    settings: Any
    loader: Loader
    budget: Budget
    tasks: dict[str, Declaration] = field(default_factory=dict)
    short: dict[str, list[str]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    out: Output = field(default_factory=Output)
    used: set[tuple[str, int]] = field(default_factory=set)
    values: PlanValues = field(default_factory=PlanValues)
    hole: Hole | None = None
    allowance: int = MOST_WORK
    credited: int = 0
    includes: int = 0
    included: set[str] = field(default_factory=set)
    incomplete: bool = False
    active: list[FlowName] = field(default_factory=list)
    elaborated: set[tuple[str, int]] = field(default_factory=set)
    unchecked: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    #: types as plans show them, by their id (and the type itself, so that the id stays its own)
    type_texts: dict[int, tuple[str, object]] = field(default_factory=dict)
    option_sets: dict[object, tuple[object, Map, Layer]] = field(default_factory=dict)
    task_options: dict[str, Layer] = field(default_factory=dict)
    declared_at: dict[str, tuple[Source, Span]] = field(default_factory=dict)
    flow_specs: dict[tuple[str, int], tuple[ParameterSpec, ...]] = field(default_factory=dict)
    value: Callable[[tree.Expr, Frame], Elab] = field(init=False)
    stage: Callable[[tree.Expr, Frame, Feed | None, str | None], Elab] = field(init=False)
    layer: Callable[[tree.Options, Frame], Layer] = field(init=False)
    constants: Callable[[FileNames], None] = field(init=False)
    block: Callable[[tuple[tree.Statement, ...], Frame], tuple[Elab, Span | None]] = field(init=False)

    def report(
        self,
        code: str,
        where: Frame | Source,
        span: Span,
        *,
        labels: Iterable[Label] = (),
        help: Help = (),  # noqa: A002 - the field's name in every renderer
        fix: Iterable[Edit] = (),
        **values: object,
    ) -> Elab:
        """Report a finding; returns the value that stands in for what is wrong."""
        source = where.source if isinstance(where, Frame) else where
        self.findings.report(code, source, span, labels=labels, help=help, fix=fix, **values)
        return WRONG

    def refuse(self, problem: Problem, where: Frame | Source, span: Span) -> Elab:
        """Report what a value or option that cannot be amounts to."""
        values: dict[str, Any] = dict(problem.values)
        return self.report(problem.code, where, span, help=problem.help, **values)

    def kept(self, frame: Frame, span: Span, value: Elab) -> Elab:
        """A list or map just made, after accounting for its size."""
        items = value.items if isinstance(value, Compound) else value
        try:
            self.budget.keep(items)
        except OperatorError as problem:
            return self.refuse(problem, frame, span)
        return value

    def spend(self, frame: Frame, span: Span, units: int = 1) -> None:
        """Count work; past the limit the compile ends with a finding."""
        self.allowance -= units
        if self.allowance < 0:
            self.report("F0363", frame, span)
            raise TooMuchError

    def earn(self) -> None:
        """A step came of the work, so there may be more (also for steps that are thrown away, but not for ever more of them)."""
        if self.credited < 3 * self.settings.max_steps:
            self.credited += 1
            self.allowance += WORK_OF_A_STEP

    def use(self, binding: Binding) -> None:
        """Note that a name was used."""
        self.used.add((binding.source.name, binding.span.start))
        if isinstance(binding, Bound) and binding.also is not None:
            self.used.add((binding.source.name, binding.also.start))

    @contextmanager
    def discarding(self) -> Iterator[None]:
        """Evaluate for the findings alone: what is emitted inside is thrown away."""
        kept, incomplete = self.out, self.incomplete
        self.out = Output()
        try:
            yield
        finally:
            self.out, self.incomplete = kept, incomplete

    def fresh(self, frame: Frame, short: str) -> str:
        """An identity for an unnamed step: its task's short name with a number, counted within the statement's name."""
        key = f"{frame.space}{frame.base}.{short}" if frame.base else f"{frame.space}{short}"
        counters, order = self.out.counters, self.out.order
        number = counters.get(key, 0) + 1
        while f"{key}#{number}" in order:
            number += 1
        counters[key] = number
        return f"{key}#{number}"

    def claim(self, identity: str) -> str:
        """Take an identity; a second taker (only odd task names can cause one) gets a mark."""
        order = self.out.order
        while identity in order:
            identity += "'"
        order[identity] = len(order)
        return identity


def place(source: Source, span: Span) -> Location:
    """A span as a plan gives it."""
    starts = source.line_starts
    line = bisect_right(starts, span.start)
    first = starts[line - 1]
    if line == len(starts) or span.end < starts[line]:
        return Location(source.name, line, span.start - first + 1, line, span.end - first + 1)
    end = source.position(span.end)
    return Location(source.name, line, span.start - first + 1, end.line, end.column)
