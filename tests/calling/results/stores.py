"""Applications over a result store, and states told as a worker tells them."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from flowc import App
from flowc.runtime.results.interface import Meta, Stored, Watch

#: Seconds after which a test gives up waiting.
DEADLINE = 30.0


@contextlib.contextmanager
def application(result_url: str, broker: str = "memory://", **settings: Any) -> Iterator[App]:
    """An application that keeps its results there."""
    app = App("results", broker=broker, backend=result_url, settings=settings, set_as_current=False)
    try:
        yield app
    finally:
        app.close()


def unique() -> str:
    """An id that no other test has."""
    return str(uuid.uuid4())


def document(task_id: str, status: str, result: Any = None, **more: Any) -> dict[str, Any]:
    """A document as workers write it, now."""
    done = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds") if status in ("SUCCESS", "FAILURE", "REVOKED") else None
    return {"task_id": task_id, "status": status, "result": result, "traceback": None, "children": [], "date_done": done, **more}


def stored(app: App, task_id: str, status: str, result: Any = None, **more: Any) -> Stored:
    """The same, with the address to which a caller wants it."""
    return Stored(document(task_id, status, result, **more), app.backend.reply_to, task_id)


def tell(app: App, task_id: str, *states: tuple[str, Any]) -> list[Stored]:
    """Store states of one task; those that were not taken."""
    return app.backend.store([stored(app, task_id, status, result) for status, result in states])


def failure(kind: str, *args: Any, module: str = "builtins") -> dict[str, Any]:
    """An exception as documents hold it."""
    return {"exc_type": kind, "exc_message": list(args), "exc_module": module}


def take(watch: Watch, count: int) -> list[Meta]:
    """The next documents of a watch."""
    found: list[Meta] = []
    for _ in range(count):
        meta = watch.next(DEADLINE)
        assert meta is not None, f"only {len(found)} of {count} states came: {found}"
        found.append(meta)
    return found


def results(metas: list[Meta]) -> list[Any]:
    """What is in documents."""
    return [meta["result"] for meta in metas]


def until(condition: Callable[[], Any]) -> Any:
    """What a condition gives when it is met."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")
