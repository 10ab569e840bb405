"""A flow under test does what it does embedded: the same results, states, handlers, skipped steps and arguments, in the same order."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import flowc
from flowc.compiler.pipeline import compile_source
from flowc.compiler.plan import Call, Map
from flowc.dsl.source import Source
from flowc.runtime.driver import run
from flowc.runtime.loading import load_app
from flowc.runtime.testing.simulate import simulate
from flowc.runtime.testing.stubs import task

from ..corpus.accepted import compile_program, name_of, programs
from ..fleet.differential.growing import Tree, text, trees
from ..runtime.test_engine_properties import World, worlds
from .both_ways import compare, summary, without_waiting

ROOT = Path(__file__).parents[2]
SECRETS = {"TOKEN": "t-hunter2", "API_TOKEN": "a-hunter2", "KEY": "k-hunter2"}
LATE: dict[str, Any] = {
    "now": dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC),
    "env": {"HOME": "/home/me", "CITY": "Delft", "STAGE": "test"},
}


class Anything(dict[str, str]):
    """Has every variable."""

    def __missing__(self, key: str) -> str:
        return f"the {key}"

    def __contains__(self, key: object) -> bool:
        return True


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_accepted_programs(path: Path) -> None:
    plan = compile_program(path).plan
    assert plan is not None
    plan = without_waiting(plan)
    late = {**LATE, "env": Anything(), "secrets": Anything()}
    compare(plan, **late)
    failing = [plan.calls[n].id for n in range(0, len(plan.calls), 4)]
    compare(plan, frozenset(failing) | {handler.task for scope in plan.scopes for handler in scope.handlers}, **late)


@settings(max_examples=25, deadline=None)
@given(trees(most=12))
def test_random_flows(tree: Tree) -> None:
    compare_flow(tree)


@pytest.mark.soak
@settings(max_examples=500, deadline=None)
@given(trees(most=30))
def test_many_random_flows(tree: Tree) -> None:
    compare_flow(tree)


def compare_flow(tree: Tree) -> None:
    plan = compile_source(Source("random.flow", text(tree, "key"))).plan
    assert plan is not None
    compare(plan, frozenset({"proj.fail"}))


PAST = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_random_plans(world: World) -> None:
    compare_plan(world)


@pytest.mark.soak
@settings(max_examples=500, deadline=None)
@given(worlds())
def test_many_random_plans(world: World) -> None:
    compare_plan(world)


def compare_plan(world: World) -> None:
    """With steps that fail, steps that have expired, references that lead to nothing, listeners and states that are told."""

    def expired(call: Call) -> Call:
        return replace(call, options=Map((("expires", PAST),))) if world.ends[call.id] == "revoke" else call

    plan = replace(world.plan, calls=tuple(map(expired, world.plan.calls)))

    def act(log: list[Any]) -> Any:
        def t(self: Any, *args: Any) -> Any:
            step = (self.request.id or "").partition(".")[2]
            if step not in world.ends:  # a handler, or a listener
                message = args[0] if isinstance(args[0], dict) else None
                log.append((step, args[0].task if message is None else (message["status"], message["result"])))
                return None
            log.append((step, list(args)))
            for number in range(world.tells[step]):
                self.update_state(state="PROGRESS", meta=number)
            if world.ends[step] in ("fail", "lose"):
                raise ValueError(step)
            return {"x": step, "got": list(args)}

        return t

    logs: list[list[Any]] = [[], [], []]
    apps = [flowc.App(f"world{n}", set_as_current=False) for n in range(2)]
    for app, log in zip(apps, logs, strict=False):
        app.task(name="t", bind=True)(act(log))
    embedded = run(plan, apps[0], pool="solo")
    in_turn = simulate(plan, app=apps[1], concurrency=1)
    assert (summary(in_turn.result), logs[1]) == (summary(embedded), logs[0])
    at_once = simulate(plan, stubs={"t": task(act(logs[2]), bind=True)} if plan.calls or plan.scopes else {})
    assert at_once.states == in_turn.states
    assert sorted(map(repr, logs[2])) == sorted(map(repr, logs[0]))
    steps = [call.step for call in at_once.calls() if call.handler is None]
    assert steps == at_once.order


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["hello/hello", "hello/failing", "joins/diamond", "joins/two_joins", "maps/maps", "branches/branches", "subflows/weather",
     "handlers/handlers", "options/options", "options/scopes", "etl/etl", "progress/progress"],
)  # fmt: skip
def test_examples(here: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    app = load_app(f"examples.{name.split('/')[0]}.tasks", str(ROOT))
    plan = without_waiting(flowc.load(ROOT / f"examples/{name}.flow", app=app).plan)
    embedded = summary(run(plan, app, pool="solo", **LATE))
    said = capsys.readouterr().err
    simulated = simulate(plan, app=app, concurrency=1, **LATE)
    assert _without_run_ids(summary(simulated.result)) == _without_run_ids(embedded)
    assert capsys.readouterr().err == said


def _without_run_ids(result: dict[str, Any]) -> str:
    return re.sub("[0-9a-f]{32}", "RUN", repr(result))


def test_times_differ_by_what_real_tasks_take_alone() -> None:
    """Each of these takes some real milliseconds; none of them reaches another's."""
    flow = flowc.loads(TIMED)
    embedded_app, simulated_app = _timed(real=True), _timed(real=False)
    embedded = flow.run(embedded_app)
    simulated = simulate(flow.plan, app=simulated_app)
    seen, wanted = summary(simulated.result), summary(embedded)
    for result in (seen, wanted):
        result["steps"] = [
            (id_, state, value, (error or "").split(" at ")[0], because) for id_, state, value, error, because in result["steps"]
        ]
        result["handlers"].sort()
    assert seen == wanted
    assert simulated["flaky"].retries == 2
    assert {step.id: step.state for step in simulated}["endless#1"] == "FAILURE"
    assert simulated["endless"].ended == 0.25


TIMED = """\
slow() {countdown = 40ms} -> echo
echo("late") {countdown = 200ms, expires = 50ms} !> note
flaky() => echo("then")
endless() {timeout = 250ms} !> note
given_up() !> note
"""


def _timed(*, real: bool) -> flowc.App:
    import time

    from flowc.testing import sleep

    app, tries = flowc.App("timed", set_as_current=False), iter(range(10))
    wait: Any = time.sleep if real else sleep

    @app.task(name="slow")
    def slow() -> int:
        wait(0.02)
        return 1

    @app.task(name="echo")
    def echo(value: Any) -> Any:
        return value

    @app.task(name="flaky", autoretry_for=(OSError,), default_retry_delay=0.02)
    def flaky() -> int:
        if next(tries) < 2:
            raise OSError
        return 1

    @app.task(name="given_up", bind=True, max_retries=2, default_retry_delay=0.01)
    def given_up(self: Any) -> None:
        raise self.retry(exc=KeyError("no"))

    @app.task(name="endless")
    def endless() -> None:
        wait(0.6)

    @app.task(name="note")
    def note(request: Any, exc: Any, traceback: Any) -> None:
        pass

    return app
