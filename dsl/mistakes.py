"""What a syntax error is, in the user's words: which code, which place, and what to do about it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from . import tree
from .diagnostics import Findings, Label
from .driver import DEEPEST, Stop
from .expected import found, shiftable, words
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
    "$": "a parameter is used by its name alone; in a string, write f\"{name}\"",
    "@": "what applies to a step stands behind it in braces: `task() {queue = \"etl\"}`",
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
        help=_hint(mistake, terminals),
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


def _hint(mistake: Mistake, terminals: set[str]) -> tuple[str, ...]:
    """What to do about a token at the wrong place, if that can be guessed."""
    token, open_ = mistake.stop.token, mistake.open
    hint = ""
    inside = open_[-1].type if open_ else ""
    first = mistake.broken[0] if mistake.broken else None
    last = mistake.broken[-1] if mistake.broken else None
    if isinstance(last, Token) and last.type == "FSTRING" and last.end_pos == token.start_pos:
        hint = "inside the braces of an f-string, use the other kind of quotes"
    elif token.type == "EQUAL":
        hint = _equal_hint(mistake, terminals, inside)
    elif token.type == "COLON":
        hint = _colon_hint(terminals, inside)
    elif token.type == "COMMA" and inside == "LPAR":
        hint = "a list stands in square brackets: [a, b]"
    elif token.type == "COMMA" and not inside:
        hint = "steps side by side are a group: [a, b]"
    elif token.type == "VBAR":
        hint = "write `or`; one step after another is written `a -> b`"
    elif token.type == "QMARK":
        hint = "a choice is written `a if condition else b`"
    elif token.type == "DOT" and "NUMBER" in terminals:
        hint = "a decimal begins with a digit: 0.5"
    elif token.type == "STRING" and isinstance(first, Token) and first.type == "FROM":
        hint = "the path of `from` has no quotes; another file comes in by `include \"file.flow\" as name`"
    elif token.type == "STAR" and inside == "LPAR":
        hint = "arguments are written out one by one"
    return (hint,) if hint else ()


def _equal_hint(mistake: Mistake, terminals: set[str], inside: str) -> str:
    first = mistake.broken[0] if mistake.broken else None
    if terminals == {"COLON"}:
        return "an item of a map is written `name: value`"
    if inside == "LPAR":
        return "an argument's name is one word: name=value; two values are compared by `==`"
    if inside or (isinstance(first, Token) and first.type in ("WHEN", "RETURN")) or "COALESCE" not in terminals:
        return "two values are compared by `==`" if "EQUALS" in terminals else ""
    return "a plain name can be bound: `name = value`; two values are compared by `==`"


def _colon_hint(terminals: set[str], inside: str) -> str:
    if terminals == {"EQUAL"}:
        return "an option is written `name = value`"
    if inside == "LPAR":
        return "an argument is given a name by `name=value`"
    if inside == "LBRACE":
        return "the key of a map is a word or a string"
    return "" if inside else "only `flow`, `when` and `else` have a block; a parameter's type is given by `param name: type`"
