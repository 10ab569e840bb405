"""The same tasks for both sides: one that does nothing, and one that says when the first and the last of many ran.

Celery's worker loads :data:`celery_app`, flowc's loads :data:`app`; ``BENCH_BROKER`` names the broker.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

BROKER = os.environ.get("BENCH_BROKER", "memory://")
#: Messages that a worker may have beyond those it runs, per place: Celery's default.
PREFETCH = 4


def nothing(x: int = 0, y: int = 0) -> None:
    """Does nothing."""


def mark(file: str) -> None:
    """Write the time of day into a file."""
    Path(file).write_text(repr(time.time()))


def _flowc() -> Any:
    from flowc import App

    app = App("bench", broker=BROKER, settings={"task_ignore_result": True})
    app.task(name="bench.nothing")(nothing)
    app.task(name="bench.mark")(mark)
    return app


def _celery() -> Any:
    from celery import Celery

    app = Celery("bench", broker=BROKER)
    app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=PREFETCH, broker_connection_retry_on_startup=True)
    app.task(name="bench.nothing")(nothing)
    app.task(name="bench.mark")(mark)
    return app


def __getattr__(name: str) -> Any:
    if name == "app":
        return _flowc()
    if name == "celery_app":
        return _celery()
    raise AttributeError(name)
