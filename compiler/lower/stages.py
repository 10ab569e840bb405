"""Stages: what stands between arrows, as a statement, or as a group's member. Here a bare name is a call."""

from __future__ import annotations

from ...dsl import tree
from ...dsl.source import Span
from .calls import FlowTarget, TaskTarget, ValueTarget, call_task, evaluate_arguments, find_target
from .contains import FUNCTIONS
from .domain import WRONG, Compound, Elab, GroupValue, StepValue, Unknown, parts
from .emit import refuse_feed
from .expressions import conditional, reach_in
from .flows import call_flow
from .functions import call_function
from .layers import merge
from .state import NO_OPTIONS, Feed, Frame, Layer, Lowering


def stage(low: Lowering, expr: tree.Expr, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """Any other expression: a value, which can stand only at a head."""
    value = low.value(expr, frame)
    return value if feed is None else refuse_feed(low, frame, expr.span, feed, value)


def conditional_stage(low: Lowering, expr: tree.Conditional, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """A conditional at a head: the step of the branch taken has the name of the statement."""
    value = conditional(low, expr, frame, name)
    return value if feed is None else refuse_feed(low, frame, expr.span, feed, value)


def name_stage(low: Lowering, expr: tree.Name, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """A bare name: the call of a task or flow without arguments, or a bound value."""
    return _applied(low, expr, (), expr.span, frame, feed, name, called=True)


def postfix_stage(low: Lowering, expr: tree.Postfix, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """A call, a reach-in, or something in brackets with options behind it."""
    if isinstance(expr.head, tree.Name):
        return _applied(low, expr.head, expr.trailers, expr.span, frame, feed, name, called=True)
    first = expr.trailers[0]
    if isinstance(expr.head, (tree.ListExpr, tree.Comprehension, tree.Paren)) and isinstance(first, tree.Options):
        inner = frame.within(wrapper=merge(frame.wrapper, low.layer(first, frame)))
        value = low.stage(expr.head, inner, feed, name)
        return _trail(low, frame, value, expr.trailers[1:], expr.head.span)
    if isinstance(expr.head, tree.Paren):
        value = low.stage(expr.head, frame, feed, name)
        return _trail(low, frame, value, expr.trailers, expr.head.span)
    value = _trail(low, frame, low.value(expr.head, frame), expr.trailers, expr.head.span)
    return value if feed is None else refuse_feed(low, frame, expr.span, feed, value)


def postfix_value(low: Lowering, expr: tree.Postfix, frame: Frame) -> Elab:
    """The same as an operand: here a task needs its ``()``."""
    hole = low.hole
    if isinstance(expr.head, tree.Placeholder):
        return _trail(low, frame, low.value(expr.head, frame), expr.trailers, expr.head.span)
    low.hole = None
    try:
        if isinstance(expr.head, tree.Name):
            return _applied(low, expr.head, expr.trailers, expr.span, frame, None, None, called=False)
        return postfix_stage(low, expr, frame, None, None)
    finally:
        low.hole = hole


def _applied(
    low: Lowering,
    head: tree.Name,
    trailers: tuple[tree.Trailer, ...],
    whole: Span,
    frame: Frame,
    feed: Feed | None,
    name: str | None,
    *,
    called: bool,
) -> Elab:
    """A name and its trailers: ``proj.tasks.add(2) {queue = "x"}.count``."""
    target, taken = find_target(low, frame, head, trailers, FUNCTIONS)
    rest = trailers[taken:]
    if target is None:
        _check_arguments(low, frame, rest, feed)
        return WRONG
    if isinstance(target, ValueTarget):
        span = head.span if not taken else Span(head.span.start, trailers[taken - 1].span.end)
        if feed is not None:
            return refuse_feed(low, frame, whole, feed, target.value)
        return _trail(low, frame, target.value, rest, span)
    arguments = rest[0] if rest and isinstance(rest[0], tree.Arguments) else None
    rest = rest[1:] if arguments is not None else rest
    options = rest[0] if rest and isinstance(rest[0], tree.Options) else None
    rest = rest[1:] if options is not None else rest
    if arguments is None and not called:
        shown = frame.source.text[whole.start : trailers[taken - 1].span.end if taken else head.span.end]
        return low.report("F0212", frame, whole, name=shown, help=f"call it: `{shown}(…)`")
    own: Layer = NO_OPTIONS if options is None else low.layer(options, frame)
    end = options or arguments
    span = Span(whole.start, whole.end) if end is None else Span(whole.start, end.span.end)
    value: Elab
    if isinstance(target, TaskTarget):
        value = call_task(low, frame, target.task, arguments, own, feed, name, span)
    elif isinstance(target, FlowTarget):
        value = call_flow(low, frame, target, arguments, own, feed, name, span)
    else:
        arguments = arguments or tree.Arguments(head.span, (), ())
        value = call_function(low, frame, target.name, arguments, options, own, feed, name, span)
    return _trail(low, frame, value, rest, span)


def _check_arguments(low: Lowering, frame: Frame, rest: tuple[tree.Trailer, ...], feed: Feed | None) -> None:
    """What is called is unknown; its arguments are checked all the same."""
    for trailer in rest:
        if isinstance(trailer, tree.Arguments):
            with low.discarding():
                evaluate_arguments(low, frame, trailer, feed, trailer.span)


_CALLED = "to use its result, write its name alone; to run a task again, call the task, with all arguments in one pair of parentheses"
_WITH_OPTIONS = "options stand directly behind the call that they are for"


def _trail(low: Lowering, frame: Frame, value: Elab, trailers: tuple[tree.Trailer, ...], span: Span) -> Elab:
    """Reach-ins behind a value; calling a value or giving it options is a mistake."""
    for trailer in trailers:
        whole = span.to(trailer.span)
        text = frame.source.text[span.start : span.end]
        if isinstance(trailer, tree.Attribute):
            value = reach_in(low, frame, whole, value, trailer.name.text)
        elif isinstance(trailer, tree.Index):
            hole, low.hole = low.hole, None
            key = low.value(trailer.index, frame)
            low.hole = hole
            value = reach_in(low, frame, whole, value, key)
        elif isinstance(value, Unknown):
            return value
        else:
            runs = any(isinstance(p, (StepValue, GroupValue)) for p in parts(value))
            if runs:
                help_ = _CALLED if isinstance(trailer, tree.Arguments) else _WITH_OPTIONS
                return low.report("F0601", frame, whole, name=text, help=help_)
            if isinstance(trailer, tree.Options):
                return low.report("F0608", frame, trailer.span, name=text)
            return low.report("F0214", frame, whole, name=text)
        span = whole
    return value


def paren_stage(low: Lowering, expr: tree.Paren, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """Parentheses: the same, as a scope of its own."""
    return low.stage(expr.value, frame, feed, name)


def feed_ids(value: Elab, *, ends: bool) -> tuple[str, ...]:
    """The ids that must have succeeded before a value is there (with ``ends``: and its sub-flow at its end)."""
    if isinstance(value, (StepValue, GroupValue)):
        return (value.id, *value.ends) if ends else (value.id,)
    if isinstance(value, Compound):
        return tuple(dict.fromkeys(p.id for p in parts(value) if isinstance(p, (StepValue, GroupValue))))
    return ()


def chain_stage(low: Lowering, expr: tree.Chain, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """Stages from left to right; the chain's name is that of its last one."""
    value = low.stage(expr.stages[0], frame, feed, None)
    last = len(expr.arrows) - 1
    for position, arrow in enumerate(expr.arrows):
        right = expr.stages[position + 1]
        linked = arrow.text == "->"
        given = Feed("link" if linked else "then", value, feed_ids(value, ends=not linked), arrow.span)
        value = low.stage(right, frame, given, name if position == last else None)
    return value
