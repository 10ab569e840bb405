"""A plan's values as Python expressions: what is known as literals, late values as code that reads clock and environment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from .late import static_type
from .plan import Late, Map, Ref, Value
from .python_layout import Bracketed, Code, flat, prefixed
from .types import DURATION, STR

#: Operators that Python writes between their operands.
_BETWEEN = frozenset({"+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"})

#: And those before one.
_BEFORE = {"neg": "-", "pos": "+", "not": "not "}

#: What flows write otherwise than Python does.
_TEXT = '''
def text(value):
    """A value as a flow writes it into a text."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value.total_seconds() if isinstance(value, timedelta) else value)
'''


class Expressions:
    """Writes values, and keeps what their code needs.

    ``imports``: names by module. ``helpers``: functions that are to stand in the module. ``moment``: whether the code uses ``now``.
    """

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}
        self.helpers: dict[str, str] = {}
        self.moment = False

    def value(self, value: Value) -> Code:
        """The expression of a value."""
        if isinstance(value, tuple):
            return Bracketed("", tuple(map(self.value, value)), "[]")
        if isinstance(value, Map):
            return self.mapping(value)
        if isinstance(value, Late):
            return f"{self.operand(value)}.total_seconds()" if static_type(value) == DURATION else self.late(value)
        assert not isinstance(value, Ref)
        return self._scalar(value)

    def mapping(self, value: Map) -> Code:
        """The expression of a map."""
        return Bracketed("", tuple(prefixed(f"{quoted(name)}: ", self.value(item)) for name, item in value), "{}")

    def _scalar(self, value: object) -> str:
        if isinstance(value, str):
            return quoted(value)
        if isinstance(value, dt.datetime):
            return f'{self._named("datetime", "datetime")}.fromisoformat("{value.isoformat()}")'
        if isinstance(value, dt.date):
            return f"{self._named('datetime', 'date')}({value.year}, {value.month}, {value.day})"
        if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 10_000:
            return hex(value)  # longer decimal texts are refused by int()
        return repr(value)

    def _named(self, module: str, name: str) -> str:
        self.imports.setdefault(module, set()).add(name)
        return name

    def late(self, value: Late) -> str:
        """The expression of a late value."""
        op, args = value.op, value.args
        if op == "now":
            self.moment = True
            self._named("datetime", "timezone")
            self._named("datetime", "datetime")
            return "now"
        if op in ("env", "secret"):
            self.imports.setdefault("os", set())
            rest = f".get({self.operand(args[0])}, {self.operand(args[1])})" if len(args) > 1 else f"[{self.operand(args[0])}]"
            return f"os.environ{rest}"
        if op == "duration":
            return f"{self._named('datetime', 'timedelta')}(seconds={self.operand(args[0])})"
        if op in ("concat", "str"):
            return " + ".join(map(self._text, args)) or '""'
        if op == "if":
            condition, then, otherwise = map(self.operand, args)
            return f"{then} if {condition} else {otherwise}"
        if op == "index":
            return f"{self.operand(args[0])}[{self.operand(args[1])}]"
        if op in _BEFORE:
            return f"{_BEFORE[op]}{self.operand(args[0])}"
        if op in _BETWEEN:
            return f"{self.operand(args[0])} {op} {self.operand(args[1])}"
        called = f"{op}({', '.join(map(self.operand, args))})"
        if op in ("zip", "enumerate"):
            return f"[list(one) for one in {called}]"
        return f"list({called})" if op == "range" else called

    def operand(self, value: Value) -> str:
        """A value inside an expression."""
        if not isinstance(value, Late):
            return flat(self.value(value))
        loose = value.op in _BETWEEN or value.op in _BEFORE or value.op in ("if", "concat")
        return f"({self.late(value)})" if loose else self.late(value)

    def _text(self, value: Value) -> str:
        if isinstance(value, str) or static_type(value) == STR:
            return self.operand(value)
        self.helpers["text"] = _TEXT
        self._named("datetime", "date")
        self._named("datetime", "timedelta")
        return f"text({self.operand(value)})"


def quoted(text: str) -> str:
    """A text as a Python literal, in double quotes where that needs no escapes."""
    shown = repr(text)
    if shown.startswith("'") and '"' not in shown:
        return f'"{shown[1:-1]}"'
    return shown


def import_lines(imports: Mapping[str, set[str]]) -> list[str]:
    """Import statements, sorted as ruff does."""
    plain = [f"import {module}" for module, names in sorted(imports.items()) if not names]
    return plain + [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items()) if names]
