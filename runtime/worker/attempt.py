"""One attempt at a task: call it, and sort out what it returned or raised."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from ..errors import Ignore, NotRegistered, Reject, Retry
from ..failures import LONGEST_NAME, cut
from ..request import Context, Resend
from ..task import Task

SUCCESS, FAILURE, REVOKED, RETRY, IGNORED, REJECTED = "SUCCESS", "FAILURE", "REVOKED", "RETRY", "IGNORED", "REJECTED"

#: Arranges that ``SoftTimeLimitExceeded`` is raised after so many seconds.
SoftLimit = Callable[[float], AbstractContextManager[object]]

_unlimited = contextlib.nullcontext()


class Killed(BaseException):
    """Raised inside a task of the solo pool that is to stop at once (a second Ctrl-C)."""


class Attempt(NamedTuple):
    """``value``: what the task returned; ``raised``: what it raised; ``resend``: what it asked ``self.retry`` for, if it did."""

    state: str
    value: Any
    raised: BaseException | None
    resend: Resend | None


def attempt(task: Task, context: Context, limit: float | None, soft_limit: SoftLimit | None) -> Attempt:
    """Call a task whose request is current. Whatever it raises is part of the answer; only ``Killed`` goes through.

    Args:
        task: the task.
        context: its request; the arguments are in it.
        limit: its soft time limit in seconds.
        soft_limit: keeps the limit, where the pool can.
    """
    resends: list[Resend] = []
    context.resend = resends.append
    limiting = soft_limit(limit) if limit and soft_limit is not None else _unlimited
    state, value = SUCCESS, None
    raised: BaseException | None = None
    try:
        with limiting:
            value = task.run(*context.args, **context.kwargs)
    except Killed:
        raise
    except Retry as exc:
        state, raised = RETRY, exc
    except Ignore as exc:
        state, raised = IGNORED, exc
    except Reject as exc:
        state, raised = REJECTED, exc
    except BaseException as exc:  # a task may raise anything; even SystemExit ends this call alone
        state, raised = FAILURE, exc
    return Attempt(state, value, raised, resends[-1] if resends else None)


def unregistered(name: Any) -> NotRegistered:
    """The error of a call whose task the application does not have."""
    return NotRegistered(f"no task is registered as {cut(str(name), LONGEST_NAME)!r}")


def registered(app: Any, name: Any) -> Task:
    """The task of a call.

    Raises:
        NotRegistered: the application has none of that name.
    """
    task = app.tasks.get(name)
    if task is None:
        raise unregistered(name)
    found: Task = task
    return found
