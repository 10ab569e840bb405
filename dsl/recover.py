"""After a syntax error: report it, keep what was whole, put the stacks in order, and say where to go on.

The broken statement leaves the tree; the line it stood on stays, empty, so that its block is one. If it was to head a block, the
block is parsed for its own mistakes under a condition that the builder leaves out of the tree (see ``Builder.when``).
"""

from __future__ import annotations

from typing import Any, get_args

from . import tree
from .build import Builder
from .diagnostics import Findings
from .driver import Driver, Stop
from .expected import replay
from .language import LANGUAGE
from .mistakes import Mistake, report
from .repair import head, line_mark, open_brackets, settle, unwind
from .resume import Place, Search
from .scanner import CLOSE, NAME, OPEN, SIGN, Token
from .source import Source
from .words import RESERVED

#: Syntax errors in one text after which the rest of it is not parsed.
MOST_ERRORS = 1_000

_STATEMENTS = get_args(tree.Statement)
_HEADS = ("flow", "when", "else", "if", "elif", "for", "def", "while", "with", "try", "class")


class Recovery:
    """Gets one driver going again after each of its stops."""

    def __init__(self, driver: Driver, builder: Builder, source: Source, findings: Findings) -> None:
        self.driver = driver
        self.builder = builder
        self.source = source
        self.findings = findings
        self.search = Search(driver.text, driver.stop, driver.lines)
        self.errors = 0

    def recover(self, stop: Stop) -> Stop | None:
        """Deal with a stop and parse on: the next stop, or None at the end of the text."""
        driver = self.driver
        settle(driver)
        mark = line_mark(driver)
        broken = driver.values[mark:]
        brackets = open_brackets(driver, mark)
        start = _start(broken[0]) if broken else stop.token.start_pos
        place, unclosed = self._place(stop, brackets, start)
        if not self._is_told(start):
            states = replay(driver.states[: mark + 1], driver.text, start, stop.token.start_pos) or driver.states
            report(Mistake(stop, states, broken, brackets, unclosed, place.at), self.source, self.findings)
        self.builder.broken |= bound_names(driver.text, start, place.at)
        unwind(driver, mark, self._whole(broken))
        self.errors += 1
        if self.errors >= MOST_ERRORS:
            place = Place(driver.stop, True)
        entered = head(driver, place.at) if place.block else driver.begin(place.at)
        return entered or driver.run(place.at) or driver.finish()

    def _is_told(self, start: int) -> bool:
        """Whether the builder has already refused a word of the statement that began at ``start``."""
        refused = self.builder.refused
        return bool(refused) and refused[-1] >= start

    def _place(self, stop: Stop, brackets: list[Token], start: int) -> tuple[Place, Token | None]:
        """Where to go on, and the bracket that was never closed if that is the mistake."""
        search, token = self.search, stop.token
        heads = self.source.text.startswith(_HEADS, start)
        if token.type == "BAD" and token.value in "\"'":
            return search.after(search.end_of_string(token.start_pos), len(brackets), heads), None
        if not brackets:
            return search.after(token.start_pos, 0, heads), None
        first = search.first_statement(brackets[0].start_pos, token.start_pos)
        if first >= 0:
            return Place(first, False), _last_before(brackets, first)
        body = search.body(brackets[0].start_pos, token.start_pos) if heads else None
        if body:
            return body, brackets[0]
        place = search.after(token.start_pos, len(brackets), heads)
        if place.closed or stop.too_deep:
            return place, None
        if token.type == "_NEWLINE":
            return place, brackets[-1]
        if search.is_first(token.start_pos):
            return Place(token.start_pos, False), brackets[-1]
        return place, None

    def _whole(self, broken: list[Any]) -> list[tree.Statement]:
        """The statements before the error on its line, and a condition whose ``else`` is broken."""
        if broken and isinstance(broken[0], Token) and broken[0].type in ("WHEN", "FLOW"):
            if len(broken) > 4 and isinstance(broken[4], Token) and broken[4].type == "ELSE":
                when = self.builder.when(broken[:4])
                return [when] if when else []
            return []
        flat = (item for child in broken for item in (child if isinstance(child, list) else [child]))
        return [item for item in flat if isinstance(item, _STATEMENTS)]


def _start(child: Any) -> int:
    while isinstance(child, list):
        child = child[0]
    start: int = child.start_pos if isinstance(child, Token) else child.span[0]
    return start


def _last_before(brackets: list[Token], offset: int) -> Token:
    return [bracket for bracket in brackets if bracket.start_pos < offset][-1]


def bound_names(text: str, start: int, stop: int) -> set[str]:
    """The names that the statements between two offsets seem to bind."""
    names: set[str] = set()
    first, last, depth, imports = "", "", 0, False
    for match in LANGUAGE.scanner.finditer(text, start, stop):
        kind = match.lastindex
        value = match[kind] if kind else ""
        if kind == NAME:
            bound = first in ("param", "flow", "task", "include") and last in (first, ".", "as")
            if bound or (imports and value != "as"):
                names.add(value)
            first = first or value
            imports = imports or (first == "from" and value == "import")
        elif kind == SIGN and value == "=" and not depth and last == first and first.isidentifier():
            names.add(first)
        elif kind == SIGN and value == ";":
            first, value, imports = "", "", False
        elif kind in (OPEN, CLOSE):
            depth += 1 if kind == OPEN else -1
        last = value or last
    return names - RESERVED
