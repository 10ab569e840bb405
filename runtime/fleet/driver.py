"""Drives a plan on a fleet of stock Celery workers: joins the engine to a broker, to what workers tell, and to the user's signals.

One loop, in the thread that calls :func:`drive`. Every ready step is a message; what is ready together leaves together. What comes of
them is told by other threads (:mod:`.replies`, :mod:`.watching`), as facts, and :mod:`.signals` says which of them end a step.
"""

from __future__ import annotations

import datetime as dt
import signal
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from queue import Empty
from typing import Any, Protocol

from ...compiler.plan import Map, Plan
from ..app import App
from ..binding import bind
from ..broker.run_queue import ABANDONED, make_run_queue
from ..engine import Send
from ..errors import QueueNotFound, StepError, TaskRevokedError, UsageError
from ..events import CallHandler, Failed, Lost, Revoked, State, Succeeded
from ..failures import Failure, failure_of
from ..interrupts import listening
from ..outcome import Noted, RunResult, Stopping
from ..preflight import check_ids
from ..redact import Redactor
from ..request import Context
from ..running import Running, Signal, Watcher
from ..sending import Prepared
from ..worker.jobs import HandlerJob
from .departures import Departures
from .facts import Fact, News
from .links import Links
from .look import check_listeners, prepare
from .patience import Patience
from .replies import Replies
from .signals import Outcome, Over, Signals
from .step_messages import StepMessages
from .watching import Watching

#: How many messages may be out at once: a broker is no place for a group of a million.
WINDOW = 10_000


class MakeWatching(Protocol):
    """Makes what watches the steps of a run: :class:`~flowc.runtime.fleet.watching.Watching`, or another in tests."""

    def __call__(self, app: App, run_id: str, deliver: Callable[[News], None], *, events: bool) -> Watching: ...


def drive(
    plan: Plan,
    app: App,
    *,
    on_event: Watcher | None = None,
    now: dt.datetime | None = None,
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    timeout: float | None = None,
    preflight: bool = True,
    window: int = WINDOW,
    lost_after: float | None = None,
    abandoned: float = ABANDONED,
    make_watching: MakeWatching | None = None,
) -> RunResult:
    """Run a plan to its end on the workers of a broker.

    Args:
        plan: the plan, bound or not.
        app: its settings say which broker, routes and result backend; it needs tasks only for listeners (``~>``).
        on_event: called in this thread with each :data:`RunEvent`; what it raises ends the run.
        now: what ``now`` means in the flow; the present moment if None.
        env: the variables that ``env(…)`` may read; those of the process if None.
        secrets: the values of ``secret(…)``; those of the environment if None.
        timeout: seconds after which the run is ended, whatever is still out.
        preflight: ask the workers first which tasks and queues they have.
        window: how many messages may be out at once.
        lost_after: seconds after which a step that nobody knows is lost; None: see :class:`Patience`.
        abandoned: seconds after which what the run declared on the broker goes by itself, when the run is killed.
        make_watching: for tests.

    In the main thread, SIGINT and SIGTERM are taken over while it runs: the first stops sending and waits for what is out, the
    second leaves at once. What was sent runs in any case. Before the first step is sent, one is enough.

    Raises:
        PlanError: the plan is damaged, or a variable or secret that it needs is not set.
        UnknownTasks: workers answered, and none has a task of the plan; or the application lacks a listener. Nothing was sent.
        ConnectionLost, OperationalError: the broker cannot be reached; nothing was sent.
        UsageError: a setting or URL cannot be used, a window below one, or a ``lost_after`` that is not above zero.
    """
    if window < 1:
        raise UsageError(f"window is a number from 1, not {window}")
    making = make_watching or partial(Watching, patience=Patience.losing_after(lost_after))
    check_listeners(plan, app)
    bound, redactor = bind(plan, now=now, env=env, secrets=secrets)
    check_ids(bound)
    return _Drive(bound, app, on_event, redactor, timeout, window, abandoned, making).run(preflight)


