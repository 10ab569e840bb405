"""Whatever order facts come in, late, twice or against each other: a driven run ends as its plan and the first end of each step say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.runtime.engine import Engine
from flowc.runtime.errors import ReachError
from flowc.runtime.events import CallHandler, Failed, HandlerEnded, Lost, Ready, Revoked, Succeeded
from flowc.runtime.failures import Failure
from flowc.runtime.fleet.facts import Alive, Fact, Raised, Returned, Seen
from flowc.runtime.fleet.facts import Lost as LostFact

from ...runtime.test_engine_properties import World, worlds
from ...slices import some
from .scripted import Message, ScriptedFleet

ERROR = {"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"}
FAILURE = Failure("ValueError", "builtins", "no", ("no",))


def ends(message: Message, end: str) -> list[Fact]:
    """What tells that a step has ended so; the first that is whole counts."""
    id_ = message.id
    match end:
        case "ok":
            value = {"x": 1}
            return [Returned(id_, value), Seen(id_, "SUCCESS", value, source="rpc")]
        case "fail":
            return [Seen(id_, "FAILURE", ERROR), Seen(id_, "FAILURE", ERROR, source="event", complete=False)]
        case "revoke":
            return [Seen(id_, "REVOKED", "revoked")]
    return [LostFact(id_, "gone", 1.0)]


def noise(id_: str) -> list[Fact]:
    """Facts that end nothing by themselves."""
    return [
        Alive(id_, "received"),
        Alive(id_, "started"),
        Seen(id_, "PENDING"),
        Seen(id_, "STARTED"),
        Seen(id_, "SUCCESS", "'…", complete=False),
    ]


def late(id_: str) -> list[Fact]:
    """Ends that come when the step has ended."""
    return [Returned(id_, "late"), Raised(id_), Seen(id_, "FAILURE", ERROR), Seen(id_, "REVOKED"), LostFact(id_, "late", 2.0)]


def reference(world: World) -> tuple[dict[str, str], int]:
    """The states, and how many handlers are called, by the engine alone."""
    engine, handlers = Engine(world.plan), 0
    queue = list(engine.start())
    while queue:
        match queue.pop(0):
            case Ready(id_):
                try:
                    engine.send(id_)
                except ReachError:
                    queue += engine.handle(Failed(id_, FAILURE))
                    continue
                made: dict[str, Any] = {
                    "ok": Succeeded(id_, {"x": 1}), "fail": Failed(id_, FAILURE), "revoke": Revoked(id_, FAILURE),
                    "lose": Lost(id_, FAILURE),
                }  # fmt: skip
                queue += engine.handle(made[world.ends[id_]])
            case CallHandler(number):
                handlers += 1
                queue += engine.handle(HandlerEnded(number, None))
    return {call.id: str(engine.state(call.id)) for call in world.plan.calls}, handlers


@settings(max_examples=some(12), deadline=None)
@given(worlds(), st.data())
def test_late_and_repeated_facts_change_nothing(world: World, data: st.DataObject) -> None:
    quiet = replace(
        world.plan, scopes=tuple(scope for scope in world.plan.scopes if scope.kind == "error")
    )  # listeners need an application
    kept = {scope.id for scope in quiet.scopes}
    if any(call.scope not in (None, *kept) for call in quiet.calls) or any(scope.parent not in (None, *kept) for scope in quiet.scopes):
        return
    old: list[str] = []

    def script(message: Message) -> Iterable[Fact]:
        handler = message.step.startswith("handler#")
        end = "ok" if handler else world.ends[message.step]
        before = data.draw(st.lists(st.sampled_from(noise(message.id)), max_size=3))
        after = data.draw(st.lists(st.sampled_from(late(message.id)), max_size=2))
        stale = [fact for id_ in data.draw(st.lists(st.sampled_from(old), max_size=2)) for fact in late(id_)] if old else []
        old.append(message.id)
        told = data.draw(st.permutations(ends(message, end)))
        return [*before, *stale, *told, *after]

    fleet = ScriptedFleet(script)
    result = fleet.drive(quiet, window=data.draw(st.integers(1, 20)))
    plain = World(quiet, world.ends, world.tells)
    states, handlers = reference(plain)
    assert {step.id: str(step.state) for step in result.steps} == states
    assert len(result.handlers) == handlers
    assert len({message.id for message in fleet.sent}) == len(fleet.sent), "nothing is sent twice"
    assert not fleet.watched, "what has ended is watched no longer"
