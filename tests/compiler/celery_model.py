"""A little Celery: what stock workers do with a canvas, by the rules of links, chords and errbacks that were seen on real ones.

``modern`` is 5.7, where the failure of an inner chord, or of a step before one, reaches the outer chord through what follows in the chain;
before, the outer chord waits for ever.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from flowc.compiler.plan import Canvas, Carried, Chord, Plan
from flowc.runtime.engine import Engine
from flowc.runtime.events import CallHandler, Failed, HandlerEnded, Ready, State, Succeeded
from flowc.runtime.failures import Failure
from flowc.runtime.values import fill

BOOM = Failure("ValueError", "builtins", "boom", ("boom",))


@dataclass
class Run:
    """What became of a run. ``called``: by scope and handler, how often."""

    results: dict[str, Any] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    called: Counter[tuple[str, str]] = field(default_factory=Counter)
    started: Counter[str] = field(default_factory=Counter)


def result_of(step: str, args: Any, kwargs: Any) -> Any:
    """What a step returns: which step it was, and what it was given."""
    return {"step": step, "args": list(args), "kwargs": dict(kwargs)}


def driven(plan: Plan, failing: set[str]) -> Run:
    """What becomes of a plan that the engine drives."""
    run, engine = Run(), Engine(plan)
    actions = deque(engine.start())
    while actions:
        action = actions.popleft()
        if isinstance(action, Ready):
            send = engine.send(action.id)
            run.started[action.id] += 1
            if action.id in failing:
                actions.extend(engine.handle(Failed(action.id, BOOM)))
                run.failed.add(action.id)
            else:
                result = result_of(action.id, send.args, send.kwargs)
                actions.extend(engine.handle(Succeeded(action.id, result)))
                run.results[action.id] = result
        elif isinstance(action, CallHandler):
            run.called[action.scope, action.handler] += 1
            actions.extend(engine.handle(HandlerEnded(action.number, None)))
    assert engine.finished
    assert {call.id for call in plan.calls if engine.state(call.id) is State.SUCCESS} == run.results.keys()
    return run


class Workers:
    """Workers that run a canvas. ``failing``: the steps whose task raises."""

    def __init__(self, canvas: Canvas, failing: set[str], *, modern: bool = True, last_first: bool = False) -> None:
        self.carried = {one.id: one for one in canvas.carried}
        self.chords = {chord.id: chord for chord in canvas.chords}
        self.bodies = {chord.body: chord for chord in canvas.chords}
        #: By what is collected, or what stands on the way there: the chord and the member, and the place on the path.
        self.paths = {id_: (chord, n, at) for chord in canvas.chords for n, path in enumerate(chord.members) for at, id_ in enumerate(path)}
        self.failing, self.modern, self.last_first = failing, modern, last_first
        self.parts: dict[str, dict[int, tuple[bool, Any]]] = {id_: {} for id_ in self.chords}
        self.queue: deque[tuple[str, tuple[Any, ...]]] = deque()
        self.run = Run()

    def play(self) -> Run:
        """Send the first messages and work until the queue is empty."""
        for one in self.carried.values():
            if one.how == "message":
                assert one.by is None
                self.queue.append((one.id, ()))
        for chord in self.chords.values():
            if chord.by is None:
                self.start(chord.id, ())
        while self.queue:
            id_, given = self.queue.pop() if self.last_first else self.queue.popleft()
            self.work(self.carried[id_], given)
        return self.run

    def start(self, id_: str, given: tuple[Any, ...]) -> None:
        """Send a step, or the header of a chord."""
        chord = self.chords.get(id_)
        if chord is None:
            self.queue.append((id_, given))
            return
        for path in chord.members:
            first = self.chords.get(path[0]) or self.carried[path[0]]
            assert first.by == id_, (first, id_)
            self.start(path[0], given)

    def work(self, one: Carried, given: tuple[Any, ...]) -> None:
        """A worker gets a message."""
        args = (() if one.immutable else given) + tuple(fill(arg, {}) for arg in one.args)
        kwargs = {name: fill(value, {}) for name, value in one.kwargs.items}
        if one.glue is not None:
            self.succeed(one, args[kwargs["index"]] if "index" in kwargs else list(args))
            return
        self.run.started[one.id] += 1
        if one.id in self.failing:
            self.run.failed.add(one.id)
            self.call(one)
            self.fail_part(one.id)
        else:
            self.run.results[one.id] = result_of(one.id, args, kwargs)
            self.succeed(one, self.run.results[one.id])

    def succeed(self, one: Carried, result: Any) -> None:
        for link in one.links:
            target = self.chords.get(link) or self.carried[link]
            assert target.by == one.id, (target, one.id)
            self.start(link, (result,))
        place = self.place(one.id)
        if place is not None and place[2] == len(place[0].members[place[1]]) - 1:
            self.part(place[0], place[1], True, result)

    def place(self, id_: str) -> tuple[Chord, int, int] | None:
        """Where something stands on the way to a member: a body stands where its chord does."""
        return self.paths.get(self.bodies[id_].id if id_ in self.bodies else id_)

    def call(self, one: Carried) -> None:
        self.run.called.update(one.errbacks)

    def fail_part(self, id_: str, *, header: bool = False) -> None:
        """A step has failed, or the header of the chord: does the chord around it hear of that?"""
        place = self.place(id_)
        if place is None:
            return
        chord, member, at = place
        path = chord.members[member]
        last = at == len(path) - 1
        into_chord = path[-1] in self.chords and not last
        heard = (self.modern and not last) if header else (self.modern or not into_chord)
        if heard:
            self.part(chord, member, False, None)

    def part(self, chord: Chord, member: int, good: bool, result: Any) -> None:
        parts = self.parts[chord.id]
        assert member not in parts, (chord, member)
        parts[member] = (good, result)
        if len(parts) < len(chord.members):
            return
        body = self.carried[chord.body]
        assert (body.how, body.by) == ("body", chord.id)
        if all(good for good, _ in parts.values()):
            self.queue.append((body.id, ([parts[n][1] for n in range(len(parts))],)))
        else:
            self.call(body)
            self.fail_part(chord.id, header=True)
