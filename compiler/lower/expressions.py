"""Expressions as operands: constants, names, lists, operators, f-strings, reach-ins."""

from __future__ import annotations

import datetime as dt
from functools import partial

from ...dsl import tree
from ...dsl.source import Span
from ..borrowed import member_help
from ..budget import DEEPEST, OperatorError
from ..fits import type_of
from ..late import make_late, static_type
from ..operators import apply
from ..plan import Late
from ..suggest import did_you_mean
from ..types import ANY, BOOL, DATE, DATETIME, DURATION, FLOAT, INT, STR, ListOf, MapOf, Record, Type, reach
from .contains import has_call
from .domain import (
    WRONG,
    Compound,
    Elab,
    GroupValue,
    LateValue,
    StepValue,
    Unknown,
    elab_type,
    has_secret,
    is_known,
    late_argument,
    list_of,
    map_of,
    parts,
)
from .names import lookup, not_a_value, unbound
from .state import Bound, Frame, Lowering


def literal(low: Lowering, expr: tree.Literal, frame: Frame) -> Elab:
    """A constant is worth itself."""
    return expr.value


def now(low: Lowering, expr: tree.Now, frame: Frame) -> Elab:
    """``now`` is one moment per run."""
    return LateValue(Late("now"), DATETIME)


def placeholder(low: Lowering, expr: tree.Placeholder, frame: Frame) -> Elab:
    """``_`` is what the arrow brought, where it stands in arguments of the stage right of ``->``."""
    if low.hole is None:
        return low.report("F0602", frame, expr.span)
    low.hole.used = True
    return low.hole.value


def name(low: Lowering, expr: tree.Name, frame: Frame) -> Elab:
    """A name used as a value."""
    found = lookup(low, frame, expr.text)
    if found is None:
        return unbound(low, frame, expr)
    if isinstance(found, Bound):
        return found.value
    return not_a_value(low, frame, expr.span, expr.text, found)


def paren(low: Lowering, expr: tree.Paren, frame: Frame) -> Elab:
    """Parentheses around arrows hold steps; around anything else they only group."""
    if isinstance(expr.value, (tree.Chain, tree.Scoped)):
        hole, low.hole = low.hole, None
        try:
            return low.stage(expr.value, frame, None, None)
        finally:
            low.hole = hole
    return low.value(expr.value, frame)


def chain(low: Lowering, expr: tree.Chain | tree.Scoped, frame: Frame) -> Elab:
    """Arrows in an operand start from their own head."""
    hole, low.hole = low.hole, None
    try:
        return low.stage(expr, frame, None, None)
    finally:
        low.hole = hole


def map_expr(low: Lowering, expr: tree.MapExpr, frame: Frame) -> Elab:
    """A map; the parser has seen to it that each key stands once."""
    return low.kept(frame, expr.span, map_of({item.key.text: low.value(item.value, frame) for item in expr.items}))


def fstring(low: Lowering, expr: tree.FString, frame: Frame) -> Elab:
    """The parts, joined; late if one of them is."""
    pieces = [part if isinstance(part, str) else low.value(part, frame) for part in expr.parts]
    spans = [expr.span if isinstance(part, str) else part.span for part in expr.parts]
    return operate(low, frame, expr.span, "concat", pieces, spans)


def coalesce(low: Lowering, expr: tree.Coalesce, frame: Frame) -> Elab:
    """``??`` comes with a later version; its operands are checked all the same."""
    for operand in expr.operands:
        low.value(operand, frame)
    return low.report("F0802", frame, expr.span)


def unary(low: Lowering, expr: tree.Unary, frame: Frame) -> Elab:
    """``-x``, ``+x``, ``not x``."""
    value = low.value(expr.operand, frame)
    for operator in reversed(expr.operators):
        op = {"-": "neg", "+": "pos"}.get(operator, operator)
        value = operate(low, frame, expr.span, op, [value], [expr.operand.span])
    return value


def operation(low: Lowering, expr: tree.Operation, frame: Frame) -> Elab:
    """Operators of one level: left to right, ``**`` right to left, comparisons chained, ``and`` and ``or`` stopping early."""
    if expr.level in ("and", "or"):
        return _logical(low, expr, frame)
    values = [low.value(operand, frame) for operand in expr.operands]
    spans = [operand.span for operand in expr.operands]
    if expr.level == "compare":
        result: Elab = True
        for i, operator in enumerate(expr.operators):
            one = operate(low, frame, expr.span, operator.text, values[i : i + 2], spans[i : i + 2])
            result = one if i == 0 else operate(low, frame, expr.span, "and", [result, one], [expr.span, expr.span])
        return result
    if expr.level == "power":
        result = values[-1]
        for i in range(len(expr.operators) - 1, -1, -1):
            result = operate(low, frame, spans[i].to(spans[-1]), "**", [values[i], result], [spans[i], spans[-1]])
        return result
    result = values[0]
    for i, operator in enumerate(expr.operators, start=1):
        whole = spans[0].to(spans[i])
        result = operate(low, frame, whole, operator.text, [result, values[i]], [spans[0], spans[i]])
    return result


