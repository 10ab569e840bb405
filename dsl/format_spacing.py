"""Blanks between tokens, where a statement stands on one line.

One blank round every operator, arrow and ``=``, behind commas and colons, and before the braces of options. None inside brackets, round a
dot or ``..``, behind a sign, nor round the ``=`` of an argument (a parameter's, if it has no type).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .scanner import Token

_TIGHT_LEFT = frozenset({"COMMA", "COLON", "DOT", "RANGE", "QMARK", "RPAR", "RSQB", "RBRACE"})
_OPENING = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSING = frozenset({"RPAR", "RSQB", "RBRACE"})
_OPERANDS = frozenset({"NAME", "NUMBER", "STRING", "FSTRING", "TRUE", "FALSE", "NULL", "NOW", "QMARK", "ELLIPSIS"}) | _CLOSING
_TIGHT_RIGHT = frozenset({"DOT", "RANGE"}) | _OPENING
_SIGNS = frozenset({"MINUS", "PLUS", "STAR", "POWER"})


class Spaced(NamedTuple):
    """The tokens' texts, each with a blank before it or none; and for each whether an operand ends before it."""

    texts: list[str]
    after_operand: list[bool]


def space(tokens: Sequence[Token]) -> Spaced:
    """Set blanks between the tokens of one statement."""
    texts: list[str] = []
    operands: list[bool] = []
    declares = tokens[0][0] in ("TASK", "FLOW")
    brackets: list[str] = []
    tight, operand, typed = True, False, False
    last = ""
    for kind, text, _, _ in tokens:
        operands.append(operand)
        loose = not tight and kind not in _TIGHT_LEFT
        tight = kind in _TIGHT_RIGHT
        if kind in _OPENING:
            if operand and kind != "LBRACE":
                loose = False
            called = operand and kind == "LPAR"
            brackets.append("" if not called else "parameters" if declares and not brackets else "call")
            operand = False
        elif kind in _CLOSING:
            brackets.pop()
            operand = True
        elif kind in _SIGNS:
            tight = not operand
            operand = False
        elif kind == "EQUAL":
            bracket = brackets[-1] if brackets else ""
            if bracket == "call" or (bracket == "parameters" and not typed):
                loose, tight = False, True
            operand = False
        else:
            if kind == "STRING":
                text = double_quoted(text)
            elif kind in ("COLON", "COMMA") and declares and len(brackets) == 1:
                typed = kind == "COLON"
            operand = kind in _OPERANDS or last == "DOT" or (last == "TASK" and len(texts) == 1)
        texts.append(" " + text if loose else text)
        last = kind
    return Spaced(texts, operands)


def double_quoted(text: str) -> str:
    """A string as written, but in double quotes where its contents need no change for it."""
    if text[0] != "'" or '"' in text or "\\" in text:
        return text
    quotes = 3 if len(text) >= 6 and text.startswith("'''") else 1
    mark = '"' * quotes
    return f"{mark}{text[quotes:-quotes]}{mark}"
