"""A clock, and the time between."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from flowc import App

app = App("times")


@app.task(name="times.clock")
def clock() -> float:
    return time.time()


@app.task(name="times.waits")
def waits(times: list[float], since: dt.datetime) -> list[float]:
    return [round(moment - since.timestamp(), 3) for moment in times]


@app.task(name="times.echo")
def echo(value: Any) -> Any:
    return value


@app.task(name="times.never_called")
def never_called(request: Any, exc: BaseException, traceback: str) -> None:
    raise AssertionError("no handler is called for a step that was revoked")
