"""The worker: joins a broker, a pool and a result store, in one loop.

A turn: wait for messages, or for anything that the other threads have to say; take what came in; start what is due; see to what has
ended; tell the broker. Reports of the pool come from any thread into one inbox: the first of a turn wakes the loop, the others find it
awake.

A message's way. Taken in, it goes to the pool at once, or is held until its time. Early acknowledgement happens when it begins, late
acknowledgement when its end is kept in the result store. What has not begun can be taken back from the pool at any time, so the broker's
prefetch limit is the only queue that a worker needs.

How it stops. First it stops consuming and gives back what has not begun, then it waits for what runs, for its results to be kept and its
messages to be acknowledged, then the pool ends, then the connection. Asked a second time, it does not wait: what runs is given back too.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import platform
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from kombu.clocks import LamportClock

from ..app import App
from ..broker.interface import Delivery
from ..errors import ConnectionLost, UsageError
from ..interrupts import listening
from . import here
from .attempt import Killed
from .calls import Calls
from .connecting import connect, receiver_of
from .entry import Entry
from .events import make_events
from .intake import Intake
from .jobs import TaskJob, Terms, Verdict
from .keeper import Keeper
from .leaving import give_back_running
from .pools import default_concurrency, make_pool
from .pools.interface import Pool
from .read_queues import ReadQueues
from .remote import Remote
from .revoked import Revoked
from .settling import Settling

logger = logging.getLogger("flowc.worker")

#: After so many seconds the clock is looked at again: it may have been set, or the machine have slept.
LONGEST_WAIT = 30.0

#: Messages taken at once where there is no prefetch limit.
UNLIMITED = 1000

#: How many ends may wait for the result store before no further message is taken in.
MOST_UNKEPT = 1000

#: Seconds that the result store has when the worker leaves: after the last task of an orderly stop, and at the very end.
STORE_PATIENCE, STORE_HASTE = 30.0, 3.0

#: Seconds between the heartbeats that a worker sends: Celery's.
HEARTBEAT = 2.0

_services = itertools.count(1)


class WorkerService:
    """A worker. :meth:`run` blocks until it is stopped.

    Args:
        app: whose tasks it runs, by whose settings.
        queues: what it reads; the default queue and those of ``task_queues`` and ``task_routes`` if None.
        concurrency: how many tasks at once; ``worker_concurrency``, else the pool's own number, if None.
        pool: ``threads``, ``processes`` or ``solo``.
        prefetch_multiplier: messages fetched ahead for each task that can run; ``worker_prefetch_multiplier`` if None; 0: no limit.
        hostname: its name, for remote commands and ``result_extended``.
        exclude_queues: queues that it does not read after all.
        task_events: whether it sends an event for each thing that happens to a task; ``worker_send_task_events`` if None.
        heartbeat: seconds between the events that say that it lives; None for none.

    Attributes:
        ready: set when it consumes.
        on_ready: called, in the worker's thread, when it consumes.
        counts: how many calls have ended in which state. ``RETURNED``: given back; ``REDELIVERED``: ran, and had been delivered before;
            ``DUPLICATE``: came again and did not run again; ``AGAIN``: had ended before, and have ended once more.
        forced_by: the signal that let it leave at once, if one did.
        events: what monitors are told.
        reading: the queues that it reads.
        clock: kombu's ``LamportClock``, of events and remote commands.
        since: when it was made (``time.monotonic``).

    Raises:
        UsageError: no such pool, a concurrency below one, or no queue left.
    """

    def __init__(
        self,
        app: App,
        queues: Sequence[str] | None = None,
        *,
        concurrency: int | None = None,
        pool: str = "threads",
        prefetch_multiplier: int | None = None,
        hostname: str | None = None,
        exclude_queues: Sequence[str] = (),
        task_events: bool | None = None,
        heartbeat: float | None = HEARTBEAT,
    ) -> None:
        conf = app.conf
        self.app = app
        if isinstance(queues, str):
            raise UsageError(f"queues is a list of names, not a text: write [{queues!r}]")
        names = [name for name in (queues or app.sender.router.queue_names()) if name not in set(exclude_queues)]
        if not names:
            raise UsageError("no queue is left for the worker to read")
        self.pool_name = pool
        self._concurrency = conf.worker_concurrency if concurrency is None else concurrency
        self._multiplier = conf.worker_prefetch_multiplier if prefetch_multiplier is None else prefetch_multiplier
        number = next(_services)
        self.hostname = hostname or f"flowc-{os.getpid()}{f'.{number}' if number > 1 else ''}@{platform.node()}"
        self.ready = threading.Event()
        self.on_ready: Callable[[], None] | None = None
        self.clock: Any = LamportClock()
        self.since = time.monotonic()
        self.events = make_events(
            app.broker, self.hostname, self.clock, lambda: self._calls.load(),
            tasks=conf.worker_send_task_events if task_events is None else task_events, heartbeat=heartbeat,
        )  # fmt: skip
        self._settling = Settling()
        self._revoked = Revoked()
        self._calls = Calls(app, self._settling, self._revoked, self._remake, self._rouse, self.events)
        self.reading = ReadQueues(names, self._settling, self._calls.ask)
        self._intake: Intake
        self._pool: Pool | None = None
        self._keeper: Keeper
        self._remote: Remote | None = None
        self._stops = 0
        self._leaving = False
        self.forced_by: int | None = None
        self._patience = 0.0

    @property
    def queues(self) -> list[str]:
        """The queues that it reads."""
        return self.reading.names

    @property
    def counts(self) -> Counter[str]:
        """See above."""
        return self._calls.counts

    @property
    def concurrency(self) -> int:
        """How many tasks run at once."""
        return self._pool.concurrency if self._pool is not None else self._concurrency or default_concurrency(self.pool_name)

    # ------------------------------------------------------------------------------------------------------------------ run
    def run(self) -> None:
        """Work until :meth:`stop`, or in the main thread until SIGINT or SIGTERM; a second one does not wait for what runs.

        Raises:
            ConnectionLost: the broker could not be reached as often as the settings allow.
            UsageError: the pool cannot be started.
        """
        with listening(self._signalled):
            try:
                self._prepare()
                if self._connect(starting=True):
                    self._remote = Remote(self)
                    self._remote.start()
                    self.events.start()
                    self._serve()
            except Killed:
                self._leave_at_once()
            finally:
                self._close()

    def _prepare(self) -> None:
        """Nothing that has a thread or a connection comes before the pool: it may fork."""
        app = self.app
        terms = Terms(self.hostname, app.conf.worker_max_message_size, app.backend.url != "disabled")
        self._keeper = Keeper(app.backend, terms, self._calls.kept)
        self._pool = make_pool(self.pool_name, self._concurrency, app, self._calls.deliver)
        self._calls.attach(self._pool, self._keeper, solo=self.pool_name == "solo")
        self._intake = Intake(
            app, terms, self._settling, self._revoked, self._calls.submit, self.events, limited=self.pool_name == "processes"
        )  # fmt: skip
        self.prefetch = self._multiplier * self.concurrency
        self._most_unkept = max(MOST_UNKEPT, 10 * self.prefetch)

    def _connect(self, *, starting: bool) -> bool:
        """Whether there is a connection now; there is none if the worker was stopped while it tried."""
        receiver = self._settling.receiver

        def attempt() -> Any:
            if receiver is None:
                return receiver_of(self.app, self.queues, self.prefetch)
            receiver.reconnect()
            return receiver

        def meanwhile() -> bool:
            self._calls.handle()
            return self._stops == 0 or (not starting and self._stops == 1 and self._calls.busy)

        made = connect(self.app.conf, attempt, meanwhile, starting=starting)
        self._settling.connected = made is not None
        self._settling.receiver = made or receiver
        return self._settling.receiver is not None

    def _serve(self) -> None:
        here.enter()
        try:
            self.ready.set()
            if self.on_ready is not None:
                self.on_ready()
            self._work()
        finally:
            here.leave()

    def _work(self) -> None:
        while True:
            try:
                if not self._turn():
                    return
            except ConnectionLost as exc:
                logger.error("the connection to the broker was lost: %s", exc)
                self._settling.lost()
                self._intake.release()
                self._calls.lost()
                self._connect(starting=False)
                if not self._settling.connected:  # it was stopped meanwhile
                    self._leave_at_once()
                    return
                if not self._stops:
                    logger.warning("connected to the broker again")

    def _turn(self) -> bool:
        """One turn; false when it was the last."""
        calls, settling = self._calls, self._settling
        if self._stops and not self._begin_to_leave():
            return False
        assert settling.receiver is not None
        for delivery in settling.receiver.receive(self._room(), self._wait()):
            self._intake.take(delivery)
        if not self._leaving:
            self._intake.start_due()
        calls.handle()
        if calls.ready:
            calls.feed()
        settling.flush()
        return True

    def _room(self) -> int:
        """How many messages more may be taken in."""
        if self._leaving or self._keeper.backlog > self._most_unkept:
            return 0
        return max(0, self.prefetch - self._settling.open) if self.prefetch else UNLIMITED

    def _wait(self) -> float:
        """Seconds until something is due."""
        if self._calls.ready or self._calls.waiting:
            return 0.0
        due = 1.0 if self._leaving else self._intake.wait()
        return LONGEST_WAIT if due is None else min(due, LONGEST_WAIT)

    def _remake(self, entry: Entry, verdict: Verdict) -> TaskJob:
        return self._intake.job(entry, verdict)

    def _rouse(self) -> None:
        receiver = self._settling.receiver
        if receiver is not None:
            receiver.wake()

    # ----------------------------------------------------------------------------------------------------------------- stop
    def stop(self, *, now: bool = False) -> None:
        """Stop in order: what runs is finished. A second time, or with ``now``: what runs is given back. From any thread."""
        self._stops += 2 if now else 1
        self._rouse()

    def _signalled(self, number: int) -> None:
        """A signal came; this runs between two steps of Python's in the main thread."""
        if self._stops:
            self.forced_by = number
        self.stop()
        if self.pool_name == "solo" and self._pool is not None and self._pool.running():
            # the loop itself is in the task: the receiver is not in use, and others can have now what was fetched ahead
            if self._stops > 1:
                raise Killed
            with contextlib.suppress(Exception):
                self._begin_to_leave()

    def _begin_to_leave(self) -> bool:
        """Stop consuming and give back what has not begun; false when nothing is left to wait for."""
        if self._stops > 1:
            self._leave_at_once()
            return False
        if not self._leaving:
            self._leaving = self.reading.fixed = True
            assert self._settling.receiver is not None
            self._settling.receiver.cancel()
            held = self._intake.release()
            self._settling.give_back(held)
            if held:
                self.counts["RETURNED"] += len(held)
            self._calls.drain()
            self._calls.handle()
            running = [entry.shown() for entry in self._calls.entries if entry.begun is not None]
            if running:
                logger.warning("stopping when %d running tasks have ended: %s", len(running), ", ".join(running[:10]))
            self._settling.flush()
        return self._calls.busy and not self._store_is_away()

    def _store_is_away(self) -> bool:
        """Whether nothing runs any more, and the result store has had its time."""
        assert self._pool is not None
        now = time.monotonic()
        if self._pool.running() or self._keeper.backlog == 0:
            self._patience = now + STORE_PATIENCE
        return now > self._patience

    def _leave_at_once(self) -> None:
        assert self._pool is not None
        self._settling.give_back(self._intake.release())
        self._pool.kill()
        self._calls.handle()
        give_back_running(self.app, self._calls, self._settling)
        self._leaving = True

    def _close(self) -> None:
        remote, pool, receiver = self._remote, self._pool, self._settling.receiver
        if remote is not None:
            remote.stop()
        if pool is None:
            return
        pool.close()
        lost = self._keeper.close(STORE_HASTE)
        if lost:
            logger.error("%d results could not be kept", len(lost))
        if self._keeper.again:
            self.counts["AGAIN"] = self._keeper.again
        self._calls.handle()
        if receiver is not None:
            try:
                self._settling.flush()
            except ConnectionLost as exc:
                logger.error("the last messages could not be settled: %s", exc)
            receiver.close()
        self.events.stop()

    # -------------------------------------------------------------------------------------------------------------- commands
    @property
    def calls(self) -> list[Entry]:
        """The calls that are under way, or wait for a free place."""
        return self._calls.entries

    @property
    def revoked(self) -> list[str]:
        """The ids that are not to run."""
        return self._revoked.listed()

    @property
    def begun(self) -> Counter[str]:
        """How many calls have begun of each task."""
        return self._calls.begun

    def scheduled(self) -> list[tuple[float, Delivery]]:
        """The calls that wait for their time, with the moments at which they are due."""
        return self._intake.scheduled()

    @property
    def pool(self) -> Pool:
        """What tasks run in, while the worker serves."""
        assert self._pool is not None
        return self._pool

    def forget_conditions(self, name: str) -> None:
        """The options of a task have changed."""
        self._calls.ask(lambda: self._intake.forget(name))

    def revoke(self, ids: Sequence[str], *, terminate: bool = False, number: int | None = None) -> None:
        """Let calls not begin; with ``terminate``, end those that run by the signal ``number``. From any thread."""
        self._calls.revoke(set(ids))  # at once, what is there already
        self._revoked.add(ids)
        self._calls.ask(lambda: self._revoke(set(ids), terminate, number))

    def _revoke(self, ids: set[str], terminate: bool, number: int | None) -> None:
        self._intake.revoke(ids)
        self._calls.revoke(ids)
        if terminate and number is not None:
            self._calls.terminate(ids, number)
