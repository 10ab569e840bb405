"""The built-in functions on known values (``range len zip enumerate min max sum sorted str int float``), bounded like the operators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from ..dsl.diagnostics import quote
from .arithmetic import Operation, add, finite, text_of
from .budget import Budget, OperatorError, check_length
from .fits import kind
from .values import scalar_text, seconds

#: A text longer than this is no number.
_LONGEST_NUMBER = 2_000

_PLAIN_NUMBERS = frozenset({int, float})


def _arity(name: str, args: Sequence[object], least: int, most: int | None) -> None:
    if least <= len(args) and (most is None or len(args) <= most):
        return
    wanted = str(least) if most == least else f"at least {least}" if most is None else f"{least} to {most}"
    raise OperatorError("F0312", function=name, wanted=f"{wanted} argument{'' if wanted == '1' else 's'}", given=len(args))


def _items(name: str, value: object) -> Sequence[object]:
    """What a function that takes a list goes through: items, characters or keys, as in Python."""
    if isinstance(value, (tuple, str)):
        return value
    if isinstance(value, dict):
        return tuple(value)
    raise OperatorError("F0313", function=name, wanted="a list", given=kind(value))


def _range(args: Sequence[object], budget: Budget) -> object:
    _arity("range", args, 1, 3)
    numbers: list[int] = []
    for arg in args:
        if not isinstance(arg, int) or isinstance(arg, bool):
            raise OperatorError("F0313", function="range", wanted="ints", given=kind(arg))
        numbers.append(arg)
    if len(numbers) == 3 and not numbers[2]:
        raise OperatorError("F0313", function="range", wanted="a step that is not 0", given="0")
    span = range(*numbers)
    step = span.step
    size = max(0, (span.stop - span.start + step - (1 if step > 0 else -1)) // step)
    check_length(size, "list")
    budget.spend(size // 16)
    budget.allocate(32 * size)
    return budget.keep(tuple(span))


def _len(args: Sequence[object], budget: Budget) -> object:
    _arity("len", args, 1, 1)
    if isinstance(args[0], (str, tuple, dict)):
        return len(args[0])
    raise OperatorError("F0313", function="len", wanted="a list, map or text", given=kind(args[0]))


def _pairs(rows: Sequence[tuple[object, ...]], width: int, budget: Budget) -> object:
    for row in rows:
        budget.keep(row)
    return budget.keep(tuple(rows))


def _zip(args: Sequence[object], budget: Budget) -> object:
    lists = [_items("zip", arg) for arg in args]
    size = min(map(len, lists), default=0)
    budget.spend(size)
    budget.allocate(size * (64 + 8 * len(lists)))
    return _pairs(list(zip(*lists, strict=False)), len(lists), budget)


def _enumerate(args: Sequence[object], budget: Budget) -> object:
    _arity("enumerate", args, 1, 2)
    items = _items("enumerate", args[0])
    first = args[1] if len(args) > 1 else 0
    if not isinstance(first, int) or isinstance(first, bool):
        raise OperatorError("F0313", function="enumerate", wanted="an int to start with", given=kind(first))
    budget.spend(len(items))
    budget.allocate(112 * len(items))
    return _pairs(list(enumerate(items, first)), 2, budget)


def _pay_order(items: Sequence[object], budget: Budget, passes: int) -> None:
    weight = sum(budget.measure(item)[0] for item in items) if not isinstance(items, str) else len(items)
    budget.spend(passes * (len(items) // 32 + weight // 512))


def _least_or_most(name: str, run: Callable[..., object]) -> Operation:
    def choose(args: Sequence[object], budget: Budget) -> object:
        _arity(name, args, 1, None)
        items = _items(name, args[0]) if len(args) == 1 else args
        if not items:
            raise OperatorError("F0313", function=name, wanted="at least one item", given="an empty list")
        _pay_order(items, budget, 1)
        try:
            return run(items)
        except TypeError:
            raise _mixed(name, items) from None

    return choose


def _sorted(args: Sequence[object], budget: Budget) -> object:
    _arity("sorted", args, 1, 1)
    items = _items("sorted", args[0])
    _pay_order(items, budget, max(1, len(items).bit_length()))
    budget.allocate(8 * len(items))
    try:
        return budget.keep(tuple(sorted(items)))  # type: ignore[type-var]
    except TypeError:
        raise _mixed("sorted", items) from None


def _mixed(name: str, items: Sequence[object]) -> OperatorError:
    kinds = sorted({kind(item) for item in items})
    given = " and ".join(kinds[:3]) + (" items" if len(kinds) == 1 else "")
    return OperatorError("F0313", function=name, wanted="items that can be compared with each other", given=given)


def _sum(args: Sequence[object], budget: Budget) -> object:
    _arity("sum", args, 1, 2)
    items = _items("sum", args[0])
    total: object = args[1] if len(args) > 1 else 0
    if isinstance(total, str) or isinstance(items, str):
        raise OperatorError("F0313", function="sum", wanted="numbers", given="text")
    if not isinstance(total, (tuple, dt.timedelta)) and set(map(type, items)) <= _PLAIN_NUMBERS:
        budget.spend(len(items) // 8)
        return add((sum(items), total), budget)  # type: ignore[arg-type]
    budget.spend(len(items))
    for number, item in enumerate(items):
        if number == 0 and len(args) == 1 and isinstance(item, dt.timedelta):
            total = dt.timedelta(0)
        try:
            total = add((total, item), budget)
        except TypeError:
            raise OperatorError("F0313", function="sum", wanted=f"what can be added to {kind(total)}", given=kind(item)) from None
    return total


def _str(args: Sequence[object], budget: Budget) -> object:
    _arity("str", args, 0, 1)
    return text_of(args[0], budget) if args else ""


def _no_number(value: object, wanted: str) -> OperatorError:
    return OperatorError("F0305", value=quote(scalar_text(value), 40), wanted=wanted)


def _int(args: Sequence[object], budget: Budget) -> object:
    _arity("int", args, 0, 2)
    value = args[0] if args else 0
    base = args[1] if len(args) > 1 else 10
    if isinstance(base, bool) or not isinstance(base, int) or (len(args) > 1 and not isinstance(value, str)):
        raise OperatorError("F0313", function="int", wanted="a text and a base", given=kind(base))
    if isinstance(value, str):
        if len(value) > _LONGEST_NUMBER:
            raise OperatorError("F0305", value="a text of " + f"{len(value):,} characters", wanted="int")
        try:
            number = int(value, base)
        except ValueError:
            raise _no_number(value, "int") from None
        return add((number, 0), budget)
    if isinstance(value, dt.timedelta):
        return int(seconds(value))
    if isinstance(value, (int, float)):
        return int(value)
    raise OperatorError("F0313", function="int", wanted="a text or number", given=kind(value))


def _float(args: Sequence[object], budget: Budget) -> object:
    _arity("float", args, 0, 1)
    value = args[0] if args else 0.0
    if isinstance(value, str):
        try:
            return finite("float", float(value[:_LONGEST_NUMBER]))
        except ValueError:
            raise _no_number(value, "float") from None
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (int, float)):
        return finite("float", float(value))
    raise OperatorError("F0313", function="float", wanted="a text or number", given=kind(value))


def _duration(args: Sequence[object], budget: Budget) -> object:
    (value,) = args
    return dt.timedelta(seconds=value)  # type: ignore[arg-type]


FUNCTIONS: dict[str, Operation] = {
    "range": _range,
    "len": _len,
    "zip": _zip,
    "enumerate": _enumerate,
    "min": _least_or_most("min", min),
    "max": _least_or_most("max", max),
    "sum": _sum,
    "sorted": _sorted,
    "str": _str,
    "int": _int,
    "float": _float,
    "duration": _duration,
}
"""The functions that a flow may call (``duration`` is not written: a plan's late values hold seconds, and this makes durations of them)."""
