"""Calls: what a name in front of ``(…)`` stands for, the arguments, and the step that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain

from ...dsl import tree
from ...dsl.diagnostics import Label
from ...dsl.record import dataclass
from ...dsl.source import Span
from ..borrowed import method_help, name_help
from ..suggest import did_you_mean, suggest
from .arguments import Given, fit
from .domain import Elab, StepValue
from .emit import emit
from .names import excused, lookup
from .state import Bound, Feed, FlowName, Frame, Hole, IncludeName, Layer, Lowering, TaskName


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
            known = (included.names.table, included.params, included.tasks)
            help_ = partial(_near_member, text, known)
            low.report("F0207", frame, member.name.span, name=text, include=shown, help=help_)
            return None, taken
        found, taken, shown = inner, taken + 1, f"{shown}/{text}"
    if isinstance(found, Bound):
        return ValueTarget(found.value, shown), taken
    if taken < len(trailers) and isinstance(trailers[taken], tree.Attribute):
        member = trailers[taken]
        method = f"{shown}.{member.name.text}" if isinstance(member, tree.Attribute) else ""
        what = "a task" if isinstance(found, TaskName) else "a flow"
        low.report("F0208", frame, member.span, name=shown, what=what, help=method_help(method))
        return None, taken
    if isinstance(found, FlowName):
        return FlowTarget(found, shown), taken
    return TaskTarget(known_task(low, frame, found.task, head.span)), taken


def _near_member(text: str, known: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return did_you_mean(text, dict.fromkeys(chain.from_iterable(known)).keys())


def _unbound_target(
    low: Lowering, frame: Frame, head: tree.Name, trailers: Sequence[tree.Trailer], functions: frozenset[str]
) -> tuple[Target | None, int]:
    if excused(frame, head.text):
        return None, 0
    later = frame.names.bound_later(head.text)
    if later is not None:
        label = Label(frame.source, later, "bound only here")
        low.used.add((frame.source.name, later.start))
        low.report("F0204", frame, head.span, name=head.text, labels=(label,))
        return None, 0
    dotted, taken = [head.text], 0
    for trailer in trailers:
        if not isinstance(trailer, tree.Attribute):
            break
        dotted.append(trailer.name.text)
        taken += 1
    if head.text in functions and (not trailers or isinstance(trailers[0], tree.Arguments)):
        return FunctionTarget(head.text), 0
    if taken < len(trailers) and isinstance(trailers[taken], tree.Index):
        written = ".".join(dotted)
        low.report("F0211", frame, head.span, name=written, help=lambda: name_help(written) or did_you_mean(head.text, frame.names.known()))
        return None, taken
    span = Span(head.span.start, trailers[taken - 1].span.end) if taken else head.span
    whole, owner = ".".join(dotted), ".".join(dotted[:-1])
    if method_help(whole) and whole not in low.tasks and (owner in low.tasks or owner in low.short):
        low.report("F0208", frame, trailers[taken - 1].span, name=owner, what="a task", help=method_help(whole))
        return None, taken
    name = bare_task(low, frame, whole, span)
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
    if _all_are_known(low) or name.rpartition(".")[0] in low.modules or ("." not in name and low.tasks):
        low.report("F0201", frame, span, name=name, help=lambda: name_help(name) or _unknown_help(low, name))
    elif name not in low.unchecked:
        low.unchecked.add(name)
        low.report("F0901", frame, span, name=name, help=name_help(name))
    return name


def _all_are_known(low: Lowering) -> bool:
    """Whether an application, or stubs of one, have told every task that there is."""
    stubs = low.settings.stubs
    return low.settings.tasks is not None or (stubs is not None and not stubs.broken)


def _unknown_help(low: Lowering, name: str) -> tuple[str, ...]:
    """What an unknown task may be, and why it should be known."""
    module = name.rpartition(".")[0]
    short = None if "." in name else suggest(name, low.short)
    known = (f"did you mean `{short}`?",) if short else did_you_mean(name, low.tasks.keys())
    if _all_are_known(low):
        stale = low.settings.tasks is None  # then they stand in files, which may be older than the application
        return (*known, "if the application has it, write the stubs anew: `flowc stubs`") if stale else known
    why = f"other tasks of `{module}` are declared" if module in low.modules and module else "tasks are declared here"
    return (*known, f"{why}, so this one must be too: `task {name}(…)`")


def evaluate_arguments(low: Lowering, frame: Frame, arguments: tree.Arguments | None, feed: Feed | None, whole: Span) -> Given:
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
