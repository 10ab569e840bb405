"""Where to go on after a syntax error: the next line that is indented as an open block and on which no bracket is open.

A bracket that is never closed would swallow the rest of the file. So a line that looks like the beginning of a statement
(``param …``, ``x = …``) ends the search with brackets open; and if the text ends with one open, so does the first line of
known indentation that could begin anything.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .language import LANGUAGE
from .lines import Lines, begins_statement
from .scanner import ARROWS, BAD, CLOSE, COMMENT, LINES, OPEN

_NEVER_FIRST = (*")]},.:=*+-/%<>|?", "and ", "or ", "if ", "else ", "for ", "in ", *ARROWS)

#: Characters that may be read twice while places to resume are sought, for each character of the text, and in one search after that.
_SHARE = 2
_WINDOW = 1_000


class Place(NamedTuple):
    """Where to resume: the first character of a line, or the end. ``closed`` unless brackets were open there; ``block`` if that line is
    the first of a block that the broken statement heads."""

    at: int
    closed: bool
    block: bool = False


class Search:
    """Looks for places in one text; it stays linear in the size of the text, however many errors there are."""

    __slots__ = ("allowance", "lines", "stop", "text")

    def __init__(self, text: str, stop: int, lines: Lines) -> None:
        self.text = text
        self.stop = stop
        self.lines = lines
        self.allowance = _SHARE * len(text) + 25 * _WINDOW

    def looks_like_statement(self, at: int) -> bool:
        """Whether the line whose first character stands at ``at`` is surely a statement of an open block."""
        if not begins_statement(self.text, at) or not self.lines.is_known(at):
            return False
        end = self.text.find("\n", at, self.stop)
        line = self.text[at : self.stop if end < 0 else end].rstrip()
        return not (line.endswith(",") and line.count("(") + line.count("[") + line.count("{") == 0)

    def first_statement(self, start: int, end: int) -> int:
        """The first line between two offsets that is surely a statement; -1 if there is none."""
        at = self.text.find("\n", start, end)
        while at >= 0:
            at += 1
            while at < end and self.text[at] in " \t":
                at += 1
            if at <= end and at < self.stop and self.looks_like_statement(at):
                return at
            at = self.text.find("\n", at, end)
        return -1

    def body(self, bracket: int, end: int) -> Place | None:
        """The block below the header with an open ``bracket``, if its line ends with a colon and ``end`` lies on a later line."""
        stop = self.text.find("\n", bracket, end)
        if stop < 0 or not self.text[bracket:stop].rstrip().endswith(":"):
            return None
        match = LANGUAGE.scanner.match(self.text, stop, self.stop)
        at = match.end() if match else self.stop
        return Place(at, False, True) if at <= end and self.lines.is_deeper(at) else None

    def after(self, start: int, depth: int, heads: bool) -> Place:
        """The place after ``start``, where ``depth`` brackets are open; the broken statement ``heads`` a block if a deeper line follows."""
        window = self.stop if self.allowance > 0 or not depth else min(self.stop, start + _WINDOW)
        scan, text = LANGUAGE.scanner.match, self.text
        at, last, likely = start, "", -1
        while at < window:
            match = scan(text, at, self.stop)
            kind = match.lastindex if match else None
            if match is None or kind is None:
                break
            at = match.end()
            if kind == LINES:
                if at >= self.stop or text[at] == "#":
                    break
                place = self._place(at, depth, last, heads)
                if place:
                    self.allowance -= at - start
                    return place
                if depth and likely < 0 and self.is_first(at):
                    likely = at
            elif kind == BAD and match[BAD] in "\"'":
                at = self.end_of_string(match.start(BAD))
            depth = max(0, depth + (kind == OPEN) - (kind == CLOSE))
            if kind != COMMENT:
                last = match[kind]
        self.allowance -= at - start
        return Place(likely, False) if depth and likely >= 0 else Place(self.stop, not depth)

    def _place(self, at: int, depth: int, last: str, heads: bool) -> Place | None:
        """The line at ``at`` if parsing can resume there; ``last`` is the text of the last token before it."""
        if depth:
            return Place(at, False) if self.looks_like_statement(at) else None
        if last in ARROWS or self.text.startswith(ARROWS, at):
            return None
        if self.lines.is_known(at):
            return Place(at, True)
        return Place(at, True, True) if self.lines.is_deeper(at) and (heads or last == ":") else None

    def end_of_string(self, quote: int) -> int:
        """Where a string that never closes has its end: that of its line, or for three quotes that of the text."""
        if self.text.startswith(self.text[quote] * 3, quote):
            return self.stop
        end = re.compile(r"\r?\n").search(self.text, quote, self.stop)
        return end.start() if end else self.stop

    def is_first(self, at: int) -> bool:
        """Whether ``at`` is the first character of a line of known indentation that may begin a statement."""
        if self.text.startswith(_NEVER_FIRST, at):
            return False
        return not self.text[self.text.rfind("\n", 0, at) + 1 : at].strip(" \t") and self.lines.is_known(at)
