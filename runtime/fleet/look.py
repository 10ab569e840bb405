"""A look at the fleet before anything is sent: tasks that no worker has are refused, queues that no worker reads are spoken of."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ...compiler.plan import Plan
from ..errors import UnknownTasks
from ..preflight import nearest_task, tasks_of
from .replies import Replies
from .step_messages import StepMessages
from .unread import remark
from .watching import Fleet, Watching

if TYPE_CHECKING:
    from ..app import App

#: Steps whose queues are worked out: of a flow with more, the rest mostly goes to the same.
_MOST = 1000


def prepare(
    plan: Plan, messages: StepMessages, replies: Replies, watching: Watching, preflight: bool, stopped: Callable[[], bool]
) -> tuple[str, ...]:
    """All that comes before the first step of a run. ``stopped``: whether it is to end before it begins; then what is found is no matter.

    Returns:
        remarks for the user.

    Raises:
        UnknownTasks, QueueNotFound: as :func:`look` and :func:`find_queues`.
        ConnectionLost: the broker cannot be reached.
        ImproperlyConfigured: it refuses.
    """
    queues, notes = find_queues(plan, messages)
    replies.open()
    if preflight and not stopped():
        try:
            notes += look(plan, watching, queues)
        except UnknownTasks:
            if not stopped():  # else not all have answered
                raise
    if not stopped():
        watching.start()
    return notes


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
    fleet = watching.look(queues=tuple(queues))
    if not fleet.tasks:
        return ("no worker has answered: the steps wait in their queues until one comes",)
    _check_tasks(plan, fleet)
    read = frozenset[str]().union(*fleet.queues.values())
    if not any(fleet.queues.values()):  # they did not say
        return ()
    return tuple(remark(queue, steps, read) for queue, steps in queues.items() if queue not in read)


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
