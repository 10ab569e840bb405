"""From ``grammar.lark`` to parse tables, by way of Lark. ``python -m flowc.dsl.grammar`` writes ``tables.py`` anew.

Lark is imported here alone, and only when the tables are made: a parse needs no more than ``tables.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, ClassVar

from .automaton import Tables, digest
from .scanner import ARROW_TYPES, ARROWS

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.grammar import Rule

GRAMMAR = Path(__file__).parent.parent / "grammar.lark"
GENERATED = Path(__file__).parent / "tables.py"

HEADER = '''"""The parse tables of ``grammar.lark``: made by ``python -m flowc.dsl.grammar``, not by hand."""
# ruff: noqa: E501

from __future__ import annotations

from .automaton import Tables

TABLES = Tables(
'''


def load_lark(text: str, transformer: object = None, strict: bool = False) -> Lark:
    """The grammar in Lark itself, with Lark's contextual lexer and Indenter, for flows without mistakes whose last line ends.

    Before a flow is parsed, ``options.postlex.flow`` must be its text. ``strict`` makes any conflict an error; it needs the package
    interegular. Raises lark's GrammarError when the text is no LALR grammar.
    """
    from lark import Lark
    from lark.indenter import Indenter

    class Lines(Indenter):
        NL_type = "_NEWLINE"
        OPEN_PAREN_types: ClassVar[list[str]] = ["LPAR", "LSQB", "LBRACE"]
        CLOSE_PAREN_types: ClassVar[list[str]] = ["RPAR", "RSQB", "RBRACE"]
        INDENT_type = "_INDENT"
        DEDENT_type = "_DEDENT"
        tab_len = 8
        flow = ""

        def process(self, stream: Iterator[Token]) -> Iterator[Token]:
            joined: Iterator[Token] = super().process(self._joined(stream))  # type: ignore[no-untyped-call]  # Lark's own gap
            return joined

        def _joined(self, stream: Iterator[Token]) -> Iterator[Token]:
            last = ""
            for token in stream:
                if token.type != "_NEWLINE" or not (last in ARROW_TYPES or self.flow.startswith(ARROWS, token.end_pos)):
                    last = token.type
                    yield token

    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        postlex=Lines(),
        strict=strict,
        keep_all_tokens=True,
        propagate_positions=False,
        maybe_placeholders=False,
        transformer=transformer,
    )


def make_tables(text: str) -> Tables:
    """The tables of a grammar, the same for the same text."""
    lark = load_lark(text)
    table: Any = lark.parser.parser._parse_table  # Lark has no public name for it
    symbols = tuple(sorted({str(s) for row in table.states.values() for s in row} | {str(r.origin.name) for r in lark.rules}))
    number = {symbol: index for index, symbol in enumerate(symbols)}
    productions = sorted(lark.rules, key=lambda rule: (rule.origin.name, [symbol.name for symbol in rule.expansion]))
    rules = {rule: index for index, rule in enumerate(productions)}
    start, end = table.start_states["start"], table.end_states["start"]
    order = _in_order(table.states, start)
    renumbered = {state: index for index, state in enumerate(order)}
    shifts: list[tuple[int, ...]] = []
    reduces: list[tuple[int, ...]] = []
    sets: dict[tuple[int, ...], int] = {}
    for state in order:
        shift: list[int] = []
        reduce: dict[int, list[int]] = {}
        for symbol, (_, target) in sorted(table.states[state].items()):
            if isinstance(target, int):
                shift += [number[symbol], renumbered[target]]
            elif target in rules:
                reduce.setdefault(rules[target], []).append(number[symbol])
        shifts.append(tuple(shift))
        row = ((rule, sets.setdefault(tuple(members), len(sets))) for rule, members in sorted(reduce.items()))
        reduces.append(tuple(cell for pair in row for cell in pair))
    keywords, operators, patterns = _words(lark)
    return Tables(
        digest=digest(text),
        symbols=symbols,
        keywords=keywords,
        operators=operators,
        patterns=patterns,
        rules=tuple((number[rule.origin.name], *_shape(rule, _transparent(productions))) for rule in productions),
        sets=tuple(sets),
        shifts=tuple(shifts),
        reduces=tuple(reduces),
        start=renumbered[start],
        end=renumbered[end],
    )


def _in_order(states: Any, start: int) -> list[int]:
    """The states in the order in which they are met from the start, whatever numbers Lark gave them in this process."""
    order = [start]
    met = {start}
    for state in order:
        for _, (_, target) in sorted(states[state].items(), key=lambda cell: str(cell[0])):
            if isinstance(target, int) and target not in met:
                met.add(target)
                order.append(target)
    return order


def _words(lark: Lark) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The terminals as (text or pattern, name): reserved words, signs (longest first), and the patterns."""
    fixed = {t.pattern.value: t.name for t in lark.terminals if t.pattern.type == "str"}
    keywords = sorted((text, name) for text, name in fixed.items() if text.isidentifier())
    operators = sorted(((text, name) for text, name in fixed.items() if not text.isidentifier()), key=lambda o: (-len(o[0]), o[0]))
    patterns = sorted((t.name, _plain(t.pattern.to_regexp())) for t in lark.terminals if t.pattern.type == "re")
    return tuple(keywords), tuple(operators), tuple(patterns)


