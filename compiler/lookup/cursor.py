"""Where the cursor stands in a text that is being written: told from the words before it, since what follows may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ...dsl import tree
from ...dsl.expected import replay, shiftable
from ...dsl.language import LANGUAGE
from ...dsl.lines import begins_statement
from ...dsl.record import dataclass
from ...dsl.scanner import ARROW_TYPES, ARROWS, CLOSING, OPENING, Token, tokens
from ...dsl.source import Source, Span
from .symbols import Index

#: Characters behind the cursor that are looked at.
_AHEAD = 2_000

_OPEN = frozenset(OPENING.values())
_CLOSE = frozenset(CLOSING.values())


@dataclass(frozen=True, slots=True)
class Bracket:
    """An open bracket before the cursor.

    ``head``: the dotted name in front of it, as tokens. ``given``: the names that stand with ``=`` or ``:`` in it already, behind the
    cursor too. ``name``: what stands before ``=`` (or ``:``) in the item that the cursor is in; empty at the beginning of an item.
    ``position``: the number of commas before the cursor. ``what``: ``call``, ``options``, ``map``, ``list``, ``index``, ``paren``,
    ``parameters`` or ``type``.
    """

    what: str
    token: Token
    head: tuple[Token, ...] = ()
    given: tuple[str, ...] = ()
    name: str = ""
    position: int = 0
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Cursor:
    """The cursor in its statement.

    ``word``: the span of what is written of the word so far. ``before``: the tokens of the statement before that. ``bracket``: the
    innermost one that is open. ``terminals``: what the grammar would take here; empty where the statement has gone wrong before.
    ``inside``: the string or comment that the cursor is in. ``loops``: names whose ``for`` stands behind the cursor.
    """

    offset: int
    word: Span
    before: tuple[Token, ...]
    bracket: Bracket | None = None
    terminals: frozenset[str] = frozenset()
    inside: Token | None = None
    loops: tuple[str, ...] = field(default=())

    @property
    def last(self) -> str:
        """The type of the token before the word; empty at the beginning of a statement."""
        return self.before[-1].type if self.before else ""

    @property
    def first(self) -> str:
        """The type of the statement's first token."""
        return self.before[0].type if self.before else ""


def find(at: Index, offset: int) -> Cursor:
    """Look round an offset."""
    source = at.source
    start = _start(at, offset)
    before, inside, loops = _statement(source, start, offset)
    word = Span(offset, offset)
    if before and before[-1].end_pos >= offset and before[-1].value[:1].isidentifier() and not inside:
        last = before.pop()
        word = Span(last.start_pos, max(last.end_pos, offset))
    bracket = _innermost(before, source, offset)
    states = None
    if not inside:
        begin = before[0].start_pos if before else word.start
        states = replay([LANGUAGE.automaton.start], source.text, begin, word.start) if before else [LANGUAGE.automaton.start]
    terminals = frozenset(shiftable(states)) if states else frozenset()
    return Cursor(offset, word, tuple(before), bracket, terminals, inside, loops)


def _start(at: Index, offset: int) -> int:
    """An offset before the cursor's statement, behind as much of the text as the tree vouches for."""
    start = 0
    statements: Sequence[tree.Statement] = at.module.statements
    line = at.source.text.rfind("\n", 0, offset) + 1
    while statements:
        inner: Sequence[tree.Statement] = ()
        for statement in statements:
            if statement.span.start > offset:
                break
            if statement.span.end < line and "\n" in at.source.text[statement.span.end : offset]:
                start = max(start, statement.span.end)
                inner = ()
            if isinstance(statement, tree.FlowDecl):
                inner = statement.body
            elif isinstance(statement, tree.When):
                inner = (*statement.body, *statement.otherwise)
        statements = inner
    return start


def _statement(source: Source, start: int, offset: int) -> tuple[list[Token], Token | None, tuple[str, ...]]:
    """The tokens of the cursor's statement up to it, the string or comment that it is in, and the loop names behind it."""
    found: list[Token] = []
    depth = 0
    inside: Token | None = None
    rest: list[Token] = []
    text = Source(source.name, source.text[start:], source.path)
    for moved in tokens(text):
        token = Token(moved.type, moved.value, moved.start_pos + start, moved.end_pos + start)
        if token.start_pos >= offset:
            if token.type == "_NEWLINE" and not (depth + sum(t.type in _OPEN for t in rest)):
                break
            rest.append(token)
            if len(rest) > 500:
                break
            continue
        if token.type in ("STRING", "FSTRING", "COMMENT") and (
            offset < token.end_pos or (token.type == "COMMENT" and offset == token.end_pos)
        ):
            inside = token
        if token.type == "COMMENT":
            continue
        if token.type == "BAD" and token.value in "\"'":
            embeds = bool(found) and found[-1].value == "f" and found[-1].end_pos == token.start_pos
            inside = Token("FSTRING" if embeds else "STRING", source.text[token.start_pos : offset], token.start_pos, offset)
            break
        if token.type == "_NEWLINE":
            if _ends(source.text, token, found, depth):
                found, depth = [], 0
            continue
        if token.type in ("SEMICOLON", "COLON") and not depth and (token.type == "SEMICOLON" or _heads(found)):
            found = []
            continue
        depth = max(0, depth + (token.type in _OPEN) - (token.type in _CLOSE))
        found.append(token)
    return found, inside, _loops(rest, depth)


