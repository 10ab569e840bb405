"""What came of a run, as frozen data. Secrets are masked in all of it but ``RunResult.value``."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..compiler.plan import Location
from .events import State
from .failures import Failure
from .redact import Redactor


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step ended. Times are seconds since the start of the run; None where it never started.

    ``because``: for a skipped step, the id of the step that failed. ``worker``: the thread or process that ran it; on a fleet the worker.
    """

    id: str
    task: str
    state: State
    where: Location
    result: Any = None
    failure: Failure | None = None
    because: str | None = None
    started: float | None = None
    finished: float | None = None
    worker: str | None = None
    groups: tuple[str, ...] = ()

    @property
    def error(self) -> str | None:
        """The exception's type and message."""
        return None if self.failure is None else str(self.failure)

    @property
    def traceback(self) -> str | None:
        """The traceback, from the user's first frame on."""
        return None if self.failure is None else self.failure.traceback


@dataclass(frozen=True, slots=True)
class HandlerResult:
    """One call of an errback, or a listener that raised (``kind`` ``message``: its first failure, ``failures`` of them in all)."""

    id: str
    task: str
    scope: str
    step: str
    kind: Literal["error", "message"]
    where: Location
    failure: Failure | None = None
    failures: int = 0

    @property
    def ok(self) -> bool:
        """Whether it ran to its end."""
        return self.failure is None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run.

    Attributes:
        value: that of the flow's last statement, if ``has_value``.
        ok: every step succeeded (and the value could be made).
        steps: all steps, in the order of the plan.
        handlers: the errbacks that were called, in order, and the listeners that failed.
        duration: seconds.
        signal: the number of the signal that stopped the run, if one did.
        abandoned: ids of steps that were left behind when the run was ended: they may still run.
        value_error: why the value could not be made although every step succeeded.
        notes: remarks about the run, such as a time limit that the pool does not keep.
        timed_out: the run had a limit of time, and that was over before the run was.
    """

    value: Any = field(repr=False)
    has_value: bool
    ok: bool
    steps: tuple[StepResult, ...]
    handlers: tuple[HandlerResult, ...]
    duration: float
    signal: int | None = None
    abandoned: tuple[str, ...] = ()
    value_error: str | None = None
    notes: tuple[str, ...] = ()
    timed_out: bool = False
    redactor: Redactor = field(default_factory=Redactor, repr=False, compare=False)

    @property
    def shown_value(self) -> Any:
        """The value with secrets masked, as it may be printed."""
        return self.redactor.value(self.value)

    @property
    def failed(self) -> tuple[StepResult, ...]:
        """The steps that failed, were revoked or are lost."""
        return tuple(step for step in self.steps if step.state in (State.FAILURE, State.REVOKED, State.LOST))

    @property
    def skipped(self) -> tuple[StepResult, ...]:
        """The steps that never ran because another failed."""
        return tuple(step for step in self.steps if step.state is State.SKIPPED)

    @property
    def exit_code(self) -> int:
        """That of ``flowc run``: 0, 4 when the run failed, 6 when its time was over, 128 and the signal's number (130 for Ctrl-C)
        when it was stopped."""
        if self.signal is not None:
            return 128 + self.signal
        if self.timed_out:
            return 6
        return 0 if self.ok else 4


# ------------------------------------------------------------------------------------------------- while the run is going on
@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first event: the pool is there. Whoever shows the run may start threads of its own from now on."""

    steps: int


@dataclass(frozen=True, slots=True)
class StepTold:
    """A step told a state of its own."""

    id: str
    state: str
    meta: Any


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step ended (or was skipped)."""

    step: StepResult


@dataclass(frozen=True, slots=True)
class HandlerCalled:
    """A handler ended."""

    handler: HandlerResult


@dataclass(frozen=True, slots=True)
class Stopping:
    """A first signal came: nothing more is sent; these steps still run. ``elsewhere``: where nothing can kill them from here."""

    signal: int
    running: tuple[str, ...]
    elsewhere: bool = False

    @property
    def signal_name(self) -> str:
        """Such as ``SIGINT``."""
        return signal.Signals(self.signal).name


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that whoever watches the run should know now; it is no step's."""

    text: str


RunEvent: TypeAlias = RunStarted | StepTold | StepEnded | HandlerCalled | Stopping | Noted
