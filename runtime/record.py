"""What is known of each step of a run, kept small while it runs and made into results at its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..compiler.plan import Call, Plan
from .clock import CLOCK, Clock
from .engine import Engine
from .errors import ReachError
from .events import State
from .failures import Failure
from .outcome import HandlerResult, RunResult, StepResult
from .redact import Redactor


class Record:
    """Times, workers and failures by step.

    Args:
        plan: the plan of the run.
        engine: knows the states and results.
        redactor: masks results and failures.
        began: when the run began, in seconds of the clock's ``monotonic``.
        clock: says when it ends.
    """

    def __init__(self, plan: Plan, engine: Engine, redactor: Redactor, began: float, clock: Clock = CLOCK) -> None:
        self._calls = {call.id: call for call in plan.calls}
        self._engine = engine
        self._redactor = redactor
        self._began = began
        self._clock = clock
        self._ran: dict[str, tuple[float, float, str | None]] = {}
        self._failures: dict[str, Failure] = {}

    def ran(self, step: str, started: float, finished: float, worker: str | None) -> None:
        """A step ran from ``started`` to ``finished`` (the clock's ``monotonic``)."""
        self._ran[step] = (started - self._began, finished - self._began, worker)

    def failed(self, step: str, failure: Failure) -> None:
        """A step failed. The live exception is let go: it holds the frames of the task."""
        self._failures.setdefault(step, replace(self._redactor.failure(failure), exception=None))

    def step(self, step: str) -> StepResult:
        """What is known of one step now."""
        call: Call = self._calls[step]
        state = self._engine.state(step)
        started, finished, worker = self._ran.get(step, (None, None, None))
        result: Any = self._redactor.value(self._engine.result(step)) if state is State.SUCCESS else None
        failure, because = self._failures.get(step), self._engine.because(step)
        return StepResult(step, call.task, state, call.where, result, failure, because, started, finished, worker, call.group)

    def result(
        self,
        handlers: tuple[HandlerResult, ...],
        *,
        signal: int | None,
        abandoned: tuple[str, ...],
        notes: tuple[str, ...],
        timed_out: bool = False,
    ) -> RunResult:
        """What came of the run, now that it has ended."""
        duration = self._clock.monotonic() - self._began
        steps = tuple(map(self.step, self._calls))  # in the order of the plan
        value, has_value, problem = None, False, None
        try:
            value, has_value = self._engine.value(), True
        except ReachError as exc:
            problem = self._redactor.text(str(exc))
        except KeyError:  # a step that it needs has no result
            pass
        return RunResult(
            value=value,
            has_value=has_value,
            ok=problem is None and all(step.state is State.SUCCESS for step in steps),
            steps=steps,
            handlers=handlers,
            duration=duration,
            signal=signal,
            abandoned=abandoned,
            value_error=problem,
            notes=notes,
            timed_out=timed_out,
            redactor=self._redactor,
        )
