"""The engine on its own: no clock, no threads; what goes in and what comes out."""

from __future__ import annotations

import pytest

from flowc.compiler.plan import Call, Group, PlanError, Ref
from flowc.runtime.engine import Engine
from flowc.runtime.errors import ReachError
from flowc.runtime.events import CallHandler, Failed, HandlerEnded, Lost, Notify, Ready, Revoked, Skipped, State, Succeeded, Told
from flowc.runtime.failures import Failure

from .plans import call, group, handler, on_error, on_message, plan

BOOM = Failure("ValueError", "builtins", "boom", ("boom",))


def test_a_link_hands_over_the_result() -> None:
    engine = Engine(plan(call("a", "t"), call("b", "t", Ref("a"), 16), value=Ref("b")))
    assert engine.start() == [Ready("a")]
    assert engine.send("a").args == []
    assert engine.handle(Succeeded("a", 4)) == [Ready("b")]
    assert engine.send("b").args == [4, 16]
    assert engine.handle(Succeeded("b", 20)) == []
    assert engine.finished
    assert engine.value() == 20


def test_a_diamond_joins_once() -> None:
    engine = Engine(plan(call("a", "t"), call("b", "t", Ref("a")), call("c", "t", Ref("a")), call("d", "t", Ref("b"), x=Ref("c"))))
    engine.start()
    engine.send("a")
    assert engine.handle(Succeeded("a", 1)) == [Ready("b"), Ready("c")]
    engine.send("b")
    engine.send("c")
    assert engine.handle(Succeeded("c", 3)) == []
    assert engine.handle(Succeeded("b", 2)) == [Ready("d")]
    send = engine.send("d")
    assert (send.args, send.kwargs) == ([2], {"x": 3})


def test_groups_nest_and_keep_the_written_order() -> None:
    inner, outer = group("inner", Ref("a"), Ref("b")), group("outer", Ref("inner"), Ref("c"), 7)
    engine = Engine(plan(call("a", "t"), call("b", "t"), call("c", "t"), inner, outer, call("z", "t", Ref("outer"))))
    engine.start()
    for id_, result in (("c", 3), ("b", 2), ("a", 1)):
        engine.send(id_)
        actions = engine.handle(Succeeded(id_, result))
    assert actions == [Ready("z")]
    assert engine.send("z").args == [[[1, 2], 3, 7]]


def test_an_empty_group_is_done_at_once() -> None:
    engine = Engine(plan(group("g"), call("z", "t", Ref("g")), value=Ref("g")))
    assert engine.start() == [Ready("z")]
    assert engine.value() == []


def test_an_empty_group_right_of_an_arrow_waits_for_what_stands_left() -> None:
    engine = Engine(plan(call("a", "t"), group("g", after=("a",)), call("z", "t", after=("g",))))
    assert engine.start() == [Ready("a")]
    engine.send("a")
    assert engine.handle(Succeeded("a", 1)) == [Ready("z")]


def test_a_failure_skips_what_needs_it_and_nothing_else() -> None:
    engine = Engine(
        plan(
            call("a", "t"),
            call("b", "t"),
            group("g", Ref("a"), Ref("b")),
            call("c", "t", Ref("g")),
            call("d", "t", Ref("c")),
            call("e", "t", Ref("b")),
        )
    )
    engine.start()
    engine.send("a")
    assert engine.handle(Failed("a", BOOM)) == [Skipped("c", "a"), Skipped("d", "a")]
    assert not engine.finished
    engine.send("b")
    assert engine.handle(Succeeded("b", 2)) == [Ready("e")]
    engine.send("e")
    engine.handle(Succeeded("e", 2))
    assert engine.finished
    assert engine.because("d") == "a"


def test_a_path_to_nothing_fails_the_step_that_needs_it() -> None:
    engine = Engine(plan(call("a", "t"), call("b", "t", Ref("a", ("count",))), call("c", "t", Ref("a"))))
    engine.start()
    engine.send("a")
    engine.handle(Succeeded("a", {"n": 1}))
    with pytest.raises(ReachError, match=r"a\.count: there is no key 'count' \(keys: n\)"):
        engine.send("b")
    engine.handle(Failed("b", BOOM))
    assert engine.send("c").args == [{"n": 1}]


def test_a_group_member_that_leads_to_nothing_fails_what_needs_the_group() -> None:
    engine = Engine(plan(call("a", "t"), group("g", Ref("a", ("x",))), group("h", Ref("g")), call("b", "t", Ref("h")), value=Ref("g")))
    engine.start()
    engine.send("a")
    assert engine.handle(Succeeded("a", {})) == [Ready("b")]
    with pytest.raises(ReachError, match=r"a\.x"):
        engine.send("b")
    with pytest.raises(ReachError, match=r"a\.x"):
        engine.value()


def test_the_first_end_of_a_step_counts() -> None:
    engine = Engine(plan(call("a", "t"), value=Ref("a")))
    engine.start()
    engine.send("a")
    engine.handle(Succeeded("a", 1))
    assert engine.handle(Failed("a", BOOM)) == []
    assert engine.handle(Succeeded("a", 2)) == []
    assert (engine.state("a"), engine.value()) == (State.SUCCESS, 1)


