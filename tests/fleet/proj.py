"""A stock Celery application that knows nothing of flowc, for ``celery -A tests.fleet.proj worker`` and for clients of it.

PEER_BROKER, PEER_BACKEND and PEER_SETTINGS (a JSON object of Celery settings) configure it, PEER_NOTES is where its tasks write things
down (``noting.py``), and PEER_READY a file that it makes when its worker is ready. Runs on every version of Celery that is tested.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.exceptions import Ignore, Reject

from tests.fleet.noting import record, recorded

app = Celery("proj", broker=os.environ.get("PEER_BROKER"), backend=os.environ.get("PEER_BACKEND"))
app.conf.update(broker_connection_retry_on_startup=True, worker_cancel_long_running_tasks_on_connection_loss=False)
app.conf.update(json.loads(os.environ.get("PEER_SETTINGS", "{}")))


def tell_ready(**_: Any) -> None:
    """The worker consumes."""
    if place := os.environ.get("PEER_READY"):
        Path(place).touch()


signals.worker_ready.connect(tell_ready)


def task(name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As the application's own decorator, which has no types; no other application of the process gets the task."""
    return app.task(name=name, shared=False, **options)  # type: ignore[no-any-return]


class Boom(Exception):
    """An exception of the project's own, with two arguments."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message, code)
        self.code = code


# ------------------------------------------------------------------------------------------------------------------- values
@task("proj.add")
def add(x: Any, y: Any) -> Any:
    return x + y


@task("proj.mul")
def mul(x: Any, y: Any) -> Any:
    return x * y


@task("proj.tsum")
def tsum(numbers: list[Any]) -> Any:
    return sum(numbers)


@task("proj.xsum")
def xsum(numbers: list[Any]) -> Any:
    return sum(numbers)


@task("proj.echo")
def echo(x: Any = None) -> Any:
    return x


@task("proj.call")
def call(*args: Any, **kwargs: Any) -> Any:
    """What it was called with."""
    return [list(args), kwargs]


@task("proj.nothing")
def nothing(*args: Any, **kwargs: Any) -> None:
    pass


@task("proj.ignored", ignore_result=True)
def ignored(x: Any = None) -> Any:
    return x


@task("proj.big")
def big(size: int, fill: str = "x") -> str:
    """A text of so many characters."""
    return fill * size


@task("proj.sleep")
def sleep(seconds: float, value: Any = None, key: str | None = None) -> Any:
    """With a key, it notes that it began and that it ended."""
    if key:
        record(key, "began")
    time.sleep(seconds)
    if key:
        record(key, "ended")
    return value


@task("proj.sleep_late", acks_late=True)
def sleep_late(seconds: float, value: Any = None, key: str | None = None) -> Any:
    return sleep.run(seconds, value, key)


@task("proj.sleep_lost", acks_late=True, reject_on_worker_lost=True)
def sleep_lost(seconds: float, value: Any = None, key: str | None = None) -> Any:
    return sleep.run(seconds, value, key)


@task("proj.wait_for")
def wait_for(key: str, count: int = 1, value: Any = None, seconds: float = 60) -> Any:
    """Until so many notes stand under a key."""
    until = time.monotonic() + seconds
    while len(recorded(key)) < count:
        if time.monotonic() > until:
            raise TimeoutError(key)
        time.sleep(0.01)
    return value


# --------------------------------------------------------------------------------------------------------------------- notes
@task("proj.note")
def note(key: str, value: Any = None) -> Any:
    """Write a value down; gives it."""
    record(key, value)
    return value


@task("proj.keep")
def keep(value: Any, key: str) -> Any:
    """As note, with the value first: a link gives it."""
    record(key, value)
    return value


@task("proj.on_error")
def on_error(request: Any, exc: Any, traceback: Any, key: str | None = None) -> None:
    """It notes ``["on_error", id, type, text]`` under the key, or the id of the failed task.

    Stock workers call it themselves, with objects; a driven run sends it, with what JSON can say of them.
    """
    if isinstance(request, dict):
        id_, kind, said = request["id"], exc["exc_type"], str(*exc["exc_message"])
    else:
        id_, kind, said = request.id, type(exc).__name__, str(exc)
    record(key or id_, ["on_error", id_, kind, said])


@task("proj.on_error_id")
def on_error_id(task_id: str, *, key: str | None = None) -> None:
    """Stock workers send it: it notes ``["on_error_id", id]`` under the key, or the id of the failed task."""
    record(key or task_id, ["on_error_id", task_id])


@task("proj.on_error_bound", bind=True)
def on_error_bound(self: Any, task_id: str, key: str | None = None) -> None:
    """Stock workers send it: it notes ``["on_error_bound", id]`` under the key, or the id of the failed task."""
    record(key or task_id, ["on_error_bound", task_id])


# ------------------------------------------------------------------------------------------------------------------ failures
@task("proj.fail")
def fail(message: Any = "failed", *_: Any) -> None:
    """Raise ValueError."""
    raise ValueError(message)


@task("proj.fail_if")
def fail_if(value: Any, when: Any = None) -> Any:
    """Raise ValueError for one value; give any other."""
    if value == when:
        raise ValueError(f"{value!r}")
    return value


@task("proj.boom")
def boom(message: str = "boom", code: int = 7) -> None:
    raise Boom(message, code)


@task("proj.flaky")
def flaky(key: str, times: int, value: Any = None) -> Any:
    """Raise ConnectionError in its first calls with this key; without any retry of its own."""
    if record(key, "called") <= times:
        raise ConnectionError(key)
    return value


@task("proj.retrying", bind=True, max_retries=5, default_retry_delay=0)
def retrying(self: Any, key: str, times: int, value: Any = None) -> Any:
    """Retry itself so often."""
    if record(key, self.request.retries) <= times:
        raise self.retry(exc=ConnectionError(key), countdown=0)
    return value


@task("proj.autoretrying", autoretry_for=(ConnectionError,), max_retries=5, default_retry_delay=0)
def autoretrying(key: str, times: int, value: Any = None) -> Any:
    """Be retried so often by its options."""
    return flaky.run(key, times, value)


@task("proj.unserialisable")
def unserialisable() -> Any:
    return object()


@task("proj.ignore")
def ignore() -> None:
    raise Ignore


@task("proj.reject")
def reject(requeue: bool = False) -> None:
    raise Reject("rejected", requeue=requeue)


@task("proj.requeue_once", acks_late=True)
def requeue_once(key: str, value: Any = None) -> Any:
    """Go back to the queue the first time."""
    if record(key, "called") == 1:
        raise Reject("again", requeue=True)
    return value


@task("proj.exit")
def exit_(code: int = 1) -> None:
    """End the process that runs it, without a word."""
    os._exit(code)


@task("proj.kill")
def kill(key: str | None = None) -> None:
    """Kill the process that runs it: a child of prefork, else the worker."""
    if key:
        record(key, "killed")
    os.kill(os.getpid(), signal.SIGKILL)


@task("proj.system_exit")
def system_exit(code: int = 1) -> None:
    raise SystemExit(code)


# --------------------------------------------------------------------------------------------------------------------- bound
@task("proj.progress", bind=True)
def progress(self: Any, n: int, seconds: float = 0.0) -> int:
    """States PROGRESS with ``{"current", "total"}``."""
    for current in range(1, n + 1):
        self.update_state(state="PROGRESS", meta={"current": current, "total": n})
        time.sleep(seconds)
    return n


@task("proj.dump", bind=True)
def dump(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The request, as a worker sees it."""
    request = self.request
    names = (
        "id", "task", "root_id", "parent_id", "group", "group_index", "retries", "eta", "expires", "timelimit", "correlation_id",
        "reply_to", "ignore_result", "shadow", "headers", "argsrepr", "kwargsrepr", "replaced_task_nesting", "stamped_headers", "stamps",
        "is_eager",
    )  # fmt: skip
    told = {name: getattr(request, name, None) for name in names}
    info = request.delivery_info or {}
    told["delivery_info"] = {name: info.get(name) for name in ("exchange", "routing_key", "priority", "redelivered")}
    return {"args": list(args), "kwargs": kwargs, **told}


