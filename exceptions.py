"""What tasks raise and results fail with: ``from flowc.exceptions import Retry``. Names are Celery's where it has one."""

from __future__ import annotations

from .runtime.errors import (
    BackendError,
    ChordError,
    ContentDisallowed,
    DecodeError,
    EncodeError,
    Ignore,
    ImproperlyConfigured,
    IncompleteStream,
    MaxRetriesExceededError,
    NotRegistered,
    QueueNotFound,
    Reject,
    Retry,
    SoftTimeLimitExceeded,
    StepError,
    TaskRevokedError,
    TimeLimitExceeded,
    TimeoutError,  # noqa: A004  (Celery's name)
    UnknownTasks,
    UsageError,
    WorkerLostError,
)
from .runtime.fleet.refusals import SubmissionRefused
from .runtime.fleet.submission import SubmissionFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    OperationalError: type[Exception]

__all__ = [
    "BackendError",
    "ChordError",
    "ContentDisallowed",
    "DecodeError",
    "EncodeError",
    "Ignore",
    "ImproperlyConfigured",
    "IncompleteStream",
    "MaxRetriesExceededError",
    "NotRegistered",
    "OperationalError",
    "QueueNotFound",
    "Reject",
    "Retry",
    "SoftTimeLimitExceeded",
    "StepError",
    "SubmissionFailed",
    "SubmissionRefused",
    "TaskRevokedError",
    "TimeLimitExceeded",
    "TimeoutError",
    "UnknownTasks",
    "UsageError",
    "WorkerLostError",
]


def __getattr__(name: str) -> object:
    """``OperationalError`` is kombu's, which is imported only for whoever asks for it."""
    if name == "OperationalError":
        from .runtime.broker.failures import operational_error

        return operational_error()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
