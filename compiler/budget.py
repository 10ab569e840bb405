"""Limits on compile-time values: how large one may be, and how much work and memory all of them together may take.

A value may contain another many times by reference (``a = [a, a]``, forty times), so its size as written out is kept apart
from what it takes in memory.
Each new list and map goes through :meth:`Budget.keep` as it is made; so the sizes of its items are known, and measuring never goes deep.
"""

from __future__ import annotations

from typing import TypeVar

from .plan import Late, Map

#: Characters of a text, items of a list or map.
MOST_ITEMS = 1_000_000

#: Bits of an integer (about 1,200 digits).
MOST_BITS = 4_000

#: How deep lists and maps may nest.
DEEPEST = 100

#: Size of one value written out, in bytes (about).
MOST_WEIGHT = 16_000_000

#: Of one compilation: operations, bytes of values made, bytes of values handed to steps (each time that one is).
OPERATIONS = 5_000_000
BYTES = 100_000_000
PLACED_BYTES = 64_000_000

T = TypeVar("T")

_CELL = 8
_SMALL = 16
_CONTAINERS = frozenset({tuple, dict, Late, Map})


class OperatorError(Exception):
    """An operation that cannot be done: a code of family F03, the values of its message, and help lines."""

    def __init__(self, code: str, *, help: str | tuple[str, ...] = (), **values: object) -> None:  # noqa: A002 - as in Findings.report
        super().__init__(code)
        self.code = code
        self.values = values
        self.help: tuple[str, ...] = (help,) if isinstance(help, str) else help

    def __str__(self) -> str:
        from ..dsl.codes import CODES
        from ..dsl.diagnostics import quote

        return CODES[self.code].message.format(**{name: quote(value) for name, value in self.values.items()})


class Budget:
    """What one compilation may still spend on values. Methods raise :class:`OperatorError` when it is used up."""

    __slots__ = ("_measured", "bytes_left", "operations_left", "placed_left")

    def __init__(self, *, operations: int = OPERATIONS, size: int = BYTES, placed: int = PLACED_BYTES) -> None:
        self.operations_left = operations
        self.bytes_left = size
        self.placed_left = placed
        # By id: the value (so that the id stays its own), its weight and its depth.
        self._measured: dict[int, tuple[object, int, int]] = {}

    def spend(self, operations: int = 1) -> None:
        """Account for work: one unit is about one small operation, or sixteen items copied."""
        self.operations_left -= operations
        if self.operations_left < 0:
            raise OperatorError("F0309", what="operations", most=f"{OPERATIONS:,}")

    def allocate(self, size: int) -> None:
        """Account for memory, in bytes, before it is taken."""
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise OperatorError("F0309", what="bytes of values", most=f"{BYTES:,}")

    def keep(self, value: T) -> T:
        """Account for a list or map just made: its memory, its size written out, and its depth. Gives it back."""
        size = len(value)  # type: ignore[arg-type]
        check_length(size, "map" if isinstance(value, dict) else "list")
        self.spend(1 + size // 16)
        self.allocate(96 + (100 if isinstance(value, dict) else 8) * size)
        self.measure(value)
        return value

    def place(self, value: object) -> None:
        """Account for a value that is handed to a step, and so will be written out once more."""
        self.placed_left -= self.measure(value)[0]
        if self.placed_left < 0:
            raise OperatorError("F0309", what="bytes in the arguments of steps", most=f"{PLACED_BYTES:,}")

    def measure(self, value: object, depth: int = 0) -> tuple[int, int]:
        """A value's weight (its size written out, in bytes, about) and depth."""
        kind = value.__class__
        if kind is str:
            return _CELL + len(value), 0  # type: ignore[arg-type]
        if kind is int:
            return _CELL + value.bit_length() // 3, 0  # type: ignore[attr-defined]
        if kind not in _CONTAINERS:
            # What the lowering knows in part carries a container: its items, or a late value.
            inner = getattr(value, "items", None) or getattr(value, "late", None)
            return (_CELL, 0) if inner is None else self.measure(inner, depth)
        known = self._measured.get(id(value))
        if known is not None:
            return known[1], known[2]
        if depth > DEEPEST:
            raise OperatorError("F0310", most=DEEPEST)
        weight, deep = self._measure_items(value, depth)
        if weight > MOST_WEIGHT:
            raise OperatorError("F0308", what="value", size="more than 16 MB when written out", most="16 MB")
        if deep > DEEPEST:
            raise OperatorError("F0310", most=DEEPEST)
        if deep > 1 or weight > 256:
            self._measured[id(value)] = (value, weight, deep)
        return weight, deep

    def _measure_items(self, value: object, depth: int) -> tuple[int, int]:
        weight, deep = _CELL, 0
        items = value
        if isinstance(value, dict):
            weight += sum(map(len, value)) + _CELL * len(value)
            items = value.values()
        elif isinstance(value, Late):
            items = value.args
        elif isinstance(value, Map):
            weight += sum(len(name) for name, _ in value.items) + _CELL * len(value)
            items = [item for _, item in value.items]
        elif isinstance(value, tuple) and len(value) > _SMALL:
            kinds = set(map(type, value))
            if kinds == {str}:
                return weight + _CELL * len(value) + sum(map(len, value)), 1
            if kinds == {int}:
                return weight + _CELL * len(value) + sum(map(int.bit_length, value)) // 3, 1
        for item in items:  # type: ignore[attr-defined]
            item_weight, item_depth = self.measure(item, depth + 1)
            weight += item_weight
            if item_depth > deep:
                deep = item_depth
        return weight, deep + 1


def check_length(size: int, what: str) -> None:
    """Raise F0308 for a text, list or map that would be too long."""
    if size > MOST_ITEMS:
        unit = "characters" if what == "text" else "items"
        shown = f"{size:,}" if size < 10**18 else "far more"
        raise OperatorError("F0308", what=what, size=f"{shown} {unit}", most=f"{MOST_ITEMS:,}")
