"""Scopes: ``s !> h`` and ``s ~> f``. Each clause takes everything to its left; inner scopes are served first."""

from __future__ import annotations

from ...dsl import tree
from ...dsl.diagnostics import Label
from ...dsl.source import Span
from ..plan import Handler, Map, Scope
from .arguments import Given, fit
from .calls import FlowTarget, TaskTarget, ValueTarget, evaluate_arguments, find_target
from .contains import FUNCTIONS, has_call
from .domain import Elab, GroupValue, StepValue, Unknown, parts
from .layers import resolve
from .state import NO_OPTIONS, Bound, Feed, Frame, Lowering, place


def scoped_stage(low: Lowering, expr: tree.Scoped, frame: Frame, feed: Feed | None, name: str | None) -> Elab:
    """Lower a scope inside its clauses, then their handlers; the value is the scope's own."""
    clauses = [c for c in expr.clauses if _supported(low, frame, c)]
    identities = [low.claim(low.fresh(frame, "scope")) for _ in clauses]
    chain = [*identities[1:], frame.scope]
    inner = frame.within(scope=identities[0]) if identities else frame
    _check_scope(low, frame, expr, clauses)
    value = low.stage(expr.scope, inner, feed, name)
    for clause, identity, parent in zip(clauses, identities, chain, strict=False):
        if not clause.targets:
            low.report("F0605", frame, clause.span, what="an empty list")
        handlers = tuple(h for t in clause.targets if (h := _handler(low, frame, t, 3 if clause.arrow.text == "!>" else 1)) is not None)
        kind = "error" if clause.arrow.text == "!>" else "message"
        low.out.scopes.append(
            Scope(identity, kind, clause.each, handlers, parent, place(frame.source, expr.scope.span.to(clause.span)))  # type: ignore[arg-type] # one of the two words
        )
    return value


def _supported(low: Lowering, frame: Frame, clause: tree.Handling) -> bool:
    if clause.arrow.text == "*>":
        low.report("F0801", frame, clause.span)
        return False
    return True


def _check_scope(low: Lowering, frame: Frame, expr: tree.Scoped, clauses: list[tree.Handling]) -> None:
    """A scope holds the steps written in it: a bound step at its head is not one of them."""
    scope = expr.scope
    while isinstance(scope, tree.Paren):
        scope = scope.value
    head = scope.stages[0] if isinstance(scope, tree.Chain) else scope
    if not clauses or isinstance(head, tree.Scoped):
        return
    named = head.head if isinstance(head, tree.Postfix) else head
    bound = frame.names.find(named.text) if isinstance(named, tree.Name) else None
    if head is scope and not has_call(low, frame, head) and not isinstance(head, tree.Comprehension):
        labels = (Label(bound.source, bound.span, "bound here"),) if isinstance(bound, Bound) else ()
        low.report("F0604", frame, head.span, arrow=clauses[0].arrow.text, labels=labels)
    elif any(c.arrow.text == "!>" for c in clauses):
        _check_covered(low, frame, scope, set())


def _check_covered(low: Lowering, frame: Frame, expr: tree.Expr, told: set[str]) -> None:
    """Point at bound steps at the heads of a scope's chains, in groups too: their failure is not the handler's business."""
    while isinstance(expr, tree.Paren):
        expr = expr.value
    if isinstance(expr, tree.Chain):
        _check_covered(low, frame, expr.stages[0], told)
        return
    if isinstance(expr, tree.ListExpr):
        for item in expr.items:
            _check_covered(low, frame, item, told)
        return
    if isinstance(expr, tree.Comprehension):
        head = _head(expr.element)
        for clause in expr.clauses:
            if head in {target.text for target in clause.targets}:
                _check_covered(low, frame, clause.iterable, told)
        return
    named = expr.head if isinstance(expr, tree.Postfix) else expr
    bound = frame.names.find(named.text) if isinstance(named, tree.Name) else None
    if not isinstance(bound, Bound) or not isinstance(named, tree.Name) or named.text in told:
        return
    told.add(named.text)
    ids = [p.id for p in parts(bound.value) if isinstance(p, (StepValue, GroupValue))]
    if ids and not any(i in low.out.handled for i in ids):
        label = Label(bound.source, bound.span, "bound here, outside the scope")
        help_ = "give that statement a handler too, or make all of it a sub-flow and handle its call: `nightly() !> page`"
        low.report("F0905", frame, expr.span, name=named.text, labels=(label,), help=help_)


