"""The calls that a worker has taken in: what the pool and the result store say of them, and what becomes of their messages.

Reports come from any thread (:meth:`Calls.deliver`); everything else belongs to the worker's loop.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from ..errors import ConnectionLost, TaskRevokedError
from ..failures import Failure, failure_of
from ..results.interface import Stored
from .attempt import FAILURE, REVOKED
from .entry import Entry
from .events import Events
from .execute import execute
from .jobs import Begun, BodyJob, Dropped, Ended, Relayed, Report, TaskJob, Told, Verdict
from .keeper import Item, Keeper, Kept
from .lines import ended as log_ended
from .pools.interface import Pool
from .relay import relay
from .revoked import Revoked
from .sequels import Sequel, Sequels
from .settling import Settling
from .writing import fleeting

logger = logging.getLogger("flowc.worker")


class Calls:
    """Keeps account of every call between the broker and its end.

    Args:
        app: whose broker and store children use through their parent.
        settling: what becomes of messages.
        revoked: ids that are not to run.
        remake: the job of a message once more, with a verdict.
        rouse: wakes the loop.
        events: told of what becomes of calls.

    Attributes:
        counts: see :class:`~flowc.runtime.worker.service.WorkerService`.
        begun: how many calls have begun of each task that is registered.
    """

    def __init__(
        self, app: Any, settling: Settling, revoked: Revoked, remake: Callable[[Entry, Verdict], TaskJob], rouse: Callable[[], None],
        events: Events,
    ) -> None:  # fmt: skip
        self._app = app
        self._settling = settling
        self._revoked = revoked
        self._remake = remake
        self._rouse = rouse
        self._events = events
        self._awake = False
        self._inbox: deque[Report | Kept | Callable[[], None]] = deque()
        self._entries: dict[Any, Entry] = {}
        self._by_id: dict[str, Entry] = {}
        self._ready: deque[tuple[Entry, TaskJob]] = deque()
        self._sequels = Sequels(self._run, self._close)
        self._pool: Pool
        self._keeper: Keeper
        self._solo = False
        self.counts: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()

    def attach(self, pool: Pool, keeper: Keeper, *, solo: bool) -> None:
        """What runs them and what keeps their results. ``solo``: a job runs in :meth:`feed`, one at a time."""
        self._pool, self._keeper, self._solo = pool, keeper, solo

    # --------------------------------------------------------------------------------------------------------- any thread
    def deliver(self, report: Report) -> None:
        """Take a report of the pool."""
        kind = type(report)
        if kind is Told:
            self._told(report)  # type: ignore[arg-type]
            return
        if kind is Ended:
            following = report.following  # type: ignore[union-attr]
            if following is not None and (following.documents or following.parts):
                self._keeper.put(Item(report, following.documents, following.parts))
                return
        elif kind is Relayed:
            relay(self._app, report)  # type: ignore[arg-type]
            return
        elif kind is Begun and self._solo:  # this is the loop's own thread: acknowledge before it runs, not after
            self._begun(report)  # type: ignore[arg-type]
            with contextlib.suppress(ConnectionLost):  # the next turn will find out
                self._settling.flush()
            return
        self._inbox.append(report)
        if not self._awake:
            self._awake = True
            self._rouse()

    def kept(self, kept: list[Kept]) -> None:
        """Take in what the keeper is done with."""
        self._inbox.extend(kept)
        if not self._awake:
            self._awake = True
            self._rouse()

    def ask(self, action: Callable[[], None]) -> None:
        """Let the loop do something."""
        self._inbox.append(action)
        if not self._awake:
            self._awake = True
            self._rouse()

    def _told(self, told: Told) -> None:
        entry = self._entries.get(told.key)
        if entry is not None:
            properties = entry.delivery.properties
            reply_to, correlation = properties.get("reply_to"), properties.get("correlation_id") or entry.id
            self._keeper.put(Item(None, [Stored(fleeting(entry.id, told.state, told.meta), reply_to or None, correlation)]))

    # --------------------------------------------------------------------------------------------------------------- taking
    def submit(self, entry: Entry, job: TaskJob) -> None:
        """Take in a call that may begin."""
        if self._came_again(entry):
            return
        self._entries[entry.key] = entry
        self._by_id[entry.id] = entry
        self._settling.open += 1
        if job.verdict is not None and job.verdict.state == REVOKED:
            self._conclude(job)
        elif self._solo:
            self._ready.append((entry, job))
        else:
            self._pool.submit(job)

    def _conclude(self, job: TaskJob) -> None:
        """Do here what follows from a revocation, which calls nobody: the pool may be busy for long."""
        self.deliver(execute(job, self._app, self.deliver, "worker"))

    def _came_again(self, entry: Entry) -> bool:
        """Whether it is the message of a call that was under way when the connection was lost: that one can be acknowledged again."""
        other = self._by_id.get(entry.id)
        if other is not None and other.generation != entry.generation:
            other.delivery, other.generation = entry.delivery, entry.generation
            if other.acked:
                self._settling.ack(entry.delivery)
            else:
                self._settling.open += 1
        elif self._settling.ended(entry.id):
            self._settling.ack(entry.delivery)
        else:
            return False
        self.counts["DUPLICATE"] += 1
        logger.warning("%s came again after the connection was lost, and does not run again", entry.shown())
        return True

    def feed(self) -> None:
        """Run what is ready, in a pool that runs jobs in this thread, until the loop is wanted for something else."""
        while self._ready and not self._awake:
            entry, job = self._ready.popleft()
            if entry.id in self._revoked:
                self._conclude(self._remake(entry, _revocation()))
            else:
                self._pool.submit(job)
            self.handle()

    @property
    def ready(self) -> bool:
        """Whether :meth:`feed` has something to run."""
        return bool(self._ready)

    def _run(self, job: BodyJob | TaskJob) -> None:
        self._pool.submit(job)

    # ------------------------------------------------------------------------------------------------------------- reports
    def handle(self) -> None:
        """See to every report that is there."""
        self._awake = False
        inbox = self._inbox
        while inbox:
            report = inbox.popleft()
            kind = type(report)
            if kind is Begun:
                self._begun(report)  # type: ignore[arg-type]
            elif kind is Ended:
                self._ended(report)  # type: ignore[arg-type]
            elif kind is Kept:
                self._was_kept(report)  # type: ignore[arg-type]
            elif kind is Dropped:
                self._dropped(report)  # type: ignore[arg-type]
            else:
                report()  # type: ignore[operator]

    def _begun(self, begun: Begun) -> None:
        entry = self._entries.get(begun.key)
        if entry is not None:
            entry.begun = time.monotonic()
            if entry.conditions is not None:
                self.begun[entry.name] += 1
            if self._events.on:
                self._events.started(entry)
            if entry.early:
                self._settling.settle(entry)

    def _dropped(self, dropped: Dropped) -> None:
        entry = self._entries.get(dropped.key)
        if entry is None:
            return
        if entry.revoked:
            self._conclude(self._remake(entry, _revocation()))
            return
        self._forget(entry)
        self.counts["RETURNED"] += 1
        self._settling.settle(entry, True)

    def _ended(self, ended: Ended) -> None:
        if ended.key in self._sequels:
            self._sequels.ended(ended)
            return
        entry = self._entries.get(ended.key)
        if entry is None:
            return
        if ended.following is None:
            self._cut_short(entry, ended)
        else:
            self._finish(entry, ended)

    def _was_kept(self, kept: Kept) -> None:
        what = kept.what
        if isinstance(what, Sequel):  # its chord is closed
            if what.entry is not None:
                self._finish(what.entry, what.ended)
            return
        entry = self._entries.get(what.key) if what is not None else None
        for number, (group_id, jobs) in enumerate(kept.sequels):
            self._sequels.start(Sequel(group_id, len(jobs), entry if number == 0 else None, what), jobs)
        if what is not None and (entry is None or not kept.sequels):
            self._ended(what)

    def _close(self, sequel: Sequel) -> None:
        self._keeper.put(Item(sequel, close=[sequel.group_id]))

    # ----------------------------------------------------------------------------------------------------------------- ends
    def _finish(self, entry: Entry, ended: Ended) -> None:
        """Nothing is left to do but to settle the message."""
        self._forget(entry)
        following, conditions = ended.following, entry.conditions
        assert following is not None
        self.counts["DUPLICATE" if following.duplicate else ended.state] += 1
        if entry.delivery.delivery_info.get("redelivered") and not following.duplicate and entry.begun is not None:
            self.counts["REDELIVERED"] += 1
            logger.info("%s had been delivered before, and was not acknowledged", entry.shown())
        log_ended(entry, ended)
        rejected = following.rejected
        if rejected is None and ended.state == FAILURE and conditions is not None and not conditions.on_failure:
            rejected = False
        if self._events.on:
            self._events.ended(entry, ended)
            if rejected is not None and not entry.acked:
                self._events.rejected(entry, requeue=rejected)
        self._settling.settle(entry, rejected)

    def _cut_short(self, entry: Entry, ended: Ended) -> None:
        """Its process died, or it was stopped: what a task's end entails is still to be done, unless it is to run again."""
        failure, conditions = ended.failure, entry.conditions
        assert failure is not None
        if conditions is not None and conditions.late and not entry.acked and not entry.doomed:
            lost, late = failure.type == "WorkerLostError", failure.type == "TimeLimitExceeded"
            if (lost and conditions.when_lost) or (late and not conditions.on_failure):
                logger.error("%s is given back to its queue: %s", entry.shown(), failure)
                self._forget(entry)
                self.counts["RETURNED"] += 1
                if self._events.on:
                    self._events.rejected(entry, requeue=True)
                self._settling.settle(entry, True)
                return
        if entry.doomed:  # what followed from its end has killed a process, too
            self._keeper.put(Item(None, [self._bare_document(entry, ended.state, failure)]))
            self._forget(entry)
            self.counts[ended.state] += 1
            log_ended(entry, ended)
            if self._events.on:
                self._events.ended(entry, ended)
            self._settling.settle(entry)
            return
        entry.doomed = True
        self._run(self._remake(entry, Verdict(ended.state, failure)))

    def _bare_document(self, entry: Entry, state: str, failure: Failure) -> Stored:
        meta = {**fleeting(entry.id, state, failure.as_json()), "traceback": failure.traceback or None}
        properties = entry.delivery.properties
        return Stored(meta, properties.get("reply_to") or None, properties.get("correlation_id") or entry.id)

    def _forget(self, entry: Entry) -> None:
        self._entries.pop(entry.key, None)
        if self._by_id.get(entry.id) is entry:
            del self._by_id[entry.id]

    # ------------------------------------------------------------------------------------------------------------- commands
    def revoke(self, ids: set[str]) -> None:
        """Calls that have not begun are not to begin. From any thread."""
        for id_ in ids:
            entry = self._by_id.get(id_)
            if entry is not None and entry.begun is None and not entry.doomed:
                entry.revoked = True
                self._pool.cancel(entry.key)

    def terminate(self, ids: set[str], number: int) -> None:
        """End calls that run, by a signal to their processes."""
        for id_ in ids:
            entry = self._by_id.get(id_)
            if entry is None:
                continue
            if self._pool.terminate(entry.key, number):
                entry.signal = number
                logger.warning("%s is ended by signal %d", entry.shown(), number)
            elif entry.begun is not None:
                logger.warning("%s runs on: only --pool processes can end a task", entry.shown())

    def lost(self) -> None:
        """The connection is gone: what has not begun will come again, what runs goes on."""
        for entry in [entry for entry in self._entries.values() if entry.begun is None and not entry.doomed]:
            self._pool.cancel(entry.key)
            self._forget(entry)
        for entry, _ in self._ready:
            self._forget(entry)
        self._ready.clear()

    # ------------------------------------------------------------------------------------------------------------------ stop
    def load(self) -> tuple[int, int]:
        """How many calls run, and how many have begun so far."""
        return sum(entry.begun is not None for entry in self.entries), self.begun.total()

    @property
    def entries(self) -> list[Entry]:
        """All calls that have not ended."""
        return list(self._entries.values())

    @property
    def waiting(self) -> bool:
        """Whether reports are there that nobody has seen to."""
        return bool(self._inbox)

    @property
    def busy(self) -> bool:
        """Whether anything is under way, or about to be said."""
        return bool(self._entries or self._inbox or self._sequels or not self._keeper.idle)

    def drain(self) -> None:
        """Give back what has not begun."""
        for entry, _ in self._ready:
            self._forget(entry)
            self._settling.settle(entry, True)
        self._ready.clear()
        self._pool.drain()


def _revocation() -> Verdict:
    return Verdict(REVOKED, failure_of(TaskRevokedError("revoked"), keep=False))