@task("proj.replaced", bind=True)
def replaced(self: Any, x: Any, y: Any) -> Any:
    """Become ``add(x, y)``."""
    return self.replace(add.s(x, y))


@task("proj.spawn", bind=True)
def spawn(self: Any, x: Any, y: Any) -> str:
    """Send another task; gives its id."""
    return str(add.delay(x, y).id)


@task("proj.header", bind=True)
def header(self: Any, name: str) -> Any:
    """One of the call's own headers."""
    return (self.request.headers or {}).get(name)


# ---------------------------------------------------------------------------------------------- what Celery's guides speak of
@task("proj.hello", bind=True)
def hello(self: Any, a: int, b: int) -> str:
    """It tells two times how far it is."""
    for told in (50, 90):
        self.update_state(state="PROGRESS", meta={"progress": told})
        time.sleep(0.05)
    return f"hello world: {a + b}"


@task("proj.create_user")
def create_user(username: str, first: str, last: str, email: str) -> dict[str, str]:
    return {"username": username, "name": f"{first} {last}", "email": email}


@task("proj.import_contacts")
def import_contacts(user: dict[str, str]) -> str:
    return f"contacts of {user['username']}"


@task("proj.send_welcome_email")
def send_welcome_email(user: dict[str, str]) -> str:
    return f"welcome {user['email']}"


# --------------------------------------------------------------------------------------------------------------------- typed
@task("proj.scale", rate_limit="1000/s", time_limit=300, soft_time_limit=250)
def scale(values: list[float], factor: float = 2.0, *, offset: int | None = None) -> list[float]:
    """Multiply every value.

    Args:
        values: the numbers.
        factor: by which they are multiplied.
        offset: is added to each.
    """
    return [value * factor + (offset or 0) for value in values]


@task("proj.greet")
def greet(name: str, /, greeting: str = "hello", *rest: str, loud: bool = False, **more: int) -> str:
    """Greet somebody."""
    text = " ".join((greeting, name, *rest, *(f"{key}={value}" for key, value in more.items())))
    return text.upper() if loud else text
