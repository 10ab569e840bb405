"""Tasks of a small newsletter, called one at a time rather than by a flow."""

from __future__ import annotations

from typing import Any

from flowc import App

app = App("examples.calling")

ADDRESSES = {"ada": "ada@example.org", "alan": "alan@example.org", "grace": "grace@example.org"}


@app.task(name="letters.address")
def address(name: str) -> str:
    return ADDRESSES[name]


@app.task(name="letters.send", bind=True, max_retries=3)
def send(self: Any, to: str, subject: str) -> str:
    """The mail server is busy at first: the task asks for another try."""
    if self.request.retries < 1:
        raise self.retry(countdown=0.1)
    return f"{subject} -> {to} (try {self.request.retries + 1})"


@app.task(name="letters.count")
def count(sent: list[str]) -> str:
    return f"{len(sent)} letters"


@app.task(name="letters.archive", bind=True)
def archive(self: Any, letters: int) -> int:
    """Tells how far it is."""
    for done in range(1, letters + 1):
        self.update_state(state="PROGRESS", meta={"done": done, "of": letters})
    return letters


@app.task(name="letters.complain")
def complain(request: Any, exc: BaseException, traceback: str) -> None:
    print(f"{request.task}{tuple(request.args)} failed: {exc!r}")
