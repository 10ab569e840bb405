"""One job: decode, call, classify, report. The same on every pool."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .. import protocol
from .. import request as requests
from ..app import App
from ..codec import decode_body, pack, unpack
from ..errors import NotRegistered, StepError, TaskRevokedError
from ..events import State
from ..failures import Failure, exception_of, failure_of
from ..request import Context
from ..task import Task
from .jobs import Ended, HandlerJob, Job, Report, TaskJob, Told

#: Arranges that ``SoftTimeLimitExceeded`` is raised after so many seconds.
SoftLimit = Callable[[float], AbstractContextManager[object]]


class Killed(BaseException):
    """Raised inside a task of the solo pool that is to stop at once (a second Ctrl-C)."""


def execute(job: Job, app: App, report: Callable[[Report], None], worker: str, soft_limit: SoftLimit | None = None) -> Ended:
    """Run a job to its end, whatever it does, and say how it ended. States that it tells go to ``report``."""
    started = time.monotonic()
    try:
        if isinstance(job, TaskJob):
            state, result, failure = _run_task(job, app, report, soft_limit)
        else:
            state, result, failure = _run_handler(job, app)
    except Killed:
        state, result, failure = State.REVOKED, None, failure_of(TaskRevokedError("stopped while it ran"), keep=False)
    return Ended(job.id, state, result, failure, started, time.monotonic(), worker)


def _run_task(job: TaskJob, app: App, report: Callable[[Report], None], soft_limit: SoftLimit | None) -> tuple[State, Any, Failure | None]:
    headers = job.headers
    expires = headers["expires"]
    if expires is not None and time.time() >= (protocol.moment(expires) or 0.0):
        return State.REVOKED, None, failure_of(TaskRevokedError(f"expired at {expires}"), keep=False)
    try:
        task = _task(app, headers["task"])
        args, kwargs, _ = decode_body(job.body, job.content_type, job.content_encoding, job.accept)
    except StepError as exc:
        return State.FAILURE, None, failure_of(exc)

    def tell(state: str, meta: Any) -> None:
        report(Told(job.id, state, pack(meta, f"the state {state}")))

    context = protocol.context(headers, args, kwargs, tell)
    limit = headers["timelimit"][1] if soft_limit is not None else None
    requests.push(context)
    try:
        with soft_limit(limit) if soft_limit is not None and limit else nullcontext():
            value = task.run(*args, **kwargs)
        return State.SUCCESS, None if context.ignore_result else pack(value, "the result"), None
    except Killed:
        raise
    except BaseException as exc:  # a task may raise anything; even SystemExit ends the step alone
        return State.FAILURE, None, failure_of(exc)
    finally:
        requests.pop()


def _run_handler(job: HandlerJob, app: App) -> tuple[State, Any, Failure | None]:
    requests.push(Context(id=job.id, task=job.task, args=job.args, kwargs=job.kwargs, called_directly=False))
    try:
        task = _task(app, job.task)
        if takes_id(task, job.kwargs):
            task.run(job.request.id, *job.args, **job.kwargs)
        else:
            modules = {found.function.__module__ for found in app.tasks.values()}
            exc = exception_of(job.failure, modules)
            task.run(job.request, exc, job.failure.traceback, *job.args, **job.kwargs)
        return State.SUCCESS, None, None
    except Killed:
        raise
    except BaseException as exc:  # as for a task
        return State.FAILURE, None, failure_of(exc, keep=False)
    finally:
        requests.pop()


def _task(app: App, name: str) -> Task:
    task = app.tasks.get(name)
    if task is None:
        raise NotRegistered(f"no task is registered as {name!r}")
    return task


def takes_id(task: Task, kwargs: Any) -> bool:
    """Whether a handler takes one positional argument alone, and so gets the failed task's id (as in Celery)."""
    try:
        parameters = inspect.signature(task).parameters.values()
    except (TypeError, ValueError):
        return False
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return False
    return len([p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in kwargs]) == 1


__all__ = ["Killed", "SoftLimit", "execute", "takes_id", "unpack"]
