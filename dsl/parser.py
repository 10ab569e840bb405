"""Text to tree. ``parse`` always gives a tree, of what could be parsed; the rest is findings."""

from __future__ import annotations

import gc
import re
from itertools import islice

from . import tree
from .build import Builder
from .diagnostics import Findings
from .driver import Driver
from .language import LANGUAGE
from .lines import Lines
from .scanner import Token
from .source import Source, Span
from .words import RESERVED

#: Words and signs that one text may have: a parse keeps up to 160 bytes for each, and takes microseconds.
MOST_TOKENS = 2_500_000

#: Lines that it may have, blank ones and comments too.
MOST_LINES = 1_000_000

_BREAKS = "\r(?!\n)|[\0\ud800-\udfff]"
_NAMES = {"\r": "a carriage return without a line feed", "\0": "a NUL character"}


def parse(source: Source, findings: Findings) -> tree.Module:
    """The tree of a source. What is wrong with it is reported; a statement with a syntax error is left out of the tree."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _parse(source, findings)
    finally:
        if collecting:
            gc.enable()


def _parse(source: Source, findings: Findings) -> tree.Module:
    text = _readable(source, findings)
    if most := _exceeded(text):
        findings.report("F0703", source, Span(0, 0), path=source.name, most=most)
        return tree.Module(Span(0, len(text)), None, ())
    parser = Parser(source, findings, text)
    return parser.module()


def _readable(source: Source, findings: Findings) -> str:
    """The text with each character that no line of a flow may hold taken for a blank or line break of the same length."""
    text = source.text
    if text.isascii() and "\r" not in text and "\0" not in text:
        return text
    match = re.search(_BREAKS, text)
    if not match:
        return text
    what = _NAMES.get(match[0], "half of a surrogate pair")
    findings.report("F0110", source, Span(match.start(), match.end()), what=what)
    return re.sub(_BREAKS, lambda found: "\n" if found[0] == "\r" else " ", text)


def _exceeded(text: str) -> str:
    """The limit that a text exceeds, in words. Most are too short for that, and nothing of them is counted."""
    if len(text) > MOST_LINES and text.count("\n") > MOST_LINES:
        return f"{MOST_LINES:,} lines"
    if len(text) > MOST_TOKENS and next(islice(LANGUAGE.scanner.finditer(text), MOST_TOKENS, None), None):
        return f"{MOST_TOKENS:,} words and signs"
    return ""


class Parser:
    """One parse of a source, and of the expressions in its f-strings."""

    def __init__(self, source: Source, findings: Findings, text: str) -> None:
        self.source = source
        self.findings = findings
        self.text = text
        self.builder = Builder(source, findings, self.embedded)

    def module(self) -> tree.Module:
        """The tree of the whole text."""
        driver = Driver(self.text, len(self.text), self.builder, Lines(self.source, self.findings, self.text))
        position = 1 if self.text.startswith("\ufeff") else 0
        stopped = driver.begin(position) or driver.run(position) or driver.finish()
        if stopped:
            from .recover import Recovery

            recovery = Recovery(driver, self.builder, self.source, self.findings)
            while stopped:
                stopped = recovery.recover(stopped)
        module: tree.Module = driver.value
        return module

    def embedded(self, start: int, stop: int) -> tree.Expr | None:
        """The expression between the braces at ``start`` and ``stop`` of an f-string."""
        name = self.text[start + 1 : stop].strip(" \t")
        if name.isidentifier() and name not in RESERVED:
            at = self.text.index(name, start + 1)
            return self.builder.name([Token("NAME", name, at, at + len(name))])
        driver = Driver(self.text, stop, self.builder, Lines(self.source, self.findings, self.text))
        stopped = driver.embed(start)
        if stopped:
            from .expected import replay
            from .mistakes import Mistake, report
            from .repair import open_brackets

            states = replay(driver.states[:2], self.text, start + 1, min(stopped.token.start_pos, stop)) or driver.states
            report(Mistake(stopped, states, driver.values, open_brackets(driver, 0), None, stop), self.source, self.findings)
            return None
        value: tree.Expr = driver.value.statements[0].value.value
        return value
