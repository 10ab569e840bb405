"""What could stand at a place, in words: the terminals that the parser could take, gathered into a short list."""

from __future__ import annotations

from collections.abc import Sequence

from .language import LANGUAGE
from .scanner import ARROW_TYPES, COMMENT, LINES, NAME, Token

_VALUE = frozenset(
    {"NAME", "NUMBER", "STRING", "FSTRING", "TRUE", "FALSE", "NULL", "NOW", "NOT", "MINUS", "PLUS", "LPAR", "LSQB", "LBRACE"}
)
_WORD = frozenset({"NAME", "TRUE", "FALSE", "NULL", "NOW", "NOT"})
_OPERATOR = frozenset(
    {
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "FLOOR",
        "PERCENT",
        "POWER",
        "EQUALS",
        "DIFFERS",
        "LESSTHAN",
        "MORETHAN",
        "AT_MOST",
        "AT_LEAST",
        "AND",
        "OR",
        "NOT",
        "IN",
        "COALESCE",
        "IF",
    }
)
_TRAILER = frozenset({"LPAR", "LSQB", "LBRACE", "DOT"})
_STATEMENT = frozenset({"FROM", "INCLUDE", "PARAM", "TASK", "FLOW", "DEFAULTS", "RETURN", "WHEN"})
_END = frozenset({"_NEWLINE", "SEMICOLON", "_DEDENT", "$END"})

#: Groups of terminals in the order in which they are tried: what must be there, what it takes away, and its words.
_GROUPS: tuple[tuple[frozenset[str], frozenset[str], str], ...] = (
    (_STATEMENT, _STATEMENT | _VALUE, "a statement"),
    (frozenset({"LINK", "THEN"}), ARROW_TYPES, "an arrow"),
    (frozenset({"ON_ERROR"}), ARROW_TYPES, "a handler"),
    (frozenset({"PLUS", "STAR"}), _OPERATOR | _TRAILER, "an operator"),
    (frozenset({"NUMBER"}), _VALUE, "a value"),
    (frozenset({"NAME", "STRING", "TRUE"}), _WORD | {"STRING"}, "a key"),
    (frozenset({"NAME", "STRING", "LBRACE"}), frozenset({"NAME", "STRING", "LBRACE"}), "a type"),
    (frozenset({"NAME"}), _WORD, "a name"),
    (frozenset({"STRING"}), frozenset({"STRING"}), "a string"),
    (frozenset({"_NEWLINE"}), _END, "the end of the line"),
    (frozenset({"_INDENT"}), frozenset({"_INDENT"}), "an indented block"),
    (frozenset({"$END"}), _END, "the end of the file"),
)

_FOUND = {"_NEWLINE": "the end of the line", "$END": "the end of the file"}
_ORDER = ("a statement", "a value", "a key", "a type", "a name", "a string", "an indented block")
_LAST = ("an operator", "an arrow", "a handler", "the end of the line", "the end of the file")


def shiftable(states: Sequence[int]) -> set[str]:
    """The terminals that a parser with this stack of states could take now, after whatever reductions."""
    return {terminal for terminal in LANGUAGE.automaton[states[-1]] if not terminal.islower() and _shifts(states, terminal)}


def _shifts(states: Sequence[int], terminal: str) -> bool:
    automaton = LANGUAGE.automaton
    stack = list(states)
    while True:
        action = automaton[stack[-1]].get(terminal)
        if action is None:
            return False
        if isinstance(action, int):
            return True
        del stack[len(stack) - action[0] :]
        stack.append(action[2][stack[-1]])
        if terminal == "$END" and stack[-1] == automaton.end:
            return True


def words(terminals: set[str], brace: bool = False) -> str:
    """Terminals as a list for people: ``a value, `,` or `]```. With ``brace`` the round bracket to close is a brace of an f-string."""
    left = set(terminals)
    found: list[str] = []
    for needed, gone, text in _GROUPS:
        if needed <= left:
            left -= gone
            found.append(text)
    if "the end of the line" in found:
        left -= {"EQUAL"} | _TRAILER
    if "a statement" in found:
        found = ["a statement"]
    texts = {name: sign for sign, name in (*LANGUAGE.operators.items(), *LANGUAGE.keywords.items())}
    if brace:
        texts["RPAR"] = "}"
    signs = [f"`{sign}`" for sign in sorted((texts[name] for name in left if name in texts), key=lambda sign: (sign != ",", sign))]
    ordered = [text for text in _ORDER if text in found] + signs + [text for text in _LAST if text in found]
    if len(ordered) < 2:
        return "".join(ordered) or "something else"
    return f"{', '.join(ordered[:-1])} or {ordered[-1]}"


def found(token: Token) -> str:
    """A token for people."""
    return _FOUND.get(token.type) or f"`{token.value}`"


def replay(states: Sequence[int], text: str, start: int, stop: int) -> Sequence[int] | None:
    """The states of a parser that took the tokens of one statement, from ``start`` to ``stop``, on top of ``states``, and has not looked
    further: it has made no reduction that the next token would have forbidden. None if there is more to it than tokens on a line."""
    automaton, stack = LANGUAGE.automaton, list(states)
    for match in LANGUAGE.scanner.finditer(text, start, stop):
        kind = match.lastindex
        if kind is None or kind in (LINES, COMMENT):
            continue
        type_ = LANGUAGE.type_of(kind, match[kind])
        if type_ not in automaton[stack[-1]]:
            type_ = "NAME" if kind == NAME else type_
        while isinstance(action := automaton[stack[-1]].get(type_), tuple):
            del stack[len(stack) - action[0] :]
            stack.append(action[2][stack[-1]])
        if action is None:
            return None
        stack.append(action)
    return stack
