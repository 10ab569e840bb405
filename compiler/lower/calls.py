"""Calls: what a name in front of ``(…)`` stands for, the arguments, and the step that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...dsl import tree
from ...dsl.diagnostics import Label
from ...dsl.source import Span
from ..budget import OperatorError
from ..declarations import Declaration
from ..plan import Call, Map, Trigger
from ..suggest import did_you_mean
from ..types import ANY
from .arguments import Given, fit
from .domain import Compound, Elab, GroupValue, StepValue, is_known, parts
from .layers import resolve
from .names import lookup
from .state import (
    NO_OPTIONS,
    Bound,
    Feed,
    FlowName,
    Frame,
    Hole,
    IncludeName,
    Layer,
    Lowering,
    TaskName,
    TooMuchError,
    place,
)

_NO_ARGUMENTS = Map()
_START = Trigger()


@dataclass(frozen=True, slots=True)
class TaskTarget:
    """A task to call, by its full name."""

    task: str


@dataclass(frozen=True, slots=True)
class FunctionTarget:
    """A built-in function."""

    name: str


@dataclass(frozen=True, slots=True)
class FlowTarget:
    """A sub-flow to call; ``label`` is how the text names it (``common/cleanup``)."""

    flow: FlowName
    label: str


@dataclass(frozen=True, slots=True)
class ValueTarget:
    """A value: what follows can only reach into it."""

    value: Elab
    name: str


Target = TaskTarget | FunctionTarget | FlowTarget | ValueTarget


def find_target(
    low: Lowering, frame: Frame, head: tree.Name, trailers: Sequence[tree.Trailer], functions: frozenset[str]
) -> tuple[Target | None, int]:
    """What a (dotted) name stands for, and how many trailers belong to it. None after reporting that it is nothing."""
    found = lookup(low, frame, head.text)
    if found is None:
        return _unbound_target(low, frame, head, trailers, functions)
    taken, shown = 0, head.text
    while isinstance(found, IncludeName):
        member = trailers[taken] if taken < len(trailers) else None
        if not isinstance(member, tree.Attribute):
            low.report("F0213", frame, head.span, name=shown, help=f"name one of its members: `{shown}.…`")
            return None, taken
        included, text = found.file, member.name.text
        inner = lookup(low, frame.within(file=included, names=included.names), text)
        declared = included.tasks.get(text, [])
        if inner is None and len(declared) == 1:
            inner = declared[0]
        if inner is None:
            help_ = did_you_mean(text, [*included.names.table, *included.params, *included.tasks])
            low.report("F0207", frame, member.name.span, name=text, include=shown, help=help_)
            return None, taken
        found, taken, shown = inner, taken + 1, f"{shown}/{text}"
    if isinstance(found, Bound):
        return ValueTarget(found.value, shown), taken
    if taken < len(trailers) and isinstance(trailers[taken], tree.Attribute):
        low.report("F0208", frame, trailers[taken].span, name=shown, what="a task" if isinstance(found, TaskName) else "a flow")
        return None, taken
    if isinstance(found, FlowName):
        return FlowTarget(found, shown), taken
    return TaskTarget(known_task(low, frame, found.task, head.span)), taken


def _unbound_target(
    low: Lowering, frame: Frame, head: tree.Name, trailers: Sequence[tree.Trailer], functions: frozenset[str]
) -> tuple[Target | None, int]:
    later = frame.names.bound_later(head.text)
    if later is not None:
        label = Label(frame.source, later, "bound only here")
        low.report("F0204", frame, head.span, name=head.text, labels=(label,))
        return None, 0
    dotted, taken = [head.text], 0
    for trailer in trailers:
        if not isinstance(trailer, tree.Attribute):
            break
        dotted.append(trailer.name.text)
        taken += 1
    if taken == 0 and head.text in functions and trailers and isinstance(trailers[0], tree.Arguments):
        return FunctionTarget(head.text), 0
    if taken < len(trailers) and isinstance(trailers[taken], tree.Index):
        low.report("F0211", frame, head.span, name=".".join(dotted), help=did_you_mean(head.text, frame.names.known()))
        return None, taken
    span = Span(head.span.start, trailers[taken - 1].span.end) if taken else head.span
    name = bare_task(low, frame, ".".join(dotted), span)
    return (None if name is None else TaskTarget(name)), taken


def bare_task(low: Lowering, frame: Frame, name: str, span: Span) -> str | None:
    """The task that an unbound name means: the one of exactly that name, or the one known task that ends in it."""
    if name not in low.tasks and "." not in name:
        candidates = low.short.get(name, ())
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            listed = ", ".join(f"`{c}`" for c in sorted(candidates))
            low.report("F0202", frame, span, name=name, candidates=listed)
            return None
    return known_task(low, frame, name, span)


def known_task(low: Lowering, frame: Frame, name: str, span: Span) -> str:
    """The name itself, after reporting it if it should be known: with an application, or where tasks of its module are declared.

    Of a task from where nothing is known, that is said once, as a warning.
    """
    if name in low.tasks:
        return name
    if low.settings.tasks is not None or name.rpartition(".")[0] in low.modules or ("." not in name and low.tasks):
        low.report("F0201", frame, span, name=name, help=did_you_mean(name, list(low.tasks)))
    elif name not in low.unchecked:
        low.unchecked.add(name)
        low.report("F0901", frame, span, name=name)
    return name


def evaluate_arguments(
    low: Lowering, frame: Frame, arguments: tree.Arguments | None, feed: Feed | None, whole: Span
) -> Given:
    """The arguments of a call. What ``->`` brings goes where ``_`` stands, else in front."""
    outer = low.hole
    low.hole = Hole(feed.value) if feed is not None and feed.kind == "link" else None
    args: list[Elab] = []
    spans: list[Span] = []
    kwargs: dict[str, Elab] = {}
    names: dict[str, Span] = {}
    try:
        if arguments is not None:
            for arg in arguments.args:
                args.append(low.value(arg, frame))
                spans.append(arg.span)
            for keyword in arguments.kwargs:
                if keyword.name.text in kwargs:
                    low.report("F0410", frame, keyword.name.span, name=keyword.name.text)
                kwargs[keyword.name.text] = low.value(keyword.value, frame)
                names[keyword.name.text] = keyword.span
        linked = low.hole is not None and not low.hole.used
    finally:
        low.hole = outer
    if linked and feed is not None:
        args.insert(0, feed.value)
        spans.insert(0, feed.span.to(whole))
    return Given(tuple(args), tuple(spans), kwargs, names, linked, whole)


def call_task(
    low: Lowering,
    frame: Frame,
    task: str,
    arguments: tree.Arguments | None,
    own: Layer,
    feed: Feed | None,
    name: str | None,
    whole: Span,
) -> StepValue:
    """A step that calls a task."""
    given = evaluate_arguments(low, frame, arguments, feed, whole)
    declaration = low.tasks.get(task)
    if declaration is not None and declaration.parameters is not None:
        fit(low, frame, task, declaration.parameters, given)
    return emit(low, frame, task, declaration, given.args, given.kwargs, own, feed, name, whole)


def emit(
    low: Lowering,
    frame: Frame,
    task: str,
    declaration: Declaration | None,
    args: tuple[Elab, ...],
    kwargs: dict[str, Elab],
    own: Layer,
    feed: Feed | None,
    name: str | None,
    whole: Span,
) -> StepValue:
    """Put one call into the plan; returns its result."""
    out = low.out
    if len(out.calls) >= low.settings.max_steps:
        low.report("F0362", frame, whole, most=f"{low.settings.max_steps:,}", help="raise the limit with `--max-steps N`")
        raise TooMuchError
    low.spend(frame, whole, 5)
    short = task.rsplit(".", 1)[-1]
    identity = low.claim(frame.space + name if name is not None else low.fresh(frame, short))
    options, written = resolve(low, frame, whole, low.task_options.get(task, NO_OPTIONS), own)
    trigger = _trigger(low, frame, args, kwargs, feed, whole)
    if written:
        _special_options(low, identity, written)
    if frame.scope is not None:
        out.handled.add(identity)
    of = low.values.of
    returns = ANY if declaration is None else declaration.returns
    out.calls.append(
        Call(
            identity,
            task,
            tuple([of(a) for a in args]),
            Map(tuple((k, of(v)) for k, v in kwargs.items())) if kwargs else _NO_ARGUMENTS,
            options,
            trigger,
            frame.groups,
            frame.flows,
            frame.scope,
            "any" if returns is ANY else str(returns),
            place(frame.source, whole),
        )
    )
    return StepValue(identity, returns)


def _trigger(
    low: Lowering, frame: Frame, args: tuple[Elab, ...], kwargs: dict[str, Elab], feed: Feed | None, whole: Span
) -> Trigger:
    needs: dict[str, None] = {}
    groups = False
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, (StepValue, GroupValue)):
            needs[value.id] = None
            groups = groups or isinstance(value, GroupValue)
            consume(low, frame, value, whole)
        elif isinstance(value, Compound):
            found = [p for p in parts(value) if isinstance(p, (StepValue, GroupValue))]
            low.spend(frame, whole, len(found))
            for part in found:
                needs[part.id] = None
                groups = groups or isinstance(part, GroupValue)
                consume(low, frame, part, whole)
        elif is_known(value) and value.__class__ in (tuple, dict, str):
            _placed(low, frame, value, whole)
    link: str | None = None
    after: tuple[str, ...] = ()
    if feed is not None and feed.kind == "link":
        link = feed.value.id if isinstance(feed.value, (StepValue, GroupValue)) else None
    elif feed is not None:
        after = feed.ids
        groups = groups or isinstance(feed.value, GroupValue)
    after += waits(low, frame, (*needs, *after))
    for identity in after:
        needs[identity] = None
    if not needs:
        return _START
    if len(needs) > 1 or groups:
        return Trigger("join", link, after, tuple(needs))
    return Trigger("then" if after and not args_use(args, kwargs) else "link", link, after, tuple(needs))


def args_use(args: tuple[Elab, ...], kwargs: dict[str, Elab]) -> bool:
    """Whether a result is among the arguments."""
    return any(isinstance(p, (StepValue, GroupValue)) for v in (*args, *kwargs.values()) for p in parts(v))


def waits(low: Lowering, frame: Frame, needs: Sequence[str]) -> tuple[str, ...]:
    """What a step has to wait for besides its ``needs``: the sub-flow's own start, unless it follows a step of that sub-flow."""
    if not frame.after:
        return ()
    order = low.out.order
    if any(order.get(identity, -1) >= frame.entry for identity in needs):
        return ()
    return tuple(a for a in frame.after if a not in needs)


