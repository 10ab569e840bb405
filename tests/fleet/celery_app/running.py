"""Runs flows on the Celery application of laptop.py, in this process."""

from __future__ import annotations

from typing import Any

import flowc
from flowc.runtime.celery_app import adopt
from flowc.runtime.outcome import RunResult, StepTold

from .laptop import app as celery_app

POOLS = ("threads", "processes", "solo")


def run(text: str, pool: str = "threads", concurrency: int = 4) -> tuple[RunResult, list[tuple[str, Any]]]:
    """The result, and the states that were told."""
    app = adopt(celery_app)
    told: list[tuple[str, Any]] = []

    def watch(event: Any) -> None:
        if isinstance(event, StepTold):
            told.append((event.state, event.meta))

    flow = flowc.loads(f"from laptop import {', '.join(_names(app))}\n{text}", app=app)
    return flow.run(app, pool=pool, concurrency=concurrency, on_event=watch), told


def value(text: str, pool: str = "threads") -> Any:
    """What a flow is worth that succeeds."""
    result, _ = run(text, pool)
    assert result.ok, result.failed
    return result.value


def failure(text: str, pool: str = "threads") -> Any:
    """Why the one step of a flow fails."""
    (failed,) = run(text, pool)[0].failed
    return failed.failure


def _names(app: flowc.App) -> list[str]:
    return [name.removeprefix("laptop.") for name in app.tasks if name.startswith("laptop.")]
