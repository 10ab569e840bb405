"""Tokens, and the one regular expression that finds them.

It is made from the terminals of ``grammar.lark``. The driver scans and parses in one loop; ``tokens`` and ``comments`` here are for tools
that need no tree (the formatter, the search for a place to resume).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .source import Source, Span


class Token(NamedTuple):
    """A terminal of the grammar with its text and place. ``type`` is the terminal's name, as in a token of Lark."""

    type: str
    value: str
    start_pos: int
    end_pos: int


#: The groups of the expression, by number.
FSTRING, NAME, OPEN, CLOSE, SIGN, NUMBER, STRING, LINES, COMMENT, BAD = range(1, 11)

#: The types of what is no sign and no word.
TYPES = {NUMBER: "NUMBER", STRING: "STRING", FSTRING: "FSTRING", COMMENT: "COMMENT", BAD: "BAD"}

#: The types of the brackets.
OPENING = {"(": "LPAR", "[": "LSQB", "{": "LBRACE"}
CLOSING = {")": "RPAR", "]": "RSQB", "}": "RBRACE"}

#: The arrows, and their types.
ARROWS = ("->", "=>", "!>", "*>", "~>")
ARROW_TYPES = frozenset({"LINK", "THEN", "ON_ERROR", "ALWAYS", "ON_MESSAGE"})

#: Line breaks with the blank lines and comments between them, then the indentation of the next line.
_LINES = r"(?:(?:#[^\r\n]*)?\r?\n[ \t]*+)++"


def compile_scanner(operators: Mapping[str, str], patterns: Mapping[str, str]) -> re.Pattern[str]:
    """The expression for a grammar's signs and patterns: blanks, then one group that says what was found (or none, at the end)."""
    signs = [sign for sign in operators if sign not in OPENING and sign not in CLOSING]
    long = "|".join(re.escape(sign) for sign in signs if len(sign) > 1)
    short = "".join(re.escape(sign) for sign in signs if len(sign) == 1)
    groups = (
        patterns["FSTRING"],
        patterns["NAME"],
        r"[(\[{]",
        r"[)\]}]",
        f"{long}|[{short}]",
        patterns["NUMBER"],
        patterns["STRING"],
        _LINES,
        r"#[^\r\n]*",
        r"(?s:.)",
    )
    return re.compile(r"[ \t]*+(?:" + "|".join(f"({group})" for group in groups) + r"|\Z)")


def indentation(source: Source, offset: int) -> str:
    """The blanks before the first other character of the line that ``offset`` is in."""
    start = source.text.rfind("\n", 0, offset) + 1
    end = start
    while end < len(source.text) and source.text[end] in " \t":
        end += 1
    return source.text[start:end]


def comments(source: Source) -> list[Span]:
    """The comments of a text in order, each from its ``#`` to the end of the line (without the line break)."""
    return [Span(token.start_pos, token.end_pos) for token in tokens(source) if token.type == "COMMENT"]


def tokens(source: Source) -> Iterator[Token]:
    """All of a text but its blanks, by form alone: reserved words have their own types everywhere, a run of line breaks and comment
    lines is split into its comments and one ``_NEWLINE`` a line, and what is no token has the type ``BAD``."""
    from .language import LANGUAGE

    text = source.text
    for match in LANGUAGE.scanner.finditer(text, 1 if text.startswith("\ufeff") else 0):
        kind = match.lastindex
        if kind is None:
            return
        start, end = match.span(kind)
        value = match[kind]
        if kind == LINES:
            yield from _lines(text, start, end)
        else:
            yield Token(LANGUAGE.type_of(kind, value), value, start, end)


def _lines(text: str, start: int, end: int) -> Iterator[Token]:
    for match in re.finditer(r"(#[^\r\n]*)|(\r?\n)", text[start:end]):
        yield Token("COMMENT" if match[1] else "_NEWLINE", match[0], start + match.start(), start + match.end())
