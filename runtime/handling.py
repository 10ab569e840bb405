"""Errbacks and listeners of a run: what each is called with, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..compiler.plan import Handler, Plan, Scope
from .app import App
from .errors import ReachError
from .events import CallHandler, Notify
from .failures import Failure, failure_of
from .outcome import HandlerResult
from .redact import Redactor
from .request import Context
from .worker.execute import Killed
from .worker.jobs import HandlerJob


class Handling:
    """Knows the scopes of a plan and keeps account of the handlers that were called.

    Args:
        plan: the bound plan.
        app: whose tasks the handlers are.
        redactor: masks what handlers are given and what they raise.
        fill: gives a plan's value as a Python value.
    """

    def __init__(self, plan: Plan, app: App, redactor: Redactor, fill: Callable[[Any], Any]) -> None:
        self._app = app
        self._redactor = redactor
        self._fill = fill
        self._handlers: dict[tuple[str, str], tuple[Scope, Handler]] = {
            (scope.id, handler.id): (scope, handler) for scope in plan.scopes for handler in scope.handlers
        }
        self._asked: dict[str, CallHandler] = {}
        self._called: list[HandlerResult] = []
        self._deaf: dict[tuple[str, str], HandlerResult] = {}

    @property
    def results(self) -> tuple[HandlerResult, ...]:
        """The errbacks that were called, in order, then the listeners that failed."""
        return (*self._called, *self._deaf.values())

    def job(self, action: CallHandler, request: Context) -> HandlerJob:
        """The job that calls an errback.

        Args:
            action: what the engine asks for.
            request: that of the failed step; its arguments are masked here.

        Raises:
            ReachError: an argument of the handler itself needs a result that is not there.
        """
        _, handler = self._handlers[action.scope, action.handler]
        id_ = handler_id(action)
        self._asked[id_] = action
        try:
            args, kwargs = tuple(self._fill(handler.args)), self._fill(handler.kwargs)
        except KeyError as exc:
            raise ReachError(f"an argument needs the result of {exc.args[0]}, which is not there") from None
        shown = replace(request, args=self._redactor.value(request.args), kwargs=self._redactor.value(request.kwargs))
        return HandlerJob(id_, handler.task, args, kwargs, shown, self._redactor.failure(action.failure))

    def handler(self, action: CallHandler | Notify) -> Handler:
        """The errback or listener that the engine asks for."""
        return self._handlers[action.scope, action.handler][1]

    @property
    def waiting(self) -> bool:
        """Whether any errback has not ended."""
        return bool(self._asked)

    def ids(self) -> list[str]:
        """The ids of the jobs that have not ended."""
        return list(self._asked)

    def ended(self, id_: str, failure: Failure | None) -> tuple[int, HandlerResult] | None:
        """An errback has ended: the engine's number of the call, and its result. None for one that is not waited for."""
        action = self._asked.pop(id_, None)
        if action is None:
            return None
        _, handler = self._handlers[action.scope, action.handler]
        shown = None if failure is None else replace(self._redactor.failure(failure), exception=None)
        result = HandlerResult(
            handler.id, handler.task, action.scope, action.step, "error", handler.where, shown, 0 if failure is None else 1
        )
        self._called.append(result)
        return action.number, result

    def listen(self, notify: Notify, task_id: str) -> HandlerResult | None:
        """Call a listener with one state message; its result if it has raised, for the first time."""
        _, handler = self._handlers[notify.scope, notify.handler]
        message = {
            "task_id": task_id,
            "status": self._redactor.text(notify.state),
            "result": self._redactor.value(notify.result),
            "traceback": None if notify.traceback is None else self._redactor.text(notify.traceback),
            "children": [],
        }
        try:
            self._app.tasks[handler.task](message, *self._fill(handler.args), **self._fill(handler.kwargs))
        except Killed:
            raise
        except BaseException as exc:  # a listener is the user's code, and no listener may end a run
            return self._failed(notify, handler, failure_of(exc, keep=False))
        return None

    def _failed(self, notify: Notify, handler: Handler, failure: Failure) -> HandlerResult | None:
        key = (notify.scope, notify.handler)
        before = self._deaf.get(key)
        if before is not None:
            self._deaf[key] = replace(before, failures=before.failures + 1)
            return None
        shown = self._redactor.failure(failure)
        self._deaf[key] = HandlerResult(handler.id, handler.task, notify.scope, notify.step, "message", handler.where, shown, 1)
        return self._deaf[key]


def handler_id(action: CallHandler) -> str:
    """The id of the job that calls an errback; one failure calls its handlers one after the other."""
    return f"handler#{action.number}"
