"""How far a run is, on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from ..dsl.columns import visible
from .terminal import is_live
from .told_state import state_line

if TYPE_CHECKING:
    from ..compiler.plan import Plan
    from ..runtime.outcome import RunEvent, StepResult

    Watch = Callable[[RunEvent], None]

#: Up to this many steps each gets a line of its own.
MOST_LINES = 60

#: Seconds between the lines of a larger run.
PAUSE = 2.0


@contextmanager
def progress(plan: Plan, stream: TextIO) -> Iterator[Watch]:
    """Inside, call what it gives with each event of the run."""
    total = len(plan.calls)
    if is_live(stream):
        with _bar(total, stream) as watch:
            yield _patient(watch)
    else:
        yield _patient(_Lines(total, stream))


def _patient(watch: Watch) -> Watch:
    """A run goes on when nobody can be told of it any more: the disk is full, or the reader is gone."""

    def told(event: RunEvent) -> None:
        with suppress(OSError, ValueError):
            watch(event)

    return told


class _Lines:
    """Plain lines: one a step, or for a large run one every few seconds."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._ended = 0
        self._last = time.monotonic()

    def __call__(self, event: RunEvent) -> None:
        from ..runtime.outcome import RunStarted, StepEnded

        if isinstance(event, RunStarted):
            return
        if isinstance(event, StepEnded):
            self._ended += 1
            if self._total <= MOST_LINES or event.step.failure is not None:
                self._write(f"[{self._ended}/{self._total}] {step_line(event.step)}")
            elif time.monotonic() - self._last >= PAUSE or self._ended == self._total:
                self._last = time.monotonic()
                self._write(f"[{self._ended:,}/{self._total:,}] steps have ended")
        elif self._total <= MOST_LINES or not _is_told(event):
            self._write(event_line(event))

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


@contextmanager
def _bar(total: int, stream: TextIO) -> Iterator[Watch]:
    """A bar that stays at the foot; what fails or is told stands above it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ..runtime.outcome import RunStarted, StepEnded

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("steps"), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty())
    task = bar.add_task("", total=total)

    def watch(event: RunEvent) -> None:
        if isinstance(event, RunStarted):
            bar.start()  # not before: it has a thread, and a process with threads cannot fork its pool
        elif isinstance(event, StepEnded):
            bar.update(task, advance=1, description=visible(event.step.id))
            if total <= MOST_LINES or event.step.failure is not None:
                console.print(step_line(event.step), soft_wrap=True)
        elif total <= MOST_LINES or not _is_told(event):
            console.print(event_line(event), soft_wrap=True)

    try:
        yield watch
    finally:
        bar.stop()


def step_line(step: StepResult) -> str:
    """One line about a step that ended: its state, time and exception."""
    took = f" in {seconds(step.finished - step.started)}" if step.started is not None and step.finished is not None else ""
    words = {
        "SUCCESS": f"succeeded{took}",
        "FAILURE": f"failed{took}",
        "REVOKED": "was revoked",
        "LOST": "is lost",
        "SKIPPED": f"was skipped, because {step.because} did not succeed",
    }
    said = words.get(step.state.value, step.state.value)
    return visible(f"{step.id} {said}" + (f": {_first_line(step.error)}" if step.error else ""))


def event_line(event: RunEvent) -> str:
    """One line about anything else that happened."""
    from ..runtime.outcome import HandlerCalled, Noted, StepTold, Stopping

    if isinstance(event, StepTold):
        return state_line(event.id, event.state, event.meta)
    if isinstance(event, HandlerCalled):
        handler = event.handler
        return visible(f"{handler.id} was called for {handler.step}" + ("" if handler.ok else f" and failed: {handler.failure}"))
    if isinstance(event, Stopping):
        waiting = f", waiting for {', '.join(event.running[:6])}{' …' if len(event.running) > 6 else ''}" if event.running else ""
        return visible(f"{event.signal_name}: stopping{waiting} (again to {'leave' if event.elsewhere else 'kill'})")
    if isinstance(event, Noted):
        return visible(f"note: {event.text}")
    return ""


def seconds(duration: float) -> str:
    """A duration for people: "0.25 s", "12.3 s", "3 min 20 s"."""
    if duration < 60:
        return f"{duration:.2f} s" if duration < 10 else f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _is_told(event: RunEvent) -> bool:
    from ..runtime.outcome import StepTold

    return isinstance(event, StepTold)


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0][:200]
