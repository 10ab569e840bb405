"""``self.retry`` and ``autoretry_for``: the same call once more, later, as often as the task allows.

Source: "Retrying" in the guide to Celery's tasks.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from .calling.call_options import check_options
from .errors import Ignore, MaxRetriesExceededError, Reject, Retry
from .request import Context, Resend

if TYPE_CHECKING:
    from .task import Task

#: 2 ** 64 seconds are longer than any ``retry_backoff_max``: a task that retries for ever need not compute more.
_LARGEST_EXPONENT = 64


def backoff(factor: float, retries: int, maximum: float, *, jitter: bool) -> float:
    """Seconds to wait before the next try.

    Args:
        factor: of the first wait; each one after is twice as long.
        retries: how often it was retried already.
        maximum: the longest wait.
        jitter: any number of whole seconds from 0 to that, so that many tasks do not come back at the same moment.
    """
    wait = min(int(maximum), int(max(1.0, factor)) * 2 ** min(retries, _LARGEST_EXPONENT))
    return max(0, random.randrange(wait + 1) if jitter else wait)


def run_with_autoretry(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call the task's function; what ``autoretry_for`` names (and ``dont_autoretry_for`` does not) becomes a retry."""
    try:
        return task.call_function(*args, **kwargs)
    except (Ignore, Reject, Retry):
        raise
    except BaseException as exc:
        if isinstance(exc, tuple(task.dont_autoretry_for)) or not isinstance(exc, tuple(task.autoretry_for)):
            raise
        request = task.request
        if getattr(exc, "__flowc_exhausted__", None) == request.id is not None:
            raise  # the task's own retry has given up already, by a limit of its own
        again: dict[str, Any] = dict(task.retry_kwargs)
        if task.retry_backoff:
            again["countdown"] = backoff(float(task.retry_backoff), request.retries, task.retry_backoff_max, jitter=task.retry_jitter)
        raise task.retry(exc=exc, **again) from exc


def retry(
    task: Task,
    args: Sequence[Any] | None,
    kwargs: Mapping[str, Any] | None,
    exc: BaseException | type[BaseException] | None,
    throw: bool,
    eta: dt.datetime | None,
    countdown: float | None,
    max_retries: int | None,
    options: dict[str, Any],
) -> Retry:
    """See :meth:`flowc.runtime.task.Task.retry`."""
    request = task.request
    resend = request.resend
    if request.called_directly or resend is None:
        _raise(exc or sys.exception() or Retry("Task can be retried", None))
    limit = task.max_retries if max_retries is None else max_retries
    countdown = _countdown(task, request, eta, countdown, options)
    check_options({**options, "eta": eta, "countdown": countdown})
    new_args, new_kwargs = _arguments(task, request, args, kwargs)
    retries = request.retries + 1
    if limit is not None and retries > limit:
        _give_up(task, request, exc, new_args, new_kwargs)
    again = Retry(exc=exc if isinstance(exc, BaseException) else None, when=eta or countdown)
    try:
        resend(Resend(retries, new_args, new_kwargs, countdown, eta, options))
    except Exception as failed:  # the call cannot be tried again, and nobody would learn of it
        raise Reject(failed, requeue=False) from failed
    if throw:
        raise again
    return again


def _countdown(task: Task, request: Context, eta: dt.datetime | None, countdown: float | None, options: dict[str, Any]) -> float | None:
    """The wait that was asked for; ``retry_backoff`` and its like may be given to one ``retry`` alone."""
    given = options.pop("retry_backoff", None)
    maximum = options.pop("retry_backoff_max", task.retry_backoff_max)
    jitter = options.pop("retry_jitter", task.retry_jitter)
    if eta is not None or countdown is not None:
        return countdown
    return backoff(float(given), request.retries, maximum, jitter=jitter) if given else float(task.default_retry_delay)


def _arguments(
    task: Task, request: Context, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None
) -> tuple[Sequence[Any] | None, Mapping[str, Any] | None]:
    """The arguments of the next try: given ones replace those of this call that would stand for the same parameter."""
    arity = task.arity
    if args is not None and kwargs is None and request.kwargs and arity is not None:
        return args, arity.without(len(args), request.kwargs)
    if kwargs is not None and args is None and request.args and arity is not None:
        return arity.by_position(request.args, kwargs)
    return args, kwargs


def _give_up(task: Task, request: Context, exc: BaseException | type[BaseException] | None, args: Any, kwargs: Any) -> NoReturn:
    if exc is None:
        shown = f"args:{request.args if args is None else args} kwargs:{request.kwargs if kwargs is None else kwargs}"
        exc = MaxRetriesExceededError(f"Can't retry {task.name}[{request.id}] {shown}")
    made = exc() if isinstance(exc, type) else exc
    if request.id is not None:
        with contextlib.suppress(AttributeError):  # an exception class with slots
            made.__flowc_exhausted__ = request.id  # type: ignore[attr-defined]
    _raise(made)


def _raise(exc: BaseException | type[BaseException]) -> NoReturn:
    """Raise ``exc``; what is being handled now becomes its cause."""
    handled = sys.exception()
    if handled is None or handled is exc:
        raise exc
    raise exc from handled
