"""The language, ready to parse: its tables and its scanner, made once a process.

The tables come from ``tables.py``; if ``grammar.lark`` is not the text that they were made from, Lark makes them here and now.
"""

from __future__ import annotations

import os.path

from . import scanner
from .automaton import Automaton, Tables, digest
from .build import Builder
from .tables import TABLES

GRAMMAR = os.path.join(os.path.dirname(os.path.dirname(__file__)), "grammar.lark")


class Language:
    """What the driver needs: an automaton, the scanner, and the texts of reserved words and signs."""

    __slots__ = ("automaton", "keywords", "operators", "scanner")

    def __init__(self, tables: Tables) -> None:
        self.automaton = Automaton(tables, Builder)
        self.keywords = dict(tables.keywords)
        self.operators = dict(tables.operators)
        self.scanner = scanner.compile_scanner(self.operators, dict(tables.patterns))

    def type_of(self, kind: int, value: str) -> str:
        """The type of a token by its group and text alone."""
        if kind == scanner.NAME:
            return self.keywords.get(value, "NAME")
        return scanner.TYPES.get(kind) or self.operators[value]


def current_tables() -> Tables:
    """The stored tables, or new ones if the grammar has changed (or the stored ones alone if there is no grammar to read)."""
    try:
        with open(GRAMMAR, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return TABLES
    if digest(text) == TABLES.digest:
        return TABLES
    from .grammar import make_tables

    return make_tables(text)


LANGUAGE = Language(current_tables())


def closing_brace(text: str, start: int, stop: int) -> int:
    """Where the brace closes that was opened just before ``start``; -1 if it does not before ``stop``."""
    depth = 0
    for match in LANGUAGE.scanner.finditer(text, start, stop):
        if match.lastindex == scanner.OPEN:
            depth += 1
        elif match.lastindex == scanner.CLOSE:
            if not depth and match[scanner.CLOSE] == "}":
                return match.start(scanner.CLOSE)
            depth -= 1
    return -1
