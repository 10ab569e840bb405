"""A plan's values as people read them: what ``flowc plan`` shows, and what stands for arguments where a secret must not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Literal

from ..dsl.columns import escaped
from .plan import Late, Map, Ref, Value
from .values import duration_text, key_text, scalar_text

#: How tightly operators bind; a looser one inside a tighter one gets parentheses.
_BINDS = {
    "if": 1, "or": 2, "and": 3, "not": 4, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5, "in": 5, "not in": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7, "neg": 8, "pos": 8, "**": 9,
}  # fmt: skip
_TIGHTEST = 10

_PYTHON = {"null": "None", "true": "True", "false": "False"}

Style = Literal["flow", "python"]


class _Full(Exception):
    """Enough was written."""


class _Writer:
    def __init__(self, style: Style, longest: int) -> None:
        self._style = style
        self._left = longest or -1
        self.parts: list[str] = []

    def put(self, text: str) -> None:
        self.parts.append(text)
        if self._left >= 0:
            self._left -= len(text)
            if self._left < 0:
                raise _Full

    def value(self, value: object, binds: int = 0) -> None:
        if isinstance(value, Late):
            self.late(value, binds)
        elif isinstance(value, Ref):
            self.put(value.id + "".join(map(path_text, value.path)))
        elif isinstance(value, (tuple, list)):
            self._listed("[", value, self.value, "]")
        elif isinstance(value, (Map, dict)):
            self._listed("{", tuple(value.items() if isinstance(value, dict) else value.items), self._item, "}")
        elif isinstance(value, str) and 0 <= self._left < len(value):
            self.put(scalar_text(value[: self._left + 1]))
        else:
            self.put(self._scalar(value))

    def _scalar(self, value: object) -> str:
        if isinstance(value, int) and value.bit_length() > 10_000:
            return "a number of more than 3,000 digits"
        text = scalar_text(value)
        if self._style == "python":
            if isinstance(value, dt.date):
                return f'{type(value).__name__}.fromisoformat("{text}")'
            return _PYTHON.get(text, text)
        return duration_text(value) if isinstance(value, dt.timedelta) else text

    def _listed(self, start: str, items: tuple[object, ...] | list[object], one: Callable[[object], None], end: str) -> None:
        self.put(start)
        for number, item in enumerate(items):
            if number:
                self.put(", ")
            one(item)
        self.put(end)

    def _item(self, item: object) -> None:
        assert isinstance(item, tuple)
        self.put(f"{scalar_text(item[0]) if self._style == 'python' else key_text(item[0])}: ")
        self.value(item[1])

    def late(self, late: Late, binds: int) -> None:
        op, args = late.op, late.args
        own = _BINDS.get(op, _TIGHTEST)
        if own < binds:
            self.put("(")
        if op == "now" and not args:
            self.put("now")
        elif op == "duration" and len(args) == 1 and isinstance(args[0], (int, float)):
            self.put(_duration(args[0]))
        elif op == "concat":
            self._fstring(args)
        elif op == "if" and len(args) == 3:
            self.value(args[1], own + 1)
            self.put(" if ")
            self.value(args[0], own + 1)
            self.put(" else ")
            self.value(args[2], own)
        elif op in ("neg", "pos", "not") and len(args) == 1:
            self.put({"neg": "-", "pos": "+", "not": "not "}[op])
            self.value(args[0], own)
        elif op == "index" and len(args) == 2:
            self.value(args[0], _TIGHTEST)
            self.put("[")
            self.value(args[1])
            self.put("]")
        elif op in _BINDS and len(args) == 2:
            self.value(args[0], own + (op == "**"))
            self.put(f" {op} ")
            self.value(args[1], own + (op != "**"))
        else:
            self._listed(f"{op}(", args, self.value, ")")
        if own < binds:
            self.put(")")

    def _fstring(self, args: tuple[Value, ...]) -> None:
        self.put('f"')
        for arg in args:
            if isinstance(arg, str):
                self.put(scalar_text(arg)[1:-1].replace("{", "{{").replace("}", "}}"))
            else:
                self.put("{")
                self.value(arg)
                self.put("}")
        self.put('"')


def _duration(seconds: int | float) -> str:
    try:
        return duration_text(dt.timedelta(seconds=seconds))
    except (OverflowError, ValueError):
        return f"{seconds}s"


def path_text(key: str | int) -> str:
    """One part of a reference's path: ``.count``, ``["any key"]``, ``[0]``."""
    if isinstance(key, str) and key.isascii() and key.isidentifier():
        return f".{key}"
    return f"[{scalar_text(key)}]"


def display(value: Value, style: Style = "flow", longest: int = 0) -> str:
    """A plan's value as readable text; a secret only ever as ``secret("NAME")``.

    Args:
        value: any value of a plan (or a compile-time value).
        style: ``flow`` as the language writes it, ``python`` with Python's words for null, true, false, dates and maps.
        longest: cut behind that many characters, with ``…``; 0 for no limit.
    """
    writer = _Writer(style, longest)
    try:
        writer.value(value)
    except _Full:
        return escaped("".join(writer.parts)[: longest - 1]) + "…"
    return escaped("".join(writer.parts))
