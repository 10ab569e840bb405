"""The parser's tables: how they are stored, and what they look like while a text is parsed.

Lark computes the LALR tables of ``grammar.lark``; :mod:`flowc.dsl.grammar` writes them down as a :class:`Tables`, in
``tables.py``. An :class:`Automaton` unfolds them for the driver: a dictionary a state, from a terminal to what it does there.

A grammar with a rule for each precedence reduces a lone name a dozen times, through rules that only hand it on. Such
a run of reductions depends on nothing but the state below and the terminal ahead, so :class:`Goto` remembers where it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

#: A builder's method, unbound: the builder and the children give the value of the rule.
Build: TypeAlias = Callable[[Any, list[Any]], Any]

#: The terminal that follows the last token.
END = "$END"


class Rule(NamedTuple):
    """A production: ``length`` symbols become one ``origin``.

    ``kind`` is ``pass`` (the only child is the value), ``list`` (the value is a list that the rule above takes in
    place of one child) or ``call`` (the builder's method ``name`` makes the value). The children at ``lists`` are such lists.
    """

    origin: str
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


class Reduce(NamedTuple):
    """What a state does on a terminal that it reduces on. ``build`` is None where the only child is the value."""

    length: int
    build: Build | None
    goto: Goto


#: What a terminal does in a state: a number is the state after shifting it.
Action: TypeAlias = "int | Reduce"


class Goto(dict[int, int]):
    """The state that follows a reduction to ``origin`` with ``terminal`` ahead, by the state uncovered; filled as needed."""

    __slots__ = ("automaton", "origin", "terminal")

    def __init__(self, automaton: Automaton, origin: str, terminal: str) -> None:
        super().__init__()
        self.automaton = automaton
        self.origin = origin
        self.terminal = terminal

    def __missing__(self, uncovered: int) -> int:
        automaton = self.automaton
        gotos = automaton.gotos[uncovered]
        state = gotos[self.origin]
        while True:
            rule = automaton.reductions[state].get(self.terminal)
            if rule is None or rule.kind != "pass" or state == automaton.end:
                self[uncovered] = state
                return state
            state = gotos[rule.origin]


class Automaton:
    """The tables, ready to drive: ``actions`` and ``gotos`` by state.

    ``builder`` is the class whose methods the rules call. Raises AttributeError when it lacks one.
    """

    def __init__(self, tables: Tables, builder: type) -> None:
        symbols = tables.symbols
        self.start = tables.start
        self.end = tables.end
        self.keywords = dict(tables.keywords)
        self.operators = dict(tables.operators)
        self.patterns = dict(tables.patterns)
        self.rules = [Rule(symbols[rule[0]], rule[1], rule[2], rule[3], rule[4]) for rule in tables.rules]
        self.gotos: list[dict[str, int]] = []
        self.reductions: list[dict[str, Rule]] = []
        self.actions: list[dict[str, Action]] = []
        builds = [_build(rule, builder) for rule in self.rules]
        sets = [[symbols[member] for member in members] for members in tables.sets]
        gotos: dict[tuple[str, str], Goto] = {}
        for shifts, reduces in zip(tables.shifts, tables.reduces, strict=True):
            row: dict[str, Action] = {symbols[s]: target for s, target in zip(shifts[::2], shifts[1::2], strict=True)}
            self.gotos.append({symbol: target for symbol, target in row.items() if isinstance(target, int)})
            reductions: dict[str, Rule] = {}
            for number, members in zip(reduces[::2], reduces[1::2], strict=True):
                rule = self.rules[number]
                for terminal in sets[members]:
                    goto = gotos.get((rule.origin, terminal))
                    if goto is None:
                        goto = gotos[rule.origin, terminal] = Goto(self, rule.origin, terminal)
                    row[terminal] = Reduce(rule.length, builds[number], goto)
                    reductions[terminal] = rule
            self.actions.append(row)
            self.reductions.append(reductions)


def _build(rule: Rule, builder: type) -> Build | None:
    """What makes a rule's value: None, a list, or a method, with the lists among its children taken in place."""
    if rule.kind == "pass":
        return None
    if rule.kind == "list":
        return _grow if rule.lists == (0,) else _flat(_itself, rule.lists) if rule.lists else _itself
    method: Build = getattr(builder, rule.name)
    return _flat(method, rule.lists) if rule.lists else method


def _itself(_: Any, children: list[Any]) -> list[Any]:
    return children


def _grow(_: Any, children: list[Any]) -> list[Any]:
    """Add to the list on the left in place: a long list takes time in proportion to its length."""
    first: list[Any] = children[0]
    first += children[1:]
    return first


def _flat(method: Build, lists: tuple[int, ...]) -> Build:
    if len(lists) == 1:
        at = lists[0]

        def flat_one(builder: Any, children: list[Any]) -> Any:
            children[at : at + 1] = children[at]
            return method(builder, children)

        return flat_one

    def flat(builder: Any, children: list[Any]) -> Any:
        for at in reversed(lists):
            children[at : at + 1] = children[at]
        return method(builder, children)

    return flat
