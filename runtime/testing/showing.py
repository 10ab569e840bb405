"""A flow under test as text: what was called when, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..failures import cut

if TYPE_CHECKING:
    from .outcome import FlowRun, FlowStep, TaskCall

#: Lines of calls that are shown; of a longer run the first ones.
MOST_LINES = 200

#: Characters of an error.
LONGEST_ERROR = 200


def shown(run: FlowRun) -> str:
    """A headline, and a line for each call, message to a listener left out, and each step that was never called; tracebacks behind."""
    lines = [*map(_line, run.calls()), *(f"{'':>10}  {_uncalled(step)}" for step in run if not step.calls)]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"… {len(lines) - MOST_LINES} more"]
    traces = [f"\n{step.id}:\n{step.traceback.rstrip()}" for step in run if step.traceback and "\n  File " in step.traceback]
    ended = "ok" if run.ok else "failed"
    text = "\n".join([f"{run.name}: {ended} after {duration(run.duration)} of virtual time", *lines, *traces])
    return run.result.redactor.text(text)


def _line(call: TaskCall) -> str:
    name = call.step if call.handler is None else f"{call.handler} for {call.step}"
    attempt = f" (attempt {call.retries + 1})" if call.retries else ""
    error = f": {cut(call.error.partition(chr(10))[0], LONGEST_ERROR)}" if call.error else ""
    return f"{duration(call.at):>10}  {name}{attempt}  {call.state}{error}"


def _uncalled(step: FlowStep) -> str:
    why = f" because of {step.because}" if step.because else f": {step.error}" if step.error else ""
    return f"{step.id}  {step.state}{why}"


def duration(seconds: float) -> str:
    """Seconds for people: ``2d 3h``, ``1h 30m``, ``4.5s``."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{int(number)}{unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if number]
    if rest or not parts:
        parts.append(f"{round(rest, 6):g}s")
    return " ".join(parts)
