"""From tokens to lines: which tokens make a statement, how deep it is indented, and where comments and the user's line breaks stand.

The text is known to parse, so nothing is checked here; blocks are told as :mod:`flowc.dsl.lines` tells them. Statements joined by ``;``
and blocks behind a colon get lines of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .scanner import ARROW_TYPES, CLOSING, OPENING, Token
from .source import Source

_TAB = 8
_OPEN = frozenset(OPENING.values())
_CLOSE = frozenset(CLOSING.values())
_HEADERS = frozenset({"FLOW", "WHEN", "ELSE"})
_DECLARATIONS = frozenset({"TASK", "FLOW"})


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its ``#`` on. ``own``: it has a line to itself; ``blank``: an empty line stands above it."""

    text: str
    own: bool
    blank: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """What asks for line breaks inside a statement, by the indices of its tokens.

    ``comments``: before a token. ``breaks``: arrows that the user put a line break before or behind. ``exploded``: closing brackets that
    a comma stands before. ``gaps``: tokens with an empty line above (it asks for no line break, but stays if there is one).
    """

    comments: dict[int, list[Comment]] = field(default_factory=dict)
    breaks: set[int] = field(default_factory=set)
    exploded: set[int] = field(default_factory=set)
    gaps: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Line:
    """A statement, or the head of a block; or only a comment, if there are no tokens.

    ``blank``: an empty line stands above it. ``comment`` ends it. ``marks`` is None if nothing asks for a line break.
    """

    depth: int
    blank: bool
    tokens: Sequence[Token] = ()
    comment: str = ""
    marks: Marks | None = None


def split(source: Source, tokens: Iterable[Token]) -> list[Line]:
    """The lines of a text that parses, in order."""
    splitter = _Splitter(source)
    splitter.read(tokens)
    return splitter.lines


class _Splitter:
    """Gathers tokens into lines.

    ``widths`` are the indentations of the open blocks; ``pending`` the comments since the last token, with their offsets;
    ``newlines`` counts the line breaks since the last token or comment.
    """

    def __init__(self, source: Source) -> None:
        self.text = source.text
        self.lines: list[Line] = []
        self.widths = [0]
        self.pending: list[tuple[Comment, int]] = []
        self.newlines = 1
        self.tokens: list[Token] = []
        self.marks: Marks | None = None
        self.depth = 0
        self.blank = False
        self.opened = False

    def read(self, stream: Iterable[Token]) -> None:
        """Take all tokens."""
        brackets = 0
        turned = ended = True
        last = ""
        for token in stream:
            kind = token[0]
            if kind == "_NEWLINE":
                self.newlines += 1
                turned = True
                continue
            if kind == "COMMENT":
                self.pending.append((Comment(token[1].rstrip(), self.newlines > 0, self.newlines > 1), token[2]))
                self.newlines = 0
                continue
            if not brackets:
                if ended or (turned and kind not in ARROW_TYPES and last not in ARROW_TYPES):
                    self._end()
                    self._begin(token, turned)
                    ended = False
                elif kind == "SEMICOLON":
                    ended = True
                    turned = False
                    self.newlines = 0
                    continue
            if turned:
                self._note_break(kind, last)
            index = len(self.tokens)
            self.tokens.append(token)
            if kind in _OPEN:
                brackets += 1
            elif kind in _CLOSE:
                brackets -= 1
                if last == "COMMA":
                    self._marks().exploded.add(index)
            elif kind == "COLON" and not brackets and self.tokens[0][0] in _HEADERS:
                ended = self.opened = True
            turned = False
            self.newlines = 0
            last = kind
        self._end()
        self._remarks(0, self.widths)

    def _begin(self, token: Token, turned: bool) -> None:
        """Begin a line with ``token``, after the comments that stand above it."""
        old = self.widths
        if turned:
            self.widths = self._entered(self._width(token[2]), old)
            self.depth = len(self.widths) - 1
        elif self.opened:
            self.depth += 1
        self._remarks(self.depth, self.widths if self.opened else old)
        self.blank = self.newlines > 1 and token[0] != "ELSE"
        self.opened = False

    def _entered(self, width: int, widths: list[int]) -> list[int]:
        if self.opened:
            return [*widths, width]
        keep = len(widths)
        while keep > 1 and widths[keep - 1] > width:
            keep -= 1
        return widths[:keep]

    def _note_break(self, kind: str, last: str) -> None:
        """Note comments and line breaks before a token that goes on with the statement."""
        index = len(self.tokens)
        if not index:
            return
        if self.pending:
            self._marks().comments[index] = [comment for comment, _ in self.pending]
            self.pending = []
        if self.newlines > 1:
            self._marks().gaps.add(index)
        if self.tokens[0][0] not in _DECLARATIONS:
            if kind in ARROW_TYPES:
                self._marks().breaks.add(index)
            elif last in ARROW_TYPES:
                self._marks().breaks.add(index - 1)

    def _marks(self) -> Marks:
        if self.marks is None:
            self.marks = Marks()
        return self.marks

    def _end(self) -> None:
        """Close the line at hand, with the comment that stands behind it."""
        if not self.tokens:
            return
        comment = ""
        if self.pending and not self.pending[0][0].own:
            comment = self.pending.pop(0)[0].text
        self.lines.append(Line(self.depth, self.blank, self.tokens, comment, self.marks))
        self.marks = None
        self.tokens = []

    def _remarks(self, depth: int, widths: list[int]) -> None:
        """Make lines of the pending comments. Each belongs to the block that it is indented like, but to none that has ended."""
        deepest = len(widths) - 1
        for comment, at in self.pending:
            width = self._width(at)
            while deepest > depth and widths[deepest] > width:
                deepest -= 1
            self.lines.append(Line(max(depth, deepest), comment.blank, comment=comment.text))
        self.pending = []

    def _width(self, at: int) -> int:
        """The columns of blanks before the first character of a line."""
        return len(self.text[self.text.rfind("\n", 0, at) + 1 : at].expandtabs(_TAB))
