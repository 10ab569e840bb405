"""A driver's stacks after a stop: what stands on them, and how the statement under way is taken off."""

from __future__ import annotations

from typing import Any

from .driver import Driver, Stop
from .language import LANGUAGE
from .scanner import Token
from .tree import Statement

_OPENING = ("LPAR", "LSQB", "LBRACE")
_CLOSING = ("RPAR", "RSQB", "RBRACE")


def settle(driver: Driver) -> None:
    """Finish a line or block that stands whole on the stack, as if a statement followed."""
    last = driver.values[-1] if driver.values else None
    if isinstance(last, Token) and last.type in ("_NEWLINE", "_DEDENT"):
        _reduce_lines(driver)


def line_mark(driver: Driver) -> int:
    """How many values stand before the statement under way."""
    rows = LANGUAGE.automaton
    return next(at for at in range(len(driver.states) - 1, -1, -1) if "line" in rows[driver.states[at]])


def open_brackets(driver: Driver, mark: int) -> list[Token]:
    """The brackets after ``mark`` that are not closed (a closing one may still wait to be reduced)."""
    brackets: list[Token] = []
    for child in driver.values[mark:]:
        if isinstance(child, Token):
            if child.type in _OPENING:
                brackets.append(child)
            elif child.type in _CLOSING:
                brackets.pop()
    return brackets


def unwind(driver: Driver, mark: int, statements: list[Statement]) -> None:
    """Take the statement after ``mark`` for a line of these ``statements``, which may be none."""
    del driver.values[mark:], driver.states[mark + 1 :]
    driver.depth = 0
    row: dict[str, Any] = LANGUAGE.automaton[driver.states[-1]]
    driver.values.append(statements)
    driver.states.append(row["line"])
    _reduce_lines(driver)


def head(driver: Driver, at: int) -> Stop | None:
    """Put a header with no text before the block whose first line begins at ``at``: its mistakes are found, and it leaves the tree."""
    for type_, value in (("WHEN", ""), ("TRUE", ""), ("COLON", ":"), ("_NEWLINE", "")):
        stopped = driver.feed(Token(type_, value, at, at))
        if stopped:
            return stopped
    return driver.enter(at, True)


def _reduce_lines(driver: Driver) -> None:
    while isinstance(action := LANGUAGE.automaton[driver.states[-1]].get("NAME"), tuple):
        driver.reduce(action)
