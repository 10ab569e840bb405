"""Runs a plan in this process: joins the engine to a broker, a worker, the clock and the user's signals.

One loop, in the thread that calls :func:`run`. It hands out as many ready calls as the pool has room for, lets the worker
take a turn, and waits for reports. So a group of a hundred thousand members never stands in the broker at once.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from queue import Empty
from typing import Any

from ..compiler.plan import Plan
from .app import App
from .binding import bind
from .clock import CLOCK, Clock
from .codec import unpack
from .dispatch import Dispatcher
from .engine import Send
from .errors import DecodeError, StepError, TaskRevokedError
from .errors import TimeoutError as StepTimeout
from .events import CallHandler, Failed, Revoked, State, Succeeded
from .failures import Failure, failure_of
from .interrupts import listening
from .outcome import RunResult, Stopping
from .preflight import check_ids, check_tasks, left_alone, notes
from .redact import Redactor
from .request import Context, Resend
from .running import Running, Signal, Watcher
from .timeouts import Timeouts
from .timers import shorter
from .worker.execute import Killed
from .worker.jobs import Begun, Dropped, Ended, HandlerJob, Report, Told
from .worker.pools import make_pool
from .worker.pools.interface import Pool, Reporter

__all__ = ["EmbeddedRun", "bind", "run"]


def run(
    plan: Plan,
    app: App,
    *,
    pool: str = "threads",
    concurrency: int | None = None,
    on_event: Watcher | None = None,
    now: dt.datetime | None = None,
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> RunResult:
    """Run a plan to its end on a worker inside this process.

    Args:
        plan: the plan, bound or not.
        app: the application that has its tasks.
        pool: ``threads``, ``processes`` or ``solo``.
        concurrency: how many steps at once; None for the pool's default.
        on_event: called in this thread with each :data:`RunEvent`; what it raises ends the run.
        now: what ``now`` means in the flow; the present moment if None.
        env: the variables that ``env(…)`` may read; those of the process if None.
        secrets: the values of ``secret(…)``; those of the environment if None.

    In the main thread, SIGINT and SIGTERM are taken over while it runs: the first stops sending and waits for what runs, the
    second kills it.

    Raises:
        PlanError: the plan is damaged, or a variable or secret that it needs is not set.
        UnknownTasks: the application lacks tasks of the plan; nothing has run.
        UsageError: no such pool, or a concurrency below one.
    """
    check_tasks(plan, app)
    bound, redactor = bind(plan, now=now, env=env, secrets=secrets)
    check_ids(bound)
    remarks, making = notes(plan, app, pool), partial(make_pool, pool, concurrency, app)
    return EmbeddedRun(bound, app, making, on_event, redactor, solo=pool == "solo", notes=remarks).run()


class EmbeddedRun(Running):
    """The state of one run.

    Args:
        plan: the bound plan.
        app: the application that has its tasks.
        making: makes the pool that runs them, given what takes its reports.
        on_event: called with each event.
        redactor: masks what is shown.
        solo: whether the pool runs a task in this thread when it is given one, and tells its states then.
        notes: remarks about the run that are known already.
        clock: says what time it is.
    """

    def __init__(
        self,
        plan: Plan,
        app: App,
        making: Callable[[Reporter], Pool],
        on_event: Watcher | None,
        redactor: Redactor,
        *,
        solo: bool = False,
        notes: tuple[str, ...] = (),
        clock: Clock = CLOCK,
    ) -> None:
        super().__init__(plan, app, on_event, redactor, clock=clock)
        self._pool = making(self._deliver)
        self._solo = solo
        self._dispatcher = Dispatcher(uuid.uuid4().hex, app, self._pool, redactor, clock)
        self._worker = self._dispatcher.worker
        self._backlog: list[tuple[int, int, str, dt.datetime]] = []
        self._numbers = itertools.count()
        self._room = self._pool.room
        if any(self._dispatcher.priority(call) for call in plan.calls):
            self._room = self._pool.concurrency  # what has been given to the pool cannot be overtaken any more
        self._out: dict[str, str] = {}
        self._retried: dict[str, Failure | None] = {}
        self._timeouts = Timeouts(clock)
        self._left_alone: dict[str, str] = {}
        self._notes = notes

    # ------------------------------------------------------------------------------------------------------------ loop
    def run(self) -> RunResult:
        """Until all has ended, or the run was stopped."""
        try:
            with self._listening():
                self._begin()
                while not self._engine.finished:
                    self._feed()
                    self._take()
                    self._time_out()
        except Killed:
            self._kill()
        except BaseException:  # whatever ends the run: no child outlives it
            self._pool.kill()
            raise
        finally:
            self._pool.close()
            self._dispatcher.close()
        self._tell_of_those_left()
        return self._result()

    def _listening(self) -> AbstractContextManager[None]:
        """Signals of the operating system are told to the run inside."""
        return listening(self._signalled)

    def _feed(self) -> None:
        """Send what is ready, as far as there is room; calls that only wait for their time take none."""
        while self._backlog and (room := self._room - len(self._out) + self._worker.held) > 0:
            count = min(room, len(self._backlog))
            for _ in range(count):
                _, _, step, sent = heapq.heappop(self._backlog)
                try:
                    self._out[self._dispatcher.send(self._engine.send(step), sent)] = step
                except StepError as exc:
                    self._handle(Failed(step, failure_of(exc)))
            self._worker.take(count)
        self._worker.start_due()

    def _take(self) -> None:
        """Wait for a report or for the time of a held call; then take every report that is there."""
        inbox = self._inbox
        waiting = bool(self._out) or self._handling.waiting
        try:
            item = self._clock.wait(inbox, waiting, shorter(self._worker.wait(), self._timeouts.wait()))
            while True:
                self._report(item)
                item = inbox.get_nowait()
        except Empty:
            return

    def _deliver(self, report: Report) -> None:
        """Takes the reports of the pool, in any thread."""
        if self._solo and isinstance(report, Told):
            self._report(report)  # this is the loop's own thread, inside a task: now is the time to show progress
        else:
            self._inbox.put(report)

    def _report(self, item: Report | Signal) -> None:
        match item:
            case Told(id_, state, meta) if id_ in self._out:
                value = _readable(meta)
                self._tell(self._out[id_], state, value, self._redactor.value(value))
            case Ended(id_, resend=Resend()) if id_ in self._out:
                self._retry(id_, item)
            case Ended(id_) if id_ in self._out:
                self._retried.pop(id_, None)
                self._timeouts.end(id_)
                step = self._out.pop(id_)
                self._record.ran(step, item.started, item.finished, item.worker)
                self._handle(_event(step, item))
            case Ended(id_, failure=failure):
                self._handler_ended(id_, failure)
            case Begun(id_, worker) if id_ in self._out:
                self._timeouts.begin(id_, self._timeout(id_), worker)
            case Begun():
                pass
            case Dropped(id_) if id_ in self._out:
                self._take_back(id_)
            case Signal():
                self._stop(item.number)

    def _retry(self, id_: str, ended: Ended) -> None:
        """A step is to be tried again: its end will be that of the last attempt."""
        step, failure, wanted = self._out[id_], ended.failure, ended.resend
        assert wanted is not None
        try:
            self._dispatcher.resend(self._engine.call(step), wanted)
        except StepError as exc:
            del self._out[id_]
            self._handle(Failed(step, failure_of(exc)))
            return
        self._retried[id_] = failure
        why = None if failure is None else failure.as_json()
        self._tell(step, "RETRY", why, None if failure is None else self._redactor.failure(failure).as_json())
        self._worker.take(1)

    def _take_back(self, id_: str) -> None:
        """A step that is out does not begin: it is as if it had not been sent, unless this was to be another attempt."""
        step = self._out.pop(id_)
        if id_ in self._retried:
            because = self._retried.pop(id_)
            waited = "stopped before it was tried again" + (f" (it had raised {because})" if because is not None else "")
            self._handle(Revoked(step, failure_of(TaskRevokedError(waited), keep=False)))
        else:
            self._engine.unsend(step)

    # --------------------------------------------------------------------------------------------------------- timeouts
    def _timeout(self, id_: str) -> float:
        return self._dispatcher.timeout(self._engine.call(self._out[id_])) or 0.0

    def _time_out(self) -> None:
        """Steps that have not ended in time have failed; nobody waits for them any more."""
        while (id_ := self._timeouts.over()) is not None:
            error = StepTimeout(f"no end within {self._timeout(id_):g}s")
            step, began = self._out.pop(id_), self._timeouts.end(id_)
            self._retried.pop(id_, None)
            if id_ in self._pool.running():
                if not self._pool.abandon(id_):
                    self._left_alone[id_] = step
            elif not self._worker.drop(id_):  # it waited to be tried again
                self._pool.cancel(id_)
            if began is not None:
                self._record.ran(step, began[0], self._clock.monotonic(), began[1])
            self._handle(Failed(step, failure_of(error, keep=False)))

    def _tell_of_those_left(self) -> None:
        if self._left_alone:
            running = set(self._pool.running())
            self._abandoned += tuple(sorted(step for id_, step in self._left_alone.items() if id_ in running))
            self._notes += (left_alone(tuple(self._left_alone.values())),)

    # ---------------------------------------------------------------------------------------------------------- engine
    def _ready(self, step: str, since: dt.datetime) -> None:
        heapq.heappush(self._backlog, (-self._dispatcher.priority(self._engine.call(step)), next(self._numbers), step, since))

    def _task_id(self, step: str) -> str:
        return self._dispatcher.id_of(self._engine.call(step))

    def _request(self, send: Send) -> Context:
        return self._dispatcher.request(send)

    def _submit(self, action: CallHandler, job: HandlerJob) -> None:
        self._pool.submit(job)

    # ------------------------------------------------------------------------------------------------------------ stop
    def _signalled(self, number: int) -> None:
        super()._signalled(number)
        if len(self._signals) > 1 and self._solo and self._pool.running():
            raise Killed

    def _stop(self, number: int) -> None:
        if number == self._signals[0] and not self._stopping:
            self._stopping = True
            self._engine.stop()
            self._backlog.clear()
            for id_ in self._worker.release():
                self._take_back(id_)
            self._pool.drain()
            self._watch(Stopping(number, tuple(sorted(self._out[id_] for id_ in self._pool.running() if id_ in self._out))))
        else:
            self._kill()

    def _kill(self) -> None:
        left = self._pool.kill()
        self._abandoned = tuple(sorted(self._out[id_] for id_ in left if id_ in self._out))
        out, self._out = self._out, {}
        for step in out.values():
            self._handle(Revoked(step, failure_of(TaskRevokedError("stopped while it ran"), keep=False)))
        while self._handling.waiting:
            for id_ in self._handling.ids():
                self._handler_ended(id_, failure_of(TaskRevokedError("stopped while it ran"), keep=False))


def _readable(meta: Any) -> Any:
    """What a task told; it may say of itself that it is something that it is not."""
    try:
        return unpack(meta)
    except DecodeError as exc:
        return f"<{exc}>"


def _event(step: str, ended: Ended) -> Succeeded | Failed | Revoked:
    """What the engine is told of the end of a job."""
    failure = ended.failure
    if failure is not None:
        return Revoked(step, failure) if ended.state == State.REVOKED else Failed(step, failure)
    try:
        return Succeeded(step, unpack(ended.result))
    except DecodeError as exc:
        return Failed(step, failure_of(exc, keep=False))
