"""Errbacks: who is called with what, and what comes of it.

One that can take ``(request, exc, traceback)`` is called here, where the task failed; another gets the failed call's id as a message, like
any task. Celery decides by the number of parameters alone, so that there ``f(task_id, run=None)`` is called with three arguments and
breaks; here it is asked whether three fit. Source: "Linking (callbacks/errbacks)" in "Calling Tasks" of Celery's documentation.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from .. import request as requests
from ..codec import pack
from ..failures import Failure, exception_of, failure_of
from ..request import Context
from ..results.interface import Stored
from ..task import Task
from .attempt import FAILURE, SUCCESS, Killed, registered
from .here import check_served
from .jobs import HandlerJob
from .publishing import publish
from .writing import document


def call_errbacks(app: Any, failed: Context, failure: Failure, *, hostname: str) -> tuple[list[Stored], list[str]]:
    """Call, or send, each errback of a failed call, in their order.

    Args:
        app: whose tasks they are.
        failed: the request of the failed call, with its ``errbacks``.
        failure: why it failed; with the live exception, where that is at hand.
        hostname: the worker's name.

    Returns:
        documents of errbacks that have failed themselves, or have ids of their own, and a line for the log about each error.
    """
    documents: list[Stored] = []
    noted: list[str] = []
    for errback in failed.errbacks or ():
        name = errback.get("task") if isinstance(errback, Mapping) else None
        task = app.tasks.get(name) if name is not None else None
        if task is not None and not errback.get("subtask_type") and takes_failure(task, errback):
            found, problem = _call(app, task, errback, failed, failure, hostname)
            documents += found
        else:
            problem = _send(app, errback, failed)
        if problem:
            noted.append(f"the errback {name} of {failed.task}[{failed.id}] {problem}")
    return documents, noted


def takes_failure(task: Task, errback: Mapping[str, Any]) -> bool:
    """Whether an errback is called with ``(request, exc, traceback)``: they fit, before the arguments that it has already."""
    if errback.get("immutable"):
        return False
    try:
        signature = inspect.signature(task)
        if task.bind and any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values()):
            return False  # as in Celery: a bound errback is a task of its own, that may be retried
        signature.bind(None, None, None, *(errback.get("args") or ()), **(errback.get("kwargs") or {}))
    except (TypeError, ValueError):
        return False
    return True


def _call(
    app: Any, task: Task, errback: Mapping[str, Any], failed: Context, failure: Failure, hostname: str
) -> tuple[list[Stored], str | None]:
    own_id = (errback.get("options") or {}).get("task_id")
    args, kwargs = tuple(errback.get("args") or ()), dict(errback.get("kwargs") or {})
    exc = exception_of(failure, modules_of(app))
    context = Context(
        id=own_id or str(uuid.uuid4()), task=task.name, args=(failed, exc, failure.traceback, *args), kwargs=kwargs, app=app,
        root_id=failed.root_id, parent_id=failed.id, called_directly=False, hostname=hostname,
    )  # fmt: skip
    requests.push(context)
    try:
        value = task.run(*context.args, **kwargs)
        if own_id is None:
            return [], None
        return [_stored(errback, document(context, SUCCESS, pack(value, "the result")))], None
    except Killed:
        raise
    except BaseException as raised:  # as for a task; its error is kept under its own id, and logged
        found = failure_of(raised, keep=False)
        made = document(context, FAILURE, found.as_json(), found.traceback)
        return [_stored(errback, made)], f"[{context.id}] failed: {found}\n{found.traceback}".rstrip()
    finally:
        requests.pop()


def _stored(errback: Mapping[str, Any], meta: Mapping[str, Any]) -> Stored:
    return Stored(meta, (errback.get("options") or {}).get("reply_to"), meta["task_id"])


def _send(app: Any, errback: Any, failed: Context) -> str | None:
    try:
        publish(app, errback, (failed.id,), failed)
    except Killed:
        raise
    except BaseException as exc:  # a router or serializer of the user's may raise anything, and the other errbacks wait
        return f"could not be sent: {failure_of(exc, keep=False)}"
    return None


# ---------------------------------------------------------------------------------------------------------------------- in flows
def run_handler(job: HandlerJob, app: Any) -> Failure | None:
    """Call the errback of a flow's step; gives what it raised, if it did."""
    context = Context(id=job.key, task=job.task, args=job.args, kwargs=job.kwargs, called_directly=False, app=app)
    context.before_call = partial(check_served, app)
    requests.push(context)
    try:
        task = registered(app, job.task)
        if takes_id(task, job.kwargs):
            task.run(job.request.id, *job.args, **job.kwargs)
        else:
            exc = exception_of(job.failure, modules_of(app))
            task.run(job.request, exc, job.failure.traceback, *job.args, **job.kwargs)
        return None
    except Killed:
        raise
    except BaseException as exc:  # as for a task
        return failure_of(exc, keep=False)
    finally:
        requests.pop()


def takes_id(task: Task, kwargs: Any) -> bool:
    """Whether a handler takes one positional argument alone, and so gets the failed task's id (as in Celery)."""
    try:
        parameters = inspect.signature(task).parameters.values()
    except (TypeError, ValueError):
        return False
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return False
    return len([p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in kwargs]) == 1


def modules_of(app: Any) -> set[str]:
    """The modules in which an exception's class may be looked up: those that have tasks of the application."""
    return {found.function.__module__ for found in app.tasks.values()}


__all__ = ["call_errbacks", "modules_of", "run_handler", "takes_failure", "takes_id"]
