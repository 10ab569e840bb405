"""A worker inside this process, for tests, scripts and small programs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..app import App
from .service import WorkerService


@contextmanager
def embedded_worker(
    app: App, queues: Sequence[str] | None = None, *, concurrency: int | None = None, pool: str = "threads", **options: Any
) -> Iterator[WorkerService]:
    """A worker that runs for as long as the block lasts, and is stopped in order at its end: tasks that run are finished.

    Args:
        app: whose tasks it runs.
        queues: what it reads.
        concurrency: how many tasks at once.
        pool: ``threads``, ``processes`` or ``solo``.
        options: those of :class:`~flowc.runtime.worker.service.WorkerService`.

    Raises:
        ConnectionLost: the broker cannot be reached.
        UsageError: no such pool, or it cannot be started.
    """
    service = WorkerService(app, queues, concurrency=concurrency, pool=pool, **options)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            service.run()
        except BaseException as exc:
            failed.append(exc)
        finally:
            service.ready.set()

    thread = threading.Thread(target=work, name="flowc-worker", daemon=True)
    thread.start()
    service.ready.wait()
    if failed:
        thread.join()
        raise failed[0]
    try:
        yield service
    finally:
        service.stop()
        thread.join()
    if failed:
        raise failed[0]
