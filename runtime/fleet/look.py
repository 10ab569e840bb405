"""A look at the fleet before anything is sent: tasks that no worker has are refused, queues that no worker reads are spoken of."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ...compiler.plan import Plan
from ..errors import UnknownTasks
from ..preflight import nearest_task, tasks_of
from .step_messages import StepMessages
from .watching import Fleet, Watching

if TYPE_CHECKING:
    from ..app import App

#: Steps whose queues are worked out: of a flow with more, the rest mostly goes to the same.
_MOST = 1000
#: Steps, or queues, that a note names.
_NAMED = 3


def check_listeners(plan: Plan, app: App) -> None:
    """Make sure that the application has the listeners of a flow: they are called in this process.

    Raises:
        UnknownTasks: it lacks one.
    """
    problems = tuple(
        f"{handler.where}: listener {handler.id}: ~> is called here, and the application has no task {handler.task!r}"
        + (nearest_task(handler.task, app.tasks) or "; give one with --app")
        for scope in plan.scopes
        if scope.kind == "message"
        for handler in scope.handlers
        if handler.task not in app.tasks
    )
    if problems:
        raise UnknownTasks(tuple(dict.fromkeys(problems)))


def find_queues(plan: Plan, messages: StepMessages) -> tuple[Mapping[str, list[str]], tuple[str, ...]]:
    """The steps that go to each queue, and remarks for the user: a priority that means nothing there, say.

    Raises:
        QueueNotFound: a step names a queue that is not known, and may not be made.
    """
    found: dict[str, list[str]] = {}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for step, queue in _destinations(plan, messages):
            found.setdefault(queue, []).append(step)
    return found, tuple(dict.fromkeys(str(warning.message) for warning in warned))


def look(plan: Plan, watching: Watching, queues: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Ask the workers what they have.

    Args:
        plan: the bound plan.
        watching: asks.
        queues: the steps that go to each queue.

    Returns:
        remarks for the user.

    Raises:
        UnknownTasks: workers have answered, and none has some task of the plan.
    """
    fleet = watching.look()
    if not fleet.tasks:
        return ("no worker has answered: the steps wait in their queues until one comes",)
    _check_tasks(plan, fleet)
    read = frozenset[str]().union(*fleet.queues.values())
    if not any(fleet.queues.values()):  # they did not say
        return ()
    return tuple(
        f"no worker reads the queue {queue!r}, where {_some(steps)} {'goes' if len(steps) == 1 else 'go'}; {_read(queue, read)}"
        for queue, steps in queues.items()
        if queue not in read
    )


def _check_tasks(plan: Plan, fleet: Fleet) -> None:
    known = frozenset[str]().union(*fleet.tasks.values())
    who = "the worker that answered has" if len(fleet.tasks) == 1 else f"none of the {len(fleet.tasks)} workers that answered has"
    article = "no" if len(fleet.tasks) == 1 else "a"
    listeners = {handler.task for scope in plan.scopes if scope.kind == "message" for handler in scope.handlers}
    problems = tuple(
        f"{where}: {what}: {who} {article} task {name!r}{nearest_task(name, known)}"
        for name, what, where in tasks_of(plan)
        if name not in known and not name.startswith("celery.") and not (name in listeners and what.startswith("handler "))
    )
    if problems:
        raise UnknownTasks(tuple(dict.fromkeys(problems)))


def _destinations(plan: Plan, messages: StepMessages) -> Iterator[tuple[str, str]]:
    known: dict[tuple[str, int], str | None] = {}
    for call in plan.calls:
        key = (call.task, id(call.options))
        if key not in known:
            if len(known) >= _MOST:
                return
            known[key] = messages.queue_of(call)
        queue = known[key]
        if queue is not None:
            yield call.id, queue


def _read(queue: str, read: frozenset[str]) -> str:
    near = difflib.get_close_matches(queue, sorted(read), 1)
    if near:
        return f"did you mean {near[0]!r}?"
    more = f" and {len(read) - _NAMED} more" if len(read) > _NAMED else ""
    return f"workers read {', '.join(map(repr, sorted(read)[:_NAMED]))}{more}"


def _some(steps: list[str]) -> str:
    more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
    return ("step " if len(steps) == 1 else "steps ") + ", ".join(steps[:_NAMED]) + more
