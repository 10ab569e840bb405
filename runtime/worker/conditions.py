"""Under which conditions a task runs in a worker: when it is acknowledged, its time limits, what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import DecodeError
from ..task import Task

#: The longest time limit, in seconds: what a timer of the system can carry.
LONGEST = 1e8


@dataclass(frozen=True, slots=True)
class Conditions:
    """One task's settings, over those of the application.

    Attributes:
        late: acknowledged after it has run, not before.
        on_failure: with ``late``, also when it failed or ran too long.
        when_lost: with ``late``, run again when its process died.
        started: the state ``STARTED`` is kept.
        tells: whether events are sent of it, where the worker sends any.
        limits: hard and soft time limit in seconds, where its message names none.
    """

    late: bool
    on_failure: bool
    when_lost: bool
    started: bool
    tells: bool
    limits: tuple[float | None, float | None]


def conditions_of(task: Task) -> Conditions:
    """A task's conditions: its own, else those of the settings. Source: "Task options" in Celery's documentation."""
    return Conditions(
        late=bool(task.acks_late),
        on_failure=bool(task.acks_on_failure_or_timeout),
        when_lost=bool(task.reject_on_worker_lost),
        started=bool(task.track_started),
        tells=bool(task.send_events),
        limits=(task.time_limit, task.soft_time_limit),
    )


def limits_of(header: Any, conditions: Conditions) -> tuple[float | None, float | None]:
    """The time limits of one call: those of its message before those of its task.

    Raises:
        DecodeError: those of the message are no two positive numbers.
    """
    if header is None:
        return conditions.limits
    if not isinstance(header, (list, tuple)) or len(header) != 2 or not all(map(_is_limit, header)):
        raise DecodeError("the message's timelimit is no pair of seconds: [hard, soft]")
    hard, soft = header
    return (conditions.limits[0] if hard is None else hard, conditions.limits[1] if soft is None else soft)


def _is_limit(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= LONGEST)
