"""The fixed part of a run: which node waits for which, and which scopes surround a call. Linear in the edges of the plan."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..compiler.plan import Call, Group, Plan, PlanError, Scope
from .values import references


@dataclass(frozen=True, slots=True)
class Layout:
    """Nodes are calls and groups; an edge leads from a node to each that needs it, in plan order.

    ``needed``: how many different nodes each node waits for. ``starts``: those that wait for none.
    ``errors`` and ``messages``: for each scope id, the scopes of that kind that surround a call written in it, innermost first.
    """

    calls: Mapping[str, Call]
    groups: Mapping[str, Group]
    dependents: Mapping[str, tuple[str, ...]]
    needed: Mapping[str, int]
    starts: tuple[str, ...]
    errors: Mapping[str, tuple[Scope, ...]]
    messages: Mapping[str, tuple[Scope, ...]]


def lay_out(plan: Plan) -> Layout:
    """Work out the layout of a plan.

    Raises:
        PlanError: two nodes have one id, something refers to an id that is not there, or nodes wait for each other.
    """
    calls = {call.id: call for call in plan.calls}
    groups = {group.id: group for group in plan.groups}
    if len(calls) + len(groups) != len(plan.calls) + len(plan.groups) or calls.keys() & groups.keys():
        raise PlanError("the plan is damaged: two steps or groups have the same id")
    dependents: dict[str, list[str]] = {node: [] for node in (*calls, *groups)}
    needed: dict[str, int] = {}
    for node, wanted in _needs(plan):
        needed[node] = len(wanted)
        for other in wanted:
            if other not in dependents:
                raise PlanError(f"the plan is damaged: {node} needs {other}, which is not there")
            dependents[other].append(node)
    for other in references(plan.value):
        if other not in dependents:
            raise PlanError(f"the plan is damaged: its value needs {other}, which is not there")
    starts = tuple(node for node, count in needed.items() if count == 0)
    _refuse_cycle(starts, needed, dependents)
    errors, messages = _surrounding(plan)
    frozen = {node: tuple(others) for node, others in dependents.items()}
    return Layout(calls, groups, frozen, needed, starts, errors, messages)


def _needs(plan: Plan) -> Iterator[tuple[str, dict[str, None]]]:
    for call in plan.calls:
        wanted = dict.fromkeys(call.trigger.needs)
        for value in call.args:
            wanted.update(dict.fromkeys(references(value)))
        wanted.update(dict.fromkeys(references(call.kwargs)))
        yield call.id, wanted
    for group in plan.groups:
        wanted = dict.fromkeys(group.after)
        wanted.update(dict.fromkeys(references(group.members)))
        yield group.id, wanted


def _refuse_cycle(starts: tuple[str, ...], needed: Mapping[str, int], dependents: Mapping[str, list[str]]) -> None:
    left = dict(needed)
    queue = deque(starts)
    reached = 0
    while queue:
        reached += 1
        for other in dependents[queue.popleft()]:
            left[other] -= 1
            if left[other] == 0:
                queue.append(other)
    if reached != len(needed):
        stuck = sorted(node for node, count in left.items() if count > 0)
        raise PlanError(f"the plan is damaged: these wait for each other: {', '.join(stuck[:10])}")


def _surrounding(plan: Plan) -> tuple[dict[str, tuple[Scope, ...]], dict[str, tuple[Scope, ...]]]:
    scopes = {scope.id: scope for scope in plan.scopes}
    chains: dict[str, tuple[Scope, ...]] = {}
    for scope in plan.scopes:
        chain: list[Scope] = []
        at: str | None = scope.id
        while at is not None:
            if at not in scopes:
                raise PlanError(f"the plan is damaged: there is no scope {at}")
            if len(chain) > len(scopes):
                raise PlanError(f"the plan is damaged: scope {scope.id} lies in itself")
            chain.append(scopes[at])
            at = scopes[at].parent
        chains[scope.id] = tuple(chain)
    for call in plan.calls:
        if call.scope is not None and call.scope not in scopes:
            raise PlanError(f"the plan is damaged: there is no scope {call.scope}")
    errors = {id_: tuple(s for s in chain if s.kind == "error") for id_, chain in chains.items()}
    messages = {id_: tuple(s for s in chain if s.kind == "message") for id_, chain in chains.items()}
    return errors, messages
