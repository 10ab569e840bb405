"""Submits a flow to a fleet of stock workers, fire and forget: the messages carry all of it."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from ...compiler.plan import Plan
from ..binding import bind
from ..broker.failures import operational_error
from ..builtin_tasks import BUILTIN
from ..errors import BackendError, EncodeError, ImproperlyConfigured
from ..preflight import check_ids, check_tasks
from .messages import Messages, weave
from .refusals import Places, refuse, too_large
from .submission import Submission, SubmissionFailed, described

if TYPE_CHECKING:
    import datetime as dt

    from ..app import App
    from ..broker.interface import Envelope
    from ..sending import Prepared

#: Bytes of the largest message that is sent, unless the user wants it larger.
MOST_BYTES = 256_000

#: Messages that are sent together: of so many at most it is uncertain, after a failure, whether the broker has them.
TOGETHER = 1_000

#: Bytes of messages that are kept from when they are weighed until they are sent; more of them are built a second time.
_KEPT = 64_000_000


def submit(
    plan: Plan,
    app: App,
    *,
    max_message: int = MOST_BYTES,
    unregistered: bool = False,
    now: dt.datetime | None = None,
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Submission:
    """Send a flow to a fleet of workers, which then run it by themselves.

    Args:
        plan: the plan, bound or not.
        app: whose broker it is sent to; its settings, routes and tasks' options count.
        max_message: bytes of the largest message that is sent, with all that follows inside it.
        unregistered: send tasks that the application does not register, though it registers some.
        now: what ``now`` means in the flow; the present moment if None.
        env: the variables that ``env(…)`` may read; those of the process if None.
        secrets: the values of ``secret(…)``; those of the environment if None.

    Raises:
        SubmissionRefused: messages cannot carry the flow, or one of them would be too large; nothing was sent.
        UnknownTasks: the application lacks tasks of the plan; nothing was sent.
        PlanError: the plan is damaged, or a variable or secret that it needs is not set.
        EncodeError: an argument cannot be serialized; nothing was sent.
        ImproperlyConfigured: the broker or the result backend cannot be used as it is set.
        SubmissionFailed: the broker or the result store could not be reached, or failed meanwhile; it says what was sent.
    """
    if not unregistered and any(name not in BUILTIN for name in app.tasks):
        check_tasks(plan, app)
    bound, redactor = bind(plan, now=now, env=env, secrets=secrets)
    check_ids(bound)
    canvas = bound.canvas()
    refuse(bound, canvas, app.backend)
    run_id = uuid.uuid4().hex
    try:
        messages = weave(bound, canvas, run_id, app, redactor)
    except operational_error() as exc:  # no queue for replies can be made
        raise _failed(exc, SubmissionFailed(run_id, (), (), (), str(exc))) from exc
    size, kept = _weighed(bound, app, messages, max_message)
    _send(app, run_id, messages, kept)
    return described(bound, canvas, run_id, app, redactor, messages.ids, messages=len(messages.sendings), size=size)


def _weighed(plan: Plan, app: App, messages: Messages, most: int) -> tuple[int, list[Prepared]]:
    """The bytes of all messages, and the first of them as they were built, as far as it is worth to keep them.

    Raises:
        SubmissionRefused: one is larger than ``most``.
    """
    total, keeping = 0, True
    kept: list[Prepared] = []
    large: dict[str, int] = {}
    for start in range(0, len(messages.sendings), TOGETHER):
        end = start + TOGETHER
        built = _prepared(plan, app, messages, start, end)
        for step, one in zip(messages.steps[start:end], built, strict=True):
            size = _size(one.envelope)
            total += size
            if size > most:
                large[step] = size
        keeping = keeping and total <= _KEPT
        if keeping:
            kept += built
    if large:
        raise too_large(plan, large, most)
    return total, kept


def _prepared(plan: Plan, app: App, messages: Messages, start: int, end: int) -> list[Prepared]:
    """Some of the messages, built.

    Raises:
        EncodeError: as for calls (an argument that cannot be serialized, an unknown serializer or compression); it says of which step.
    """
    built: list[Prepared] = []
    for step, sending in zip(messages.steps[start:end], messages.sendings[start:end], strict=True):
        try:
            built += app.sender.prepare((sending,))
        except EncodeError as exc:
            raise EncodeError(f"{Places(plan)[step]}: step {step!r}: {exc}") from exc
    return built


def _size(envelope: Envelope) -> int:
    body = envelope.body
    return len(body) if isinstance(body, bytes) else len(body.encode())


def _is_transports(exc: Exception) -> bool:
    """Whether an exception comes from the way to the broker or the store: some that a broker answers with are just its library's."""
    if isinstance(exc, (operational_error(), BackendError, OSError)):
        return True
    return type(exc).__module__.partition(".")[0] in ("amqp", "kombu", "redis")


def _failed(exc: Exception, failed: SubmissionFailed) -> Exception:
    """What is said of a submission of which nothing was sent: to try again is no use where the broker refuses."""
    from ..broker.connections import Refused

    return ImproperlyConfigured(f"broker_url: {exc}") if isinstance(exc, Refused) else failed


def _send(app: App, run_id: str, messages: Messages, kept: list[Prepared]) -> None:
    """Send all, with chords opened first.

    Raises:
        SubmissionFailed: some or all of it was not sent.
        ImproperlyConfigured: the broker refuses us.
    """
    sent = 0
    publisher = app.broker.publisher
    left: deque[Envelope] = deque()
    tried = False
    try:
        if kept:
            publisher.publish_many([], kept[0].plan.retry)  # connects: where it cannot, nothing was sent for sure
        for group_id, size in messages.chords:
            app.backend.open_chord(group_id, size)
        tried = True
        while sent < len(messages.sendings):
            end = sent + TOGETHER
            built = kept[sent:end] or app.sender.prepare(messages.sendings[sent:end])
            for retry, run in groupby(built, lambda one: one.plan.retry):
                left = deque(one.envelope for one in run)
                count = len(left)
                publisher.publish_many(left, retry)
                left.clear()
                sent += count
    except Exception as exc:
        if not _is_transports(exc):
            raise
        ids = [sending.options["task_id"] for sending in messages.sendings]
        if not tried:
            raise _failed(exc, SubmissionFailed(run_id, (), (), tuple(ids), str(exc))) from exc
        unknown = [str(envelope.headers["id"]) for envelope in left]
        end = ids.index(unknown[-1]) + 1 if unknown else sent
        raise SubmissionFailed(run_id, tuple(ids[: end - len(unknown)]), tuple(unknown), tuple(ids[end:]), str(exc)) from exc
