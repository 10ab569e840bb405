"""Plan → canvas: which steps the messages of others can carry, as links, groups and chords of stock Celery workers.

Four stages, each in a file of its own: what each call takes from those before it (:mod:`.canvas_feeds`), who starts whom
(:mod:`.canvas_tree`), which handlers go where (:mod:`.canvas_errors`), and how often they may be called (:mod:`.canvas_counts`). All of
them are linear in the plan, and none recurses over the flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from .canvas_counts import Counts
from .canvas_errors import Called, Errbacks
from .canvas_feeds import STEPS, Constants, Problem, handler_problems, listed
from .canvas_nodes import Node
from .canvas_tree import Tree
from .graph import no_collections
from .plan import Canvas, Carried, Chord, Location, Map, Obstacle, Plan, Value

_FIRST = Map((("index", 0),))

_How: TypeAlias = Literal["message", "link", "header", "body"]


def carry(plan: Plan) -> Canvas:
    """What stock workers can do of a plan by themselves. The same plan gives the same canvas.

    Args:
        plan: bound or not; values that are known at submission only stay what they are.
    """
    with no_collections():
        return _carry(plan)


def _carry(plan: Plan) -> Canvas:
    constants = Constants(plan)
    tree = Tree(plan, constants)
    writer = _Writer(tree, Errbacks(plan, tree))
    return Canvas(
        tuple(writer.carried()),
        tuple(writer.chords()),
        tuple(_obstacles(plan, tree, constants)),
        tuple(sorted(_remarks(plan, tree, writer.errbacks, writer.children), key=lambda one: (one.where, one.code))),
    )


class _Writer:
    """Writes a forest down as a canvas."""

    def __init__(self, tree: Tree, errbacks: Errbacks) -> None:
        self.tree, self.errbacks = tree, errbacks
        self._bodies = {joined.body: joined.id for joined in tree.chords.values()}
        self.children = self._children()

    def _children(self) -> dict[str, list[str]]:
        """What each node's success starts; of a chord: the first nodes of its header. Bodies are nobody's."""
        found: dict[str, list[str]] = {}
        for node in self.tree.nodes.values():
            above = _starter(node)
            if above is not None and not node.lost and node.id not in self._bodies:
                found.setdefault(above, []).append(node.id)
        return found

    def carried(self) -> Iterator[Carried]:
        """Each step and each piece of glue."""
        for node in self.tree.nodes.values():
            if node.lost or node.kind == "chord":
                continue
            chord = self._bodies.get(node.id)
            glue = self.errbacks.split.get(chord) if chord is not None else None
            if chord is not None and glue is not None:
                yield Carried(glue, "body", chord, links=(node.id,), errbacks=self.errbacks.of_header(chord), glue="pass", kwargs=_FIRST)
                yield self._step(node, "link", glue)
            elif node.kind == "step":
                yield self._step(node, *self._way(node, chord))
            else:
                yield self._glue(node, *self._way(node, chord))

    def _way(self, node: Node, chord: str | None) -> tuple[_How, str | None]:
        if chord is not None:
            return "body", chord
        return "header" if node.first else "message" if node.under is None else "link", _starter(node)

    def _step(self, node: Node, how: _How, by: str | None) -> Carried:
        feed = node.feed
        assert feed is not None
        immutable = feed.immutable and by is not None
        called = self.errbacks.of(node.id)
        return Carried(node.id, how, by, immutable, self._links(node.id), called, args=feed.args, kwargs=feed.kwargs)

    def _glue(self, node: Node, how: _How, by: str | None) -> Carried:
        assert node.kind in ("pass", "list", "value")
        called: Called = self.errbacks.of_header(self._bodies[node.id]) if node.id in self._bodies else ()
        args: tuple[Value, ...] = (node.literal,) if node.kind == "value" else ()
        kwargs = Map() if node.kind == "list" else _FIRST
        links = self._links(node.id)
        return Carried(node.id, how, by, node.kind == "value", links, called, node.kind, node.literal, args, kwargs)

    def _links(self, id_: str) -> tuple[str, ...]:
        return tuple(self.children.get(id_, ()))

    def chords(self) -> Iterator[Chord]:
        """Each chord."""
        for joined in self.tree.chords.values():
            body = self.errbacks.split.get(joined.id) or joined.body
            yield Chord(joined.id, _starter(self.tree.nodes[joined.id]), tuple(tuple(self._path(path)) for path in joined.paths), body)

    def _path(self, path: Iterable[str]) -> Iterator[str]:
        """A path without the bodies of its chords, for which those stand."""
        chord = None
        for id_ in path:
            if chord is None or self._bodies.get(id_) != chord or chord in self.errbacks.split:
                yield id_
            chord = id_


def _starter(node: Node) -> str | None:
    """What starts a node: the one that it follows, or the chord whose header it begins."""
    return node.chord if node.first else node.under


def _obstacles(plan: Plan, tree: Tree, constants: Constants) -> Iterator[Obstacle]:
    """Why not everything can be carried, in the order of the text; what one line says of several steps once."""
    found: dict[tuple[str, Location], tuple[str, dict[str, None]]] = {}

    def add(problem: Problem, where: Location, steps: Iterable[str]) -> None:
        found.setdefault((problem.code, where), (problem.reason, {}))[1].update(dict.fromkeys(steps))

    for call in plan.calls:
        feed = tree.nodes[call.id].feed
        for problem in feed.problems if feed is not None else ():
            add(problem, call.where, (call.id,))
    for group, refusal in tree.refusals.items():
        for problem in refusal.problems:
            add(problem, constants.places[group], refusal.steps)
    for problem, steps, where in handler_problems(plan):
        add(problem, where, steps)
    order = {call.id: number for number, call in enumerate(plan.calls)}
    for (code, where), (reason, ids) in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        steps = tuple(sorted(ids, key=lambda id_: order.get(id_, -1)))
        yield Obstacle(reason.replace(STEPS, listed(steps) if len(steps) == 1 else f"each of {listed(steps)}"), steps, where, code)


def _remarks(plan: Plan, tree: Tree, errbacks: Errbacks, children: dict[str, list[str]]) -> Iterator[Obstacle]:
    """What will be different: handlers that may be called more than once, and what only a driven run keeps."""
    most = Counts(plan, tree, errbacks, children).most
    inside: dict[str, list[str]] = {scope: [] for scope, calls in most.items() if calls > 1}
    for call in plan.calls if inside else ():
        for id_ in dict(errbacks.of(call.id)):
            if id_ in inside:
                inside[id_].append(call.id)
    for scope in plan.scopes:
        if scope.id in inside:
            handlers = " and ".join(f"`{handler.task}`" for handler in scope.handlers)
            times = "twice" if most[scope.id] == 2 else f"{most[scope.id]:,} times"
            reason = f"{handlers} may be called up to {times}: this scope has branches, and the failure of each calls"
            yield Obstacle(reason, tuple(inside[scope.id]), scope.where, "F1010")
    untimed: dict[Location, list[str]] = {}
    for call in plan.calls:
        if call.options.get("timeout") is not None:
            untimed.setdefault(call.where, []).append(call.id)
    for where, steps in untimed.items():
        yield Obstacle(
            f"nobody keeps the `timeout` of {listed(steps)}: only a run that is driven waits for steps", tuple(steps), where, "F1011"
        )
