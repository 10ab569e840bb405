"""What operators and built-in functions mean on values that are known: the one implementation, at compile time and at submission.

Operators mean what they mean in Python, on the values of the language (:mod:`.values`), with three differences: what gives no finite real
number is an error, ``%`` on a text is one too, and everything is bounded: each operation is checked *before* it is done against the
size that its result would have, and paid from a :class:`~.budget.Budget`.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Sequence

from .arithmetic import ARITHMETIC, Operation, join, text_of
from .budget import Budget, OperatorError
from .fits import kind
from .functions import FUNCTIONS
from .suggest import MOST_KNOWN, did_you_mean
from .values import scalar_text


def apply(op: str, args: Sequence[object], budget: Budget | None = None) -> object:
    """The result of an operator or built-in function on known values.

    Args:
        op: an operator as the language writes it, the name of a function, or ``neg``, ``pos``, ``index`` (container, key), ``if``
        (condition,
            then, else), ``concat`` (the parts of an f-string), ``duration`` (seconds → a duration).
        args: its operands; lists are tuples and maps dicts.
        budget: what it is paid from; one of its own by default.

    Raises:
        OperatorError: it cannot be done, or costs too much.
        KeyError: there is no such operation.
    """
    run = OPERATORS[op]
    if budget is None:
        budget = Budget()
    budget.spend()
    try:
        return run(args, budget)
    except OverflowError:
        raise _overflow(op, args) from None
    except TypeError:
        raise _type_error(op, args) from None


def _overflow(op: str, args: Sequence[object]) -> OperatorError:
    if op == "duration" or any(isinstance(arg, (dt.date, dt.timedelta)) for arg in args):
        return OperatorError("F0311", op=op)
    return OperatorError("F0306", op=op)


def _type_error(op: str, args: Sequence[object]) -> OperatorError:
    aware = {arg.tzinfo is not None for arg in args if isinstance(arg, dt.datetime)}
    if len(aware) == 2:
        types = "a datetime with a zone and one without"
        return OperatorError("F0301", op=op, types=types, help="add a zone, as in `2026-11-22T10:00:00Z`")
    types = " and ".join(kind(arg) for arg in args[:2]) if op != "index" else kind(args[0])
    helps: tuple[str, ...] = ()
    kinds = {arg.__class__ for arg in args[:2]}
    if op == "+" and str in kinds and len(kinds) == 2:
        helps = ('use an f-string to join text and values, as in f"{a}{b}", or str(…)',)
    elif op == "%" and isinstance(args[0], str):
        helps = ('text is put together by an f-string, as in f"a {b}"',)
    elif dt.timedelta in kinds and kinds & {int, float}:
        helps = ("write the unit, as in `30s`",)
    return OperatorError("F0301", op=op, types=types, help=helps)


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
    return item in container


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
        budget.spend(50 * min(len(container), MOST_KNOWN))  # looking for the nearest key
        raise OperatorError("F0303", what="key", key=scalar_text(key), container="map", help=did_you_mean(key, container))
    if not isinstance(container, (str, tuple)):
        raise TypeError
    what = "text" if isinstance(container, str) else "list"
    if not isinstance(key, int) or isinstance(key, bool):
        methods = isinstance(key, str) and key.isidentifier()
        help_ = "values have no methods; what can be done with them are operators, and functions such as `len(x)`" if methods else ()
        raise OperatorError("F0304", what=what, wanted="a number", given=kind(key), help=help_)
    if -len(container) <= key < len(container):
        return container[key]
    unit = "characters" if what == "text" else "items"
    shown = f"it has {len(container)} {unit}, counted from 0" if container else "it is empty"
    raise OperatorError("F0303", what="index", key=str(key), container=what, help=shown)


def _concat(args: Sequence[object], budget: Budget) -> object:
    return join([text_of(part, budget) for part in args], budget)


OPERATORS: dict[str, Operation] = {
    **ARITHMETIC,
    **FUNCTIONS,
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
"""Every operation by name, the functions that a flow may call among them."""
