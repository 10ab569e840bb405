"""What operators and built-in functions mean on values that are known: the one implementation, at compile time and at submission.

Operators mean what they mean in Python, on the values of the language (:mod:`.values`), with three differences: what gives no finite real
number is an error, ``%`` on a text is one too, and everything is bounded: each operation is checked *before* it is done against the
size that its result would have, and paid from a :class:`~.budget.Budget`.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable, Mapping, Sequence

from .budget import MOST_BITS, Budget, OperatorError, check_length
from .fits import kind
from .suggest import did_you_mean
from .values import scalar_text, to_text

Operation = Callable[[Sequence[object], Budget], object]

_NUMBERS = (int, float)


def apply(op: str, args: Sequence[object], budget: Budget | None = None) -> object:
    """The result of an operator or built-in function on known values.

    Args:
        op: an operator as the language writes it, the name of a function, or ``neg``, ``pos``, ``index`` (container, key), ``if`` (condition,
            then, else), ``concat`` (the parts of an f-string), ``duration`` (seconds → a duration).
        args: its operands; lists are tuples and maps dicts.
        budget: what it is paid from; one of its own by default.

    Raises:
        OperatorError: it cannot be done, or costs too much.
        KeyError: there is no such operation.
    """
    run = OPERATORS.get(op) or functions()[op]
    if budget is None:
        budget = Budget()
    budget.spend()
    try:
        return run(args, budget)
    except OverflowError:
        raise _overflow(op, args) from None
    except TypeError:
        raise _type_error(op, args) from None


def functions() -> Mapping[str, Operation]:
    """The built-in functions by name."""
    from .functions import FUNCTIONS

    return FUNCTIONS


def _overflow(op: str, args: Sequence[object]) -> OperatorError:
    if any(isinstance(arg, (dt.date, dt.timedelta)) for arg in args):
        return OperatorError("F0311", op=op)
    return OperatorError("F0306", op=op)


def _type_error(op: str, args: Sequence[object]) -> OperatorError:
    aware = {arg.tzinfo is not None for arg in args if isinstance(arg, dt.datetime)}
    if len(aware) == 2:
        return OperatorError("F0301", op=op, types="a datetime with a zone and one without", help="add a zone, as in `2026-11-22T10:00:00Z`")
    types = " and ".join(kind(arg) for arg in args[:2]) if op != "index" else kind(args[0])
    helps: tuple[str, ...] = ()
    kinds = {arg.__class__ for arg in args[:2]}
    if op == "+" and str in kinds and len(kinds) == 2:
        helps = ('use an f-string to join text and values, as in f"{a}{b}", or str(…)',)
    elif dt.timedelta in kinds and kinds & {int, float}:
        helps = ("write the unit, as in `30s`",)
    return OperatorError("F0301", op=op, types=types, help=helps)


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


# ── arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────


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
    return _number("*", operator.mul(a, b))  # type: ignore[arg-type]


def _repeat(value: str | tuple[object, ...], times: object, budget: Budget) -> object:
    if not isinstance(times, int):
        raise TypeError
    size = len(value) * max(times, 0)
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


# ── comparison and logic ─────────────────────────────────────────────────────────────────────────────────────


def pay_comparison(values: Sequence[object], budget: Budget) -> None:
    """Account for comparing values: as if the smallest were read whole."""
    budget.spend(min(budget.measure(value)[0] for value in values) // 64)


def _compare(run: Callable[[object, object], object]) -> Operation:
    def compare(args: Sequence[object], budget: Budget) -> object:
        a, b = args
        pay_comparison(args, budget)
        return run(a, b)

    return compare


def _contains(args: Sequence[object], budget: Budget) -> object:
    item, container = args
    if not isinstance(container, (str, tuple, dict)):
        raise TypeError
    budget.spend(budget.measure(container)[0] // 64)
    if isinstance(container, dict):
        return isinstance(item, str) and item in container
    return item in container  # type: ignore[operator]


def _not_contains(args: Sequence[object], budget: Budget) -> object:
    return not _contains(args, budget)


def _not(args: Sequence[object], budget: Budget) -> object:
    return not args[0]


def _and(args: Sequence[object], budget: Budget) -> object:
    a, b = args
    return a and b


def _or(args: Sequence[object], budget: Budget) -> object:
    a, b = args
    return a or b


def _if(args: Sequence[object], budget: Budget) -> object:
    condition, then, otherwise = args
    return then if condition else otherwise


# ── reaching in, and text ────────────────────────────────────────────────────────────────────────────────────


def index(args: Sequence[object], budget: Budget) -> object:
    """``a[key]``: an item of a list or text by number, a value of a map by its key."""
    container, key = args
    if isinstance(container, dict):
        if not isinstance(key, str):
            raise OperatorError("F0304", what="map", wanted="text", given=kind(key))
        if key in container:
            return container[key]
        raise OperatorError("F0303", what="key", key=scalar_text(key), container="map", help=did_you_mean(key, container))
    if not isinstance(container, (str, tuple)):
        raise TypeError
    what = "text" if isinstance(container, str) else "list"
    if not isinstance(key, int) or isinstance(key, bool):
        raise OperatorError("F0304", what=what, wanted="a number", given=kind(key))
    if -len(container) <= key < len(container):
        return container[key]
    unit = "characters" if what == "text" else "items"
    shown = f"it has {len(container)} {unit}, counted from 0" if container else "it is empty"
    raise OperatorError("F0303", what="index", key=str(key), container=what, help=shown)


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


def _concat(args: Sequence[object], budget: Budget) -> object:
    return join([text_of(part, budget) for part in args], budget)


OPERATORS: dict[str, Operation] = {
    "+": add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide("/", operator.truediv),
    "//": _divide("//", operator.floordiv),
    "%": _divide("%", operator.mod),
    "**": _power,
    "neg": _negative,
    "pos": _positive,
    "==": _compare(operator.eq),
    "!=": _compare(operator.ne),
    "<": _compare(operator.lt),  # type: ignore[arg-type]
    "<=": _compare(operator.le),  # type: ignore[arg-type]
    ">": _compare(operator.gt),  # type: ignore[arg-type]
    ">=": _compare(operator.ge),  # type: ignore[arg-type]
    "in": _contains,
    "not in": _not_contains,
    "not": _not,
    "and": _and,
    "or": _or,
    "if": _if,
    "index": index,
    "concat": _concat,
}
"""Operators and what the language writes with signs of its own."""
