"""Which edges are on one side alone."""

from __future__ import annotations

from collections.abc import Iterator

from ..edges import references, uses_of
from ..plan import Plan
from .model import Edge
from .pairing import Pairs


def compare_edges(old: Plan, new: Plan, pairs: Pairs) -> tuple[Edge, ...]:
    """Added edges in the order of the new plan, then removed ones in the order of the old one."""
    names = pairs.nodes
    before = {(names[source], names[target], kind) for source, target, kind in edges(old) if source in names and target in names}
    after = dict.fromkeys(edges(new))
    added = [Edge("added", *edge) for edge in after if edge not in before]
    removed = [
        Edge("removed", names.get(source, source), names.get(target, target), kind)
        for source, target, kind in dict.fromkeys(edges(old))
        if source not in names or target not in names or (names[source], names[target], kind) not in after
    ]
    return (*added, *removed)


def edges(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """What waits for what, as the text says it: groups are nodes."""
    for call in plan.calls:
        trigger, used = call.trigger, uses_of(call.args, call.kwargs)
        for needed in dict.fromkeys((*trigger.needs, *used)):
            if needed == trigger.link:
                yield needed, call.id, "link"
            elif needed in used:
                yield needed, call.id, "argument"
            if needed in trigger.after or (needed not in used and needed != trigger.link):
                yield needed, call.id, "then"
    for group in plan.groups:
        for key in dict.fromkeys(ref.id for ref in references(group.members)):
            yield key, group.id, "member"
        for key in group.after:
            yield key, group.id, "then"
