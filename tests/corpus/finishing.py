"""Running a plan to its end without any worker: every step succeeds with something that can be reached into."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flowc.compiler.plan import Late, Map, Plan, Value
from flowc.runtime.engine import Engine
from flowc.runtime.events import Ready, Succeeded

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)


class Anything(dict[Any, Any]):
    """A result that has whatever is looked for in it."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: object) -> Anything:
        return self


def variables(value: Value) -> set[str]:
    """The names of the variables and secrets in a value."""
    if isinstance(value, Late):
        named = {value.args[0]} if value.op in ("env", "secret") and isinstance(value.args[0], str) else set()
        return named.union(*map(variables, value.args))
    inner = value if isinstance(value, tuple) else [item for _, item in value] if isinstance(value, Map) else []
    return set().union(*map(variables, inner))


def bound(plan: Plan) -> Plan:
    """The plan as it is submitted, with some value for each of its variables and secrets."""
    values = [v for c in plan.calls for v in (*c.args, c.kwargs, c.options)]
    values += [v for s in plan.scopes for h in s.handlers for v in (*h.args, h.kwargs, h.options)]
    values += [*(g.members for g in plan.groups), plan.value]
    names = dict.fromkeys(set().union(*map(variables, values)), "1")
    return plan.bind(now=NOW, env=names, secrets=names)


def finish(plan: Plan) -> list[str]:
    """The ids of the steps in the order in which they were ready. Fails if a plan does not come to its end."""
    engine = Engine(bound(plan))
    ready = [a.id for a in engine.start() if isinstance(a, Ready)]
    for step in ready:  # grows while it is gone through
        engine.send(step)
        ready += [a.id for a in engine.handle(Succeeded(step, Anything())) if isinstance(a, Ready)]
    assert sorted(ready) == sorted(c.id for c in plan.calls)
    assert engine.finished
    engine.value()
    return ready
