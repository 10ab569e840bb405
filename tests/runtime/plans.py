"""Plans for tests, written briefly: what a call needs is worked out from the references in its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowc.compiler.plan import Call, Group, Handler, Location, Map, Plan, Ref, Scope, Trigger, Value
from flowc.runtime.outcome import RunResult, StepResult
from flowc.runtime.values import references

WHERE = Location("test.flow", 1, 1, 1, 10)


def freeze(value: Any) -> Value:
    """Lists and dicts as a plan has them."""
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    if isinstance(value, Mapping):
        return Map(tuple((key, freeze(item)) for key, item in value.items()))
    return value  # type: ignore[no-any-return]


def call(
    id_: str,
    task: str,
    /,
    *args: Any,
    after: Iterable[str] = (),
    scope: str | None = None,
    options: Mapping[str, Any] | None = None,
    group: tuple[str, ...] = (),
    line: int = 1,
    **kwargs: Any,
) -> Call:
    """A call; ``after`` are steps whose results it does not use."""
    frozen, named = tuple(freeze(a) for a in args), Map(tuple((k, freeze(v)) for k, v in kwargs.items()))
    needs = tuple(dict.fromkeys((*references(frozen), *references(named), *after)))
    trigger = Trigger("start" if not needs else "join", None, tuple(after), needs)
    named_options = Map(tuple((k, freeze(v)) for k, v in (options or {}).items()))
    where = Location("test.flow", line, 1, line, 10)
    return Call(id_, task, frozen, named, named_options, trigger, group, (), scope, "any", where)


def group(id_: str, *members: Any, after: Iterable[str] = ()) -> Group:
    """A group of values."""
    return Group(id_, "list", tuple(freeze(m) for m in members), id_, (), (), tuple(after), WHERE)


def handler(id_: str, task: str, /, *args: Any, **kwargs: Any) -> Handler:
    """A handler."""
    return Handler(id_, task, tuple(freeze(a) for a in args), Map(tuple((k, freeze(v)) for k, v in kwargs.items())), Map(), WHERE)


def on_error(id_: str, *handlers: Handler, parent: str | None = None, each: bool = False) -> Scope:
    """A scope with errbacks."""
    return Scope(id_, "error", each, handlers, parent, WHERE)


def on_message(id_: str, *handlers: Handler, parent: str | None = None) -> Scope:
    """A scope with listeners."""
    return Scope(id_, "message", False, handlers, parent, WHERE)


def plan(*parts: Call | Group | Scope, value: Any = None) -> Plan:
    """A plan of calls, groups and scopes in any order."""
    calls = tuple(part for part in parts if isinstance(part, Call))
    groups = tuple(part for part in parts if isinstance(part, Group))
    scopes = tuple(part for part in parts if isinstance(part, Scope))
    return Plan("test", None, calls, groups, scopes, (), freeze(value))


def states(result: RunResult) -> dict[str, str]:
    """The state of each step."""
    return {step.id: str(step.state) for step in result.steps}


def step(result: RunResult, id_: str) -> StepResult:
    """One step's result."""
    return next(step for step in result.steps if step.id == id_)


__all__ = ["Ref", "call", "freeze", "group", "handler", "on_error", "on_message", "plan", "states", "step"]
