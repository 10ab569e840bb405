"""The parser's tables: how they are stored, and what they look like while a text is parsed.

Lark computes the LALR tables of ``grammar.lark``; :mod:`flowc.dsl.grammar` writes them down as a :class:`Tables`, in
``tables.py``. An :class:`Automaton` unfolds them for the driver: a dictionary a state, from a terminal to what it does there.

A grammar with a rule for each precedence reduces a lone name a dozen times, through rules that only hand it on. Such
a run of reductions depends on nothing but the state below and the terminal ahead, so :class:`Goto` remembers where it ends.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

#: A builder's method, unbound: the builder and the children give the value of the rule.
Build: TypeAlias = Callable[[Any, list[Any]], Any]

#: The terminal that follows the last token.
END = "$END"


def digest(text: str) -> str:
    """What tells one grammar's tables from another's (line ends do not count)."""
    text = text.replace("\r", "")
    return f"{zlib.crc32(text.encode()):08x}-{len(text)}"


class Rule(NamedTuple):
    """A production: ``length`` symbols become one ``origin`` (a symbol's number).

    ``kind`` is ``pass`` (the only child is the value), ``list`` (the children are the value: the rule above takes them in
    place of one child) or ``call`` (the builder's method ``name`` makes the value). The children at ``lists`` may be several.
    """

    origin: int
    length: int
    kind: str
    name: str
    lists: tuple[int, ...]


class Tables(NamedTuple):
    """The grammar as data, made of numbers and strings alone.

    ``symbols`` names the terminals and rules; a state's row in ``shifts`` is ``symbol, state, symbol, state, …``, and in
    ``reduces`` ``rule, lookaheads, …``, where ``lookaheads`` is an index into ``sets``.
    """

    digest: str
    symbols: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    operators: tuple[tuple[str, str], ...]
    patterns: tuple[tuple[str, str], ...]
    rules: tuple[tuple[int, int, str, str, tuple[int, ...]], ...]
    sets: tuple[tuple[int, ...], ...]
    shifts: tuple[tuple[int, ...], ...]
    reduces: tuple[tuple[int, ...], ...]
    start: int
    end: int


#: What a terminal does in a state: a number is the state after shifting it; a tuple reduces: how many children, what makes their
#: value (None where the only child is the value), and the state after that. (Exact tuples are the quickest to take apart.)
Action: TypeAlias = "int | tuple[int, Build | None, Goto]"


class Goto(dict[int, int]):
    """The state that follows a reduction to ``origin`` with ``terminal`` ahead, by the state uncovered; filled as needed."""

    __slots__ = ("automaton", "origin", "terminal")

    def __init__(self, automaton: Automaton, origin: str, terminal: str) -> None:
        super().__init__()
        self.automaton = automaton
        self.origin = origin
        self.terminal = terminal

    def __missing__(self, uncovered: int) -> int:
        actions = self.automaton
        row: dict[str, Any] = actions[uncovered]
        state: int = row[self.origin]
        while state != actions.end:
            action = actions[state].get(self.terminal)
            if not isinstance(action, tuple) or action[1] is not None:
                break
            state = row[action[2].origin]
        self[uncovered] = state
        return state


class Automaton(dict[int, dict[str, Action]]):
    """What each terminal does, by state; in the same row, by the name of a rule, the state after it. Rows are unfolded when first used.

    ``builder`` is the class whose methods the rules call. Raises AttributeError when it lacks one.
    """

    __slots__ = ("_builds", "_gotos", "_tables", "end", "start")

    def __init__(self, tables: Tables, builder: type) -> None:
        super().__init__()
        self.start = tables.start
        self.end = tables.end
        self._tables = tables
        self._builds = [_build(Rule(*rule), builder) for rule in tables.rules]
        self._gotos: dict[tuple[int, int], Goto] = {}

    def __missing__(self, state: int) -> dict[str, Action]:
        tables = self._tables
        symbols = tables.symbols
        shifts, reduces = tables.shifts[state], tables.reduces[state]
        row: dict[str, Action] = {symbols[symbol]: target for symbol, target in zip(shifts[::2], shifts[1::2], strict=True)}
        for number, members in zip(reduces[::2], reduces[1::2], strict=True):
            rule = tables.rules[number]
            for terminal in tables.sets[members]:
                goto = self._gotos.get((rule[0], terminal))
                if goto is None:
                    goto = self._gotos[rule[0], terminal] = Goto(self, symbols[rule[0]], symbols[terminal])
                row[symbols[terminal]] = (rule[1], self._builds[number], goto)
        self[state] = row
        return row


class Several(list[Any]):
    """Children that the rule above takes in place of one child. A single one is not wrapped: most lists have one member."""

    __slots__ = ()


def _build(rule: Rule, builder: type) -> Build | None:
    """What makes a rule's value: None, several children, or a method, with several children taken in place of one."""
    if rule.kind == "pass":
        return None
    if rule.kind == "list":
        return _grow if rule.lists == (0,) else _flat(_several, rule.lists) if rule.lists else _several
    method: Build = getattr(builder, rule.name)
    return _flat(method, rule.lists) if rule.lists else method


def _several(_: Any, children: list[Any]) -> Several:
    return Several(children)


def _grow(_: Any, children: list[Any]) -> Several:
    """Add to the list on the left in place: a long list takes time in proportion to its length."""
    first = children[0]
    if first.__class__ is not Several:
        return Several(children)
    first += children[1:]
    several: Several = first
    return several


def _flat(method: Build, lists: tuple[int, ...]) -> Build:
    if len(lists) == 1:
        at = lists[0]

        def flat_one(builder: Any, children: list[Any]) -> Any:
            child = children[at]
            if child.__class__ is Several:
                children[at : at + 1] = child
            return method(builder, children)

        return flat_one

    def flat(builder: Any, children: list[Any]) -> Any:
        for at in reversed(lists):
            if children[at].__class__ is Several:
                children[at : at + 1] = children[at]
        return method(builder, children)

    return flat
