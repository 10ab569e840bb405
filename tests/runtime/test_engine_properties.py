"""The engine against a simple reading of the rules, over random plans, behaviours and orders of events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.plan import Call, Group, Plan, Ref, Scope
from flowc.runtime.engine import Engine
from flowc.runtime.errors import ReachError
from flowc.runtime.events import (
    Action,
    CallHandler,
    Event,
    Failed,
    HandlerEnded,
    Lost,
    Notify,
    Ready,
    Revoked,
    Skipped,
    State,
    Succeeded,
    Told,
)
from flowc.runtime.failures import Failure

from ..slices import some
from .plans import call, group, handler, on_error, on_message, plan

BOOM = Failure("ValueError", "builtins", "boom", ("boom",))
ENDS = ("ok", "ok", "ok", "ok", "ok", "fail", "revoke", "lose")


@dataclass(frozen=True)
class World:
    """A plan and what each of its steps will do: how it ends, and how many states it tells before."""

    plan: Plan
    ends: dict[str, str]
    tells: dict[str, int]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    scopes: list[Scope] = []
    for n in range(draw(st.integers(0, 4))):
        parent = draw(st.sampled_from([None, *(s.id for s in scopes)]))
        handlers = [handler(f"h{n}.{k}", "t") for k in range(draw(st.integers(1, 2)))]
        scopes.append(
            on_message(f"s{n}", *handlers, parent=parent)
            if draw(st.booleans())
            else on_error(f"s{n}", *handlers, parent=parent, each=draw(st.booleans()))
        )
    parts: list[Call | Group] = []
    for n in range(draw(st.integers(1, 14))):
        known = [part.id for part in parts]
        # a reference into a result ("x") is there, into another ("y") is not
        refs = [
            Ref(id_, () if id_.startswith("g") else draw(st.sampled_from([(), (), (), ("x",), ("y",)])))
            for id_ in (draw(st.lists(st.sampled_from(known), max_size=4)) if known else [])
        ]
        after = draw(st.lists(st.sampled_from(known), max_size=1)) if known else []
        if draw(st.integers(0, 3)) == 0:
            parts.append(group(f"g{n}", *refs, after=after))
        else:
            scope = draw(st.sampled_from([None, *(s.id for s in scopes)]))
            parts.append(call(f"c{n}", "t", *refs, after=after, scope=scope))
    calls = [part.id for part in parts if isinstance(part, Call)]
    ends = {id_: draw(st.sampled_from(ENDS)) for id_ in calls}
    tells = {id_: draw(st.integers(0, 2)) for id_ in calls}
    return World(plan(*parts, *scopes, value=[Ref(part.id) for part in parts]), ends, tells)


class Broken(Exception):
    """A reference leads to nothing."""


def expected(world: World) -> tuple[dict[str, State], dict[str, Any]]:
    """The state of every step and the value of every node, worked out in the order of the text, without events."""
    made: dict[str, Any] = {}
    states: dict[str, State] = {}
    nodes: list[Call | Group] = sorted((*world.plan.calls, *world.plan.groups), key=lambda node: int(node.id[1:]))

    def read(ref: Any) -> Any:
        if isinstance(made[ref.id], Broken):
            raise Broken
        try:
            value = made[ref.id]
            for part in ref.path:
                value = value[part]
            return value
        except KeyError:
            raise Broken from None

    for node in nodes:
        refs = node.args if isinstance(node, Call) else node.members
        needs = {*(r.id for r in refs), *(node.trigger.after if isinstance(node, Call) else node.after)}  # type: ignore[union-attr]
        if any(states[id_] is not State.SUCCESS for id_ in needs):
            states[node.id] = State.SKIPPED
            continue
        try:
            values = [read(ref) for ref in refs]
        except Broken as broken:
            states[node.id] = State.FAILURE if isinstance(node, Call) else State.SUCCESS
            made[node.id] = broken
            continue
        if isinstance(node, Group):
            states[node.id], made[node.id] = State.SUCCESS, values
        else:
            end = world.ends[node.id]
            states[node.id] = {"ok": State.SUCCESS, "fail": State.FAILURE, "revoke": State.REVOKED, "lose": State.LOST}[end]
            made[node.id] = {"x": node.id, "got": values}
    return states, made


class Simulation:
    """Plays a world on an engine in an order that hypothesis chooses, and keeps what the engine asked for."""

    def __init__(self, world: World, data: st.DataObject) -> None:
        self.world, self.data = world, data
        self.engine = Engine(world.plan)
        self.ready: list[str] = []
        self.out: dict[str, int] = {}
        self.got: dict[str, list[Any]] = {}
        self.failures: list[str] = []
        self.handling: dict[int, CallHandler] = {}
        self.handlers: list[CallHandler] = []
        self.notes: list[Notify] = []
        self.skips: list[str] = []
        self.made_ready: Counter[str] = Counter()

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Ready(id_):
                    self.ready.append(id_)
                    self.made_ready[id_] += 1
                case Skipped(id_):
                    self.skips.append(id_)
                case CallHandler(number):
                    assert number not in self.handling, "handlers of one failure run one after the other"
                    self.handling[number] = action
                    self.handlers.append(action)
                case Notify():
                    self.notes.append(action)

    def run(self) -> None:
        self.take(self.engine.start())
        while not self.engine.finished:
            choices: list[tuple[str, Any]] = [
                *(("send", r) for r in self.ready),
                *(("step", o) for o in self.out),
                *(("handler", n) for n in self.handling),
            ]
            assert choices, "the engine is not finished, but nothing is left to do"
            what, which = self.data.draw(st.sampled_from(choices))
            if what == "send":
                self.ready.remove(str(which))
                self.send(str(which))
            elif what == "step":
                self.step(str(which))
            else:
                del self.handling[int(which)]
                self.take(self.engine.handle(HandlerEnded(int(which), self.data.draw(st.sampled_from([None, BOOM])))))
        assert not self.ready
        assert not self.out

    def send(self, id_: str) -> None:
        try:
            self.got[id_] = self.engine.send(id_).args
        except ReachError:
            self.failures.append(id_)
            self.take(self.engine.handle(Failed(id_, BOOM)))
        else:
            self.out[id_] = self.world.tells[id_]

    def step(self, id_: str) -> None:
        if self.out[id_]:
            self.out[id_] -= 1
            self.take(self.engine.handle(Told(id_, "PROGRESS", self.out[id_])))
            return
        del self.out[id_]
        if self.world.ends[id_] in ("fail", "lose"):
            self.failures.append(id_)
        events: dict[str, Event] = {
            "ok": Succeeded(id_, {"x": id_, "got": self.got[id_]}),
            "fail": Failed(id_, BOOM),
            "revoke": Revoked(id_, BOOM),
            "lose": Lost(id_, BOOM),
        }
        event = events[self.world.ends[id_]]
        self.take(self.engine.handle(event))
        assert self.engine.handle(event) == [], "a second end changes nothing"


def around(world: World, id_: str, kind: str) -> list[Scope]:
    """The scopes of a kind around a step, innermost first."""
    scopes = {scope.id: scope for scope in world.plan.scopes}
    found, at = [], next(c for c in world.plan.calls if c.id == id_).scope
    while at is not None:
        found.append(scopes[at])
        at = scopes[at].parent
    return [scope for scope in found if scope.kind == kind]


@settings(max_examples=some(50), deadline=None)
@given(worlds(), st.data())
def test_any_order_of_events_keeps_the_rules(world: World, data: st.DataObject) -> None:
    simulation = Simulation(world, data)
    simulation.run()
    engine = simulation.engine
    states, made = expected(world)

    # states, results and arguments are those of the text, whatever the order
    assert {id_: engine.state(id_) for id_ in states} == states
    for id_, got in simulation.got.items():
        call_ = next(c for c in world.plan.calls if c.id == id_)
        assert len(got) == len(call_.args)
        if states[id_] is State.SUCCESS:
            assert engine.result(id_) == made[id_]

    # each step is made ready once or skipped once, never both
    skipped = [id_ for id_ in world.ends if states[id_] is State.SKIPPED]
    assert sorted(simulation.skips) == sorted(skipped)
    assert simulation.made_ready == Counter(id_ for id_ in world.ends if id_ not in skipped)
    for id_ in skipped:
        assert states[str(engine.because(id_))] in (State.FAILURE, State.REVOKED, State.LOST)

    # handlers: in the order of failures, innermost scope first, each scope once
    wanted: list[tuple[str, str, str]] = []
    fired: set[str] = set()
    for id_ in simulation.failures:
        for scope in around(world, id_, "error"):
            if scope.each or scope.id not in fired:
                fired.add(scope.id)
                wanted += [(scope.id, h.id, id_) for h in scope.handlers]
    called = [(h.scope, h.handler, h.step) for h in simulation.handlers]
    assert sorted(called) == sorted(wanted)
    for id_ in simulation.failures:
        assert [c for c in called if c[2] == id_] == [w for w in wanted if w[2] == id_]

    # listeners: every state of every step around which they stand, once, in order, the final one last
    heard = Counter((n.scope, n.handler, n.step, n.state) for n in simulation.notes)
    for id_ in world.ends:
        told = world.tells[id_] if id_ in simulation.got else 0
        for scope in around(world, id_, "message"):
            for h in scope.handlers:
                assert heard[(scope.id, h.id, id_, "PROGRESS")] == told
                assert heard[(scope.id, h.id, id_, str(states[id_]))] == (id_ not in skipped)
                mine = [n.state for n in simulation.notes if (n.scope, n.handler, n.step) == (scope.id, h.id, id_)]
                assert mine == ["PROGRESS"] * told + [str(states[id_])] * (id_ not in skipped)


@settings(max_examples=some(25), deadline=None)
@given(worlds(), st.data())
def test_a_run_can_be_stopped_at_any_moment(world: World, data: st.DataObject) -> None:
    simulation = Simulation(world, data)
    simulation.take(simulation.engine.start())
    for _ in range(data.draw(st.integers(0, 10))):
        if simulation.ready:
            simulation.send(simulation.ready.pop(0))
        elif simulation.out:
            simulation.step(next(iter(simulation.out)))
    simulation.engine.stop()
    simulation.ready.clear()
    simulation.made_ready.clear()
    while simulation.out or simulation.handling:
        assert not simulation.engine.finished
        if simulation.out:
            simulation.step(next(iter(simulation.out)))
        else:
            number = next(iter(simulation.handling))
            del simulation.handling[number]
            simulation.take(simulation.engine.handle(HandlerEnded(number, None)))
    assert simulation.engine.finished
    assert not simulation.made_ready
