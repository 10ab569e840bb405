"""What can be known to go wrong before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from ..compiler.plan import Call, Late, Location, Map, Plan, PlanError, Value
from .app import App
from .builtin_tasks import BUILTIN, MAPPING
from .errors import UnknownTasks


def check_tasks(plan: Plan, app: App) -> None:
    """Make sure that the application has every task of the plan: its steps', its handlers', those that ``map`` calls.

    Raises:
        UnknownTasks: one line for each different place and name, in the order of the plan.
    """
    problems = tuple(dict.fromkeys(_problem(name, what, where, app) for name, what, where in tasks_of(plan) if name not in app.tasks))
    if problems:
        raise UnknownTasks(problems)


def check_ids(plan: Plan) -> None:
    """Make sure that no two steps of a bound plan have the same ``task_id``.

    Raises:
        PlanError: two have.
    """
    seen: dict[object, Call] = {}
    for call in plan.calls:
        id_ = call.options.get("task_id") if call.options else None
        if id_ is not None and seen.setdefault(id_, call) is not call:
            raise PlanError(f"{call.where}: steps {seen[id_].id} and {call.id} have the same task_id {id_!r}")


def tasks_of(plan: Plan) -> Iterator[tuple[str, str, Location]]:
    """Every task that the plan names, what it is there, and where."""
    for call in plan.calls:
        yield call.task, f"step {call.id}", call.where
        mapped = _mapped(call)
        if mapped is not None:
            yield mapped, f"step {call.id}", call.where
    for scope in plan.scopes:
        for handler in scope.handlers:
            yield handler.task, f"handler {handler.id}", handler.where


def _mapped(call: Call) -> str | None:
    """The task that a ``celery.map`` or ``celery.starmap`` calls."""
    if call.task not in MAPPING:
        return None
    signature = call.kwargs.get("task") if call.kwargs.get("task") is not None else (call.args[0] if call.args else None)
    name = signature.get("task") if isinstance(signature, Map) else None
    return name if isinstance(name, str) else None


def _problem(name: str, what: str, where: Location, app: App) -> str:
    return f"{where}: {what}: the application {app.name or ''}".rstrip() + f" has no task {name!r}{nearest_task(name, app.tasks)}"


def nearest_task(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?`` where a known task has a name like that, else nothing."""
    names = [other for other in known if other not in BUILTIN]
    short = name.rpartition(".")[2]
    near = sorted(other for other in names if other.rpartition(".")[2] == short) or difflib.get_close_matches(name, names, 1, 0.7)
    return f"; did you mean {near[0]!r}?" if near else ""


def notes(plan: Plan, app: App, pool: str) -> tuple[str, ...]:
    """Remarks about what this pool will not do for the plan."""
    if pool == "processes":
        return ()
    found: list[str] = []
    timed = [call.id for call in plan.calls if call.options.get("timeout") is not None] if pool == "solo" else []
    if timed:
        found.append(f"timeouts are not kept by --pool solo, so not for {_and_more(timed)}")
    limits = ("time_limit", "soft_time_limit")
    limited = [
        call.id
        for call in plan.calls
        if any(call.options.get(limit) is not None or app.tasks[call.task].options.get(limit) is not None for limit in limits)
    ]
    if limited:
        found.append(f"time limits are kept by --pool processes alone, so not for {_and_more(limited)}")
    return tuple(found)


def left_alone(steps: Sequence[str]) -> str:
    """The remark about steps that went on after their ``timeout``."""
    return f"no thread can be stopped, so {_and_more(steps)} went on after the timeout; --pool processes ends such tasks"


def _and_more(steps: Sequence[str]) -> str:
    return steps[0] + (f" and {len(steps) - 1} more" if len(steps) > 1 else "")


def late_values(plan: Plan) -> Iterator[Late]:
    """Every value of the plan that is known at submission only, operands included."""
    for call in plan.calls:
        yield from _lates(call.args)
        yield from _lates(call.kwargs)
        yield from _lates(call.options)
    for scope in plan.scopes:
        for handler in scope.handlers:
            yield from _lates(handler.args)
            yield from _lates(handler.kwargs)
            yield from _lates(handler.options)
    for group in plan.groups:
        yield from _lates(group.members)
    yield from _lates(plan.value)


def _lates(value: Value) -> Iterator[Late]:
    if isinstance(value, Late):
        yield value
        yield from _lates(value.args)
    elif isinstance(value, tuple):
        for item in value:
            yield from _lates(item)
    elif isinstance(value, Map):
        for _, item in value.items:
            yield from _lates(item)
