"""What a run can fail with. Names follow Celery's where it has one, so that handlers and logs read the same."""

from __future__ import annotations

import builtins
from typing import Any


class StepError(Exception):
    """The base of failures that the runtime itself gives to a step."""


class TaskRevokedError(StepError):
    """The step expired or was stopped before it could end."""


class WorkerLostError(StepError):
    """The process that ran the step died: ``os._exit``, a signal, or no memory left."""


class TimeLimitExceeded(StepError):
    """The step ran longer than its ``time_limit``, so its process was killed."""


class SoftTimeLimitExceeded(StepError):
    """Raised inside a task that ran longer than its ``soft_time_limit``; it may catch it and clean up."""


class StepLostError(StepError):
    """Nobody knows what became of the step: its worker or its message is gone."""


class UntoldError(StepError):
    """The step failed on a worker that did not tell how: its log says it."""


class EncodeError(StepError):
    """An argument, result or state that the serializer cannot carry."""


class DecodeError(StepError):
    """A message or result that cannot be read back.

    Attributes:
        task_id: whose result it is, where that is known.
    """

    task_id: str | None = None


class ContentDisallowed(DecodeError):
    """A message in a serializer that ``accept_content`` does not list, such as pickle."""


class ReachError(StepError):
    """A path such as ``x.count`` leads to nothing in the result of ``x``."""


class NotRegistered(StepError):
    """A task of that name is not registered by the application."""


class MaxRetriesExceededError(StepError):
    """``self.retry`` was called once more than ``max_retries`` allows, and no exception was given to raise instead."""


class ChordError(StepError):
    """A task of a chord's header failed, so that its body does not run."""


class TimeoutError(StepError, builtins.TimeoutError):  # noqa: A001  (Celery's name)
    """``result.get`` waited for ``timeout`` seconds and no result came; or a step of a flow did not end within its option ``timeout``."""


# ------------------------------------------------------------------------------------- raised by a task to say how it goes on
class TaskPredicate(Exception):
    """The base of what a task raises that is no failure."""


class Ignore(TaskPredicate):
    """Raised by a task that wants neither a state stored nor callbacks called."""


class Reject(TaskPredicate):
    """Raised by a task (with ``acks_late``) that gives its message back: dropped, or with ``requeue`` delivered again."""

    def __init__(self, reason: Any = None, requeue: bool = False) -> None:
        super().__init__(reason, requeue)
        self.reason = reason
        self.requeue = requeue


class Retry(TaskPredicate):
    """Raised by ``self.retry``: the task will be tried again. ``when``: seconds, or a moment; ``exc``: why."""

    def __init__(self, message: str | None = None, exc: BaseException | None = None, when: Any = None) -> None:
        super().__init__(message, exc, when)
        self.message = message
        self.exc = exc
        self.when = when

    def __str__(self) -> str:
        if self.message:
            return self.message
        when = f"in {self.when:g}s" if isinstance(self.when, (int, float)) else f"at {self.when}" if self.when is not None else "now"
        return f"Retry {when}" + (f": {self.exc!r}" if self.exc is not None else "")


# --------------------------------------------------------------------------------------------------- what the user asked for
class UsageError(Exception):
    """Something asked of the runtime that it cannot do; the message is meant for the user (exit code 2)."""


class ImproperlyConfigured(UsageError):
    """A setting that is unknown, has a wrong value, or needs something that is not installed."""


class QueueNotFound(UsageError):
    """A call names a queue that is not in ``task_queues``, and ``task_create_missing_queues`` is off."""


class BackendError(Exception):
    """The result store could not be reached, and every retry is used up."""


class IncompleteStream(Exception):
    """``result.collect()`` came to a task that has not ended yet."""


class ConnectionLost(Exception):
    """The broker went away while a worker received from it."""


class AppNotFound(UsageError):
    """``--app`` does not lead to an application. ``traceback`` is that of the user's own code, if it raised."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class UnknownTasks(UsageError):
    """The plan calls tasks that the application does not register. ``problems`` has one line for each, with its place."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
