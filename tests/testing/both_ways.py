"""One plan embedded and under test, and what came of it in a form that can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import flowc
from flowc.compiler.plan import Map, Plan
from flowc.runtime import request as requests
from flowc.runtime.app import App
from flowc.runtime.driver import run
from flowc.runtime.outcome import RunResult
from flowc.runtime.preflight import tasks_of
from flowc.runtime.request import Context
from flowc.runtime.testing.simulate import simulate

#: Options that make a run wait; where nothing is to be waited for, a plan goes without them.
WAITING = ("countdown", "eta", "expires", "timeout")


class Deed(Exception):
    """What tasks fail with."""


@dataclass
class Log:
    """What the tasks of a run were called with, in order, without what differs from run to run."""

    failing: frozenset[str] = frozenset()
    lines: list[str] = field(default_factory=list)

    def act(self, task: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """What a task of the name ``task`` does."""
        context = requests.current()
        step = (context.id or "").partition(".")[2] if context is not None else ""
        self.lines.append(f"{task} {step} {[_plain(arg) for arg in args]} {sorted(kwargs)}")
        if task in self.failing or step in self.failing:
            raise Deed(f"{task} fails")
        return {"task": task, "got": len(args), "count": 2, "rows": [1, 2, 3], "args": [_plain(arg) for arg in args]}


def _plain(value: Any) -> Any:
    if isinstance(value, Context):
        return f"request of {value.task} {(value.id or '').partition('.')[2]} {value.args} {value.kwargs}"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}({value})"
    if isinstance(value, dict) and "task_id" in value:
        return f"message of {value['task_id'].partition('.')[2]}: {value['status']} {value['result']}"
    if isinstance(value, str) and value.startswith("Traceback"):
        return value.splitlines()[-1]
    return value


def application(plan: Plan, log: Log) -> App:
    """An application that has every task of a plan; each acts by the log."""
    app = flowc.App("both", set_as_current=False)
    for name in dict.fromkeys(task for task, _, _ in tasks_of(plan)):
        if name not in app.tasks:
            app.task(name=name)(_acting(name, log))
    return app


def stubs(plan: Plan, log: Log) -> dict[str, Any]:
    """A stub for every task of a plan; each acts by the log."""
    return {name: _acting(name, log) for name, _, _ in tasks_of(plan) if not name.startswith("celery.")}


def _acting(name: str, log: Log) -> Any:
    def act(*args: Any, **kwargs: Any) -> Any:
        return log.act(name, args, kwargs)

    return act


def without_waiting(plan: Plan) -> Plan:
    """The plan without options that make it wait, and without a ``task_id``, by which the log could not tell steps."""
    calls = tuple(
        replace(call, options=Map(tuple((key, value) for key, value in call.options.items if key not in (*WAITING, "task_id"))))
        for call in plan.calls
    )
    return replace(plan, calls=calls)


def summary(result: RunResult) -> dict[str, Any]:
    """All of a result that does not differ from run to run."""
    return {
        "ok": result.ok,
        "value": result.value if result.has_value else None,
        "has_value": result.has_value,
        "value_error": result.value_error,
        "steps": [(step.id, str(step.state), step.result, step.error, step.because) for step in result.steps],
        "handlers": [(h.id, h.task, h.scope, h.step, h.kind, str(h.failure), h.failures) for h in result.handlers],
    }


def compare(plan: Plan, failing: frozenset[str] = frozenset(), **late: Any) -> RunResult:
    """Run a plan embedded, and under test with an application and with stubs; all must be the same, in the same order. Gives the result."""
    logs = [Log(failing), Log(failing), Log(failing), Log(failing)]
    embedded = run(plan, application(plan, logs[0]), pool="solo", **late)
    expected = summary(embedded)
    in_turn = simulate(plan, app=application(plan, logs[1]), concurrency=1, **late)
    assert summary(in_turn.result) == expected
    assert logs[1].lines == logs[0].lines
    at_once = simulate(plan, stubs=stubs(plan, logs[2]), **late)
    assert _unordered(summary(at_once.result)) == _unordered(expected)
    assert sorted(logs[2].lines) == sorted(logs[0].lines)
    # and what a test is told agrees with it
    assert at_once.states == {step.id: str(step.state) for step in embedded.steps}
    assert at_once.skipped == [step.id for step in embedded.skipped]
    assert sorted(call.step for call in at_once.handlers) == sorted(h.step for h in embedded.handlers if h.kind == "error")
    assert sorted(at_once.order) == sorted(step.id for step in embedded.steps if step.started is not None)
    assert at_once.duration == 0
    return embedded


def _unordered(result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "handlers": sorted(result["handlers"])}
