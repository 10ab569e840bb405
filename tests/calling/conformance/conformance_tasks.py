"""The application of the suite, importable by name: a pool of processes starts afresh from it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from flowc import App
from flowc.exceptions import Ignore, Reject, SoftTimeLimitExceeded

app = App("conformance", set_as_current=False)


def note(path: str, text: object) -> None:
    """Write a line that all processes can read."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{text}\n".encode())
    finally:
        os.close(handle)


class Odd(Exception):
    """An exception of the application's."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text, number)
        self.number = number


@app.task(name="c.add")
def add(x: Any, y: Any = 0) -> Any:
    return x + y


@app.task(name="c.total")
def total(numbers: list[Any]) -> Any:
    return sum(numbers)


@app.task(name="c.fail")
def fail(text: str = "no") -> None:
    raise Odd(text, 7)


@app.task(name="c.unwritable")
def unwritable() -> Any:
    return {1, 2}


@app.task(name="c.leave")
def leave() -> None:
    raise SystemExit(3)


@app.task(name="c.note")
def record(path: str, text: Any, value: Any = "") -> Any:
    note(path, f"{text}{value}")
    return text


@app.task(name="c.note_result")
def record_result(result: Any, path: str, text: str) -> Any:
    note(path, f"{text} {result}")
    return result


@app.task(name="c.when")
def when(path: str) -> float:
    now = time.time()
    note(path, now)
    return now


@app.task(name="c.errback")
def errback(request: Any, exc: BaseException, traceback: str, path: str = "", text: str = "called") -> None:
    note(path, f"{text} {request.id} {request.task} {type(exc).__name__} {exc.args!r} {'raise Odd' in traceback}")


@app.task(name="c.errback_id")
def errback_id(task_id: str, path: str = "", text: str = "id") -> None:
    note(path, f"{text} {task_id}")


@app.task(name="c.errback_bound", bind=True)
def errback_bound(self: Any, task_id: str, path: str = "") -> None:
    note(path, f"bound {task_id} {self.request.parent_id}")


@app.task(name="c.errback_broken")
def errback_broken(request: Any, exc: BaseException, traceback: str) -> None:
    raise RuntimeError("the errback is broken")


@app.task(name="c.progress", bind=True)
def progress(self: Any, steps: int) -> str:
    for step in range(steps):
        self.update_state(state="PROGRESS", meta={"step": step})
    return "done"


@app.task(name="c.retry", bind=True, max_retries=5)
def retry(self: Any, path: str, times: int, countdown: float = 0.0) -> int:
    note(path, f"{self.request.id} {self.request.retries} {time.time()}")
    if self.request.retries < times:
        raise self.retry(countdown=countdown, exc=Odd("again", self.request.retries))
    return int(self.request.retries)


@app.task(name="c.auto", bind=True, autoretry_for=(Odd,), retry_kwargs={"max_retries": 2, "countdown": 0})
def auto(self: Any, path: str) -> None:
    note(path, self.request.retries)
    raise Odd("always", self.request.retries)


@app.task(name="c.ignore")
def ignore() -> None:
    raise Ignore


@app.task(name="c.reject", acks_late=True)
def reject(path: str) -> str:
    """Gives its message back once."""
    note(path, "ran")
    if len(Path(path).read_text().splitlines()) < 2:
        raise Reject("not now", requeue=True)
    return "taken"


@app.task(name="c.refuse", acks_late=True)
def refuse() -> None:
    raise Reject("never", requeue=False)


@app.task(name="c.until")
def until(path: str, seconds: float = 60.0) -> str:
    """Runs until a file is there."""
    note(f"{path}.begun", "begun")
    deadline = time.monotonic() + seconds
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return "over"


@app.task(name="c.late", acks_late=True)
def late(path: str) -> str:
    note(path, "late")
    return "late"


@app.task(name="c.ignored", ignore_result=True)
def ignored(path: str) -> str:
    note(path, "ran")
    return "nobody reads this"


@app.task(name="c.who", bind=True)
def who(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    request = self.request
    return {
        "id": request.id, "root_id": request.root_id, "parent_id": request.parent_id, "retries": request.retries,
        "queue": request.delivery_info["routing_key"], "hostname": request.hostname, "direct": request.called_directly,
        "headers": request.headers, "args": list(request.args), "kwargs": dict(request.kwargs),
    }  # fmt: skip


@app.task(name="c.outer")
def outer(path: str) -> str:
    """Calls another task."""
    return str(record.apply_async((path, "inner"), queue=app.conf.task_default_queue).id)


@app.task(name="c.hard", time_limit=0.3)
def hard() -> None:
    time.sleep(60)


@app.task(name="c.soft", soft_time_limit=0.2)
def soft() -> str:
    try:
        time.sleep(60)
    except SoftTimeLimitExceeded:
        return "cleaned up"
    return "never"


@app.task(name="c.die")
def die() -> None:
    os._exit(3)


@app.task(name="c.replace", bind=True)
def replace(self: Any, x: int) -> Any:
    raise self.replace(add.s(x, 100))