def _logical(low: Lowering, expr: tree.Operation, frame: Frame) -> Elab:
    value = low.value(expr.operands[0], frame)
    for operand in expr.operands[1:]:
        decided = is_known(value) and bool(value) is (expr.level == "or")
        if decided:
            with low.discarding():
                low.value(operand, frame)
            continue
        right = low.value(operand, frame)
        if is_known(value):
            refuse_results(low, frame, operand.span, right, expr.level)
            value = right
        else:
            value = operate(low, frame, expr.span, expr.level, [value, right], [expr.operands[0].span, operand.span])
    return value


def conditional(low: Lowering, expr: tree.Conditional, frame: Frame, name: str | None = None) -> Elab:
    """``a if c else b``: the branch not taken is checked and thrown away. A step in the branch taken gets the ``name`` of the whole."""
    for position, (branch, condition) in enumerate(expr.branches):
        test = low.value(condition, frame)
        if refuse_results(low, frame, condition.span, test, "if"):
            return WRONG
        if isinstance(test, (LateValue, Unknown)):
            rest = expr.branches[position + 1 :]
            otherwise: tree.Expr = tree.Conditional(expr.span, rest, expr.otherwise) if rest else expr.otherwise
            values = [test, low.value(branch, frame), low.value(otherwise, frame)]
            return operate(low, frame, expr.span, "if", values, [condition.span, branch.span, otherwise.span])
        if test:
            taken = _branch_value(low, branch, frame, name)
            _check_only(low, frame, [b for b, _ in expr.branches[position + 1 :]] + [expr.otherwise])
            return taken
        _check_only(low, frame, [branch])
    return _branch_value(low, expr.otherwise, frame, name)


def _branch_value(low: Lowering, branch: tree.Expr, frame: Frame, name: str | None) -> Elab:
    called = isinstance(branch, tree.Postfix) and any(isinstance(t, tree.Arguments) for t in branch.trailers)
    return low.stage(branch, frame, None, name) if called and name is not None else low.value(branch, frame)


def _check_only(low: Lowering, frame: Frame, exprs: list[tree.Expr]) -> None:
    with low.discarding():
        for expr in exprs:
            low.value(expr, frame)


# ── operators on anything ────────────────────────────────────────────────────────────────────────────────────

_RESULTS: dict[str, Type] = {"concat": STR, "str": STR, "int": INT, "float": FLOAT, "len": INT, "range": ListOf(INT)}


_COMPUTED = {
    "": "results are known only when the flow runs: let a task compute with them",
    "concat": "results are known only when the flow runs: hand them to a task that makes the text",
    "and": "`a => b` starts `b` when `a` has succeeded; to decide on results, call a task",
    "or": "what runs on failure is written `a !> handler`; to decide on results, call a task",
    "if": "results are known only when the flow runs: decide on a parameter, or let a task decide",
}


def refuse_results(low: Lowering, frame: Frame, span: Span, value: Elab, what: str) -> bool:
    """Report a step's result where a value that is known before the run is needed; says whether there was one."""
    if any(isinstance(p, (StepValue, GroupValue)) for p in parts(value)):
        low.report("F0361", frame, span, what=_named(what), help=_COMPUTED.get(what, _COMPUTED[""]))
        return True
    return False


def _named(op: str) -> str:
    if op == "concat":
        return "an f-string"
    if op == "if":
        return "a condition"
    return f"`{ {'neg': '-', 'pos': '+', 'index': '[…]'}.get(op, op) }`".replace("` ", "`").replace(" `", "`")


def operate(low: Lowering, frame: Frame, span: Span, op: str, values: list[Elab], spans: list[Span]) -> Elab:
    """Apply an operator or built-in function: at once to known values, at submission where one is late, never to results."""
    if all(map(is_known, values)):
        try:
            return apply(op, values, low.budget)  # type: ignore[return-value] # all are known
        except OperatorError as problem:
            return low.refuse(problem, frame, span)
    for value, at in zip(values, spans, strict=True):
        if refuse_results(low, frame, at, value, op):
            return WRONG
    if any(isinstance(p, Unknown) for v in values for p in parts(v)):
        return Unknown(_RESULTS.get(op, ANY))
    try:
        late = make_late(op, [late_argument(v) for v in values], low.budget)
        wanted = _tried(op, values)
    except OperatorError as problem:
        return low.refuse(problem, frame, span)
    return LateValue(late, static_type(late) if wanted is None else wanted, any(has_secret(v) for v in values))


