"""Whether an expression makes a step, told from its text and names alone; and the built-in functions, of which some do."""

from __future__ import annotations

from ...dsl import tree
from .state import Binding, Bound, Frame, IncludeName, Lowering

#: Functions that make steps.
STEP_FUNCTIONS = frozenset({"map", "starmap", "chunks"})

_VALUE_FUNCTIONS = frozenset({"range", "len", "zip", "enumerate", "min", "max", "sum", "sorted", "str", "int", "float", "env", "secret"})

#: Every built-in function; they beat tasks of the same name unless the file imports or declares one.
FUNCTIONS = _VALUE_FUNCTIONS | STEP_FUNCTIONS


def has_call(low: Lowering, frame: Frame, expr: tree.Expr, targets: frozenset[str] = frozenset(), *, bare: bool = True) -> bool:
    """Whether an expression makes a step outside call arguments.

    ``targets`` are loop names that are not bound yet; ``bare``: whether a bare (dotted) name is a call where it stands.
    """
    if isinstance(expr, (tree.Chain, tree.Scoped)):
        return True
    if isinstance(expr, tree.Name):
        named = expr.text in targets or isinstance(frame.names.find(expr.text), Bound) or expr.text in frame.file.params
        return bare and not named
    if isinstance(expr, tree.Postfix):
        return _postfix_has_call(low, frame, expr, targets, bare=bare)
    inner: tuple[tree.Expr, ...] = ()
    if isinstance(expr, tree.Paren):
        inner = (expr.value,)
    elif isinstance(expr, tree.ListExpr):
        inner = expr.items
    elif isinstance(expr, tree.MapExpr):
        inner, bare = tuple(item.value for item in expr.items), False
    elif isinstance(expr, tree.Comprehension):
        inner, targets = (expr.element,), targets | {t.text for clause in expr.clauses for t in clause.targets}
    elif isinstance(expr, tree.Conditional):
        inner, bare = (*(b for b, _ in expr.branches), expr.otherwise), False
    return any(has_call(low, frame, one, targets, bare=bare) for one in inner)


def _postfix_has_call(low: Lowering, frame: Frame, expr: tree.Postfix, targets: frozenset[str], *, bare: bool) -> bool:
    if not isinstance(expr.head, tree.Name):
        return has_call(low, frame, expr.head, targets, bare=bare)
    text = expr.head.text
    found = frame.names.find(text)
    if text in targets or isinstance(found, Bound) or text in frame.file.params:
        return False
    if found is None and isinstance(expr.trailers[0], tree.Arguments) and text in FUNCTIONS:
        return text in STEP_FUNCTIONS
    if any(isinstance(t, (tree.Arguments, tree.Options)) for t in expr.trailers):
        return True
    return bare and all(isinstance(t, tree.Attribute) for t in expr.trailers) and not _is_constant(found, expr.trailers[0])


def _is_constant(found: Binding | None, member: tree.Trailer) -> bool:
    """Whether a dotted name is a value of an included file."""
    if not isinstance(found, IncludeName) or not isinstance(member, tree.Attribute):
        return False
    return isinstance(found.file.names.find(member.name.text), Bound)
