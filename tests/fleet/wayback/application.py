"""A flowc application for ``flowc worker --app tests.fleet.wayback.application:app``; tasks note things down as those of ``proj.py``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import flowc

from ..noting import record
from .errors import OutOfStock

app = flowc.App("wayback", set_as_current=False)


@app.task(name="proj.add")
def add(x: Any, y: Any) -> Any:
    return x + y


@app.task(name="proj.tsum")
def tsum(numbers: list[Any]) -> Any:
    return sum(numbers)


@app.task(name="proj.sleep")
def sleep(seconds: float, value: Any = None, key: str | None = None) -> Any:
    if key:
        record(key, "began")
    time.sleep(seconds)
    return value


@app.task(name="proj.note")
def note(key: str, value: Any = None) -> Any:
    record(key, value)
    return value


@app.task(name="proj.keep")
def keep(value: Any, key: str) -> Any:
    record(key, value)
    return value


@app.task(name="proj.on_error_id")
def on_error_id(task_id: str, *, key: str) -> None:
    record(key, task_id)


@app.task(name="proj.fail")
def fail(message: Any = "failed") -> None:
    raise ValueError(message)


@app.task(name="proj.order")
def order(article: str, missing: int) -> None:
    raise OutOfStock(article, missing)


@app.task(name="proj.retrying", bind=True, max_retries=5, default_retry_delay=0)
def retrying(self: Any, key: str, times: int, value: Any = None) -> Any:
    if record(key, self.request.retries) <= times:
        raise self.retry(exc=ConnectionError(key), countdown=0)
    return value


@app.task(name="proj.progress", bind=True)
def progress(self: Any, steps: int) -> int:
    for step in range(steps):
        self.update_state(state="PROGRESS", meta={"step": step})
        time.sleep(0.05)
    return steps


@app.task(name="proj.ignored", ignore_result=True)
def ignored(key: str) -> str:
    record(key, "ran")
    return key


@app.task(name="proj.silent", send_events=False)
def silent() -> None:
    """No event is sent of it."""


@app.task(name="proj.hold")
def hold(file: str) -> str:
    """Run until the file is there."""
    while not Path(file).exists():
        time.sleep(0.02)
    return "held"
