"""Source files and places in them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of offsets, in code points, into one source's text."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The span from this one's start to ``other``'s end."""
        return Span(self.start, other.end)


class Position(NamedTuple):
    """A place as editors show it: line and column, both counted from 1, in code points."""

    line: int
    column: int


class Source:
    """One text under the name by which findings speak of it (a path as the user wrote it, or ``<stdin>``).

    Immutable. ``path`` is where it was read from, for resolving includes; None for standard input and strings.
    ``shown`` is false where there is no text to show: a file that could not be read, the command line.
    """

    __slots__ = ("__dict__", "name", "path", "shown", "text")

    def __init__(self, name: str, text: str, path: str | None = None, *, shown: bool = True) -> None:
        self.name = name
        self.text = text
        self.path = path
        self.shown = shown

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of the first character of each line."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> Position:
        """The line and column of an offset (clamped to the text)."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line (counted from 1) without its line break; empty past the end."""
        if not 1 <= number <= len(self.line_starts):
            return ""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].removesuffix("\r")

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {len(self.text)} characters)"
