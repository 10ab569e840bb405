"""Reading what was sent with a plain kombu consumer, which knows nothing of flowc; and applications to send with."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

from kombu.connection import Connection
from kombu.entity import Queue

from flowc.runtime.app import App


def name(prefix: str = "q") -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex}"


@contextlib.contextmanager
def application(url: str = "memory://", **settings: Any) -> Iterator[App]:
    """An application whose results go nowhere, with one task of two numbers."""
    app = App("proj", broker=url, settings=settings, set_as_current=False)

    class Nowhere:
        reply_to: str | None = None

        def close(self) -> None: ...

    app._made["backend"] = Nowhere()

    @app.task(name="proj.add")
    def add(x: int, y: int) -> int:
        return x + y

    try:
        yield app
    finally:
        app.close()


def send(app: App, *args: Any, task: Any = None, kwargs: dict[str, Any] | None = None, **options: Any) -> str:
    """Send one call of ``proj.add`` (or another task)."""
    from flowc.runtime.sending import Sending

    return app.sender.send(Sending(task.name if task is not None else "proj.add", args, kwargs or {}, options, task))


def take(url: str, queue: str | Queue, count: int, seconds: float = 20.0) -> list[Any]:
    """The next messages of a queue, acknowledged. ``delivery_info``, ``headers``, ``properties`` and ``payload`` are kombu's."""
    found: list[Any] = []
    target = Queue(queue, no_declare=True) if isinstance(queue, str) else queue
    with Connection(url) as connection, connection.channel() as channel:
        bound = target.bind(channel)
        until = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < until:
            message = bound.get()
            if message is None:
                time.sleep(0.02)
                continue
            message.ack()
            message.accept = {message.content_type}
            found.append(message)
    return found


def depth(url: str, queue: str) -> int:
    """How many messages wait in a queue."""
    with Connection(url) as connection, connection.channel() as channel:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
