"""Runs that are driven in a thread of their own, while the test breaks what they depend on."""

from __future__ import annotations

import sys
import textwrap
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import flowc
from flowc.runtime.fleet.driver import drive
from flowc.runtime.fleet.facts import News
from flowc.runtime.fleet.patience import Patience
from flowc.runtime.fleet.watching import Watching
from flowc.runtime.outcome import Noted, RunEvent, RunResult, StepEnded, StepResult

from ..watch.listening import QUICK

#: As QUICK, with more time for workers to answer: some tests keep the whole machine busy.
PATIENCE = replace(QUICK, answer=3.0, silent_after=20.0)

#: Seconds after which a run that has not ended hangs, on a machine that is busy with other tests.
DEADLINE = 100.0


def wait_for(there: Callable[[], object], seconds: float = 60, what: str = "it does not come") -> None:
    """Until something is so."""
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def new_key() -> str:
    """A key for notes that no other test has."""
    return uuid.uuid4().hex


class Driven:
    """A driven run. A context manager: on exit the run has ended, or the test fails and says where it hangs.

    Args:
        text: of the flow.
        broker: where the workers are.
        backend: where they keep results; None: nowhere.
        patience: of the run.
        settings: of its application.
        options: of :func:`drive`.
    """

    def __init__(
        self,
        text: str,
        broker: str,
        backend: str | None = None,
        *,
        patience: Patience = PATIENCE,
        settings: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.app = flowc.App("faults", broker=broker, backend=backend, settings=dict(settings or {}), set_as_current=False)
        self.run_id = ""
        self.events: list[RunEvent] = []
        self.result: RunResult | None = None
        self.sent: Counter[str] = Counter()
        self._count_what_leaves()
        self._plan = flowc.loads(textwrap.dedent(text)).plan
        self._patience = patience
        self._options = options
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="driven", daemon=True)
        self._thread.start()

    def _watching(self, app: flowc.App, run_id: str, deliver: Callable[[News], None], *, events: bool) -> Watching:
        self.run_id = run_id
        return Watching(app, run_id, deliver, events=events, patience=self._patience)

    def _count_what_leaves(self) -> None:
        publisher: Any = self.app.broker.publisher
        publish = publisher.publish_many

        def counted(pending: Any, *args: Any, **kwargs: Any) -> Any:
            ids = [envelope.headers["id"] for envelope in pending]
            try:
                return publish(pending, *args, **kwargs)
            finally:
                self.sent.update(ids[: len(ids) - len(pending)])

        publisher.publish_many = counted

    def _run(self) -> None:
        try:
            self.result = drive(self._plan, self.app, make_watching=self._watching, on_event=self.events.append, **self._options)
        except BaseException as error:  # told to the test's own thread
            self._error = error

    def wait(self, seconds: float = DEADLINE) -> RunResult:
        """Its end; AssertionError where it does not come, with what all threads are doing."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"the run hangs; ended: {self.ended}; notes: {self.notes}\n{_stacks()}"
        if self._error is not None:
            raise self._error
        assert self.result is not None
        return self.result

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    @property
    def ended(self) -> list[str]:
        """The steps that have ended, in order."""
        return [event.step.id for event in list(self.events) if isinstance(event, StepEnded)]

    @property
    def notes(self) -> list[str]:
        """What was said."""
        return [event.text for event in list(self.events) if isinstance(event, Noted)]

    def task_id(self, step: str) -> str:
        """The id of a step's message."""
        wait_for(lambda: self.run_id)
        return f"{self.run_id}.{step}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self.app.close()


def ends(result: RunResult) -> dict[str, str]:
    """How each step ended."""
    return {step.id: str(step.state) for step in result.steps}


def step(result: RunResult, id_: str) -> StepResult:
    """One step of a run."""
    return next(step for step in result.steps if step.id == id_)


def told(result: RunResult) -> dict[str, tuple[str, str | None]]:
    """For messages: what did not succeed, and why."""
    return {step.id: (str(step.state), step.error) for step in result.steps if str(step.state) != "SUCCESS"}


def _stacks() -> str:
    frames = sys._current_frames()
    return "\n".join(
        f"-- {thread.name}\n{''.join(traceback.format_stack(frames[thread.ident]))}"
        for thread in threading.enumerate()
        if thread.ident in frames and thread is not threading.current_thread()
    )
