"""The lines of a source that a finding is about, with the places in them underlined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .columns import cells
from .record import dataclass
from .source import Source, Span

#: Lines of one span that are shown; of a longer one the first and last few.
MOST_LINES = 6
HEAD, TAIL = 3, 2

#: Columns of source shown of a line; of a longer one, those around the mark.
WIDEST = 140
BEFORE = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to underline: the finding's own, or one that explains it."""

    span: Span
    text: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of output. ``kind``: ``code`` (a source line), ``primary`` or ``secondary`` (marks under it), ``gap``.

    ``number`` is the source line's, for ``code`` alone. The ``label`` follows the text.
    """

    kind: str
    text: str = ""
    number: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """The part of a mark that lies in one line: columns [start, end) from 0, in code points."""

    start: int
    end: int
    mark: Mark
    last: bool


def snippet(source: Source, marks: Iterable[Mark]) -> list[Row]:
    """The rows that show the marks in their lines, in the order of the source."""
    pieces: dict[int, list[_Piece]] = {}
    for mark in marks:
        for line, piece in _pieces(source, mark):
            pieces.setdefault(line, []).append(piece)
    rows: list[Row] = []
    previous = 0
    for number in sorted(pieces):
        if previous and number == previous + 2:
            rows.append(Row("code", _crop(source, number - 1, 0)[0], number - 1))
        elif previous and number > previous + 2:
            rows.append(Row("gap"))
        rows.extend(_line_rows(source, number, pieces[number]))
        previous = number
    return rows


def line_extent(source: Source, number: int) -> Span:
    """Where a line (counted from 1) begins and ends, without its line break. Nothing of it is copied: a line may be megabytes long."""
    starts, text = source.line_starts, source.text
    start = starts[number - 1]
    end = starts[number] - 1 if number < len(starts) else len(text)
    return Span(start, end - 1 if end > start and text[end - 1] == "\r" else end)


def _pieces(source: Source, mark: Mark) -> Iterator[tuple[int, _Piece]]:
    first, last = source.position(mark.span.start), source.position(max(mark.span.start, mark.span.end))
    end_line, end_column = last.line, last.column - 1
    if end_line > first.line and end_column == 0:
        # The span ends with a line break: its last line is the one before.
        end_line -= 1
        end_column = _length(source, end_line) + 1
    numbers = range(first.line, end_line + 1)
    shown = [*numbers[:HEAD], *numbers[-TAIL:]] if len(numbers) > MOST_LINES else numbers
    for number in shown:
        length = _length(source, number)
        start = first.column - 1 if number == first.line else _indent(source, number)
        if number not in (first.line, end_line) and start >= length:
            continue
        end = end_column if number == end_line else length
        start = min(start, length)
        yield number, _Piece(start, max(end, start + 1), mark, number == end_line)


def _length(source: Source, number: int) -> int:
    start, end = line_extent(source, number)
    return end - start


def _indent(source: Source, number: int) -> int:
    start, end = line_extent(source, number)
    head = source.text[start : min(end, start + WIDEST)]
    return len(head) - len(head.lstrip())


def _line_rows(source: Source, number: int, pieces: list[_Piece]) -> Iterator[Row]:
    ordered = sorted(pieces, key=lambda p: (not p.mark.primary, p.start, p.end))
    shown, edges = _crop(source, number, ordered[0].start)
    yield Row("code", shown, number)
    for piece in ordered:
        start, end = _column(edges, piece.start), _column(edges, piece.end)
        sign = "^" if piece.mark.primary else "-"
        line = " " * start + sign * max(1, end - start)
        yield Row("primary" if piece.mark.primary else "secondary", line, label=piece.mark.text if piece.last else "")


def _crop(source: Source, number: int, start: int) -> tuple[str, tuple[int, list[int]]]:
    """A line as it is shown, and where its characters went: the first one's index, and the column of each from there on."""
    begin, end = line_extent(source, number)
    text = source.text
    first = max(0, start - BEFORE) if _too_wide(text[begin : min(end, begin + WIDEST + 1)]) else 0
    shown: list[str] = ["…"] if first else []
    column = 1 if first else 0
    columns = [column]
    for part, width in cells(text[begin + first : min(end, begin + first + WIDEST + 1)], column):
        if column + width > WIDEST:
            shown.append("…")
            columns.append(column + 1)
            break
        shown.append(part)
        column += width
        columns.append(column)
    return "".join(shown).rstrip(), (first, columns)


def _too_wide(text: str) -> bool:
    return len(text) > WIDEST or sum(width for _, width in cells(text)) > WIDEST


def _column(edges: tuple[int, list[int]], index: int) -> int:
    first, columns = edges
    at = index - first
    if at < 0:
        return 0
    if at < len(columns):
        return columns[at]
    # One past the end of a line that is shown whole is where its line break stands.
    return columns[-1] + (1 if at == len(columns) and columns[-1] < WIDEST else 0)
