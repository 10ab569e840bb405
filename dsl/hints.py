"""What to do about a token at the wrong place, as far as that can be guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .scanner import ARROW_TYPES, Token

#: Words of other languages in the middle of a statement, and what to write in a flow.
_WORDS = {
    "lambda": "a flow has no functions of its own: give the work to a task",
    "except": "what happens on failure is written behind the step: `task() !> handler`",
    "catch": "what happens on failure is written behind the step: `task() !> handler`",
    "is": "two values are compared by `==`",
    "then": "what runs next is written `a -> b`",
}
_INCLUDE = 'a file is included as `include "file.flow" as name`'
_UNITS = re.compile(r"(?i)(ms|milli\w*|s|secs?|seconds?|m|mins?|minutes?|h|hours?|hrs?|d|days?|w|weeks?)\Z")


def hint(token: Token, text: str, broken: Sequence[Any], opened: Sequence[Token], terminals: set[str]) -> tuple[str, ...]:
    """Help lines for a token that could not stand where it does. May be empty.

    Args:
        token: the one at the wrong place.
        text: the whole file.
        broken: what the statement had become by then, tokens and nodes.
        opened: its brackets that are still open.
        terminals: what could have stood there.
    """
    first = broken[0] if broken and isinstance(broken[0], Token) else None
    last = broken[-1] if broken and isinstance(broken[-1], Token) else None
    inside = opened[-1].type if opened else ""
    found = _by_last(token, first, last, text) or _by_token(token, broken, inside, terminals)
    return (found,) if found else ()


def _by_last(token: Token, first: Token | None, last: Token | None, text: str) -> str:
    """What the words round the token tell."""
    if last is not None and last.end_pos == token.start_pos:
        if last.type == "FSTRING":
            return "inside the braces of an f-string, use the other kind of quotes"
        if last.type == "STRING" and token.type == "NAME":
            return "a quote inside a string is written with a backslash, or between quotes of the other kind"
        if token.type in ("STRING", "FSTRING") and last.type == "NAME":
            return "a string has no prefix but f"
        if last.value + token.value in (">>", "->>", "-->", "==>", "=>>"):
            return "one step after another is written `a -> b`"
        if token.type == "EQUAL" and last.type in ("PLUS", "MINUS", "STAR", "SLASH"):
            return "a name is bound once; give the new value a name of its own"
    for word in (token, last):
        if word is not None and word.type == "NAME" and word.value in _WORDS:
            return _WORDS[word.value]
    if first is not None and first.type == "INCLUDE" and token.type in ("NAME", "_NEWLINE"):
        return _INCLUDE
    if token.type == "NAME" and _UNITS.match(token.value) and text[: token.start_pos].rstrip(" \t")[-1:].isdigit():
        return "a duration is one word without blanks: `10s`, `5m`, `1h30m`"
    return ""


def _by_token(token: Token, broken: Sequence[Any], inside: str, terminals: set[str]) -> str:
    """What the token itself tells."""
    first = broken[0] if broken else None
    if token.type == "EQUAL":
        return _equal_hint(first, terminals, inside)
    if token.type in ARROW_TYPES and inside and "NUMBER" not in terminals:
        what = "a chain" if token.type in ("LINK", "THEN") else "a step with a handler"
        return f"inside brackets, {what} stands in parentheses: (a {token.value} b)"
    if token.type == "COLON":
        return _colon_hint(terminals, inside)
    if token.type == "COMMA":
        return _comma_hint(terminals, inside)
    if token.type == "VBAR":
        return "write `or`; one step after another is written `a -> b`"
    if token.type == "QMARK":
        return "a choice is written `a if condition else b`"
    if token.type == "DOT" and "NUMBER" in terminals:
        return "a decimal begins with a digit: 0.5"
    if token.type in ("SLASH", "FLOOR") and not broken:
        return "a comment begins with #"
    if isinstance(first, Token) and first.type == "FROM":
        if token.type == "STRING":
            return 'the path of `from` has no quotes; another file comes in by `include "file.flow" as name`'
        if token.type == "STAR":
            return "every task is named: `from package.module import add, mul`"
    if token.type in ("STAR", "POWER") and inside == "LPAR":
        return "arguments are written out one by one"
    return ""


def _comma_hint(terminals: set[str], inside: str) -> str:
    if "NUMBER" in terminals and inside:
        return "there is a comma too many"
    if inside == "LPAR":
        return "a list stands in square brackets: [a, b]"
    return "" if inside else "steps side by side are a group: [a, b]"


def _equal_hint(first: Any, terminals: set[str], inside: str) -> str:
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
