"""A stock Celery application whose broker and result store nobody could reach: all that its tasks do must happen in their own process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, Task, current_app, current_task, shared_task
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded
from pydantic import BaseModel

#: Port 1 of this machine: a connection would be refused.
app = Celery("laptop", include=["tests.fleet.celery_app.laptop_calls"], set_as_current=False)
app.conf.update(broker_url="redis://:secret@127.0.0.1:1/0", result_backend="redis://127.0.0.1:1/1")
app.conf.update(task_annotations={"laptop.annotated": {"max_retries": 11}}, task_default_queue="desk")


def task(name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As the application's own decorator, which has no types. Not for the other applications of this process."""
    return app.task(name=f"laptop.{name}", shared=False, **options)  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------------------------- plain
@task("add")
def add(x: int, y: int = 0) -> int:
    """Add two numbers."""
    return x + y


@task("total")
def total(numbers: list[int]) -> int:
    return sum(numbers)


@task("annotated")
def annotated() -> None:
    """Its options stand in the settings."""


@shared_task(name="laptop.shared")  # type: ignore[untyped-decorator]
def shared(x: int) -> list[Any]:
    return [x, shared.app.main, current_app.main]


class Point(BaseModel):
    """A model."""

    x: int
    y: int


@task("mirrored", pydantic=True)
def mirrored(point: Point) -> Point:
    return Point(x=point.y, y=point.x)


# ------------------------------------------------------------------------------------------------------------------- bound
@task("request", bind=True)
def request(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What a task sees of its call."""
    seen = self.request
    names = (
        "id", "task", "root_id", "parent_id", "group", "retries", "eta", "expires", "timelimit", "args", "kwargs", "headers",
        "delivery_info", "called_directly", "is_eager", "lang", "stamps", "children", "correlation_id", "ignore_result",
    )  # fmt: skip
    found = {name: getattr(seen, name, None) for name in names}
    return {
        **found,
        "current": current_task.name,
        "app": current_app.main,
        "host": isinstance(seen.hostname, str),
        "self": self is app.tasks[self.name],
    }


@task("telling", bind=True)
def telling(self: Any, count: int) -> int:
    for number in range(count):
        self.update_state(state="PROGRESS", meta={"number": number})
    current_task.update_state(state="DONE", meta=None)
    return count


@task("retrying", bind=True, max_retries=3)
def retrying(self: Any, times: int, *, countdown: float = 0.0, seen: list[int] | None = None) -> list[int]:
    """Retry so often, with another argument each time."""
    seen = [*(seen or []), self.request.retries]
    if self.request.retries < times:
        raise self.retry(kwargs={"seen": seen}, countdown=countdown, exc=ValueError("used up"))
    return seen


@task("endless", bind=True, max_retries=1)
def endless(self: Any) -> None:
    self.retry(countdown=0)


@task("quietly", bind=True)
def quietly(self: Any) -> int:
    """Retry without raising."""
    if self.request.retries == 0:
        raise self.retry(throw=False, countdown=0)
    return int(self.request.retries)


@task("autoretrying", bind=True, autoretry_for=(KeyError,), dont_autoretry_for=(IndexError,), default_retry_delay=0, max_retries=2)
def autoretrying(self: Any, times: int) -> int:
    if self.request.retries < times:
        raise KeyError(times)
    return int(self.request.retries)


@task("late", bind=True)
def late(self: Any, seconds: float) -> list[Any]:
    """Retry at a moment, with options of its own."""
    import datetime as dt

    if self.request.retries == 0:
        raise self.retry(eta=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds), soft_time_limit=50, headers={"again": "yes"})
    return [self.request.retries, self.request.timelimit, self.request.headers]


# ---------------------------------------------------------------------------------------------------------------- failures
@task("fail", throws=(ValueError,))
def fail(message: str = "boom") -> None:
    raise ValueError(message)


@task("ignore")
def ignore() -> None:
    raise Ignore


@task("says_so", bind=True)
def says_so(self: Any, state: str) -> None:
    """Tells its end itself."""
    meta = {"exc_type": "KeyError", "exc_message": ["gone"], "exc_module": "builtins"} if state == "FAILURE" else {"fine": True}
    self.update_state(state=state, meta=meta)
    raise Ignore


@task("reject")
def reject() -> None:
    raise Reject("no", requeue=False)


@task("soft", soft_time_limit=0.3)
def soft() -> str:
    try:
        time.sleep(20)
    except SoftTimeLimitExceeded as exceeded:
        return type(exceeded).__name__
    return "never"


@task("too_long", soft_time_limit=0.2)
def too_long() -> None:
    time.sleep(20)


# ------------------------------------------------------------------------------------------------------------------- hooks
class Hooked(Task):  # type: ignore[misc]
    """Tells of its hooks by states, and counts its calls."""

    calls = 0

    def note(self, *words: Any) -> None:
        self.update_state(state="HOOK", meta=[str(word) for word in words])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return super().__call__(*args, **kwargs)

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        self.note("before_start", list(args), kwargs)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        self.note("on_success", retval)
        raise RuntimeError("what a hook raises changes nothing")

    def on_failure(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        self.note("on_failure", repr(exc), "Traceback" in str(einfo))

    def on_retry(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        self.note("on_retry", repr(exc))

    def after_return(self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        self.note("after_return", status, retval)


@task("hooked", base=Hooked, bind=True)
def hooked(self: Any, how: str) -> str:
    if how == "fail":
        raise ValueError(how)
    if how == "retry" and not self.request.retries:
        raise self.retry(exc=KeyError(how), countdown=0)
    return how


class Counting(Task):  # type: ignore[misc]
    """A task that is a class."""

    name = "laptop.counting"

    def __init__(self) -> None:
        self.made = threading.get_ident()

    def run(self, start: int, *, by: int = 1) -> int:
        return start + by


app.register_task(Counting())


class ByHand(Counting):
    """One that nobody has bound to the application."""

    name = "laptop.by_hand"


app.tasks.register(ByHand())
