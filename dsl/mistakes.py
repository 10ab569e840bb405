"""What a syntax error is, in the user's words: which code, which place, and what to do about it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from . import tree
from .diagnostics import Findings, Label
from .driver import DEEPEST, Stop
from .expected import found, shiftable, words
from .hints import hint
from .scanner import Token
from .source import Source, Span
from .words import FOREIGN, RESERVED

#: Characters that another language knows, and what to write in a flow.
_CHARACTERS = {
    "!": "write `not` to negate; a handler is `!>`",
    "&": "write `and`; steps side by side are a group: `[a, b]`",
    "~": "a callback for messages is `~>`",
    "^": "a power is written `**`",
    "\\": "a line goes on inside brackets, and when the next one begins with an arrow",
    "$": 'a parameter is used by its name alone; in a string, write f"{name}"',
    "\u2192": "an arrow is written `->`",
    "\u21d2": "an arrow is written `=>`",
    "@": 'what applies to a step stands behind it in braces: `task() {queue = "etl"}`',
    "`": "strings stand between \" or '",
    "\ufeff": "a byte order mark may stand only at the start of a file",
}
_SMART_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
_HANDLERS = ("ON_ERROR", "ALWAYS", "ON_MESSAGE")


class Mistake(NamedTuple):
    """One syntax error. ``states`` are those in which the token was not taken, ``broken`` is what the statement had become by
    then, tokens and nodes, and ``open`` its open brackets.
    ``unclosed`` is the bracket that swallowed the lines from ``resumes`` on, if that is what is wrong."""

    stop: Stop
    states: Sequence[int]
    broken: list[Any]
    open: list[Token]
    unclosed: Token | None
    resumes: int


def report(mistake: Mistake, source: Source, findings: Findings) -> None:
    """Report one mistake."""
    token = mistake.stop.token
    span = Span(token.start_pos, token.end_pos)
    if mistake.stop.too_deep:
        findings.report("F0123", source, span, what="brackets", most=DEEPEST)
    elif token.type == "BAD":
        _character(token, source, findings)
    elif mistake.unclosed:
        _unclosed(mistake, mistake.unclosed, source, findings)
    elif word := _reserved(mistake):
        place = Span(word.start_pos, word.end_pos)
        if word.value in FOREIGN and len(mistake.broken) == 1:
            findings.report("F0120", source, place, word=word.value, help=FOREIGN[word.value])
        else:
            findings.report("F0105", source, place, word=word.value, help=FOREIGN.get(word.value, ()))
    elif token.type in ("LINK", "THEN") and _handled(mistake):
        scope = source.text[_start(mistake.broken[0]) : token.start_pos].strip()
        shown = f"({scope}) {token.value} …" if len(scope) < 60 and "\n" not in scope else f"(a !> h) {token.value} b"
        findings.report("F0115", source, span, arrow=token.value, help=f"put the scope in parentheses: {shown}")
    else:
        _unexpected(mistake, source, findings)


def _unexpected(mistake: Mistake, source: Source, findings: Findings) -> None:
    token = mistake.stop.token
    terminals = shiftable(mistake.states)
    brace = bool(mistake.open) and mistake.open[-1].type == "LPAR" and mistake.open[-1].value == "{"
    labels = []
    if mistake.open and token.type in ("RPAR", "RSQB", "RBRACE", "_NEWLINE"):
        labels.append(Label(source, Span(mistake.open[-1].start_pos, mistake.open[-1].end_pos), "opened here"))
    findings.report(
        "F0101",
        source,
        Span(token.start_pos, token.end_pos),
        labels=labels,
        help=hint(mistake.stop.token, source.text, mistake.broken, mistake.open, terminals),
        found=found(token),
        expected=words(terminals, brace),
    )


def _start(child: Any) -> int:
    start: int = child.start_pos if hasattr(child, "start_pos") else child.span[0]
    return start


def _character(token: Token, source: Source, findings: Findings) -> None:
    char = token.value
    if char in "\"'":
        quotes = char * 3 if source.text.startswith(char * 3, token.start_pos) else char
        before = "before the end of the text" if len(quotes) == 3 else "before the end of the line"
        span = Span(token.start_pos, token.start_pos + len(quotes))
        findings.report("F0103", source, span, quote=f"`{quotes}`", before=before)
        return
    hint = _CHARACTERS.get(char, "")
    if char in _SMART_QUOTES:
        hint = "strings stand between straight quotes: \" or '"
    elif not hint and (char.isspace() or unicodedata.category(char)[0] in "CZ"):
        name = unicodedata.name(char, "a control character").lower()
        hint = f"this is {name} (U+{ord(char):04X}); only spaces and tabs are blanks, only line feeds end lines"
    findings.report("F0104", source, Span(token.start_pos, token.end_pos), text=char, help=hint or ())


def _unclosed(mistake: Mistake, bracket: Token, source: Source, findings: Findings) -> None:
    labels = []
    if mistake.resumes < len(source.text):
        labels.append(Label(source, Span(mistake.resumes, mistake.resumes + 1), "another statement seems to begin here"))
    findings.report("F0102", source, Span(bracket.start_pos, bracket.end_pos), labels=labels, bracket=bracket.value)


def _reserved(mistake: Mistake) -> Token | None:
    """The reserved or foreign word before the error that explains it."""
    if not mistake.broken:
        return None
    last = mistake.broken[-1]
    if not isinstance(last, Token):
        return None
    if last.type == "NAME" and (last.value in RESERVED or (len(mistake.broken) == 1 and last.value in FOREIGN)):
        return last
    if len(mistake.broken) == 1 and last.type.lower() == last.value and mistake.stop.token.type == "EQUAL":
        return last
    return None


def _handled(mistake: Mistake) -> bool:
    """Whether a handler stands before the error with no bracket opened since."""
    for child in reversed(mistake.broken):
        if isinstance(child, Token):
            if child.type in _HANDLERS:
                return True
            if child.type in ("LPAR", "LSQB", "LBRACE"):
                return False
        elif isinstance(child, tree.Handling | tree.Scoped):
            return True
    return False
