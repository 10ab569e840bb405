"""Who starts whom when messages carry a flow: a forest of steps, chords and glue.

A step hangs under the one that it follows. A group that something waits for becomes a *chord*: a node of its own, under the step from
which all its members come (its start; none if they start with the flow), whose header are the branches from there to the members, and
whose one child is its body: the step that follows, or *glue* where several follow, or where an outer group collects it. A group of one
needs no chord.

The header's branches must not touch: below the start, no two members may share a step, and no step may count for two chords. To see to
that, the members climb together (:mod:`.canvas_climb`) towards the first step that they have in common, and what they pass is *claimed*.
Nothing is passed twice, so all this is linear, and nothing recurses: ten thousand steps may hang on each other.
"""

from __future__ import annotations

from typing import Literal

from ..dsl.record import dataclass
from .canvas_climb import Climber, climb
from .canvas_feeds import Constants, Feed, Problem, member_problems
from .canvas_nodes import Joined, Node
from .edges import free_name, references
from .plan import Plan, Ref, Value

#: Groups that are blamed for what keeps a group of groups from being collected.
MOST_BLAMED = 20


@dataclass(slots=True)
class Refusal:
    """Why a group cannot be collected, and the steps that therefore cannot be carried."""

    problems: tuple[Problem, ...]
    steps: list[str]


