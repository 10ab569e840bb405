"""What a canvas says against a flow, as findings with a place in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..dsl.codes import CODES
from ..dsl.diagnostics import Diagnostic, Severity
from ..dsl.source import Source, Span
from .plan import Location, Obstacle

_DRIVEN = "`flowc run --broker URL` runs it on the same workers, and drives it"


def canvas_findings(said: Iterable[Obstacle], source_of: Callable[[str], Source]) -> tuple[Diagnostic, ...]:
    """Obstacles and remarks as findings, in their order.

    Args:
        said: obstacles and remarks of a canvas.
        source_of: the source of a file by the name that a :class:`Location` gives it.
    """
    found = []
    for one in said:
        entry = CODES[one.code]
        source = source_of(one.where.file)
        message = entry.message.format(reason=one.reason)
        helps = (_DRIVEN,) if entry.severity is Severity.ERROR else _HELPS.get(one.code, ())
        found.append(Diagnostic(one.code, entry.severity, source, span_of(source, one.where), message, (), helps))
    return tuple(found)


_HELPS = {
    "F1010": ("write `!> each` if every failure is meant", "`flowc run --broker URL` calls the handlers of a scope once"),
    "F1011": ("`time_limit` is kept by the worker; `flowc run --broker URL` keeps `timeout`",),
}


def span_of(source: Source, where: Location) -> Span:
    """The span of a place, in a source whose text is there; else the beginning."""
    starts = source.line_starts
    if not source.shown or not (0 < where.line <= len(starts) and 0 < where.end_line <= len(starts)):
        return Span(0, 0)
    return Span(starts[where.line - 1] + where.column - 1, starts[where.end_line - 1] + where.end_column - 1)