def _ends(engine: Engine, *steps: str) -> list[object]:
    actions: list[object] = []
    for id_ in steps:
        engine.send(id_)
        actions += engine.handle(Failed(id_, BOOM))
    return actions


def test_inner_scopes_are_served_first_and_each_once() -> None:
    outer = on_error("outer", handler("o", "t"))
    inner = on_error("inner", handler("i1", "t"), handler("i2", "t"), parent="outer")
    engine = Engine(plan(call("a", "t", scope="inner"), call("b", "t", scope="inner"), call("c", "t", scope="outer"), outer, inner))
    engine.start()
    assert _ends(engine, "a") == [CallHandler(1, "inner", "i1", "a", BOOM)]
    assert engine.handle(HandlerEnded(1, BOOM)) == [CallHandler(1, "inner", "i2", "a", BOOM)]  # the next one, also after a failure
    assert engine.handle(HandlerEnded(1, None)) == [CallHandler(1, "outer", "o", "a", BOOM)]
    assert _ends(engine, "b", "c") == []
    assert not engine.finished
    assert engine.handle(HandlerEnded(1, None)) == []
    assert engine.finished


def test_each_calls_the_handler_for_every_failure() -> None:
    scope = on_error("s", handler("h", "t"), each=True)
    engine = Engine(plan(call("a", "t", scope="s"), call("b", "t", scope="s"), scope))
    engine.start()
    assert _ends(engine, "a", "b") == [CallHandler(1, "s", "h", "a", BOOM), CallHandler(2, "s", "h", "b", BOOM)]


def test_a_lost_step_is_a_failed_one() -> None:
    engine = Engine(plan(call("a", "t", scope="s"), call("b", "t", Ref("a")), on_error("s", handler("h", "e"))))
    engine.start()
    engine.send("a")
    assert engine.handle(Lost("a", BOOM)) == [CallHandler(1, "s", "h", "a", BOOM), Skipped("b", "a")]
    assert engine.state("a") is State.LOST
    assert engine.handle(Succeeded("a", 1)) == []  # what comes later changes nothing


def test_a_revoked_step_skips_but_calls_no_handler() -> None:
    scope = on_error("s", handler("h", "t"))
    engine = Engine(plan(call("a", "t", scope="s"), call("b", "t", Ref("a"), scope="s"), scope))
    engine.start()
    engine.send("a")
    assert engine.handle(Revoked("a", BOOM)) == [Skipped("b", "a")]
    assert engine.finished


def test_listeners_get_every_state_once() -> None:
    scope = on_message("s", handler("l", "t"))
    engine = Engine(plan(call("a", "t", scope="s"), call("b", "t"), scope))
    engine.start()
    engine.send("a")
    assert engine.handle(Told("a", "PROGRESS", {"done": 1})) == [Notify("s", "l", "a", "PROGRESS", {"done": 1}, None)]
    assert engine.handle(Succeeded("a", 5)) == [Notify("s", "l", "a", "SUCCESS", 5, None)]
    assert engine.handle(Told("a", "PROGRESS", {"done": 2})) == []  # after its end


def test_a_stopped_run_makes_nothing_ready() -> None:
    engine = Engine(plan(call("a", "t"), call("b", "t", Ref("a")), call("c", "t")))
    engine.start()
    engine.send("a")
    engine.stop()
    assert not engine.finished
    assert engine.handle(Succeeded("a", 1)) == []
    assert engine.finished
    assert (engine.state("b"), engine.state("c")) == (State.PENDING, State.PENDING)


def test_a_step_that_never_began_can_be_taken_back() -> None:
    engine = Engine(plan(call("a", "t")))
    engine.start()
    engine.send("a")
    engine.stop()
    engine.unsend("a")
    assert engine.finished
    assert engine.state("a") is State.PENDING


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((call("a", "t"), call("a", "t")), "same id"),
        ((call("a", "t"), group("a")), "same id"),
        ((call("a", "t", Ref("b")),), "needs b"),
        ((call("a", "t", Ref("b")), call("b", "t", Ref("a"))), "wait for each other: a, b"),
        ((call("a", "t", scope="s"),), "no scope s"),
        ((on_error("s", parent="r"), on_error("r", parent="s")), "lies in itself"),
    ],
)
def test_a_damaged_plan_is_refused(parts: tuple[Call | Group, ...], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        Engine(plan(*parts))


def test_the_value_must_be_there() -> None:
    with pytest.raises(PlanError, match="value needs x"):
        Engine(plan(value=Ref("x")))


def test_a_long_chain_of_groups_does_not_recurse() -> None:
    groups = [group("g0"), *(group(f"g{i}", Ref(f"g{i - 1}"), 1) for i in range(1, 5000))]
    engine = Engine(plan(*groups, call("z", "t", after=("g4999",))))
    assert engine.start() == [Ready("z")]


def test_a_wide_group_costs_one_step_for_each_edge() -> None:
    width = 8_000  # quadratic work would take an hour
    members = [call(f"m{i}", "t", Ref("a")) for i in range(width)]
    engine = Engine(plan(call("a", "t"), *members, group("g", *(Ref(m.id) for m in members)), call("z", "t", Ref("g"))))
    engine.start()
    engine.send("a")
    engine.handle(Succeeded("a", 1))
    for member in members:
        engine.send(member.id)
        engine.handle(Succeeded(member.id, 1))
    assert len(engine.send("z").args[0]) == width
