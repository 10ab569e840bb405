"""Lines and blocks: where a statement ends, and where a block begins and ends.

A line break ends a statement, unless a bracket is open, the next line begins with an arrow, or the line ended with one. Blocks are told
by their indentation, as text: a line belongs to the block that is indented by exactly the same blanks. Whatever is wrong is reported
here and read in the likeliest way, so that the parser sees proper blocks only.
"""

from __future__ import annotations

import re

from .diagnostics import Findings
from .scanner import ARROWS
from .source import Source, Span

#: Blocks inside blocks, at most.
DEEPEST = 64

_WIDTH = 8

#: The beginning of a statement, and of nothing else that could stand at the start of a line.
STATEMENT = r"(?:from|include|param|task|flow|return|when)[ \t]+(?=[\w\"'(\[{])|defaults[ \t]*\{|else[ \t]*:|[^\W\d]\w*[ \t]*=(?![=>])"


def begins_statement(text: str, at: int) -> bool:
    """Whether what stands at ``at`` is surely the beginning of a statement."""
    return re.compile(STATEMENT).match(text, at) is not None


class Lines:
    """The open blocks of one text.

    ``indents`` holds the blanks that each open block's lines begin with, the file's own first. A block that the parser must not
    hear of (lines indented for no reason) is ``silent``.
    """

    __slots__ = ("findings", "indents", "mixed", "silent", "source", "text")

    def __init__(self, source: Source, findings: Findings, text: str) -> None:
        self.source = source
        self.findings = findings
        self.text = text
        self.indents = [""]
        self.silent = [False]
        self.mixed: set[str] = set()

    def indentation(self, at: int) -> str:
        """The blanks before ``at``, the first character of a line that is not blank."""
        return self.text[self.text.rfind("\n", 0, at) + 1 : at].removeprefix("\ufeff")

    def continues(self, at: int, after_arrow: bool) -> bool:
        """Whether the line whose first character stands at ``at`` belongs to the statement above."""
        led = self.text.startswith(ARROWS, at)
        if not led and (not after_arrow or begins_statement(self.text, at)):
            return False
        if len(self.indents) == 1 or _width(self.indentation(at)) > _width(self.indents[-2]):
            return True
        if led:
            arrow = self.text[at : at + 2]
            self.findings.report("F0114", self.source, Span(at, at + 2), arrow=arrow)
        return led

    def turn(self, at: int, opened: bool) -> tuple[str, ...]:
        """The block tokens before the line whose first character stands at ``at``; ``opened`` if the line above asks for a block."""
        indent = self.indentation(at)
        top = self.indents[-1]
        if indent == top:
            return ()
        mixed = len(set(indent)) > 1 or not (indent.startswith(top) or top.startswith(indent))
        if mixed and indent not in self.mixed:
            self.mixed.add(indent)
            self.findings.report("F0111", self.source, Span(at - len(indent), at))
        if _width(indent) > _width(top):
            return () if mixed and not opened else self._deeper(at, indent, opened)
        return self._back(at, indent)

    def close(self) -> tuple[str, ...]:
        """The block tokens at the end of the text."""
        return self._pop(1)

    @property
    def is_too_deep(self) -> bool:
        """Whether more blocks are open than the parser may hear of."""
        return len(self.indents) > DEEPEST

    def is_known(self, at: int) -> bool:
        """Whether a line beginning at ``at`` is indented as some open block is."""
        return self.indentation(at) in self.indents

    def is_deeper(self, at: int) -> bool:
        """Whether a line beginning at ``at`` is indented more than the innermost open block."""
        return _width(self.indentation(at)) > _width(self.indents[-1])

    def _deeper(self, at: int, indent: str, opened: bool) -> tuple[str, ...]:
        if not opened:
            self.findings.report("F0112", self.source, Span(at - len(indent), at))
        elif len(self.indents) == DEEPEST:
            self.findings.report("F0123", self.source, Span(at - len(indent), at), what="blocks", most=DEEPEST)
        seen = opened and len(self.indents) < DEEPEST
        self.indents.append(indent)
        self.silent.append(not seen)
        return ("_INDENT",) if seen else ()

    def _back(self, at: int, indent: str) -> tuple[str, ...]:
        keep = len(self.indents)
        while keep > 1 and _width(self.indents[keep - 1]) > _width(indent):
            keep -= 1
        gone = self._pop(keep)
        if _width(self.indents[-1]) != _width(indent):
            if indent not in self.mixed:
                self.findings.report("F0113", self.source, Span(at - len(indent), at))
            self.indents.append(indent)
            self.silent.append(True)
        return gone

    def _pop(self, keep: int) -> tuple[str, ...]:
        gone = tuple("_DEDENT" for silent in self.silent[keep:] if not silent)
        del self.indents[keep:], self.silent[keep:]
        return gone


def _width(indent: str) -> int:
    return len(indent.expandtabs(_WIDTH))