def _plain(pattern: str) -> str:
    """A pattern whose groups do not count. In ours ``(`` never stands for itself."""
    return re.sub(r"\((?!\?)", "(?:", pattern)


def _inlined(name: str) -> bool:
    return name.startswith("_")


def _transparent(rules: list[Rule]) -> set[str]:
    """The inlined rules that always stand for exactly one child, so that they need no list."""
    names = {rule.origin.name for rule in rules if _inlined(rule.origin.name)}
    while True:
        wider = {
            rule.origin.name
            for rule in rules
            if rule.origin.name in names
            and (len(rule.expansion) != 1 or (not rule.expansion[0].is_term and _is_list(rule.expansion[0].name, names)))
        }
        if not wider:
            return names
        names -= wider


def _is_list(name: str, transparent: set[str]) -> bool:
    return _inlined(name) and name not in transparent


def _shape(rule: Rule, transparent: set[str]) -> tuple[int, str, str, tuple[int, ...]]:
    """How Lark's inline transformer would make this rule's value: length, kind, method, children that are lists."""
    lists = tuple(at for at, symbol in enumerate(rule.expansion) if not symbol.is_term and _is_list(symbol.name, transparent))
    length = len(rule.expansion)
    name = str(rule.origin.name)
    if name in transparent:
        return length, "pass", "", ()
    if _inlined(name):
        return length, "list" if length > 1 else "pass", "", lists
    if rule.options.expand1 and not rule.alias and length == 1:
        if lists:
            raise ValueError(f"the rule {name} may have one child or many: give it a name of its own")
        return length, "pass", "", ()
    return length, "call", str(rule.alias or name), lists


def render(tables: Tables) -> str:
    """The text of ``tables.py``."""
    fields = []
    for name, value in zip(tables._fields, tables, strict=True):
        text = repr(value)
        if name == "patterns":
            text = "(\n" + "".join(f"        {item!r},\n" for item in tables.patterns) + "    )"
        elif len(text) > 100:
            text = "(\n" + fill(text[1:-1], 136, initial_indent=" " * 8, subsequent_indent=" " * 8, break_on_hyphens=False) + ",\n    )"
        if name in ("sets", "shifts", "reduces"):
            text = _narrow(text)
        fields.append(f"    {name}={text},\n")
    return HEADER + "".join(fields) + ")\n"


def _narrow(numbers: str) -> str:
    """Tuples of numbers with no blanks but line breaks."""
    lines = [""]
    for part in "".join(numbers.split()).split(","):
        if len(lines[-1]) + len(part) > 138:
            lines.append("")
        lines[-1] += part + ","
    return "\n".join(lines).removesuffix(",")


if __name__ == "__main__":
    GENERATED.write_text(render(make_tables(GRAMMAR.read_text(encoding="utf-8"))), encoding="utf-8")