def _head(expr: tree.Expr) -> str | None:
    """The name at the head of a chain."""
    while isinstance(expr, (tree.Paren, tree.Chain, tree.Postfix)):
        expr = expr.value if isinstance(expr, tree.Paren) else expr.stages[0] if isinstance(expr, tree.Chain) else expr.head
    return expr.text if isinstance(expr, tree.Name) else None


def _handler(low: Lowering, frame: Frame, target: tree.Expr, told: int) -> Handler | None:
    """The task that a clause names, with its own arguments behind the ``told`` ones that it will be given."""
    low.spend(frame, target.span, 15)
    while isinstance(target, tree.Paren):
        target = target.value
    trailers = target.trailers if isinstance(target, tree.Postfix) else ()
    head = target.head if isinstance(target, tree.Postfix) else target
    if not isinstance(head, tree.Name):
        low.report("F0605", frame, target.span, what="this")
        return None
    found, taken = find_target(low, frame, head, trailers, FUNCTIONS)
    if found is None:
        return None
    rest = trailers[taken:]
    arguments = rest[0] if rest and isinstance(rest[0], tree.Arguments) else None
    rest = rest[1:] if arguments is not None else rest
    options = rest[0] if rest and isinstance(rest[0], tree.Options) else None
    rest = rest[1:] if options is not None else rest
    if not isinstance(found, TaskTarget) or rest:
        _refuse(low, frame, target.span, found)
        return None
    # A scope's options do not reach its handlers, and a handler is in no scope, group or link.
    outside = frame.within(wrapper=NO_OPTIONS, scope=None, groups=(), after=())
    before = len(low.out.calls)
    given = evaluate_arguments(low, outside, arguments, None, target.span)
    if len(low.out.calls) > before or _uses_results(given.args, given.kwargs):
        del low.out.calls[before:]
        low.report("F0606", frame, target.span)
        return None
    by_id = told == 3 and _takes_id(low, found.task)
    _check_arguments(low, frame, found.task, given, 1 if by_id else told)
    own = NO_OPTIONS if options is None else low.layer(options, frame)
    resolved, _ = resolve(low, outside, target.span, low.task_options.get(found.task, NO_OPTIONS), own)
    of = low.values.of
    return Handler(
        low.claim(low.fresh(frame, found.task.rsplit(".", 1)[-1])),
        found.task,
        tuple(of(a) for a in given.args),
        Map(tuple((k, of(v)) for k, v in given.kwargs.items())),
        resolved,
        place(frame.source, target.span),
        by_id,
    )


def _check_arguments(low: Lowering, frame: Frame, task: str, given: Given, told: int) -> None:
    """The arguments against the handler's declaration: what it is told comes first."""
    declaration = low.tasks.get(task)
    if declaration is None or declaration.parameters is None:
        return
    specs = declaration.parameters
    args = (*(Unknown() for _ in range(told)), *given.args)
    fit(low, frame, task, specs, Given(args, (given.whole,) * told + given.spans, given.kwargs, given.names, False, given.whole))


def _takes_id(low: Lowering, task: str) -> bool:
    """Whether a handler takes one positional argument alone, and so gets the failed task's id."""
    declaration = low.tasks.get(task)
    specs = () if declaration is None else declaration.parameters or ()
    return len([s for s in specs if s.kind in ("plain", "positional")]) == 1 and not any(s.kind == "*args" for s in specs)


def _uses_results(args: tuple[Elab, ...], kwargs: dict[str, Elab]) -> bool:
    return any(isinstance(p, (StepValue, GroupValue)) for v in (*args, *kwargs.values()) for p in parts(v))


def _refuse(low: Lowering, frame: Frame, span: Span, found: object) -> None:
    if isinstance(found, ValueTarget) and _uses_results((found.value,), {}):
        low.report("F0601", frame, span, name=found.name)
    else:
        low.report("F0605", frame, span, what="a sub-flow" if isinstance(found, FlowTarget) else "this")
