"""Findings as data: what is wrong, where, and what to do. Rendering is apart (:mod:`flowc.dsl.render`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

from .record import dataclass
from .source import Source, Span

#: Findings of each severity that are kept; a hostile file cannot make more, and warnings cannot drive out errors. The rest are counted.
MOST_FINDINGS = 1_000

#: Help lines that are worked out when they are needed (the nearest name among thousands), at most so many in a run.
MOST_WORKED_OUT = 100

#: A user's text inside a message is cut to this many characters.
LONGEST_QUOTE = 60


class Severity(StrEnum):
    """How bad a finding is. Errors stop the compiler's output; warnings do not (unless ``--strict``)."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains a finding ("first bound here")."""

    source: Source
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of one span of the source, for fixes."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    ``span`` lies in ``source``; ``labels`` may lie in other sources. ``help`` lines say what to do.
    ``fix`` is a safe replacement, if there is one.
    """

    code: str
    severity: Severity
    source: Source
    span: Span
    message: str
    labels: tuple[Label, ...] = ()
    help: tuple[str, ...] = ()
    fix: tuple[Edit, ...] = ()


def quote(text: object, longest: int = LONGEST_QUOTE) -> str:
    """A user's text made safe to print: control characters escaped, long texts cut in the middle."""
    shown = text if isinstance(text, str) else str(text)
    if len(shown) > longest:
        half = (longest - 1) // 2
        shown = f"{shown[:half]}…{shown[-half:]}"
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


#: Help lines, or what works them out.
Help: TypeAlias = str | Iterable[str] | Callable[[], str | Iterable[str]]


class Findings:
    """Collects findings in any order; gives them sorted by file and position, without repeats.

    ``most``: how many of each severity are kept. ``dropped`` counts the others.
    """

    def __init__(self, most: int = MOST_FINDINGS) -> None:
        self._seen: dict[tuple[str, str, Span], Diagnostic] = {}
        self._left = dict.fromkeys(Severity, most)
        self.dropped = 0
        self._worked_out = 0

    def report(
        self,
        code: str,
        source: Source,
        span: Span,
        *,
        labels: Iterable[Label] = (),
        help: Help = (),  # noqa: A002 - the field's name in every renderer
        fix: Iterable[Edit] = (),
        **values: object,
    ) -> None:
        """Add a finding of the registry: its message template is filled with ``values``.

        ``help`` may be a function that gives the lines: it is called only for findings that are kept, and not without end.
        A second report of the same code at the same place is dropped. Raises KeyError for a code that the
        registry does not know, or a template value that is missing: those are our bugs.
        """
        from .codes import CODES

        key = (code, source.name, span)
        if key in self._seen:
            return
        entry = CODES[code]
        if not self._has_room(entry.severity):
            return
        message = entry.message.format(**{name: quote(value) for name, value in values.items()})
        helps = self._help_lines(help)
        self._seen[key] = Diagnostic(
            code, entry.severity, source, span, message, tuple(labels), tuple(quote(h, 400) for h in helps), tuple(fix)
        )

    def _has_room(self, severity: Severity) -> bool:
        if not self._left[severity]:
            self.dropped += 1
            return False
        self._left[severity] -= 1
        return True

    def _help_lines(self, given: Help) -> tuple[str, ...]:
        if callable(given):
            self._worked_out += 1
            given = given() if self._worked_out <= MOST_WORKED_OUT else ()
        return (given,) if isinstance(given, str) else tuple(given)

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(d.severity is Severity.ERROR for d in self._seen.values())

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings, by file name, position and code."""
        return tuple(sorted(self._seen.values(), key=lambda d: (d.source.name, d.span, d.code)))

    def extend(self, others: Iterable[Diagnostic]) -> None:
        """Add findings that were made elsewhere."""
        for d in others:
            key = (d.code, d.source.name, d.span)
            if key not in self._seen and self._has_room(d.severity):
                self._seen[key] = d

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())

    def __len__(self) -> int:
        return len(self._seen)
