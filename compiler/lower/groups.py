"""Groups: lists of steps, and comprehensions, which are unfolded here."""

from __future__ import annotations

from collections.abc import Iterator

from ...dsl import tree
from ...dsl.source import Span
from ..types import ListOf
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
    is_known,
    list_of,
)
from .emit import emit_group, enter_group, refuse_feed
from .expressions import iterate, members_of, refuse_results
from .state import Bound, Feed, Frame, Lowering, Names

# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────


def list_value(low: Lowering, expr: tree.ListExpr, frame: Frame) -> Elab:
    """A list as an operand: a group if a member makes a step; there bare names are still no calls."""
    hole = low.hole
    if any(has_call(low, frame, i, bare=False) for i in expr.items):
        low.hole = None
        try:
            return _list(low, expr, frame, None, None, members_called=False)
        finally:
            low.hole = hole
    return _plain(low, expr.span, frame, tuple(low.value(item, frame) for item in expr.items))


def list_stage(low: Lowering, expr: tree.ListExpr, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """A list as a stage: a group if a member is or contains a step, else a list value."""
    if any(has_call(low, frame, item) for item in expr.items) or (feed is not None and not expr.items):
        return _list(low, expr, frame, feed, name, members_called=True)
    value = _plain(low, expr.span, frame, tuple(low.value(item, frame) for item in expr.items), name)
    return value if feed is None else refuse_feed(low, frame, expr.span, feed, value)


def _plain(low: Lowering, span: Span, frame: Frame, items: tuple[Elab, ...], name: str | None = None) -> Elab:
    if any(isinstance(item, (StepValue, GroupValue)) for item in items):
        identity, _ = enter_group(low, frame, name)
        return emit_group(low, frame, span, "list", "", items, identity, None)
    return low.kept(frame, span, list_of(items))


def _list(low: Lowering, expr: tree.ListExpr, frame: Frame, feed: Feed | None, name: str | None, *, members_called: bool) -> Elab:
    identity, inner = enter_group(low, frame, name)
    members: list[Elab] = []
    for position, item in enumerate(expr.items):
        own, member = _member_frame(inner, name, position)
        members.append(_member(low, item, member, feed, own, called=members_called))
    return emit_group(low, frame, expr.span, "list", "", tuple(members), identity, feed)


def _member(low: Lowering, item: tree.Expr, frame: Frame, feed: Feed | None, name: str | None, *, called: bool) -> Elab:
    if isinstance(item, tree.Name) and not called:
        return low.value(item, frame)
    if feed is not None and not has_call(low, frame, item):
        value = low.value(item, frame)
        if is_known(value) or isinstance(value, LateValue):
            return value  # a literal member stays what it is
    return low.stage(item, frame, feed, name)


def _member_frame(inner: Frame, name: str | None, position: int) -> tuple[str | None, Frame]:
    if name is None:
        return None, inner
    own = f"{name}[{position}]"
    return own, inner.within(base=own)


# ── comprehensions ───────────────────────────────────────────────────────────────────────────────────────────


def comprehension_value(low: Lowering, expr: tree.Comprehension, frame: Frame) -> Elab:
    """A comprehension as an operand."""
    hole, low.hole = low.hole, None
    try:
        return comprehension_stage(low, expr, frame, None, None)
    finally:
        low.hole = hole


def comprehension_stage(low: Lowering, expr: tree.Comprehension, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """Unfold a comprehension: a group if its element makes steps or its members are results, else a list."""
    _misplaced_options(low, expr, frame)
    targets = frozenset(t.text for clause in expr.clauses for t in clause.targets)
    stepping = has_call(low, frame, expr.element, targets)
    inner = frame.within(names=Names({}, frame.names, block=False))
    identity = None
    if stepping or feed is not None:
        identity, inner = enter_group(low, inner, name)
    _check_targets(low, frame, expr)
    members: list[Elab] = []
    unknown = False
    for known in _bindings(low, inner, inner.within(groups=frame.groups), expr, 0):
        unknown = unknown or not known
        own, member = _member_frame(inner, name, len(members)) if identity is not None else (None, inner)
        low.spend(frame, expr.element.span)
        members.append(_member(low, expr.element, member, feed, own, called=stepping))
    if not members and not unknown:
        _check_element(low, inner, expr)
    if unknown:
        low.incomplete = True
        return Unknown(ListOf(elab_type(members[0]))) if members else WRONG
    if not stepping and members and feed is not None:
        return refuse_feed(low, frame, expr.span, feed, list_of(tuple(members)))
    if identity is None and not any(isinstance(m, (StepValue, GroupValue)) for m in members):
        return _plain(low, expr.span, frame, tuple(members))
    label = ", ".join(t.text for clause in expr.clauses for t in clause.targets)
    if identity is None:
        identity, _ = enter_group(low, frame, name)
    return emit_group(low, frame, expr.span, "each", label, tuple(members), identity, feed)


def _check_element(low: Lowering, frame: Frame, expr: tree.Comprehension) -> None:
    """Nothing is made of an empty list; what would have been made is checked all the same."""
    with low.discarding():
        for clause in expr.clauses:
            for target in clause.targets:
                frame.names.table[target.text] = Bound(WRONG, frame.source, target.span, "loop")
            for condition in clause.conditions:
                low.value(condition, frame)
        low.stage(expr.element, frame, None, None)


def _misplaced_options(low: Lowering, expr: tree.Comprehension, frame: Frame) -> None:
    """``[f(x) for x in xs {…}]`` would give the options to ``xs``."""
    for clause in expr.clauses:
        iterable = clause.iterable
        if isinstance(iterable, tree.Postfix) and isinstance(iterable.trailers[-1], tree.Options):
            low.report("F0609", frame, iterable.trailers[-1].span)


def _check_targets(low: Lowering, frame: Frame, expr: tree.Comprehension) -> None:
    from .names import bind

    names = Names({}, frame.names, block=False)
    for clause in expr.clauses:
        for target in clause.targets:
            bind(low, frame, names, target, Bound(WRONG, frame.source, target.span, "loop"))


def _bindings(low: Lowering, frame: Frame, outside: Frame, expr: tree.Comprehension, depth: int) -> Iterator[bool]:
    """Bind the targets for each turn of the clauses from ``depth`` on; yields whether everything iterated is known.

    ``outside``: the same names, but not in the comprehension's group: what is looped over is no member.
    """
    if depth == len(expr.clauses):
        yield True
        return
    clause = expr.clauses[depth]
    items = iterate(low, frame, clause.iterable.span, _iterable(low, outside, clause))
    known = not isinstance(items, Unknown)
    for item in [items] if isinstance(items, Unknown) else items:
        low.spend(frame, clause.span)
        if not _bind_targets(low, frame, clause, item):
            known = False
        if all(_holds(low, frame, condition) for condition in clause.conditions):
            for deeper in _bindings(low, frame, outside, expr, depth + 1):
                yield known and deeper


def _iterable(low: Lowering, frame: Frame, clause: tree.For) -> Elab:
    iterable = clause.iterable
    if isinstance(iterable, tree.Postfix) and isinstance(iterable.trailers[-1], tree.Options):
        rest = iterable.trailers[:-1]
        iterable = tree.Postfix(iterable.span, iterable.head, rest) if rest else iterable.head
    return members_of(low, iterable, frame)


def _bind_targets(low: Lowering, frame: Frame, clause: tree.For, item: Elab) -> bool:
    table = frame.names.table
    if len(clause.targets) == 1:
        table[clause.targets[0].text] = Bound(item, frame.source, clause.targets[0].span, "loop")
        return True
    values: tuple[Elab, ...] | None = None
    if isinstance(item, tuple):
        values = item
    elif isinstance(item, Compound) and isinstance(item.items, tuple):
        values = item.items
    elif isinstance(item, GroupValue):
        values = item.members
    if values is None or len(values) != len(clause.targets):
        if not isinstance(item, Unknown):
            found = f"{len(values)} values" if values is not None else str(elab_type(item))
            low.report("F0366", frame, clause.span, wanted=len(clause.targets), found=found)
        values = (WRONG,) * len(clause.targets)
    for target, value in zip(clause.targets, values, strict=True):
        table[target.text] = Bound(value, frame.source, target.span, "loop")
    return not any(value is WRONG for value in values)


def _holds(low: Lowering, frame: Frame, condition: tree.Expr) -> bool:
    value = low.value(condition, frame)
    if refuse_results(low, frame, condition.span, value, "if"):
        return True
    if isinstance(value, LateValue):
        low.report("F0360", frame, condition.span, what="an `if` of a `for`")
        return True
    return True if isinstance(value, (Unknown, Compound)) else bool(value)