def _placed(low: Lowering, frame: Frame, value: Elab, whole: Span) -> None:
    try:
        low.budget.place(value)
    except OperatorError as problem:
        low.report(problem.code, frame, whole, help=problem.help, **problem.values)
        raise TooMuchError from problem


def consume(low: Lowering, frame: Frame, value: Elab, use: Span) -> None:
    """Report a step that ignores its result, when that result is used."""
    out = low.out
    if not out.ignoring:
        return
    if isinstance(value, StepValue):
        option = out.ignoring.get(value.id)
        if option is not None:
            label = Label(frame.source, use, "its result is used here")
            low.report("F0613", option.source, option.span, name=value.id, labels=(label,))
    elif isinstance(value, GroupValue) and value.id not in out.consumed:
        out.consumed.add(value.id)
        low.spend(frame, use, len(value.members))
        for member in value.members:
            for part in parts(member):
                consume(low, frame, part, use)


def _special_options(low: Lowering, identity: str, written: Layer) -> None:
    ignored = written.get("ignore_result")
    if ignored is not None and ignored.value is True:
        low.out.ignoring[identity] = ignored
    taken = written.get("task_id")
    if taken is not None:
        key = taken.value if isinstance(taken.value, str) else (taken.source.name, taken.span)
        earlier = low.out.task_ids.setdefault(key, taken)
        if earlier is not taken or low.out.task_id_steps.setdefault(key, identity) != identity:
            label = Label(earlier.source, earlier.span, "first given here")
            low.report("F0612", taken.source, taken.span, labels=(label,) if earlier is not taken else ())
