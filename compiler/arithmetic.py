"""Arithmetic on known values, and the making of texts: each operation is bounded before it is done."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from .budget import MOST_BITS, Budget, OperatorError, check_length
from .values import to_text

Operation = Callable[[Sequence[object], Budget], object]
"""What an operator or function does with operands and a budget. Raises OperatorError, or TypeError for operands that do not go together."""

_NUMBERS = (int, float)


def finite(op: str, value: object) -> object:
    """A result, unless it is no finite real number (F0306)."""
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        raise OperatorError("F0306", op=op)
    return value


def _check_bits(bits: int) -> None:
    if bits > MOST_BITS:
        raise OperatorError("F0307", most=MOST_BITS)


def _arithmetic(a: object, b: object) -> bool:
    """Whether both are plain numbers (bools count as in Python)."""
    return isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS)


def _ints(a: object, b: object) -> bool:
    return isinstance(a, int) and isinstance(b, int)


def add(args: Sequence[object], budget: Budget) -> object:
    """``a + b``: numbers, texts, lists, durations, dates and durations."""
    a, b = args
    if isinstance(a, str) and isinstance(b, str):
        return join((a, b), budget)
    if isinstance(a, tuple) and isinstance(b, tuple):
        check_length(len(a) + len(b), "list")
        budget.spend((len(a) + len(b)) // 16)
        return budget.keep(a + b)
    result = operator.add(a, b) if not _sequence(a, b) else _refuse()
    return _number("+", result)


def _sequence(*values: object) -> bool:
    return any(isinstance(value, (str, tuple, dict)) for value in values)


def _refuse() -> object:
    raise TypeError


def _number(op: str, result: object) -> object:
    if isinstance(result, int):
        _check_bits(result.bit_length())
    return finite(op, result)


def _subtract(args: Sequence[object], budget: Budget) -> object:
    a, b = args
    return _number("-", operator.sub(a, b))


def _multiply(args: Sequence[object], budget: Budget) -> object:
    a, b = args
    if isinstance(b, (str, tuple)):
        a, b = b, a
    if isinstance(a, (str, tuple)):
        return _repeat(a, b, budget)
    if isinstance(a, int) and isinstance(b, int):
        _check_bits(a.bit_length() + b.bit_length() - 1)
    return _number("*", operator.mul(a, b))


def _repeat(value: str | tuple[object, ...], times: object, budget: Budget) -> object:
    if not isinstance(times, int):
        raise TypeError
    times = max(times, 0) if value else 0
    size = len(value) * times
    check_length(size, "text" if isinstance(value, str) else "list")
    budget.spend(size // 16)
    if isinstance(value, str):
        budget.allocate(size if value.isascii() else 4 * size)
        return value * times
    return budget.keep(value * times)


def _divide(op: str, run: Callable[[object, object], object]) -> Operation:
    def divide(args: Sequence[object], budget: Budget) -> object:
        a, b = args
        if _sequence(a, b):  # `%` formats texts in Python; that is neither bounded nor wanted
            raise TypeError
        try:
            return _number(op, run(a, b))
        except ZeroDivisionError:
            raise OperatorError("F0302", op=op) from None

    return divide


def _power(args: Sequence[object], budget: Budget) -> object:
    a, b = args
    if not _arithmetic(a, b):
        raise TypeError
    if isinstance(a, int) and isinstance(b, int) and b > 0 and abs(a) > 1:
        if b > MOST_BITS:
            _check_bits(MOST_BITS + 1)
        # a ** b has at least this many bits.
        _check_bits((a.bit_length() - 1) * b + 1)
    elif isinstance(b, int) and abs(b) > 2**64 and isinstance(a, int):
        b = 2 if b % 2 == 0 else 3 if b > 0 else -1
        if abs(a) > 1:
            return 0.0
    try:
        return _number("**", a**b)  # type: ignore[operator]
    except ZeroDivisionError:
        raise OperatorError("F0302", op="**") from None


def _negative(args: Sequence[object], budget: Budget) -> object:
    return operator.neg(args[0])  # type: ignore[arg-type]


def _positive(args: Sequence[object], budget: Budget) -> object:
    return operator.pos(args[0])  # type: ignore[arg-type]


def join(parts: Sequence[str], budget: Budget) -> str:
    """Texts put together, within the limits."""
    size = sum(map(len, parts))
    check_length(size, "text")
    budget.spend(size // 64)
    budget.allocate(48 + (size if all(map(str.isascii, parts)) else 4 * size))
    return "".join(parts)


def text_of(value: object, budget: Budget) -> str:
    """:func:`~.values.to_text` within the limits."""
    if isinstance(value, str):
        return value
    weight, _ = budget.measure(value)
    budget.spend(weight // 16)
    budget.allocate(weight)
    text = to_text(value)
    check_length(len(text), "text")
    return text


ARITHMETIC: dict[str, Operation] = {
    "+": add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide("/", operator.truediv),
    "//": _divide("//", operator.floordiv),
    "%": _divide("%", operator.mod),
    "**": _power,
    "neg": _negative,
    "pos": _positive,
}
"""Arithmetic by operator."""