class Tree:
    """The forest of one plan.

    ``nodes``: in an order in which each comes after what it needs. ``chords``: likewise; those that can be carried. ``refusals``: by group.
    """

    def __init__(self, plan: Plan, constants: Constants) -> None:
        self._constants = constants
        self._feeds = {call.id: constants.feed(call) for call in plan.calls}
        self._taken = {*self._feeds, *constants.places}
        self._users: dict[str, int] = {}
        self._valued: set[str] = set()
        self._members: dict[str, tuple[Value, ...]] = {}
        self._ends: dict[str, str | None] = {}
        self._blamed: dict[str, tuple[str, ...]] = {}
        self.nodes: dict[str, Node] = {}
        self.chords: dict[str, Joined] = {}
        self.refusals: dict[str, Refusal] = {}
        self._count_users()
        for call in plan.calls:
            self._place(call.id, self._feeds[call.id])
        self._drop_idle()

    # ------------------------------------------------------------------------------------------------------------ users
    def _count_users(self) -> None:
        """How many steps and collected groups wait for each group, and which groups' values are used."""
        for feed in self._feeds.values():
            if feed.source in self._constants.members:
                self._users[feed.source] = self._users.get(feed.source, 0) + 1
                if not feed.immutable:
                    self._valued.add(feed.source)
        for id_ in reversed(self._constants.members):  # inner groups stand before outer ones
            if id_ in self._users:
                self._members[id_] = self._members_of(id_)
                for inner in self._inner(id_):
                    self._users[inner] = self._users.get(inner, 0) + 1
                    self._valued.add(inner)

    def _members_of(self, id_: str) -> tuple[Value, ...]:
        """The members that count: where nobody uses the value of a group, each step or group inside, once."""
        members = self._constants.members
        if id_ in self._valued:
            return members[id_]
        found: dict[str, None] = {}
        stack = [ref.id for ref in references(members[id_])][::-1]
        while stack:
            ref_id = stack.pop()
            if ref_id in members and ref_id not in self._users and self._constants.outer[ref_id] == 1:
                stack.extend([ref.id for ref in references(members[ref_id])][::-1])
            else:
                found[ref_id] = None
        return tuple(map(Ref, found))

    def _inner(self, id_: str) -> list[str]:
        """The groups that must be done before this one is."""
        mentioned = self._constants.needed(member.id for member in self._members[id_] if isinstance(member, Ref))
        return [need for need in mentioned if need in self._constants.members]

    # ------------------------------------------------------------------------------------------------------------ steps
    def _place(self, id_: str, feed: Feed) -> None:
        source = feed.source
        if feed.problems:
            self._hang(Node(id_, "step", None, feed, lost=True))
        elif source is None or source not in self._constants.members:
            self._hang(Node(id_, "step", source, feed))
        elif self._end_of(source) is None:
            for culprit in self._blamed[source]:
                self.refusals[culprit].steps.append(id_)
            self._hang(Node(id_, "step", None, feed, lost=True))
        else:
            joined = self.chords.get(source)
            if joined is not None and self._users[source] == 1:
                joined.body = id_
                self._hang(Node(id_, "step", source, feed))
            else:
                self._hang(Node(id_, "step", self._result_of(source), feed))

    def _hang(self, node: Node) -> None:
        above = self.nodes[node.under] if node.under is not None else None
        node.depth = (above.depth if above is not None else 0) + (node.kind != "chord")
        node.lost = node.lost or (above is not None and above.lost)
        self.nodes[node.id] = node

    def _glue(self, name: str, kind: Literal["pass", "list", "value"], under: str | None, literal: Value = None) -> str:
        id_ = free_name(name, self._taken)
        self._taken.add(id_)
        self._hang(Node(id_, kind, under, literal=literal))
        return id_

    # ----------------------------------------------------------------------------------------------------------- groups
    def _end_of(self, id_: str) -> str | None:
        """The node with whose success a group is done (a chord's own node stands for its body); None if no message can tell."""
        stack = [id_]
        while stack:
            top = stack[-1]
            missing = [] if top in self._ends else [inner for inner in self._inner(top) if inner not in self._ends]
            stack.extend(missing)
            if not missing:
                stack.pop()
                if top not in self._ends:
                    self._ends[top] = self._close(top)
        return self._ends[id_]

    def _result_of(self, id_: str) -> str:
        """The node whose result is that of a step or of a group that is done."""
        end = self._ends.get(id_, id_)
        assert end is not None
        joined = self.chords.get(end)
        if joined is None:
            return end
        if not joined.body:
            joined.body = self._glue(f"{joined.id}.join", "pass", joined.id)
        return joined.body

    def _refuse(self, group: str, *problems: Problem) -> None:
        self.refusals[group] = Refusal(problems, [])
        self._blamed[group] = (group,)

    def _close(self, group: str) -> str | None:
        members = self._members[group]
        problems = tuple(member_problems(group, members))
        if problems:
            self._refuse(group, *problems)
            return None
        blamed = dict.fromkeys(one for inner in self._inner(group) for one in self._blamed.get(inner, ()))
        if blamed:
            self._blamed[group] = tuple(blamed)[:MOST_BLAMED]
            return None
        waits = [self._constants.needed((member.id,)) if isinstance(member, Ref) else () for member in members]
        if any(len(needed) > 1 for needed in waits):
            self._refuse(group, Problem("F1002", f"an empty group in `{group}` waits for several steps"))
            return None
        if len(members) == 1:
            end = self._result_of(waits[0][0])
            return self._glue(f"{group}.list", "list", end) if group in self._valued else end
        return self._join(group, members, [self._result_of(needed[0]) if needed else None for needed in waits])

    def _join(self, group: str, members: tuple[Value, ...], waiting: list[str | None]) -> str | None:
        climbers = {place: Climber(node) for place, node in enumerate(waiting) if node is not None}
        known = {place for place, member in enumerate(members) if not isinstance(member, Ref) or member.id in self._constants.values}
        problem = climb(self.nodes, group, list(climbers.values()), alone=not known & climbers.keys())
        if problem is not None:
            self._refuse(group, problem)
            return None
        start = next((one.at for one in climbers.values()), None)
        self._hang(Node(group, "chord", start))
        joined = self.chords[group] = Joined(group, [])
        for place, member in enumerate(members):
            path = climbers[place].passed[::-1] if place in climbers else []
            if place in known:
                literal = self._constants.fill(member)
                path.append(self._glue(f"{group}.{place}", "value", path[-1] if path else start, literal))
            elif not path:  # the start is itself a member
                path.append(self._glue(f"{group}.{place}", "pass", start))
            self.nodes[path[-1]].chord = group
            self.nodes[path[0]].first = True
            self.nodes[group].lost |= self.nodes[path[-1]].lost
            joined.paths.append(tuple(path))
        return group

    def _drop_idle(self) -> None:
        """Forget chords that cannot be carried, and those whose list nobody gets. What is left of their headers starts by itself."""
        followed = {node.under for node in self.nodes.values() if not node.lost}
        for joined in reversed(list(self.chords.values())):  # inner ones stand before outer ones
            node, body = self.nodes[joined.id], self.nodes.get(joined.body)
            wanted = body is not None and (body.kind == "step" or body.id in followed or node.chord in self.chords)
            if wanted and not node.lost:
                continue
            del self.chords[joined.id]
            node.lost = True
            if body is not None and body.kind == "pass":
                body.lost = True
            for path in joined.paths:
                self.nodes[path[0]].first = False
                glue = self.nodes[path[-1]]
                if glue.kind == "value" or (glue.kind == "pass" and len(path) == 1):
                    glue.lost = True