def _heads(found: list[Token]) -> bool:
    return bool(found) and found[0].type in ("WHEN", "ELSE", "FLOW")


def _ends(text: str, newline: Token, found: list[Token], depth: int) -> bool:
    """Whether a line break ends the statement before it."""
    if not found:
        return True
    at = newline.end_pos
    while at < len(text) and text[at] in " \t":
        at += 1
    if depth:
        line = text.rfind("\n", 0, found[0].start_pos) + 1
        return begins_statement(text, at) and at - newline.end_pos <= found[0].start_pos - line
    return not (text.startswith(ARROWS, at) or found[-1].type in ARROW_TYPES)


def _loops(rest: list[Token], depth: int) -> tuple[str, ...]:
    """The names of loops whose ``for`` stands behind the cursor, in a bracket that is open at it."""
    names: list[str] = []
    for position, token in enumerate(rest):
        depth += (token.type in _OPEN) - (token.type in _CLOSE)
        if depth <= 0 and token.type in _CLOSE:
            break
        if token.type == "FOR":
            for name in rest[position + 1 :]:
                if name.type == "IN":
                    break
                if name.type == "NAME":
                    names.append(name.value)
    return tuple(names)


def _innermost(before: list[Token], source: Source, offset: int) -> Bracket | None:
    stack: list[int] = []
    for position, token in enumerate(before):
        if token.type in _OPEN:
            stack.append(position)
        elif token.type in _CLOSE and stack:
            stack.pop()
    return _bracket(before, stack[-1], source, offset) if stack else None


def _bracket(before: list[Token], position: int, source: Source, offset: int) -> Bracket:
    token = before[position]
    head = _head(before, position)
    depth = count = item = 0
    given: list[str] = []
    for at in range(position + 1, len(before)):
        one = before[at]
        depth += (one.type in _OPEN) - (one.type in _CLOSE)
        if depth <= 0 and one.type == "COMMA":
            count, item = count + 1, at - position
        if depth <= 0 and one.type in ("EQUAL", "COLON"):
            given.append(before[at - 1].value)
    first = before[position + 1 + item :]
    named = len(first) > 1 and first[1].type in ("EQUAL", "COLON")
    given += _named_behind(source.text[offset : offset + _AHEAD])
    return Bracket(_what(before, position), token, head, tuple(given), first[0].value if named else "", count, not first)


def _named_behind(text: str) -> list[str]:
    """The names with ``=`` or ``:`` in the rest of a bracket."""
    named: list[str] = []
    depth = 0
    last = ""
    for token in tokens(Source("", text)):
        depth += (token.type in _OPEN) - (token.type in _CLOSE)
        if depth < 0:
            return named
        if not depth and token.type in ("EQUAL", "COLON") and last:
            named.append(last)
        last = token.value
    return []  # the bracket does not close: what follows may be other statements


def _head(before: list[Token], position: int) -> tuple[Token, ...]:
    """The dotted name that ends before a token."""
    start = position
    while start and (before[start - 1].type == "NAME" or (before[start - 1].type == "DOT" and start > 1)):
        if start < position and before[start - 1].type == before[start].type:
            break
        start -= 1
    return tuple(before[start:position])


def _what(before: list[Token], position: int) -> str:
    """What kind of bracket stands at a position, told from what is in front of it."""
    kind = before[position].type
    last = before[position - 1].type if position else ""
    behind_value = last in ("NAME", "RPAR", "RSQB", "RBRACE", "STRING")
    declares = before[0].type in ("TASK", "FLOW")
    if kind == "LBRACE":
        if last in ("COLON", "LINK", "VBAR") and before[0].type in ("TASK", "FLOW", "PARAM"):
            return "type"
        return "options" if behind_value or last == "DEFAULTS" else "map"
    if kind == "LPAR":
        opened = sum((t.type in _OPEN) - (t.type in _CLOSE) for t in before[:position])
        if declares and not opened and position and not any(t.type == "LPAR" for t in before[:position]):
            return "parameters"
        return "call" if last in ("NAME", "RPAR", "RSQB") else "paren"
    if before[0].type in ("TASK", "FLOW", "PARAM") and not any(t.type == "EQUAL" for t in before[:position]) and behind_value:
        return "type"
    return "index" if behind_value else "list"
