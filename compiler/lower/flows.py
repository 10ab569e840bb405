"""Sub-flows: called like a task, inlined step by step."""

from __future__ import annotations

from dataclasses import replace

from ...dsl import tree
from ...dsl.source import Span
from ..declarations import ParameterSpec
from ..plan import Group, SubFlow
from ..plan_links import refs
from ..types import ANY, accepts
from .arguments import fit
from .calls import FlowTarget, evaluate_arguments
from .domain import WRONG, Elab, GroupValue, StepValue, Unknown, elab_type, is_known, parts
from .emit import emit_group, enter_group, waits
from .files import bound_in, parameter_specs
from .layers import merge
from .names import bind, type_from
from .state import NO_OPTIONS, Bound, Feed, FlowName, Frame, Layer, Lowering, Names, Output, place


def specs_of(low: Lowering, flow: FlowName) -> tuple[ParameterSpec, ...]:
    """The parameters of a sub-flow."""
    key = (flow.source.name, flow.span.start)
    if key not in low.flow_specs:
        frame = Frame(flow.file, flow.file.names)
        low.flow_specs[key] = parameter_specs(low, frame, flow.flow.parameters)
        for p in flow.flow.parameters:
            if p.kind in ("*args", "**kwargs"):
                low.report("F0417", frame, p.span)
    return low.flow_specs[key]


def call_flow(
    low: Lowering,
    frame: Frame,
    target: FlowTarget,
    arguments: tree.Arguments | None,
    own: Layer,
    feed: Feed | None,
    name: str | None,
    whole: Span,
) -> Elab:
    """Inline one call of a sub-flow; its value is what it returns."""
    flow = target.flow
    given = evaluate_arguments(low, frame, arguments, feed, whole)
    specs = specs_of(low, flow)
    taken = fit(low, frame, target.label.replace("/", "."), specs, given)
    if any(active.flow is flow.flow for active in low.active):
        names = [active.flow.name.text for active in low.active]
        path = " -> ".join([*names[names.index(flow.flow.name.text) :], flow.flow.name.text])
        return low.report("F0209", frame, whole, path=path)
    low.spend(frame, whole, 25 + len(frame.flows))
    identity = low.claim(frame.space + name if name is not None else low.fresh(frame, target.label))
    low.out.flows.append(SubFlow(identity, target.label, frame.flows, place(frame.source, whole)))
    ids = feed.ids if feed is not None else ()
    inner = Frame(
        flow.file,
        Names({}, flow.file.names, later=bound_in(flow.flow.body)),
        space=f"{identity}/",
        scope=frame.scope,
        groups=frame.groups,
        flows=(*frame.flows, identity),
        wrapper=merge(frame.wrapper, own),
        after=ids + waits(low, frame, ids) if feed is not None else frame.after,
        entry=len(low.out.order) if feed is not None else frame.entry,
    )
    values: dict[str, Elab] = {s.name: WRONG for s in specs} if taken is None else taken
    start = len(low.out.calls)
    value = run_flow(low, flow, inner, specs, values)
    return _ended(low, frame, value, _last_steps(low, frame, whole, start), identity, whole)


def _last_steps(low: Lowering, frame: Frame, whole: Span, start: int) -> tuple[str, ...]:
    """The steps of a sub-flow that no other step of it waits for."""
    calls = low.out.calls[start:]
    low.spend(frame, whole, 3 * len(calls))
    waited = {need for call in calls for need in call.trigger.needs}
    grouped = {call.id for call in calls if call.group[len(frame.groups) :] and waited.intersection(call.group)}
    return tuple(call.id for call in calls if call.id not in waited and call.id not in grouped)


def _ended(low: Lowering, frame: Frame, value: Elab, last: tuple[str, ...], identity: str, whole: Span) -> Elab:
    """A sub-flow has succeeded when all its steps have: ``=>`` waits for them, and so does what uses a value without a step of its own."""
    if not last or isinstance(value, Unknown):
        return value
    members = tuple(StepValue(step) for step in last)
    if isinstance(value, (StepValue, GroupValue)):
        others = tuple(step for step in last if step != value.id)
        if len(others) > 1:
            others = (_end(low, frame, members, identity, whole),)
        return replace(value, ends=others) if others else value
    if any(isinstance(p, (StepValue, GroupValue)) for p in parts(value)):
        return value
    end = _end(low, frame, (value, *members), identity, whole)
    low.out.ends[end] = value
    return StepValue(end, elab_type(value), (0,))


def _end(low: Lowering, frame: Frame, members: tuple[Elab, ...], identity: str, whole: Span) -> str:
    """A group that stands for the end of a sub-flow. :func:`without_idle_ends` takes it away again if nothing waits for it."""
    inside = frame.within(space=f"{identity}/", base="", flows=(*frame.flows, identity))
    group, _ = enter_group(low, inside, None, "end")
    low.out.ends[group] = None
    return emit_group(low, inside, whole, "list", "", members, group, None).id


def without_idle_ends(out: Output) -> tuple[Group, ...]:
    """The groups of the plan, without the ends of sub-flows that nothing waits for."""
    waited = {need for call in out.calls for need in call.trigger.needs}
    for group in out.groups:
        waited.update(group.after, refs(group.members))
    return tuple(group for group in out.groups if group.id not in out.ends or group.id in waited)


def run_flow(low: Lowering, flow: FlowName, frame: Frame, specs: tuple[ParameterSpec, ...], values: dict[str, Elab]) -> Elab:
    """Lower the body of a sub-flow with the given values of its parameters."""
    declared = {p.name.text: p for p in flow.flow.parameters}
    for spec in specs:
        parameter = declared[spec.name]
        value = values[spec.name] if spec.name in values else _default(low, flow, parameter)
        bind(low, frame, frame.names, parameter.name, Bound(value, flow.source, parameter.name.span, "parameter"))
    low.elaborated.add((flow.source.name, flow.span.start))
    low.active.append(flow)
    try:
        value, at = low.block(flow.flow.body, frame)
    finally:
        low.active.pop()
    wanted = type_from(low, flow.source, flow.flow.returns)
    if wanted is ANY:
        return value
    if not accepts(wanted, elab_type(value)) and not isinstance(value, Unknown):
        low.report("F0418", flow.source, at or flow.flow.name.span, flow=flow.flow.name.text, wanted=wanted, given=elab_type(value))
    elif isinstance(value, StepValue) and value.type is ANY:
        return StepValue(value.id, wanted, value.path)
    return value


def _default(low: Lowering, flow: FlowName, parameter: tree.Parameter) -> Elab:
    if parameter.default is None or isinstance(parameter.default, tree.Elided):
        return WRONG
    with low.discarding():
        value = low.value(parameter.default, Frame(flow.file, flow.file.names))
    return value if is_known(value) or not isinstance(value, StepValue) else WRONG


def check_uncalled(low: Lowering, flow: FlowName) -> None:
    """Lower a sub-flow that nothing has called, for the findings alone."""
    if (flow.source.name, flow.span.start) in low.elaborated:
        return
    with low.discarding():
        specs = specs_of(low, flow)
        names = Names({}, flow.file.names, later=bound_in(flow.flow.body))
        frame = Frame(flow.file, names, space=f"{flow.flow.name.text}/", block=NO_OPTIONS)
        run_flow(low, flow, frame, specs, {s.name: Unknown(s.type) for s in specs})
