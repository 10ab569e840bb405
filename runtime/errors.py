"""What a run can fail with. Names follow Celery's where it has one, so that handlers and logs read the same."""

from __future__ import annotations


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


class EncodeError(StepError):
    """An argument, result or state that the serializer cannot carry."""


class DecodeError(StepError):
    """A message or result that cannot be read back."""


class ReachError(StepError):
    """A path such as ``x.count`` leads to nothing in the result of ``x``."""


class NotRegistered(StepError):
    """A task of that name is not registered by the application."""


class UsageError(Exception):
    """Something asked of the runtime that it cannot do; the message is meant for the user (exit code 2)."""


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
