"""What the compiler makes of a text: its findings, and what each expression is worth, kept by the place where it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ...dsl.diagnostics import Diagnostic
from ...dsl.record import dataclass
from ...dsl.source import Source, Span
from ...dsl.tree import Expr
from ..declarations import Declaration
from ..lower.domain import WRONG, Elab, StepValue, elab_type
from ..lower.state import Feed, Frame, Lowering
from ..pipeline import Settings, compile_source
from ..plan import Call
from ..types import ANY, Type


@dataclass(eq=False)
class Observed:
    """A compile, looked at. Calls are found by where they begin (file and offset) and by their ids."""

    source: Source
    findings: tuple[Diagnostic, ...] = ()
    dropped: int = 0
    tasks: Mapping[str, Declaration] = field(default_factory=dict)
    short: Mapping[str, list[str]] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    _values: dict[tuple[str, Span], Elab] = field(default_factory=dict)
    _calls: dict[tuple[str, int, int], Call] = field(default_factory=dict)
    _ids: dict[str, Call] = field(default_factory=dict)

    def type_of(self, file: Source, span: Span) -> Type:
        """The type of the expression that was written there; ``any`` where nothing is known."""
        value = self._values.get((file.name, span), WRONG)
        return ANY if value is WRONG else elab_type(value)

    def value_of(self, file: Source, span: Span) -> Elab:
        """What an expression is worth."""
        return self._values.get((file.name, span), WRONG)

    def call_at(self, file: Source, offset: int) -> Call | None:
        """The step whose call begins at an offset: of several (in a comprehension, say) the last one."""
        return self._calls.get((file.name, *file.position(offset)))

    def call_of(self, value: Elab) -> Call | None:
        """The step whose result a value is."""
        return self._ids.get(value.id) if isinstance(value, StepValue) else None

    def declaration(self, name: str) -> Declaration | None:
        """What is known of a task by its full name, or by a short one that only it has."""
        found = self.tasks.get(name)
        names = self.short.get(name, ()) if found is None else ()
        return self.tasks.get(names[0]) if len(names) == 1 else found


def observe(source: Source, settings: Settings) -> Observed:
    """Compile a text and look on. Raises nothing that a text can cause."""
    seen = Observed(source)
    walks: list[Lowering] = []

    def begin(low: Lowering) -> None:
        walks.append(low)
        _watch(low, seen)

    compiled = compile_source(source, settings, begin)
    low = walks[0] if walks else None
    seen.findings, seen.dropped = compiled.findings, compiled.dropped
    if low is not None:
        seen.tasks, seen.short, seen.files = low.tasks, low.short, frozenset(low.included)
    return seen


def _watch(low: Lowering, seen: Observed) -> None:
    value_of, stage_of = low.value, low.stage
    values, calls, ids = seen._values, seen._calls, seen._ids
    last: list[Any] = [None]

    def note(expr: Expr, frame: Frame, value: Elab) -> None:
        key = (frame.file.source.name, expr.span)
        if value is not WRONG or key not in values:
            values[key] = value
        made = low.out.calls
        if made and made[-1] is not last[0]:
            call = last[0] = made[-1]
            calls[call.where[:3]] = call
            ids[call.id] = call

    def value(expr: Expr, frame: Frame) -> Elab:
        result = value_of(expr, frame)
        note(expr, frame, result)
        return result

    def stage(expr: Expr, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
        result = stage_of(expr, frame, feed, name)
        note(expr, frame, result)
        return result

    low.value, low.stage = value, stage
