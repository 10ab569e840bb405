"""The driver: one loop that scans a text, keeps its lines, and shifts and reduces by Lark's tables.

It stops at the first token that fits nowhere and says so with a :class:`Stop`; :mod:`flowc.dsl.recover` puts the stacks in order
(:mod:`flowc.dsl.repair`) and calls ``run`` again. A reserved word that the state does not ask for is a NAME, as with Lark's
contextual lexer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .automaton import END, Build, Goto
from .language import LANGUAGE
from .lines import Lines
from .scanner import ARROW_TYPES, CLOSE, COMMENT, LINES, NAME, OPEN, SIGN, TYPES, Token
from .source import Span

if TYPE_CHECKING:
    from .build import Builder

#: Brackets inside brackets, at most.
DEEPEST = 64

#: Signs whose places are of no use to the builder share one token each.
_SHARED = {"COMMA": Token("COMMA", ",", 0, 0), "EQUAL": Token("EQUAL", "=", 0, 0)}


class Stop(NamedTuple):
    """Why a run ended: the token that could not be taken (``$END`` at the end of the text), or that opens one bracket ``too_deep``."""

    token: Token
    too_deep: bool = False


class Driver:
    """The stacks of one parse of ``text`` (a source's, or a part of it up to ``stop``)."""

    __slots__ = ("builder", "depth", "lines", "states", "stop", "text", "value", "values")

    def __init__(self, text: str, stop: int, builder: Builder, lines: Lines) -> None:
        self.text = text
        self.stop = stop
        self.builder = builder
        self.lines = lines
        self.states = [LANGUAGE.automaton.start]
        self.values: list[Any] = []
        self.depth = 0
        self.value: Any = None

    def begin(self, position: int) -> Stop | None:
        """Make the line that begins at ``position`` a first one: no line break stands before it that would count."""
        at = position
        while at < self.stop and self.text[at] in " \t":
            at += 1
        if at < self.stop and self.text[at] not in "#\r\n":
            return self.enter(at)
        return None

    def embed(self, start: int) -> Stop | None:
        """Parse from the brace at ``start``, taken for a bracket, to the end; ``value`` is then a module of one statement."""
        end = self.stop
        self.depth = 1
        return (
            self.feed(Token("LPAR", "{", start, start + 1))
            or self.run(start + 1)
            or self.feed(Token("RPAR", "}", end, end + 1))
            or self.feed(Token("_NEWLINE", "", end, end))
            or self.feed(Token(END, "", end, end))
        )

    def run(self, position: int) -> Stop | None:  # noqa: C901 - one loop, no calls: it is what a parse spends its time in
        """Parse from ``position``, which is no place inside a line's indentation, to the end: None if nothing stopped it."""
        actions: dict[int, dict[str, Any]] = LANGUAGE.automaton  # what is an int is told by its class, for speed
        signs, keywords, types = LANGUAGE.operators, LANGUAGE.keywords, TYPES
        builder, states, values, depth = self.builder, self.states, self.values, self.depth
        new, token_class, shared = tuple.__new__, Token, _SHARED
        state = states[-1]
        for match in LANGUAGE.scanner.finditer(self.text, position, self.stop):
            kind = match.lastindex
            if kind == NAME:
                value = match[NAME]
                type_ = keywords.get(value)
                if type_ is None or type_ not in actions[state]:
                    type_ = "NAME"
            elif kind == SIGN:
                value = match[SIGN]
                type_ = signs[value]
            elif kind == LINES:
                if not depth:
                    stopped = self.turn(match.start(LINES), match.end())
                    if stopped:
                        return stopped
                    state = states[-1]
                continue
            elif kind == COMMENT or kind is None:
                continue
            else:
                value = match[kind]
                type_ = types.get(kind) or signs[value]
                depth += (kind == OPEN) - (kind == CLOSE)
                if depth > DEEPEST:
                    self.depth = DEEPEST
                    return Stop(Token(type_, value, *match.span(kind)), True)
            token = shared.get(type_) or new(token_class, (type_, value, match.start(kind), match.end()))
            while True:
                action = actions[state].get(type_)
                if action.__class__ is int:
                    state = action
                    states.append(state)
                    values.append(token)
                    break
                if action is None:
                    self.depth = depth
                    return Stop(Token(type_, value, match.start(kind), match.end()))
                length, build, goto = action
                if length == 1:
                    if build is not None:
                        values[-1] = build(builder, [values[-1]])
                    states[-1] = state = goto[states[-2]]
                else:
                    children = values[-length:]
                    del values[-length:], states[-length:]
                    values.append(build(builder, children))
                    state = goto[states[-1]]
                    states.append(state)
        self.depth = depth
        return None

    def feed(self, token: Token) -> Stop | None:
        """Take one token that the line logic made."""
        automaton = LANGUAGE.automaton
        states, values = self.states, self.values
        while True:
            action = automaton[states[-1]].get(token.type)
            if action is None:
                return Stop(token)
            if isinstance(action, int):
                states.append(action)
                values.append(token)
                return None
            self.reduce(action)
            if token.type == END and states[-1] == automaton.end:
                self.value = values[-1]
                return None

    def reduce(self, action: tuple[int, Build | None, Goto]) -> None:
        """Make one value of the topmost ones."""
        values, states = self.values, self.states
        length, build, goto = action
        at = len(values) - length
        children = values[at:]
        del values[at:], states[at + 1 :]
        values.append(children[0] if build is None else build(self.builder, children))
        states.append(goto[states[-1]])

    def accepts(self, terminal: str) -> bool:
        """Whether the terminal has an action in the present state."""
        return terminal in LANGUAGE.automaton[self.states[-1]]

    def turn(self, start: int, at: int) -> Stop | None:
        """Go over the line breaks from ``start`` to ``at``, the first character of the next line, with no bracket open."""
        if not self.values:
            return self.enter(at)
        last = self.values[-1].type if self.values[-1].__class__ is Token else ""
        ends = at >= self.stop or self.text[at] == "#"
        if not ends and self.lines.continues(at, last in ARROW_TYPES):
            return None
        newline = Token("_NEWLINE", "\n", start, start)
        opened = last == "COLON" and self.accepts("_NEWLINE")
        return self.feed(newline) or self.enter(at, opened)

    def enter(self, at: int, opened: bool = False) -> Stop | None:
        """Open or close blocks before a line's first character ``at``."""
        ends = at >= self.stop or self.text[at] == "#"
        types = self.lines.close() if ends else self.lines.turn(at, opened)
        if opened and "_INDENT" not in types:
            if not self.lines.is_too_deep:
                colon = self.values[-2]
                self.lines.findings.report("F0108", self.lines.source, Span(colon.start_pos, colon.end_pos))
            types = ("_INDENT", "NULL", "_NEWLINE", "_DEDENT", *types)
        for type_ in types:
            stopped = self.feed(Token(type_, "", at, at))
            if stopped:
                return stopped
        return None

    def finish(self) -> Stop | None:
        """End the last statement and all blocks; ``value`` is what the whole text became."""
        end = self.stop
        last = self.values[-1] if self.values else None
        under_way = last.__class__ is Token and last.type not in ("_NEWLINE", "_DEDENT")
        stopped = self.turn(end, end) if under_way else self.enter(end)
        return stopped or self.feed(Token(END, "", end, end))
