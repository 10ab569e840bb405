"""What came of a flow under test, for a test to look at. Times are virtual seconds since the start of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..events import State
from ..failures import Failure
from ..outcome import RunResult, StepResult
from .names import Names, listed


@dataclass(frozen=True, slots=True)
class TaskCall:
    """One call of a task: each attempt at a step is one, and each call of a handler or listener.

    Attributes:
        task: its full name.
        step: the id of the step; for a handler or listener, of the step that it was called for.
        handler: the id of the handler or listener; None for a step.
        args: as the task got them.
        kwargs: likewise.
        at: when it began.
        ended: when it ended.
        state: ``SUCCESS``, ``FAILURE`` or ``RETRY``.
        result: what it returned.
        failure: what it raised, or why it is tried again.
        retries: how often it had been tried before.
    """

    task: str
    step: str
    handler: str | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    at: float
    ended: float
    state: str
    result: Any = None
    failure: Failure | None = None
    retries: int = 0

    @property
    def error(self) -> str | None:
        """The exception's type and message."""
        return None if self.failure is None else str(self.failure)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message to a listener (``~>``): the step ``step`` was in ``state``, with ``result``."""

    task: str
    handler: str
    step: str
    state: str
    result: Any
    at: float


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step. ``calls`` are the attempts at it, in order; a step that never began has none."""

    ended_as: StepResult = field(repr=False)
    calls: tuple[TaskCall, ...] = field(repr=False)
    id: str
    task: str
    state: State
    result: Any
    failure: Failure | None
    because: str | None

    @property
    def error(self) -> str | None:
        """The exception's type and message."""
        return None if self.failure is None else str(self.failure)

    @property
    def traceback(self) -> str | None:
        """The traceback, from the test's first frame on."""
        return None if self.failure is None else self.failure.traceback

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments of its last attempt. Raises AssertionError if it never began."""
        return self._last.args

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """The named arguments of its last attempt. Raises AssertionError if it never began."""
        return self._last.kwargs

    @property
    def began(self) -> float | None:
        """When its first attempt began; None if it never did."""
        return self.calls[0].at if self.calls else None

    @property
    def ended(self) -> float | None:
        """When it ended; None if it never began."""
        return self.calls[-1].ended if self.ended_as.finished is None and self.calls else self.ended_as.finished

    @property
    def retries(self) -> int:
        """How often it was tried again."""
        return max(0, len(self.calls) - 1)

    @property
    def _last(self) -> TaskCall:
        if not self.calls:
            why = f", because {self.because} did not succeed" if self.because else f": {self.error}" if self.failure else ""
            raise AssertionError(f"step {self.id} was not called: it is {self.state}{why}")
        return self.calls[-1]


class FlowRun:
    """What came of a flow under test.

    Attributes:
        name: that of the flow.
        result: what ``flow.run`` would have given.
        order: the ids of the steps that began, in the order in which they did.
        handlers: each call of an errback, in order.
        heard: each message to a listener, in order.
        text: the run as text, a line for each call.
    """

    def __init__(self, name: str, result: RunResult, names: Names, calls: tuple[TaskCall, ...], heard: tuple[Heard, ...]) -> None:
        self.name = name
        self.result = result
        results = {step.id: step for step in result.steps}
        calls = tuple(_as_it_was_seen(call, results[call.step]) for call in calls)
        listeners = {message.handler for message in heard}
        self.handlers = tuple(call for call in calls if call.handler is not None and call.handler not in listeners)
        self.heard = heard
        self._names = names
        self._calls = calls
        attempts: dict[str, list[TaskCall]] = {}
        for call in calls:
            if call.handler is None:
                attempts.setdefault(call.step, []).append(call)
        self.order = list(attempts)
        self.steps = tuple(
            FlowStep(step, tuple(attempts.get(step.id, ())), step.id, step.task, step.state, step.result, step.failure, step.because)
            for step in result.steps
        )
        self._by_id = {step.id: step for step in self.steps}

    # ------------------------------------------------------------------------------------------------------------ the run
    @property
    def ok(self) -> bool:
        """Whether every step succeeded."""
        return self.result.ok

    @property
    def value(self) -> Any:
        """The value of the flow; None if it has none, since a step that it needs did not succeed."""
        return self.result.value

    @property
    def duration(self) -> float:
        """Virtual seconds from its start to its end."""
        return self.result.duration

    @property
    def states(self) -> dict[str, str]:
        """The state of each step, by id."""
        return {step.id: str(step.state) for step in self.steps}

    @property
    def failed(self) -> list[str]:
        """The ids of steps that failed or were revoked."""
        return [step.id for step in self.result.failed]

    @property
    def skipped(self) -> list[str]:
        """The ids of steps that never began because another did not succeed."""
        return [step.id for step in self.result.skipped]

    # ---------------------------------------------------------------------------------------------------------- questions
    def __getitem__(self, name: str) -> FlowStep:
        """The step of that id, or the only step that calls the task of that name.

        Raises:
            KeyError: there is none, or there are several.
        """
        if name in self._by_id:
            return self._by_id[name]
        task = self._names.task(name)
        found = [step for step in self.steps if step.task == task]
        if len(found) == 1:
            return found[0]
        if found:
            raise _NameError(f"several steps call {task}: {listed(step.id for step in found)}; name one by its id")
        if task is not None or name in self._names.ids:
            raise _NameError(f"no step calls {name!r}: it is a handler, or called by a map; see run.calls({name!r})")
        raise _NameError(self._names.unknown(name))

    def __iter__(self) -> Iterator[FlowStep]:
        """The steps, in the order of the plan."""
        return iter(self.steps)

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self.steps)

    def calls(self, name: str | None = None) -> list[TaskCall]:
        """The calls of a task, step or handler in the order in which they began, retries too; all calls if no name is given.

        Raises:
            KeyError: the flow has nothing of that name.
        """
        if name is None:
            return list(self._calls)
        task, group = self._names.task(name), [step for step in self.steps if name in step.ended_as.groups]
        if task is None and name not in self._names.ids and not group:
            raise _NameError(self._names.unknown(name))
        ids = {step.id for step in group}
        return [call for call in self._calls if call.task == task or name in (call.handler or call.step,) or call.step in ids]

    @property
    def text(self) -> str:
        """The run as text: a line for each call, each handler, each step that was never called."""
        from .showing import shown

        return shown(self)

    def __repr__(self) -> str:
        parts = [f"{step.id}: {step.error}" for step in self.steps if step.failure is not None]
        if self.skipped:
            parts.append(f"skipped: {listed(self.skipped)}")
        if self.result.value_error:
            parts.append(self.result.value_error)
        return f"<run of {self.name}: {'ok' if self.ok else '; '.join(parts)}>"


class _NameError(KeyError):
    """Prints as its message, without quotes."""

    def __str__(self) -> str:
        return str(self.args[0])


def _as_it_was_seen(call: TaskCall, step: StepResult) -> TaskCall:
    """A call at whose end nobody waited for it any more: for the run it ended with its step."""
    if call.handler is not None or step.finished is None or call.ended <= step.finished:
        return call
    return replace(call, ended=step.finished, state=str(step.state), result=None, failure=step.failure)
