"""One call from a broker: read, run, and everything that follows from its end where it ran: callbacks, errbacks, the retry's message.

What is left over (documents to keep, the message to acknowledge) goes back to the worker as a ``Following``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from .. import request as requests
from ..codec import pack
from ..errors import DecodeError, Reject, StepError, TaskRevokedError
from ..failures import failure_of
from ..protocol import moment
from ..request import Context
from ..results.interface import READY_STATES
from ..task import Task
from .attempt import FAILURE, REJECTED, RETRY, REVOKED, SUCCESS, Attempt, Killed, SoftLimit, attempt, unregistered
from .chords import part_of
from .ending import Ending, end
from .jobs import Following, Outcome, Report, TaskJob, Told
from .publishing import send_callbacks
from .reading import context_of, read
from .resending import resend


def serve(job: TaskJob, app: Any, report: Callable[[Report], None], soft_limit: SoftLimit | None) -> Outcome:
    """Run a call that came from a broker, unless something speaks against it."""
    known = _ended_before(job, app)
    if known is not None:
        return _duplicate(job, app, known)
    unreadable = None
    try:
        args, kwargs, embed = read(job)
    except DecodeError as exc:
        args, kwargs, embed = (), {}, {}
        unreadable = Ending(FAILURE, failure_of(exc, keep=False), rejected=False)
    context = context_of(job, app, args, kwargs, embed)
    task = app.tasks.get(context.task)
    requests.push(context)
    try:
        ending = _spoken_against(job, context, task) or unreadable
        if ending is None:
            assert task is not None
            ending = _run(job, app, task, context, report, soft_limit)
        return end(app, task, context, ending, keeps=job.terms is None or job.terms.keeps)
    finally:
        requests.pop()


def _spoken_against(job: TaskJob, context: Context, task: Task | None) -> Ending | None:
    """How a call ends that is not to run."""
    if job.verdict is not None:
        return Ending(job.verdict.state, job.verdict.failure, rejected=False if job.verdict.rejected else None)
    expires = moment(job.headers.get("expires"))
    if expires is not None and time.time() >= expires:
        return Ending(REVOKED, failure_of(TaskRevokedError("expired"), keep=False))
    if task is None:
        return Ending(FAILURE, failure_of(unregistered(context.task), keep=False), rejected=False)
    return None


def _run(job: TaskJob, app: Any, task: Task, context: Context, report: Callable[[Report], None], soft_limit: SoftLimit | None) -> Ending:
    def tell(state: str, meta: Any) -> None:
        report(Told(job.key, state, pack(meta, f"the state {state}")))

    context.tell = tell
    if job.started and not context.ignore_result:
        tell("STARTED", {"pid": os.getpid(), "hostname": context.hostname})
    made = attempt(task, context, job.limits[1], soft_limit)
    if made.resend is not None:
        try:
            resend(app, job, context, made.resend)
        except Exception as exc:  # the broker is out of reach for good, or the new arguments cannot be carried
            return Ending(FAILURE, failure_of(exc))
    if made.state == SUCCESS:
        return _succeeded(app, context, made)
    raised = made.raised
    if made.state == RETRY:
        why = getattr(raised, "exc", None) or raised
        return Ending(RETRY, failure_of(why, keep=False) if isinstance(why, BaseException) else None)
    if made.state == REJECTED and isinstance(raised, Reject):
        return Ending(REJECTED, failure_of(raised, keep=False), rejected=raised.requeue)
    return Ending(made.state, None if raised is None else failure_of(raised))


def _succeeded(app: Any, context: Context, made: Attempt) -> Ending:
    """Callbacks are sent before the result is kept, so that the result's children are known when it can be read."""
    try:
        wanted = context.chord is not None or not context.ignore_result
        packed = pack(made.value, "the result") if wanted else None
        if context.callbacks or context.chain:
            send_callbacks(app, context, made.value)
    except Killed:
        raise
    except BaseException as exc:  # EncodeError, OperationalError, or whatever a router or a value of the user's raises
        return Ending(FAILURE, failure_of(exc))
    return Ending(SUCCESS, result=packed)


# ------------------------------------------------------------------------------------------------------------------ duplicates
def _ended_before(job: TaskJob, app: Any) -> Mapping[str, Any] | None:
    """The final document of a call whose message comes again, if there is one."""
    if not job.delivery_info.get("redelivered") or job.verdict is not None or job.terms is None or not job.terms.keeps:
        return None
    try:
        known: Mapping[str, Any] | None = app.backend.get(job.headers["id"])
    except Exception:  # the store is away, or what it has cannot be read: running twice is allowed, losing is not
        return None
    return known if known is not None and known.get("status") in READY_STATES else None


def _duplicate(job: TaskJob, app: Any, known: Mapping[str, Any]) -> Outcome:
    """Do not run it again. A chord may not have heard of its end yet, which it counts once."""
    try:
        args, kwargs, embed = read(job)
        part = part_of(context_of(job, app, args, kwargs, embed), known)
    except StepError:
        part = None
    return Outcome(str(known["status"]), following=Following(parts=() if part is None else (part,), duplicate=True))
