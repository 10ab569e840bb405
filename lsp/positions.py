"""Places as the protocol counts them: lines end as editors end them, and columns count units of an encoding, UTF-16 by default."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from lsprotocol.types import Position, PositionEncodingKind, Range

from ..dsl.source import Span

_BREAK = re.compile(r"\r\n|\r|\n")


class Lines:
    """Turns offsets of a text, in code points, into the protocol's positions, and back. Places outside the text are moved into it."""

    def __init__(self, text: str, encoding: str = PositionEncodingKind.Utf16) -> None:
        self.text = text
        self.encoding = encoding
        self.plain = text.isascii() or encoding == PositionEncodingKind.Utf32

    @cached_property
    def starts(self) -> list[int]:
        """The offset of the first character of each line."""
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def ends(self) -> list[int]:
        """The offset behind the last character of each line, its line break left out."""
        return [*(found.start() for found in _BREAK.finditer(self.text)), len(self.text)]

    def position(self, offset: int) -> Position:
        """The position of an offset."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        return Position(line, offset - start if self.plain else sum(map(self._units, self.text[start:offset])))

    def range(self, span: Span) -> Range:
        """The range of a span."""
        return Range(self.position(span.start), self.position(span.end))

    def offset(self, position: Position) -> int:
        """The offset of a position. One behind the end of its line is that end; one inside a character is the character's start."""
        if position.line >= len(self.starts):
            return len(self.text)
        start, end = self.starts[position.line], self.ends[position.line]
        if self.plain:
            return min(start + position.character, end)
        units = position.character
        for at in range(start, end):
            units -= self._units(self.text[at])
            if units < 0:
                return at
        return end

    def span(self, range_: Range) -> Span:
        """The span of a range."""
        return Span(self.offset(range_.start), self.offset(range_.end))

    def _units(self, character: str) -> int:
        if self.encoding == PositionEncodingKind.Utf8:
            return len(character.encode("utf-8", "surrogatepass"))
        return 2 if character > "\uffff" else 1
