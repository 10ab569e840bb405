"""What comes out of the broker: looked over before it costs anything, and held until its time."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from typing import Any

from ..app import App
from ..broker.interface import Delivery
from ..errors import DecodeError, TaskRevokedError
from ..failures import failure_of
from ..protocol import moment
from ..timers import Timers
from .attempt import FAILURE, REVOKED
from .conditions import Conditions, conditions_of, limits_of
from .entry import Entry
from .events import Events
from .jobs import TaskJob, Terms, Verdict
from .lines import received
from .older import renew
from .revoked import Revoked
from .settling import Settling

logger = logging.getLogger("flowc.worker")

#: A clock read through a float may be a fraction of a microsecond off: this is added, so that nothing ever starts early.
_ROUNDING = 1e-6


class Intake:
    """Turns messages into jobs.

    Args:
        app: whose tasks and settings hold.
        terms: of the jobs.
        settling: for messages that are no calls, or come again.
        revoked: ids that are not to run.
        submit: takes a call that may begin.
        events: told of calls that come in.
        limited: whether the pool keeps time limits.
    """

    def __init__(
        self, app: App, terms: Terms, settling: Settling, revoked: Revoked, submit: Callable[[Entry, TaskJob], None], events: Events,
        *, limited: bool,
    ) -> None:  # fmt: skip
        self._app = app
        self._terms = terms
        self._settling = settling
        self._revoked = revoked
        self._submit = submit
        self._events = events
        self._limited = limited
        self._accept = frozenset(app.conf.accept_content)
        self._conditions: dict[str, Conditions] = {}
        self._held: Timers[Delivery] = Timers()
        self._next_key = itertools.count(1).__next__
        self._debug = logger.isEnabledFor(logging.DEBUG)

    # -------------------------------------------------------------------------------------------------------------- messages
    def take(self, delivery: Delivery) -> None:
        """Take in one message: to run, to hold, or to refuse."""
        headers = delivery.headers
        id_, name = headers.get("id"), headers.get("task")
        if not isinstance(id_, str) or not id_ or not isinstance(name, str) or not name:
            if renew(delivery, self._accept, self._terms.limit):
                return self.take(delivery)
            return self._refuse(delivery, id_, name)
        if self._events.on:
            self._tell(delivery)
        if headers.get("eta") is None and headers.get("expires") is None:
            return self._enter(delivery, None)
        try:
            eta, expires = moment(headers.get("eta")), moment(headers.get("expires"))
        except (ValueError, OverflowError, OSError):
            bad = DecodeError("the message's eta or expires is no ISO 8601 time")
            return self._enter(delivery, Verdict(FAILURE, failure_of(bad, keep=False), rejected=True))
        now = time.time()
        due = eta if eta is None or expires is None else min(eta, expires)  # given up as soon as it has expired
        if due is not None and due + _ROUNDING > now and id_ not in self._revoked:
            self._held.add(due + _ROUNDING, delivery)
            if self._debug:
                logger.debug("holding %s[%s] until %s", name, id_, headers.get("eta"))
            return None
        return self._enter(delivery, None)

    def _tell(self, delivery: Delivery) -> None:
        name = delivery.headers["task"]
        conditions = self._conditions.get(name) or self._learn(name)
        if conditions is None or conditions.tells:
            self._events.received(delivery.headers)

    def start_due(self) -> None:
        """Let every held call that is due begin."""
        held = self._held
        while held and (delivery := held.pop(time.time())) is not None:
            self._enter(delivery, None)

    def _enter(self, delivery: Delivery, verdict: Verdict | None) -> None:
        headers = delivery.headers
        id_, name = headers["id"], headers["task"]
        conditions = self._conditions.get(name) or self._learn(name)
        entry = Entry(self._next_key(), id_, name, delivery, self._settling.generation, conditions)
        if verdict is None:
            if id_ in self._revoked:
                verdict = Verdict(REVOKED, failure_of(TaskRevokedError("revoked"), keep=False))
            elif headers.get("expires") is not None and time.time() >= (moment(headers["expires"]) or 0.0):
                verdict = Verdict(REVOKED, failure_of(TaskRevokedError("expired"), keep=False))
        if len(delivery.body) > self._terms.limit:
            big = DecodeError(f"the message's body has {len(delivery.body):,} bytes; worker_max_message_size is {self._terms.limit:,}")
            verdict = Verdict(FAILURE, failure_of(big, keep=False), rejected=True)
        if self._debug:
            received(entry)
        try:
            job = self.job(entry, verdict)
        except DecodeError as exc:
            job = self.job(entry, Verdict(FAILURE, failure_of(exc, keep=False), rejected=True))
        self._submit(entry, job)

    def job(self, entry: Entry, verdict: Verdict | None = None) -> TaskJob:
        """The job of a message; with a verdict, one that only does what follows from it."""
        delivery, conditions = entry.delivery, entry.conditions
        timed = conditions is not None and verdict is None
        return TaskJob(
            entry.key, delivery.headers, delivery.body, delivery.content_type, delivery.content_encoding, self._accept,
            delivery.properties, delivery.delivery_info,
            limits_of(delivery.headers.get("timelimit"), conditions) if timed and conditions is not None else (None, None),
            self._terms, verdict, conditions is not None and conditions.started,
        )  # fmt: skip

    def _refuse(self, delivery: Delivery, id_: Any, name: Any) -> None:
        """A message that is no call. Nothing can be kept of one without an id."""
        what = "has no id" if not isinstance(id_, str) or not id_ else "names no task"
        logger.error("a message from %s %s and is rejected", delivery.delivery_info.get("routing_key") or "a queue", what)
        if isinstance(id_, str) and id_:
            entry = Entry(self._next_key(), id_, "(none)", delivery, self._settling.generation, None)
            bad = failure_of(DecodeError("the message names no task"), keep=False)
            self._submit(entry, self.job(entry, Verdict(FAILURE, bad, rejected=True)))
        else:
            self._settling.drop(delivery)

    def _learn(self, name: str) -> Conditions | None:
        task = self._app.tasks.get(name)
        if task is None:
            return None
        found = self._conditions[name] = conditions_of(task)
        if found.limits != (None, None) and not self._limited:
            logger.warning("time limits are kept by --pool processes alone, so not for %s", name)
        return found

    def forget(self, name: str) -> None:
        """Read the options of a task again."""
        self._conditions.pop(name, None)

    # ------------------------------------------------------------------------------------------------------------ held calls
    @property
    def held(self) -> int:
        """How many calls wait for their time."""
        return len(self._held)

    def wait(self) -> float | None:
        """Seconds until the next held call is due; None if none is held."""
        due = self._held.next()
        return None if due is None else max(0.0, due - time.time())

    def revoke(self, ids: set[str]) -> None:
        """Give up held calls that were revoked, now rather than when they are due."""
        for delivery in self._held.take(lambda held: held.headers.get("id") in ids):
            self._enter(delivery, None)

    def release(self) -> list[Delivery]:
        """Take out the held calls."""
        return self._held.clear()

    def scheduled(self) -> list[tuple[float, Delivery]]:
        """The held calls with the moments at which they are due."""
        return self._held.listed()
