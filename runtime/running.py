"""What every run does, wherever its steps run: the engine is told what happened, and what follows from that is seen to and shown."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeAlias

from ..compiler.plan import Plan
from .app import App
from .clock import CLOCK, Clock
from .engine import Engine, Send
from .errors import ReachError
from .events import Action, CallHandler, Failed, HandlerEnded, Lost, Notify, Ready, Revoked, Skipped, Succeeded, Told
from .failures import Failure, failure_of
from .handling import Handling, handler_id
from .outcome import HandlerCalled, RunEvent, RunResult, RunStarted, StepEnded, StepTold
from .record import Record
from .redact import Redactor
from .request import Context
from .worker.jobs import HandlerJob

Watcher: TypeAlias = Callable[[RunEvent], None]


class Signal(NamedTuple):
    """A signal of the operating system came."""

    number: int


class Running(ABC):
    """The state of one run: engine, record, handlers, signals. One thread calls all of it.

    Args:
        plan: the bound plan.
        app: whose tasks are listeners, and perhaps steps and handlers.
        on_event: called with each event.
        redactor: masks what is shown.
        began: when it began, by the clock's ``monotonic()``; now if None.
        clock: says what time it is.
    """

    def __init__(
        self,
        plan: Plan,
        app: App,
        on_event: Watcher | None,
        redactor: Redactor,
        *,
        began: float | None = None,
        clock: Clock = CLOCK,
    ) -> None:
        self._clock = clock
        self._engine = Engine(plan)
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._began = clock.monotonic() if began is None else began
        self._redactor = redactor
        self._record = Record(plan, self._engine, redactor, self._began, clock)
        self._handling = Handling(plan, app, redactor, self._engine.fill)
        self._on_event = on_event
        self._steps = len(plan.calls)
        self._signals: list[int] = []
        self._stopping = False
        self._notes: tuple[str, ...] = ()
        self._abandoned: tuple[str, ...] = ()

    # ------------------------------------------------------------------------------------------- what kinds of run differ in
    @abstractmethod
    def _ready(self, step: str, since: dt.datetime) -> None:
        """A step can be sent."""

    @abstractmethod
    def _task_id(self, step: str) -> str:
        """The id of a step's message."""

    @abstractmethod
    def _request(self, send: Send) -> Context:
        """What a handler sees of a step that failed."""

    @abstractmethod
    def _submit(self, action: CallHandler, job: HandlerJob) -> None:
        """Have an errback called."""

    # --------------------------------------------------------------------------------------------------------- what happened
    def _begin(self) -> None:
        """Tell that the run has started, and make its first steps ready."""
        self._watch(RunStarted(self._steps))
        self._apply(self._engine.start())

    def _handle(self, event: Succeeded | Failed | Revoked | Lost) -> None:
        """A step has ended."""
        if not isinstance(event, Succeeded):
            self._record.failed(event.id, event.failure)
        actions = self._engine.handle(event)
        if self._on_event is not None:
            self._on_event(StepEnded(self._record.step(event.id)))
        self._apply(actions)

    def _tell(self, step: str, state: str, meta: Any, shown: Any) -> None:
        """A step has told a state; ``shown`` is its meta without secrets."""
        self._watch(StepTold(step, self._redactor.text(state), shown))
        self._apply(self._engine.handle(Told(step, state, meta)))

    def _handler_ended(self, id_: str, failure: Failure | None) -> None:
        ended = self._handling.ended(id_, failure)
        if ended is not None:
            number, result = ended
            self._watch(HandlerCalled(result))
            self._apply(self._engine.handle(HandlerEnded(number, failure)))

    def _signalled(self, number: int) -> None:
        """A signal came; this runs between two steps of Python's in the main thread."""
        self._signals.append(number)
        self._inbox.put(Signal(number))

    # ------------------------------------------------------------------------------------------------------ what follows
    def _apply(self, actions: list[Action]) -> None:
        if not actions:
            return
        since = self._clock.now()
        for action in actions:
            match action:
                case Ready(id_):
                    self._ready(id_, since)
                case Skipped(id_):
                    if self._on_event is not None:
                        self._on_event(StepEnded(self._record.step(id_)))
                case Notify():
                    self._listen(action)
                case CallHandler():
                    self._call_handler(action)

    def _listen(self, action: Notify) -> None:
        """A listener is called with a state."""
        deaf = self._handling.listen(action, self._task_id(action.step))
        if deaf is not None:
            self._watch(HandlerCalled(deaf))

    def _call_handler(self, action: CallHandler) -> None:
        try:
            send = self._engine.arguments(action.step)
        except ReachError:  # that is why it failed: there are no arguments to show
            send = Send(self._engine.call(action.step), [], {})
        try:
            job = self._handling.job(action, self._request(send))
        except ReachError as exc:
            self._handler_ended(handler_id(action), failure_of(exc, keep=False))
        else:
            self._submit(action, job)

    def _watch(self, event: RunEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)

    def _result(self, *, timed_out: bool = False) -> RunResult:
        """What came of the run, now that it has ended."""
        return self._record.result(
            self._handling.results,
            signal=self._signals[0] if self._signals else None,
            abandoned=self._abandoned,
            notes=self._notes,
            timed_out=timed_out,
        )
