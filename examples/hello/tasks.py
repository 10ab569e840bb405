"""Two tasks and a handler, in plain Python."""

import sys
from typing import Any

from flowc import App

app = App("hello")


@app.task
def add(x: int, y: int) -> int:
    return x + y


@app.task
def divide(x: int, y: int) -> int:
    return x // y


@app.task
def error_handler(request: Any, exc: BaseException, traceback: str) -> None:
    sys.stderr.write(f"{request.task}{tuple(request.args)} raised {type(exc).__name__}: {exc}\n")
