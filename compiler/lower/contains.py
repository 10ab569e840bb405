"""Whether an expression makes a step, told from its text and names alone; and the built-in functions, of which some do."""

from __future__ import annotations

from ...dsl import tree
from .state import Bound, Frame, Lowering

#: Functions that make steps.
STEP_FUNCTIONS = frozenset({"map", "starmap", "chunks"})

_VALUE_FUNCTIONS = frozenset({"range", "len", "zip", "enumerate", "min", "max", "sum", "sorted", "str", "int", "float", "env", "secret"})

#: Every built-in function; they beat tasks of the same name unless the file imports or declares one.
FUNCTIONS = _VALUE_FUNCTIONS | STEP_FUNCTIONS


def has_call(low: Lowering, frame: Frame, expr: tree.Expr, targets: frozenset[str] = frozenset()) -> bool:
    """Whether an expression makes a step outside call arguments. ``targets`` are loop names that are not bound yet."""
    if isinstance(expr, (tree.Chain, tree.Scoped)):
        return True
    if isinstance(expr, tree.Name):
        return expr.text not in targets and not isinstance(frame.names.find(expr.text), Bound) and expr.text not in frame.file.params
    if isinstance(expr, tree.Postfix):
        return _postfix_has_call(low, frame, expr, targets)
    inner: tuple[tree.Expr, ...] = ()
    if isinstance(expr, tree.Paren):
        inner = (expr.value,)
    elif isinstance(expr, tree.ListExpr):
        inner = expr.items
    elif isinstance(expr, tree.MapExpr):
        inner = tuple(item.value for item in expr.items)
    elif isinstance(expr, tree.Comprehension):
        inner, targets = (expr.element,), targets | {t.text for clause in expr.clauses for t in clause.targets}
    elif isinstance(expr, tree.Conditional):
        inner = (*(b for b, _ in expr.branches), expr.otherwise)
    return any(has_call(low, frame, one, targets) for one in inner)


def _postfix_has_call(low: Lowering, frame: Frame, expr: tree.Postfix, targets: frozenset[str]) -> bool:
    if not isinstance(expr.head, tree.Name):
        return has_call(low, frame, expr.head, targets)
    text = expr.head.text
    if text in targets or isinstance(frame.names.find(text), Bound) or text in frame.file.params:
        return False
    called = any(isinstance(t, (tree.Arguments, tree.Options)) for t in expr.trailers)
    plain = frame.names.find(text) is None and isinstance(expr.trailers[0], tree.Arguments) and text in FUNCTIONS
    return called and not (plain and text not in STEP_FUNCTIONS)
