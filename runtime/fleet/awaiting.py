"""Waits for a flow that runs on a fleet by itself: states come from the result store, and what they mean is derived from the plan.

Stock workers store a step's failure for what stands behind it in a chain, too, and nothing at all for other steps that will never run. So a
state counts only for a step whose turn has come: when one has failed, the engine knows which are skipped.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...compiler.plan import Call
from ..calling.applying import ignores
from ..engine import Send
from ..errors import DecodeError, UsageError
from ..events import CallHandler, Failed, HandlerEnded, Lost, Revoked, State, Succeeded
from ..failures import failure_of
from ..outcome import RunEvent, RunResult
from ..request import Context
from ..results.interface import PROPAGATE_STATES, READY_STATES, Meta, Watch
from ..running import Running
from ..values import references
from ..worker.jobs import HandlerJob
from . import suspecting
from .patience import Patience
from .submission import Submission
from .suspecting import Suspicion
from .told_failures import told_failure

if TYPE_CHECKING:
    from ..app import App

#: Steps that a note names.
_MOST_NAMED = 6

#: Seconds for which news are waited for at once; and after which what was stored before a later step began has surely come.
_PAUSE, _SETTLED = 1.0, 5.0


def wait(
    submission: Submission, timeout: float | None, on_event: Callable[[RunEvent], None] | None, *, patience: Patience | None = None
) -> RunResult:
    """Wait for the end of every step. Arguments and errors as for :meth:`Submission.wait`; ``patience``: before a step is lost."""
    if submission.app.backend.url == "disabled":
        raise UsageError("there is nothing to wait for: results are not kept, since result_backend is not set")
    return _Awaited(submission, on_event, patience).run(timeout)


class _Awaited(Running):
    """A run that goes on elsewhere."""

    def __init__(self, submission: Submission, on_event: Callable[[RunEvent], None] | None, patience: Patience | None) -> None:
        super().__init__(submission.plan, submission.app, on_event, submission.redactor, began=submission.began)
        plan = submission.plan
        self._app = submission.app
        self._ids = {step.id: step.task_id for step in submission.steps.values()}
        self._by_id = {task_id: step for step, task_id in self._ids.items()}
        self._needs = {call.id: call.trigger.needs for call in plan.calls}
        self._needs |= {group.id: (*group.after, *references(group.members)) for group in plan.groups}
        self._unkept = {call.id for call in plan.calls if not _is_kept(call, self._app)}
        self._calls = {call.id: call for call in plan.calls}
        self._left = deque(call.id for call in plan.calls if call.id not in self._unkept)
        self._early: dict[str, list[Meta]] = {}
        self._run_id = submission.run_id
        self._heard = time.monotonic()
        self._patience = patience
        self._suspicion: Suspicion | None = None
        self._notes = submission.notes
        if self._unkept:
            some = ", ".join(sorted(self._unkept)[:_MOST_NAMED]) + (" …" if len(self._unkept) > _MOST_NAMED else "")
            self._notes += (f"how these steps ended cannot be seen, since their results are not kept (ignore_result): {some}",)

    def run(self, timeout: float | None) -> RunResult:
        """Until all steps have ended whose end can be seen, or are lost."""
        until = None if timeout is None else time.monotonic() + timeout
        timed_out = False
        try:
            with self._app.backend.watch(self._by_id) as watch:
                self._begin()
                while not (self._over() or timed_out):
                    left = _PAUSE if until is None else min(_PAUSE, max(0.0, until - time.monotonic()))
                    meta = _next(watch, left)
                    if meta is not None:
                        self._heard = time.monotonic()
                        self._take(self._by_id[meta["task_id"]], meta)
                    else:
                        timed_out = until is not None and time.monotonic() >= until
                        self._suspect()
        finally:
            if self._suspicion is not None:
                self._suspicion.close()
        if timed_out:
            self._abandoned = tuple(id_ for id_ in self._ids if self._engine.state(id_) is State.STARTED)
        return self._judged(self._result(timed_out=timed_out))

    def _judged(self, result: RunResult) -> RunResult:
        """A run is no failure because of steps whose end nobody can see."""
        if result.timed_out or result.ok or result.value_error or not self._unkept:
            return result
        seen = (step for step in result.steps if step.id not in self._unkept or step.state is not State.STARTED)
        return replace(result, ok=all(step.state is State.SUCCESS for step in seen))

    def _over(self) -> bool:
        left, state = self._left, self._engine.state
        while left and state(left[0]) not in (State.PENDING, State.STARTED):
            left.popleft()
        return not left

    # -------------------------------------------------------------------------------------------------------------- states
    def _take(self, step: str, meta: Meta) -> None:
        """A state came: now, or before the step's turn."""
        if self._unkept:
            self._assume(step)
        match self._engine.state(step):
            case State.STARTED:
                self._state(step, meta)
            case State.PENDING:
                self._early.setdefault(step, []).append(meta)

    def _state(self, step: str, meta: Meta) -> None:
        status = meta["status"]
        if status == State.SUCCESS:
            self._handle(Succeeded(step, meta["result"]))
        elif status in PROPAGATE_STATES:
            failure = told_failure(meta["result"], meta["traceback"])
            self._handle(Revoked(step, failure) if status == State.REVOKED else Failed(step, failure))
        else:
            self._tell(step, status, meta["result"], self._redactor.value(meta["result"]))

    def _assume(self, step: str, *, proven: bool = False) -> None:
        """A step has begun, so what it needed has succeeded, though nothing is kept of that. ``proven``: whatever was to be kept."""
        reached: list[str] = []
        waiting = [step]
        while waiting:
            for id_ in self._needs[waiting.pop()]:
                if id_ not in self._ids or ((proven or id_ in self._unkept) and self._engine.state(id_) in (State.PENDING, State.STARTED)):
                    waiting.append(id_)
                    reached.append(id_)
        for id_ in reversed(reached):
            if id_ in self._ids and self._engine.state(id_) is State.STARTED:
                self._handle(Succeeded(id_, None))

    # ------------------------------------------------------------------------------------------------------------- silence
    def _suspect(self) -> None:
        """Nothing is heard. Results that came for later steps prove that others have succeeded; workers are asked about the rest."""
        quiet = time.monotonic() - self._heard
        if quiet >= _SETTLED:
            for step in [step for step, metas in self._early.items() if any(meta["status"] not in PROPAGATE_STATES for meta in metas)]:
                self._assume(step, proven=True)
        if self._suspicion is None and quiet >= suspecting.QUIET:
            self._suspicion = Suspicion(self._app, self._run_id, self._watch, self._patience)
            for call in self._calls.values():
                if self._engine.state(call.id) is State.STARTED and call.id not in self._unkept:
                    self._suspicion.add(call, self._ids[call.id])
        if self._suspicion is not None:
            for task_id, event in self._suspicion.found():
                asked = self._by_id.get(task_id)
                if asked is not None and self._engine.state(asked) is State.STARTED:
                    self._conclude(asked, replace(event, id=asked))

    def _conclude(self, step: str, event: Revoked | Lost) -> None:
        """Unless its result is there after all."""
        try:
            meta = self._app.backend.get(self._ids[step])
        except DecodeError:  # which is told where news are waited for
            return
        if meta is not None and meta["status"] in READY_STATES:
            self._take(step, meta)
        else:
            self._handle(event)

    def _handle(self, event: Succeeded | Failed | Revoked | Lost) -> None:
        if self._suspicion is not None:
            self._suspicion.ended([self._ids[event.id]])
        super()._handle(event)

    # ------------------------------------------------------------------------------------------------ what the engine asks for
    def _ready(self, step: str, since: dt.datetime) -> None:
        self._engine.send(step)
        if self._suspicion is not None and step not in self._unkept:
            self._suspicion.add(self._calls[step], self._ids[step])
        for meta in self._early.pop(step, ()):
            if self._engine.state(step) is State.STARTED:
                self._state(step, meta)

    def _call_handler(self, action: CallHandler) -> None:
        """The workers call handlers."""
        self._apply(self._engine.handle(HandlerEnded(action.number, None)))

    def _task_id(self, step: str) -> str:
        return self._ids[step]

    def _request(self, send: Send) -> Context:
        raise NotImplementedError

    def _submit(self, action: CallHandler, job: HandlerJob) -> None:
        raise NotImplementedError


def _next(watch: Watch, timeout: float) -> Meta | None:
    """What comes next; a result that cannot be read is how its step has failed, so that the others are waited for."""
    try:
        return watch.next(timeout)
    except DecodeError as exc:
        if exc.task_id is None:
            raise
        failure = failure_of(exc, keep=False).as_json()
        return {"task_id": exc.task_id, "status": State.FAILURE, "result": failure, "traceback": None}


def _is_kept(call: Call, app: App) -> bool:
    own = call.options.get("ignore_result") if call.options.items else None
    registered = app.tasks.get(call.task)
    return not ignores(app, {"ignore_result": own}, registered)
