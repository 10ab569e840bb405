"""The application of the guide's examples, over one broker and one result store."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kombu.entity import Queue

from flowc import App, Task

#: A broker and a result store that go together. The last one's results only the caller can read.
PAIRS = ["memory+memory", "sqlite+sqlite", "redis+redis", "rabbitmq+redis", "rabbitmq+rpc"]
SHARED = PAIRS[:-1]

#: Seconds after which a test gives up; nothing is expected to take so long.
DEADLINE = 30.0


class Proj:
    """The application and its tasks, by their short names.

    Attributes:
        app: the application.
        broker: ``memory``, ``sqlite``, ``redis`` or ``rabbitmq``.
        store: ``memory``, ``sqlite``, ``redis`` or ``rpc``.
        urls: those of both.
        queue: the default queue, which no other application uses.
        seen: what tasks noted, in order.
    """

    def __init__(self, app: App, broker: str, store: str, urls: tuple[str, str]) -> None:
        self.app = app
        self.broker = broker
        self.store = store
        self.urls = urls
        self.queue: str = app.conf.task_default_queue
        self.seen: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["app"].tasks[f"proj.{name}"]
        except KeyError:
            raise AttributeError(name) from None

    def task(self, **options: Any) -> Callable[[Callable[..., Any]], Task]:
        """Register a task as ``proj.<its name>``."""
        return lambda function: self.app.task(name=f"proj.{function.__name__}", **options)(function)

    def noted(self, count: int = 1) -> list[Any]:
        """What tasks noted, as soon as it is ``count`` or more; forgets it."""
        until(lambda: len(self.seen) >= count)
        found = list(self.seen)
        self.seen.clear()
        return found


def until(condition: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """Wait until something is true, and give it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not come true")
        time.sleep(0.01)
    return found


def unique(prefix: str = "q") -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def depth(app: App, queue: str) -> int:
    """How many messages stand in a queue."""
    with app.connection() as connection:
        count: int = connection.default_channel.queue_declare(queue, passive=True).message_count
        return count


def waiting(app: App, queue: str) -> Any:
    """The first message of a queue, as kombu reads it; it is taken."""
    with app.connection() as connection:
        bound = Queue(queue, no_declare=True).bind(connection.default_channel)
        return until(lambda: bound.get(no_ack=True))


@contextmanager
def project(broker: str, store: str, urls: tuple[str, str], **settings: Any) -> Iterator[Proj]:
    """The application ``proj`` with its tasks. No worker runs yet."""
    app = App("proj", broker=urls[0], backend=urls[1], settings={"task_default_queue": unique(), **settings}, set_as_current=False)
    made = Proj(app, broker, store, urls)
    _add_tasks(made)
    try:
        yield made
    finally:
        app.close()


def _add_tasks(proj: Proj) -> None:
    seen, task = proj.seen, proj.task()

    @task
    def add(x: Any, y: Any) -> Any:
        return x + y

    @task
    def mul(x: Any, y: Any) -> Any:
        return x * y

    @task
    def divide(x: float, y: float) -> float:
        return x / y

    @task
    def xsum(numbers: list[Any]) -> Any:
        return sum(numbers)

    @task
    def echo(*args: Any, **kwargs: Any) -> Any:
        return [list(args), kwargs]

    @task
    def thread() -> str:
        return threading.current_thread().name

    @task
    def note(value: Any = None, label: str = "note") -> Any:
        seen.append((label, value))
        return value

    @task
    def failed(task_id: str) -> None:
        seen.append(("failed", task_id))
