"""Where to go on after a syntax error: the next line that is indented as an open block and on which no bracket is open.

A bracket that is never closed would swallow the rest of the file. So a line that looks like the beginning of a statement
(``param …``, ``x = …``) ends the search with brackets open; and if the text ends with one open, so does the first line of
known indentation that could begin anything.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .language import LANGUAGE
from .lines import STATEMENT, Lines
from .scanner import ARROW_TYPES, ARROWS, BAD, CLOSE, COMMENT, LINES, OPEN, SIGN

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
        match = STATEMENT.match(self.text, at, self.stop)
        if not match or not self.lines.is_known(at):
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

    def after(self, start: int, depth: int, heads: bool) -> Place:
        """The place after ``start``, where ``depth`` brackets are open; the broken statement ``heads`` a block if a deeper line follows."""
        scan, text = LANGUAGE.scanner.match, self.text
        window = self.stop if self.allowance > 0 or not depth else min(self.stop, start + _WINDOW)
        at, last, likely = start, "", -1
        try:
            while at < window:
                match = scan(text, at, self.stop)
                kind = match.lastindex if match else None
                if match is None or kind is None:
                    return Place(self.stop, True)
                at = match.end()
                if kind == LINES:
                    if at >= self.stop or text[at] == "#":
                        break
                    if not depth:
                        if self._ends(at, last):
                            deeper = self.lines.is_deeper(at)
                            if not deeper or heads or last == "COLON":
                                return Place(at, True, deeper)
                    elif self.looks_like_statement(at):
                        return Place(at, False)
                    elif likely < 0 and self.lines.is_known(at) and not text.startswith(_NEVER_FIRST, at):
                        likely = at
                elif kind == OPEN:
                    depth += 1
                elif kind == CLOSE:
                    depth = max(0, depth - 1)
                elif kind == BAD and match[BAD] in "\"'":
                    at = self.end_of_string(match.start(BAD))
                if kind != COMMENT:
                    last = LANGUAGE.operators[match[SIGN]] if kind == SIGN else ""
            if not depth:
                return Place(self.stop, True)
            return Place(likely if likely >= 0 else self.stop, False)
        finally:
            self.allowance -= at - start

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

    def _ends(self, at: int, last: str) -> bool:
        return not (last in ARROW_TYPES or self.text.startswith(ARROWS, at)) and (self.lines.is_known(at) or self.lines.is_deeper(at))
