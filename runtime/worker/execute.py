"""One job: decode, call, classify, report. The same on every pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from .. import protocol
from .. import request as requests
from ..app import App
from ..clock import CLOCK, Clock
from ..codec import decode_body, pack
from ..errors import Ignore, Reject, StepError, TaskRevokedError
from ..failures import failure_of
from ..request import Context, Resend
from .attempt import FAILURE, IGNORED, REJECTED, RETRY, REVOKED, SUCCESS, Killed, SoftLimit, attempt, registered
from .errbacks import run_handler
from .here import check_served
from .jobs import BodyJob, Ended, HandlerJob, Job, Outcome, Report, TaskJob, Told


def execute(
    job: Job, app: App, report: Callable[[Report], None], worker: str, soft_limit: SoftLimit | None = None, clock: Clock = CLOCK
) -> Ended:
    """Run a job to its end, whatever it does, and say how it ended. States that it tells go to ``report``."""
    started = clock.monotonic()
    try:
        outcome = _run(job, app, report, soft_limit, clock)
    except Killed:
        if isinstance(job, TaskJob) and job.terms is not None:  # its message is given back
            raise
        outcome = Outcome(REVOKED, None, failure_of(TaskRevokedError("stopped while it ran"), keep=False))
    except BaseException as exc:  # the user's code is not only in tasks: a result may raise anything while it is written
        outcome = Outcome(FAILURE, None, failure_of(exc))
    return Ended(job.key, *outcome[:3], started, clock.monotonic(), worker, *outcome[3:])


def _run(job: Job, app: App, report: Callable[[Report], None], soft_limit: SoftLimit | None, clock: Clock) -> Outcome:
    if isinstance(job, HandlerJob):
        failure = run_handler(job, app)
        return Outcome(SUCCESS if failure is None else FAILURE, None, failure)
    if isinstance(job, BodyJob):
        from .chords import send_body

        return send_body(job, app)
    if job.terms is None:
        return _run_step(job, app, report, soft_limit, clock)
    from .served import serve

    return serve(job, app, report, soft_limit)


def _run_step(job: TaskJob, app: App, report: Callable[[Report], None], soft_limit: SoftLimit | None, clock: Clock) -> Outcome:
    """A step of a flow: what follows from its end is the run's concern."""
    headers = job.headers
    expires = headers["expires"]
    if expires is not None and clock.time() >= (protocol.moment(expires) or 0.0):
        return Outcome(REVOKED, None, failure_of(TaskRevokedError(f"expired at {expires}"), keep=False))
    try:
        task = registered(app, headers["task"])
        args, kwargs, _ = decode_body(job.body, job.content_type, job.content_encoding, job.accept)
    except StepError as exc:
        return Outcome(FAILURE, None, failure_of(exc))

    def tell(state: str, meta: Any) -> None:
        report(Told(job.key, state, pack(meta, f"the state {state}")))

    context = protocol.context(headers, args, kwargs, tell)
    context.app = app
    context.before_call = partial(check_served, app)
    requests.push(context)
    try:
        state, value, raised, resend = attempt(task, context, job.limits[1], soft_limit)
        if resend is not None:
            why = None if raised is None else getattr(raised, "exc", None) or raised
            return Outcome(RETRY, None, None if why is None else failure_of(why, keep=False), _complete(resend, context))
        if state == SUCCESS:
            return Outcome(SUCCESS, None if context.ignore_result else pack(value, "the result"))
        return Outcome(FAILURE, None, failure_of(_in_a_flow(state, raised)))
    finally:
        requests.pop()


def _complete(resend: Resend, context: Context) -> Resend:
    """What the next attempt of a step needs to know of this one."""
    args, kwargs = context.args if resend.args is None else resend.args, context.kwargs if resend.kwargs is None else resend.kwargs
    options = {"expires": context.expires, **resend.options} if context.expires is not None else resend.options
    return replace(resend, args=list(args), kwargs=dict(kwargs), options=options)


def _in_a_flow(state: str, raised: BaseException | None) -> BaseException:
    """What a step fails with: one that neither succeeds nor fails, or has a message to reject, does not exist in a flow."""
    if state == IGNORED:
        return Ignore("the task raised Ignore: a step of a flow ends with a result or a failure")
    if state == REJECTED and isinstance(raised, Reject):
        return Reject(f"the task raised Reject: a step of a flow has no message that could be given back; its reason: {raised.reason!r}")
    return raised if raised is not None else StepError("the task raised nothing")


__all__ = ["Killed", "SoftLimit", "execute"]