class _LeftEarly(BaseException):
    """A signal came before anything was sent."""


class _Drive(Running):
    """The state of one driven run."""

    def __init__(
        self,
        plan: Plan,
        app: App,
        on_event: Watcher | None,
        redactor: Redactor,
        timeout: float | None,
        window: int,
        abandoned: float,
        make_watching: MakeWatching,
    ) -> None:
        super().__init__(plan, app, on_event, redactor)
        run_id, kind = uuid.uuid4().hex, app.backend.url.partition(":")[0]
        queue = make_run_queue(app.broker, run_id, abandoned=abandoned, late_replies=kind == "rpc")
        self._plan = plan
        self._messages = StepMessages(run_id, app, Links(queue), queue.name, redactor, results=kind != "disabled")
        self._replies = Replies(queue, app.conf, self._inbox.put, lambda text: self._inbox.put(Noted(text)))
        self._watching = make_watching(app, run_id, self._inbox.put, events=kind == "disabled")
        self._told = Signals(self._watching.ask, self._watching.probe)
        self._departures = Departures(app.broker.publisher, self._told, self._watching)
        self._until = None if timeout is None else self._began + timeout
        self._window = window
        self._backlog: deque[str] = deque()
        self._step_of: dict[str, str] = {}
        self._handler_of: dict[str, str] = {}
        self._ended: list[str] = []
        self._given_up: list[str] = []
        self._begun = self._left = False

    # ------------------------------------------------------------------------------------------------------------ loop
    def run(self, preflight: bool) -> RunResult:
        """Until all has ended, or the run is left."""
        try:
            with listening(self._signalled):
                notes = prepare(self._plan, self._messages, self._replies, self._watching, preflight, lambda: bool(self._signals))
                self._begun = True  # from here on a signal is news like any other
                if self._signals:
                    raise _LeftEarly
                self._note(*notes)
                self._begin()
                while not (self._left or self._engine.finished):
                    self._feed()
                    self._take()
        except _LeftEarly:
            self._notes += (f"{signal.Signals(self._signals[0]).name}: nothing was sent",)
        finally:
            self._watching.close()
            self._replies.close(forget=not len(self._told))
        return self._result(timed_out=self._left and not self._signals)

    def _signalled(self, number: int) -> None:
        super()._signalled(number)
        if not self._begun:
            if len(self._signals) > 1:
                raise _LeftEarly  # whatever is waited for
            self._watching.interrupt()

    def _feed(self) -> None:
        """Send what is ready, as far as there is room."""
        room = self._window - len(self._told) - len(self._departures)
        for _ in range(min(room, len(self._backlog))):
            step = self._backlog.popleft()
            try:
                send = self._engine.send(step)
                self._step_of[self._messages.id_of(send.call)] = step
                self._depart(self._messages.step(send), send.call.options)
            except (StepError, QueueNotFound) as exc:
                self._handle(Failed(step, failure_of(exc, keep=False)))
        failed, note = self._departures.send()
        self._replies.expect(len(self._told))
        if note:
            self._watch(Noted(self._redactor.text(note)))
        for task_id, why in failed:
            self._over(Over(task_id, State.FAILURE, failure=failure_of(why, keep=False), began=time.monotonic()))

    def _depart(self, prepared: Prepared, options: Map) -> None:
        messages = self._messages
        self._departures.add(prepared, messages.timeout_of(options), own_retry=messages.own_retry(options))

    def _take(self) -> None:
        """Wait for news, and take all that there are."""
        now = time.monotonic()
        waits = [self._told.wait(now), self._departures.wait(now), None if self._until is None else self._until - now]
        if self._engine.finished or (self._backlog and len(self._told) + len(self._departures) < self._window):
            waits.append(0.0)
        wait = min((wait for wait in waits if wait is not None), default=None)
        try:
            item = self._inbox.get(wait is None or wait > 0, wait)
            while True:
                self._news(item)
                item = self._inbox.get_nowait()
        except Empty:
            pass
        now = time.monotonic()
        for over in self._told.due(now):
            self._over(over)
        if self._ended:
            self._watching.ended(self._ended)
            self._ended = []
        if self._given_up:
            self._watching.ended(self._given_up, ran=False)
            self._given_up = []
        if self._until is not None and now >= self._until:
            self._leave()

    def _news(self, item: Any) -> None:
        match item:
            case list():
                for fact in item:
                    self._fact(fact)
            case Signal():
                self._stop(item.number)
            case Noted():
                self._watch(Noted(self._redactor.text(item.text)))
            case _:
                self._fact(item)

    def _fact(self, fact: Fact) -> None:
        outcome: Outcome | None = self._told.take(fact, time.monotonic())
        if isinstance(outcome, Over):
            self._over(outcome)
        elif outcome is not None and (step := self._step_of.get(outcome.task_id)) is not None:
            shown = outcome.meta if outcome.failure is None else outcome.failure.as_json()
            self._tell(step, outcome.state, shown, self._redactor.value(shown))

    def _over(self, over: Over) -> None:
        """A message has ended: a step's, or a handler's."""
        (self._given_up if over.given_up else self._ended).append(over.task_id)
        failure = over.failure
        step = self._step_of.pop(over.task_id, None)
        if step is None:
            self._handler_ended(self._handler_of.pop(over.task_id), failure)
            return
        if over.state in (State.SUCCESS, State.FAILURE):
            self._record.ran(step, over.began, time.monotonic(), self._watching.name_of(over.worker))
        if failure is None:
            self._handle(Succeeded(step, over.result))
        else:
            kinds: dict[State, Callable[[str, Failure], Failed | Revoked | Lost]] = {State.REVOKED: Revoked, State.LOST: Lost}
            self._handle(kinds.get(over.state, Failed)(step, failure))

    # ---------------------------------------------------------------------------------------------------------- engine
    def _ready(self, step: str, since: dt.datetime) -> None:
        self._backlog.append(step)

    def _task_id(self, step: str) -> str:
        return self._messages.id_of(self._engine.call(step))

    def _request(self, send: Send) -> Context:
        return self._messages.request(send)

    def _submit(self, action: CallHandler, job: HandlerJob) -> None:
        handler = self._handling.handler(action)
        try:
            prepared = self._messages.handler(handler, job)
        except (StepError, QueueNotFound) as exc:
            self._handler_ended(job.key, failure_of(exc, keep=False))
        else:
            self._handler_of[prepared.envelope.headers["id"]] = job.key
            self._depart(prepared, handler.options)

    def _note(self, *notes: str) -> None:
        self._notes += notes
        for note in notes:
            self._watch(Noted(note))

    # ------------------------------------------------------------------------------------------------------------ stop
    def _stop(self, number: int) -> None:
        if self._stopping:
            self._leave()
            return
        self._stopping = True
        self._engine.stop()
        self._backlog.clear()
        for task_id in self._departures.clear():
            if (step := self._step_of.pop(task_id, None)) is not None:
                self._engine.unsend(step)
            elif (handler := self._handler_of.pop(task_id, None)) is not None:
                self._handler_ended(handler, failure_of(TaskRevokedError("stopped before it was sent"), keep=False))
        self._watch(Stopping(number, self._running(), elsewhere=True))

    def _running(self) -> tuple[str, ...]:
        """The steps that are out."""
        return tuple(sorted(step for task_id, step in self._step_of.items() if task_id in self._told))

    def _leave(self) -> None:
        """Wait no longer; what is out goes on without us."""
        self._left = True
        self._abandoned = self._running()
        while self._handling.waiting:
            for id_ in self._handling.ids():
                self._handler_ended(id_, failure_of(TaskRevokedError("the run was left before it had ended"), keep=False))
