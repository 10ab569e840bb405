"""Whether what a plan's parts say of each other holds: every id is known, and nothing needs what comes later."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from .plan import Group, Late, Map, Plan, PlanError, Ref, Value


def check_links(plan: Plan) -> None:
    """Raise PlanError unless ids are unique and known, calls stand behind what they need, and groups, scopes and flows nest
    without cycles."""
    ready = _ready(plan)
    scopes = _unique("scopes", (scope.id for scope in plan.scopes))
    flows = _unique("flows", (flow.id for flow in plan.flows))
    _check_parents(plan)
    groups = {group.id for group in plan.groups}
    for number, call in enumerate(plan.calls):
        path = f"calls[{number}]"
        for id_ in call.trigger.needs:
            at = ready.get(id_)
            if at is None:
                raise PlanError(f"{path}: needs {id_!r}, which is no step or group")
            if at >= number:
                raise PlanError(f"{path}: {call.id!r} needs {id_!r}, which does not come before it")
        needs = set(call.trigger.needs)
        linked = () if call.trigger.link is None else (call.trigger.link,)
        said = (*call.trigger.after, *linked, *refs((call.args, call.kwargs, call.options)))
        for id_ in said:
            if id_ not in needs:
                raise PlanError(f"{path}: {call.id!r} speaks of {id_!r}, which is not among its needs")
        _known(path, "group", call.group, groups)
        _known(path, "flow", call.flow, flows)
        if call.scope is not None:
            _known(path, "scope", (call.scope,), scopes)
    for number, group in enumerate(plan.groups):
        _known(f"groups[{number}]", "group", group.parents, groups)
        _known(f"groups[{number}]", "flow", group.flow, flows)
    for number, flow in enumerate(plan.flows):
        _known(f"flows[{number}]", "flow", flow.parents, flows)
    for number, scope in enumerate(plan.scopes):
        for handler in scope.handlers:
            _known(f"scopes[{number}].handlers", "step", refs((handler.args, handler.kwargs, handler.options)), ready)
    _known("value", "step", refs(plan.value), ready)


def _unique(path: str, ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for id_ in ids:
        if id_ in found:
            raise PlanError(f"{path}: the id {id_!r} stands twice")
        found.add(id_)
    return found


def _known(path: str, what: str, ids: Iterable[str], known: Container[str]) -> None:
    for id_ in ids:
        if id_ not in known:
            raise PlanError(f"{path}: there is no {what} {id_!r}")


def refs(value: Value | tuple[Value, ...]) -> Iterator[str]:
    """The ids that a value refers to."""
    todo: list[object] = [value]
    while todo:
        item = todo.pop()
        kind = item.__class__
        if kind is str or kind is int or item is None:
            continue
        if isinstance(item, Ref):
            yield item.id
        elif isinstance(item, tuple):
            todo.extend(item)
        elif isinstance(item, Map):
            todo.extend([v for _, v in item.items])
        elif isinstance(item, Late):
            todo.extend(item.args)


def _ready(plan: Plan) -> dict[str, int]:
    """By id of a call or group: the number of the call with which its value is there (-1 for a group of constants)."""
    _unique("calls and groups", (*(call.id for call in plan.calls), *(group.id for group in plan.groups)))
    ready = {call.id: number for number, call in enumerate(plan.calls)}
    groups = {group.id: group for group in plan.groups}
    for start in groups:
        todo = [start]
        inside: set[str] = set()
        while todo:
            id_ = todo[-1]
            if id_ in ready:
                todo.pop()
                continue
            needs = _group_needs(groups[id_])
            missing = [need for need in needs if need not in ready]
            if not missing:
                ready[id_] = max((ready[need] for need in needs), default=-1)
                todo.pop()
                continue
            unknown = next((need for need in missing if need not in groups), None)
            if unknown is not None:
                raise PlanError(f"groups: {id_!r} speaks of {unknown!r}, which is no step or group")
            if id_ in inside:
                raise PlanError(f"groups: {id_!r} contains itself")
            inside.add(id_)
            todo.extend(missing)
    return ready


def _group_needs(group: Group) -> tuple[str, ...]:
    return (*refs(group.members), *group.after)


def _check_parents(plan: Plan) -> None:
    parents = {scope.id: scope.parent for scope in plan.scopes}
    good: set[str | None] = {None}
    for start in parents:
        trail: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in good:
            if at in trail:
                raise PlanError(f"scopes: {at!r} contains itself")
            if at not in parents:
                raise PlanError(f"scopes: there is no scope {at!r}")
            trail[at] = None
            at = parents[at]
        good.update(trail)
