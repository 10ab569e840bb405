"""Tasks of which one always fails, and a handler that says what it was called with."""

from __future__ import annotations

import sys
from typing import Any

from flowc import App

app = App("handlers")


@app.task(name="handlers.fetch")
def fetch(name: str) -> str:
    return f"{name}: some text"


@app.task(name="handlers.parse")
def parse(text: str) -> str:
    return text.upper()


@app.task(name="handlers.store")
def store(text: str) -> str:
    return text


@app.task(name="handlers.broken")
def broken(text: str) -> str:
    raise ValueError(f"cannot do anything with {text!r}")


@app.task(name="handlers.log")
def log(request: Any, exc: BaseException, traceback: str, label: str) -> None:
    # Handlers may run side by side: one write keeps each line whole.
    sys.stderr.write(f"{label}: {request.task} raised {type(exc).__name__}: {exc}\n")
