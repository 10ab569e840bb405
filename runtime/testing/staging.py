"""The application of a flow under test: its tasks are stubs, or those of a real application."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ...compiler.plan import Plan
from ..app import App
from ..builtin_tasks import BUILTIN
from ..calling.declared import ATTRIBUTES
from ..errors import UsageError
from ..preflight import nearest_task
from ..task import Task
from .errors import StubError
from .names import Assigned, Names
from .stubs import Exhausted, function_of, options_of, play

#: Calls the stub of a task: (task, what it does where it has no stub, its arguments).
Player = Callable[[Task, Callable[..., Any] | None, tuple[Any, ...], Mapping[str, Any]], Any]


class StagedApp(App):
    """Has the settings of a real application, if there is one, and nothing that anything could be sent to."""

    def __init__(self, real: App | None) -> None:
        super().__init__(None if real is None else real.name, set_as_current=False)
        self._real = real

    @property
    def conf(self) -> Any:
        """The settings in force."""
        return super().conf if self._real is None else self._real.conf

    @property
    def configured(self) -> bool:
        """Whether any setting may differ from its default."""
        return super().configured if self._real is None else self._real.configured

    @property
    def broker(self) -> Any:
        """There is none. Raises UsageError: something is to be sent."""
        raise UsageError("a flow under test sends nothing: write the call as a step of the flow, or stub the task that makes it")


def stage(plan: Plan, names: Names, assigned: Assigned, real: App | None, player: Player) -> StagedApp:
    """The application in which a plan runs.

    Args:
        plan: the plan.
        names: its names.
        assigned: its stubs.
        real: the application whose tasks stand where no stub does.
        player: calls stubs.

    Raises:
        StubError: tasks that have neither a stub nor an application; one line for each place.
    """
    _check_all_there(names, assigned, real)
    by_id = {handler.task for scope in plan.scopes for handler in scope.handlers if handler.by_id}
    app = StagedApp(real)
    for name in dict.fromkeys((*names.tasks, *(() if real is None else real.tasks))):
        own = None if real is None else real.tasks.get(name)
        if any(True for _ in assigned.all_of(name)):
            app.tasks._tasks[name] = _stub(app, name, assigned, own, player, by_id=name in by_id)
        elif own is not None and name not in BUILTIN:
            app.tasks._tasks[name] = _steady(own)
    return app


def _check_all_there(names: Names, assigned: Assigned, real: App | None) -> None:
    known = () if real is None else real.tasks
    problems = []
    for place in names.places:
        covered = (place.task, None) in assigned or (place.task, place.id) in assigned
        if covered or place.task in known or place.task in BUILTIN:
            continue
        short = place.task.rpartition(".")[2]
        short = short if names.task(short) == place.task else place.task
        lacks = "it has no stub" if real is None else f"it has no stub, nor has the application{f' {real.name}' if real.name else ''} it"
        problems.append(
            f"{place.where}: {place.what}: task {place.task!r}: {lacks}{nearest_task(place.task, known)}; stubs={{{short!r}: …}}"
        )
    if problems:
        raise StubError("\n".join(dict.fromkeys(problems)))


def _stub(app: App, name: str, assigned: Assigned, real: Task | None, player: Player, *, by_id: bool) -> Task:
    """The task that plays stubs; it has the options of the real one, and those that its stubs declare."""
    options: dict[str, Any] = {}
    if real is not None:
        attributes = {key: getattr(real, key) for key in ATTRIBUTES}
        options = {**real.options, **attributes, **real.own}
    stubs = list(assigned.all_of(name))
    for stub in reversed(stubs):
        options.update(options_of(stub))
    fallback = None if real is None else real.run

    def function(self: Task, /, *args: Any, **kwargs: Any) -> Any:
        return player(self, fallback, args, kwargs)

    shown = next((found for found in map(function_of, stubs) if found is not None), None)
    origin: Any = shown if real is None else real.function
    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    function.__module__ = getattr(origin, "__module__", None) or __name__
    bound = any(getattr(stub, "bind", False) for stub in stubs)
    function.__signature__ = _signature(shown, real, bound=bound, by_id=by_id)  # type: ignore[attr-defined]
    made = Task(app, function, name, bind=True, options={**options, "retry_jitter": False})
    if real is not None:
        made.soft_limit_error = real.soft_limit_error
    return made


def _signature(shown: Callable[..., Any] | None, real: Task | None, *, bound: bool, by_id: bool) -> inspect.Signature:
    """The parameters of a stub, behind that for the task itself: a handler is called by what it can take."""
    me = inspect.Parameter("_task", inspect.Parameter.POSITIONAL_ONLY)
    found: list[inspect.Parameter] | None = None
    if shown is not None:
        try:
            found = list(inspect.signature(shown).parameters.values())[1 if bound else 0 :]
        except (TypeError, ValueError):
            found = None
    elif real is not None:
        found = list(inspect.signature(real).parameters.values())
    elif by_id:
        found = [inspect.Parameter("task_id", inspect.Parameter.POSITIONAL_ONLY)]
    if found is None:
        found = [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL), inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)]
    return inspect.Signature([me, *found])


def _steady(task: Task) -> Task:
    """A real task whose pauses before retries are the longest that they could be, instead of random ones."""
    if not task.retry_jitter:
        return task
    made = object.__new__(type(task))  # a copy that leaves the application's own task as it is
    made.__dict__.update(task.__dict__)
    made.retry_jitter = False
    return made


def play_for(task: Task, assigned: Assigned, id_: str | None, fallback: Callable[..., Any] | None, args: Any, kwargs: Any) -> Any:
    """Call what stands in for a task where a step or handler calls it: its stub, or the real task.

    Raises:
        StubError: neither is there; this is no failure of the step.
    """
    try:
        stub = assigned.of(task.name, id_)
    except KeyError:
        if fallback is None:
            raise StubError(f"{id_ or 'a mapped call'}: the stubs of {task.name!r} are for other steps") from None
        return fallback(*args, **kwargs)
    try:
        return play(stub, args, kwargs, task)
    except Exhausted as exc:
        raise StubError(f"{id_ or task.name}: the stub of {task.name!r}: {exc}") from None
