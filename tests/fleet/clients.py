"""Celery's own clients in the process of a test, which leave no connection to the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from celery import Celery


@contextmanager
def stock_client(broker: str, backend: str, *, queue: str | None = None) -> Iterator[Celery]:
    """A client of Celery's; ``queue`` is where it sends to by default."""
    client = Celery("client", broker=broker, backend=backend, set_as_current=False)
    if queue is not None:
        client.conf.task_default_queue = queue
    try:
        yield client
    finally:
        gc.collect()  # its results unsubscribe when they go, over a connection that is opened for it
        with suppress(AttributeError, NotImplementedError):  # databases have none
            client.backend.result_consumer.stop()
        store = getattr(client.backend, "client", None)
        client.close()
        del client
        gc.collect()
        if store is not None:
            store.connection_pool.disconnect()
