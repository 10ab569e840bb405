"""What stock workers make of a canvas is what the engine makes of the plan: over random plans, failures and orders."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.plan import Call, Canvas, Group, Location, Plan, Ref, Scope, Value

from ..runtime.plans import call, group, handler, on_error, plan
from ..slices import some
from .celery_model import Workers, driven


def placed(scope: Scope, line: int) -> Scope:
    """A scope on a line of its own, so that remarks tell which they are about."""
    return replace(scope, where=Location("t.flow", line, 1, line, 9))


class Grower:
    """Grows a plan as a text would: chains, groups in groups, scopes around them, and now and then something odd."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.parts: list[Call | Group] = []
        self.scopes: list[Scope] = []
        self.left = draw(st.integers(1, 14))

    def number(self, most: int) -> int:
        return self.draw(st.integers(0, most))

    def scope(self, parent: str | None) -> str | None:
        """A new scope, now and then."""
        if len(self.scopes) > 4 or self.number(3):
            return parent
        n = len(self.scopes)
        handlers = [handler(f"h{n}.{k}", "t") for k in range(1 + (self.number(4) == 0))]
        self.scopes.append(placed(on_error(f"s{n}", *handlers, parent=parent, each=self.number(3) == 0), n))
        return f"s{n}"

    def grow(self, feed: Value, scope: str | None, depth: int) -> Value:
        scope = self.scope(scope)
        kind = self.draw(st.sampled_from(("step", "step", "chain", "chain", "group") if depth < 4 else ("step",)))
        if kind == "chain":
            for _ in range(self.draw(st.integers(2, 3))):
                feed = self.grow(feed, scope, depth + 1)
            return feed
        if kind == "group":
            members = [self.member(feed, scope, depth) for _ in range(self.draw(st.sampled_from([2, 2, 2, 3, 1, 0])))]
            n = len(self.parts)
            inside = any(isinstance(member, Ref) for member in members)
            self.parts.append(group(f"g{n}", *members, after=[feed.id] if isinstance(feed, Ref) and not inside else []))
            return Ref(f"g{n}")
        return self.step(feed, scope)

    def member(self, feed: Value, scope: str | None, depth: int) -> Value:
        odd = self.number(11)
        if odd == 0:
            return 5
        if odd == 1 and self.parts:
            return self.known()
        return self.grow(feed, scope, depth + 1)

    def step(self, feed: Value, scope: str | None) -> Value:
        self.left -= 1
        n = len(self.parts)
        args: tuple[Value, ...] = (n,) if feed is None else (feed, n)
        odd = self.number(30)
        if odd == 0 and self.parts:
            args = (*args, self.known())
        elif odd == 1 and isinstance(feed, Ref):
            args = (n, feed)
        if isinstance(feed, Ref) and self.number(3) == 0:
            self.parts.append(call(f"c{n}", "t", n, after=[feed.id], scope=scope))
        else:
            self.parts.append(call(f"c{n}", "t", *args, scope=scope, n=n))
        return Ref(f"c{n}")

    def known(self) -> Ref:
        return Ref(self.draw(st.sampled_from([part.id for part in self.parts])))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans as texts give them: one or more statements, which may follow what stands above them."""
    grower = Grower(draw)
    while grower.left > 0:
        feed = grower.known() if grower.parts and grower.number(1) else None
        grower.grow(feed, None, 0)
    return plan(*grower.parts, *grower.scopes)


@st.composite
def wild_plans(draw: st.DrawFn) -> Plan:
    """Plans as no text gives them: steps follow anything, and scopes lie anywhere."""
    scopes: list[Scope] = []
    for n in range(draw(st.integers(0, 4))):
        parent = draw(st.sampled_from([None, *(s.id for s in scopes)]))
        handlers = [handler(f"h{n}.{k}", "t") for k in range(draw(st.integers(1, 2)))]
        scopes.append(placed(on_error(f"s{n}", *handlers, parent=parent, each=draw(st.integers(0, 3)) == 0), n))
    homes = [None, *(s.id for s in scopes)]
    parts: list[Call | Group] = []
    for n in range(draw(st.integers(1, 12))):
        known = [part.id for part in parts]
        recent = st.sampled_from([*known, *known[-4:], *known[-2:]]) if known else st.nothing()
        scope = draw(st.sampled_from(homes))
        shape = draw(st.sampled_from(["start", "start", "link", "link", "link", "then", "group", "group", "group", "odd"]))
        if not known or shape == "start":
            parts.append(call(f"c{n}", "t", n, scope=scope, n=n))
        elif shape == "link":
            parts.append(call(f"c{n}", "t", Ref(draw(recent)), n, scope=scope, n=n))
        elif shape == "then":
            parts.append(call(f"c{n}", "t", n, after=[draw(recent)], scope=scope))
        elif shape == "group":
            members = draw(st.lists(st.one_of(recent.map(Ref), recent.map(Ref), st.just(5)), max_size=4))
            after = [draw(recent)] if not any(isinstance(m, Ref) for m in members) and draw(st.booleans()) else []
            parts.append(group(f"g{n}", *members, after=after))
        else:
            refs = draw(st.lists(recent, min_size=1, max_size=3))
            place = draw(st.integers(0, 2))
            args = [Ref(refs[0]), *map(Ref, refs[1:])] if place == 0 else [n, [Ref(refs[0])]] if place == 1 else []
            parts.append(call(f"c{n}", "t", *args, after=refs if place == 2 else (), scope=scope))
    return plan(*parts, *scopes)


def bodies_first(canvas: Canvas) -> None:
    """Everything comes after what starts it, and once."""
    seen: set[str] = set()
    chords = {chord.id: chord for chord in canvas.chords}
    for one in canvas.carried:
        assert one.id not in seen
        if one.by is not None and one.by not in chords:
            assert one.by in seen
            assert {c.id: c for c in canvas.carried}[one.by].links.count(one.id) == 1
        elif one.how == "body":
            assert chords[one.by or ""].body == one.id
            for path in chords[one.by or ""].members:
                assert all(id_ in seen or id_ in chords for id_ in path)
        seen.add(one.id)
    for chord in canvas.chords:
        assert chord.body in seen
        assert all(id_ in seen or id_ in chords for path in chord.members for id_ in path)
        assert chord.by is None or chord.by in seen or chord.by in chords
    assert all(link in seen or link in chords for one in canvas.carried for link in one.links)


@settings(max_examples=some(40), deadline=None)
@given(st.one_of(plans(), wild_plans()))
def test_every_step_is_carried_once_or_stands_behind_an_obstacle(made: Plan) -> None:
    canvas = made.canvas()
    bodies_first(canvas)
    carried = Counter(one.id for one in canvas.carried if one.glue is None)
    named = {step for obstacle in canvas.obstacles for step in obstacle.steps}
    behind = {call.id: call.id in named for call in made.calls}
    parts: list[Call | Group] = [*made.calls, *made.groups]
    for part in sorted(parts, key=lambda part: int(part.id[1:])):
        refs = part.trigger.needs if isinstance(part, Call) else (*(m.id for m in part.members if isinstance(m, Ref)), *part.after)
        behind[part.id] = behind.get(part.id, False) or any(behind[ref] for ref in refs)
    for one in made.calls:
        if behind[one.id]:
            assert carried[one.id] <= 1
        else:
            assert carried[one.id] == 1
    assert set(carried) <= {one.id for one in made.calls}
    assert not (named - {one.id for one in made.calls})
    assert made.canvas() == canvas


@settings(max_examples=some(60), deadline=None)
@given(st.one_of(plans(), plans(), wild_plans()), st.data())
def test_workers_make_of_a_canvas_what_the_engine_makes_of_the_plan(made: Plan, data: st.DataObject) -> None:
    canvas = made.canvas()
    if not canvas.whole:
        return
    ids = [call.id for call in made.calls]
    failing = set(data.draw(st.lists(st.sampled_from(ids), max_size=4), label="failing"))
    modern, last_first = data.draw(st.booleans(), label="modern"), data.draw(st.booleans(), label="last first")
    expected = driven(made, failing)
    got = Workers(canvas, failing, modern=modern, last_first=last_first).play()
    assert got.results == expected.results
    assert got.failed == expected.failed
    assert max(got.started.values(), default=0) <= 1
    limits = {one.where.line: most_of(one.reason) for one in canvas.remarks}
    for scope in made.scopes:
        for one in scope.handlers:
            calls, wanted = got.called[scope.id, one.id], expected.called[scope.id, one.id]
            if scope.each:
                assert calls == wanted
            else:
                assert wanted <= calls <= wanted * limits.get(scope.where.line, 1), (scope, calls, wanted)


def most_of(reason: str) -> int:
    """The number in ``may be called up to 3 times``."""
    found = re.search(r"up to (twice|(\d+) times)", reason)
    assert found is not None, reason
    return int(found[2] or 2)
