"""Findings as text for people: with the source and carets, or one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..columns import visible
from ..diagnostics import Diagnostic, Label, Severity
from ..ignored import NONE_IGNORED, Ignored
from ..snippet import Mark, Row, snippet
from ..source import Source, Span

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "secondary": "1;34",
    "gutter": "34",
    "place": "1",
    "message": "1",
    "help": "1;36",
}


class Painter:
    """Wraps texts in ANSI styles, or leaves them alone."""

    __slots__ = ("colour",)

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, style: str, text: str) -> str:
        """The text in a style of the table above."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and text else text


def render_full(findings: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Each finding with its source lines, the places underlined, and help; a blank line between. Ends with a line break unless empty."""
    paint = Painter(colour)
    return "\n".join(_full(finding, paint) for finding in findings)


def render_concise(findings: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """One line a finding: ``file:line:column: error[F0123]: message``."""
    paint = Painter(colour)
    return "".join(_headline(finding, paint) + "\n" for finding in findings)


def count(findings: Iterable[Diagnostic]) -> tuple[int, int]:
    """How many errors and how many warnings."""
    errors = warnings = 0
    for finding in findings:
        if finding.severity is Severity.ERROR:
            errors += 1
        else:
            warnings += 1
    return errors, warnings


def summary(findings: Sequence[Diagnostic], *, files: int, ignored: Ignored = NONE_IGNORED) -> str:
    """The closing line: "Found 2 errors and 1 warning in 3 files."; what was ignored is told, so that nothing goes unseen."""
    errors, warnings = count(findings)
    parts = [number(n, noun) for n, noun in ((errors, "error"), (warnings, "warning")) if n]
    found = f"Found {' and '.join(parts)}" if parts else "No findings"
    return f"{found} in {number(files, 'file')}{ignored}."


def number(n: int, noun: str) -> str:
    """A count with its noun: "1 file", "2 files"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def place_lines(source: Source, span: Span, paint: Painter) -> Iterator[str]:
    """The source lines of one place with carets under it, as below a finding."""
    rows = snippet(source, [Mark(span, primary=True)])
    width = max((len(str(row.number)) for row in rows), default=1)
    yield paint("gutter", " " * width + " |")
    for row in rows:
        yield _row(row, width, "error", paint)


def _place(source: Source, span: Span) -> str:
    at = source.position(span.start)
    return f"{visible(source.name)}:{at.line}:{at.column}"


def _headline(finding: Diagnostic, paint: Painter) -> str:
    kind = paint(finding.severity.value, f"{finding.severity.value}[{finding.code}]")
    return f"{paint('place', _place(finding.source, finding.span))}: {kind}: {paint('message', visible(finding.message))}"


def _full(finding: Diagnostic, paint: Painter) -> str:
    here = [Mark(finding.span, primary=True)]
    elsewhere: dict[int, list[Label]] = {}
    for label in finding.labels:
        if label.source is finding.source:
            here.append(Mark(label.span, visible(label.text)))
        else:
            elsewhere.setdefault(id(label.source), []).append(label)
    blocks = [(finding.source, snippet(finding.source, here))] if finding.source.shown else []
    for labels in elsewhere.values():
        source = labels[0].source
        blocks.append((source, snippet(source, [Mark(label.span, visible(label.text)) for label in labels])))
    width = max((len(str(row.number)) for _, rows in blocks for row in rows), default=1)
    bar = paint("gutter", " " * width + " |")
    lines = [_headline(finding, paint)]
    for index, (source, rows) in enumerate(blocks):
        if index:
            lines.append(paint("gutter", " " * width + " ::: ") + _place(source, list(elsewhere.values())[index - 1][0].span))
        lines.append(bar)
        lines.extend(_row(row, width, finding.severity.value, paint) for row in rows)
    if finding.help:
        lines.append(bar)
    for text in finding.help:
        lines.append(paint("gutter", " " * width + " = ") + f"{paint('help', 'help')}: {visible(text)}")
    return "\n".join(lines) + "\n"


def _row(row: Row, width: int, severity: str, paint: Painter) -> str:
    if row.kind == "gap":
        return paint("gutter", "...")
    if row.kind == "code":
        return (paint("gutter", f"{row.number:>{width}} |") + f" {row.text}").rstrip()
    style = severity if row.kind == "primary" else "secondary"
    marks = row.text.lstrip()
    blank = row.text[: len(row.text) - len(marks)]
    label = f" {row.label}" if row.label else ""
    return f"{paint('gutter', ' ' * width + ' |')} {blank}{paint(style, marks + label)}"
