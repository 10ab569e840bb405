"""Emission: the calls and groups that end up in the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ...dsl.diagnostics import Label, quote
from ...dsl.source import Span
from ..budget import OperatorError
from ..declarations import Declaration
from ..plan import Call, Group, Map, Trigger
from ..types import ANY, Type
from .domain import Compound, Elab, GroupValue, StepValue, Unknown, group_type, parts, results_in
from .layers import resolve
from .state import NO_OPTIONS, Feed, Frame, Layer, Lowering, TooMuchError, place

#: Results in one group, those of the groups inside it counted each time: so long a list is handed on as one message.
MOST_RESULTS = 1_000_000

_NO_ARGUMENTS = Map()
_START = Trigger()

#: Characters of a type in a plan; a longer one is cut.
LONGEST_TYPE = 500


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
    low.earn()
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
            "any" if returns is ANY else _shown_type(low, returns),
            place(frame.source, whole),
        )
    )
    if low.values.negative:
        low.values.negative = False
        low.report("F0368", frame, whole)
    return StepValue(identity, returns)


def _shown_type(low: Lowering, returns: Type) -> str:
    """A declared type as text, worked out once and of bounded length."""
    shown = low.type_texts.get(id(returns))
    if shown is None:
        shown = low.type_texts[id(returns)] = (quote(returns, LONGEST_TYPE), returns)
    return shown[0]


def _trigger(low: Lowering, frame: Frame, args: tuple[Elab, ...], kwargs: dict[str, Elab], feed: Feed | None, whole: Span) -> Trigger:
    needs: dict[str, None] = {}
    groups = False
    for value in (*args, *kwargs.values()) if kwargs else args:
        kind = value.__class__
        if kind is int or kind is bool or value is None:
            continue
        if isinstance(value, (StepValue, GroupValue)):
            needs[value.id] = None
            groups = groups or isinstance(value, GroupValue)
            consume(low, frame, value, whole)
        elif isinstance(value, Compound):
            _placed(low, frame, value, whole)
            inside = list(parts(value))
            found = [p for p in inside if isinstance(p, (StepValue, GroupValue))]
            low.spend(frame, whole, len(found) + len(inside) // 8)
            for part in found:
                needs[part.id] = None
                groups = groups or isinstance(part, GroupValue)
                consume(low, frame, part, whole)
        elif kind in (tuple, dict, str):
            _placed(low, frame, value, whole)
    link: str | None = None
    after: tuple[str, ...] = ()
    if feed is not None and feed.kind == "link":
        link = feed.value.id if isinstance(feed.value, (StepValue, GroupValue)) else None
        after = tuple(i for i in feed.ids if i not in needs)  # `_[0]` of a group waits for all of it
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
        low.refuse(problem, frame, whole)
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


def refuse_feed(low: Lowering, frame: Frame, span: Span, feed: Feed, value: Elab) -> Elab:
    """Report what stands right of an arrow and cannot take anything."""
    if isinstance(value, Unknown):
        return value
    if any(isinstance(p, (StepValue, GroupValue)) for p in parts(value)):
        label = Label(frame.source, feed.span, "this arrow would start it again")
        return low.report("F0601", frame, span, name=frame.source.text[span.start : span.end], labels=(label,))
    return low.report("F0603", frame, span)


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────


def enter_group(low: Lowering, frame: Frame, name: str | None, short: str = "group") -> tuple[str, Frame]:
    """Take an identity for a group; returns it and the surroundings of its members."""
    identity = low.claim(frame.space + name if name is not None else low.fresh(frame, short))
    return identity, frame.within(groups=(*frame.groups, identity))


def emit_group(
    low: Lowering,
    frame: Frame,
    span: Span,
    kind: Literal["list", "each", "chunks"],
    label: str,
    members: tuple[Elab, ...],
    identity: str,
    feed: Feed | None,
) -> GroupValue:
    """Put a group into the plan. An empty one waits for what its arrow brings, since no member does."""
    after: tuple[str, ...] = ()
    if not members:
        ids = feed.ids if feed is not None else ()
        after = ids + waits(low, frame, ids)
    if frame.scope is not None:
        low.out.handled.add(identity)
    of = low.values.of
    low.out.groups.append(
        Group(identity, kind, tuple([of(m) for m in members]), label, frame.groups, frame.flows, after, place(frame.source, span))
    )
    size = sum(map(results_in, members))
    if size > MOST_RESULTS:
        low.report("F0369", frame, span, most=f"{MOST_RESULTS:,}")
        raise TooMuchError
    return GroupValue(identity, members, group_type(members), size)