_SAMPLES: dict[Type, object] = {
    DATETIME: dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    DATE: dt.date(2026, 1, 1),
    DURATION: dt.timedelta(seconds=1),
    STR: "1",
    BOOL: True,
    INT: 1,
    FLOAT: 1.0,
}


def _tried(op: str, values: list[Elab]) -> Type | None:
    """The type of an operation on late values, found by trying it on a value of each type; None where they do not tell.

    Raises OperatorError if the types do not go together.
    """
    samples = [value if is_known(value) else _SAMPLES.get(elab_type(value)) for value in values]
    if any(sample is None and not is_known(value) for sample, value in zip(samples, values, strict=True)):
        return None
    try:
        return type_of(apply(op, samples))
    except OperatorError as problem:
        if problem.code == "F0301":
            raise
        return None


# ── reach-ins ────────────────────────────────────────────────────────────────────────────────────────────────


def reach_in(low: Lowering, frame: Frame, span: Span, value: Elab, key: Elab) -> Elab:
    """``x.count``, ``x[0]``, ``x["k"]``: into a result by a path, into a group to its member, into a known value at once."""
    if isinstance(key, Unknown):
        return WRONG
    if isinstance(value, GroupValue) and isinstance(key, int) and not isinstance(key, bool):
        if -len(value.members) <= key < len(value.members):
            return value.members[key]
        return low.report("F0408", frame, span, index=key, count=len(value.members))
    if isinstance(value, Compound) and is_known(key):
        return _reach_compound(low, frame, span, value, key)
    if isinstance(value, (StepValue, GroupValue)):
        if not isinstance(key, (str, int)) or isinstance(key, bool):
            return low.report("F0409", frame, span)
        inner = reach(elab_type(value), key)
        if inner is None:
            return low.report(
                "F0407", frame, span, key=_shown_key(key), type=elab_type(value), help=partial(_key_help, key, elab_type(value))
            )
        path = value.path if isinstance(value, StepValue) else ()
        if len(path) >= DEEPEST:
            return low.report("F0310", frame, span, most=DEEPEST)
        return StepValue(value.id, inner, (*path, key))
    if isinstance(value, Unknown):
        inner = reach(value.type, key) if isinstance(key, (str, int)) else ANY
        if inner is None:
            return low.report("F0407", frame, span, key=_shown_key(key), type=value.type, help=partial(_key_help, key, value.type))
        return Unknown(inner)
    return operate(low, frame, span, "index", [value, key], [span, span])


def _key_help(key: object, of: Type) -> tuple[str, ...]:
    if not isinstance(key, str):
        return ()
    fields = [name for name, _ in of.fields] if isinstance(of, Record) else []
    return did_you_mean(key, fields, listed=0) or member_help(key)


def _shown_key(key: object) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"


def _reach_compound(low: Lowering, frame: Frame, span: Span, value: Compound, key: Elab) -> Elab:
    try:
        return value.items[key]  # type: ignore[index] # a wrong kind of key raises, below
    except (KeyError, IndexError, TypeError):
        return low.report("F0407", frame, span, key=_shown_key(key), type=value.type, help=partial(_key_help, key, value.type))


def members_of(low: Lowering, expr: tree.Expr, frame: Frame) -> Elab:
    """An operand of which only the members matter: a list of references need not become a group for that."""
    if isinstance(expr, tree.ListExpr) and not any(has_call(low, frame, item, bare=False) for item in expr.items):
        return list_of(tuple(low.value(item, frame) for item in expr.items))
    return low.value(expr, frame)


def iterate(low: Lowering, frame: Frame, span: Span, value: Elab) -> list[Elab] | Unknown:
    """What a ``for`` runs over: the items of a known list, map or text, or the members of a group."""
    if isinstance(value, GroupValue):
        return list(value.members)
    if isinstance(value, Compound):
        return list(value.items)
    if isinstance(value, StepValue):
        low.report("F0805", frame, span)
        return WRONG
    if isinstance(value, LateValue):
        low.report("F0360", frame, span, what="a `for`")
        return WRONG
    if isinstance(value, Unknown):
        inner = value.type
        if isinstance(inner, ListOf):
            return Unknown(inner.item)
        return Unknown(STR) if isinstance(inner, MapOf) or inner == STR else WRONG
    if isinstance(value, (tuple, dict, str)):
        low.spend(frame, span, len(value))
        return list(value)
    low.report("F0365", frame, span, type=elab_type(value))
    return WRONG
