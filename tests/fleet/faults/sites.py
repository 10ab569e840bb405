"""Brokers and workers that tests may break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from ...servers.server import Server, ServerFailed
from ..stock import StockWorker

SERVERS: dict[str, type[Server]] = {"redis": RedisServer, "rabbitmq": RabbitServer}

#: Options of workers that are to outlive their broker. The threads of a stock pool get into each other's frames when RabbitMQ comes back;
#: and a link that RabbitMQ has read and not written down when it is killed is gone, unless the worker waits for that.
OUTLIVING: dict[str, dict[str, Any]] = {
    "redis": {"pool": "threads"},
    "rabbitmq": {"pool": "prefork", "settings": {"broker_transport_options": {"confirm_publish": True}}},
}

#: On Redis, messages of workers that are gone come back after so many seconds.
VISIBILITY = 5


def given_back_after(seconds: float) -> dict[str, Any]:
    """Settings of a worker: on Redis, what is not acknowledged comes back after that time."""
    options = {"visibility_timeout": seconds, "unacked_restore_interval": 0.5, "unacked_restore_throttle": 1, "unacked_mutex_expire": 3}
    return {"broker_transport_options": options}


class Site:
    """A broker of a test's own, and workers on it.

    Args:
        kind: ``redis`` or ``rabbitmq``.
        folder: for everything.
    """

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.server = SERVERS[kind](folder / "broker")
        self._folder = folder
        self._workers = 0

    @property
    def url(self) -> str:
        """Of the broker."""
        return self.server.url

    def worker(self, **options: Any) -> StockWorker:
        """Another worker, not started. All note to the same folder."""
        self._workers += 1
        settings = {"broker_connection_retry_on_startup": True, "broker_connection_max_retries": None}
        if self.kind == "redis":
            settings |= given_back_after(VISIBILITY)
        settings |= options.pop("settings", {})
        folder = self._folder / f"worker-{self._workers}"
        return StockWorker(
            self.url, options.pop("backend", None), folder=folder, notes=self._folder / "notes", settings=settings, **options
        )


@contextmanager
def kept_running(*workers: StockWorker) -> Iterator[None]:
    """Inside, workers that end are started anew, as a supervisor does: with kombu 5.7 they end when Redis does while they hold messages."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(0.2):
            for worker in workers:
                if not worker.running:
                    with suppress(ServerFailed):  # the broker is away: next time
                        worker.start()

    thread = threading.Thread(target=keep, name="supervisor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def site(kind: str, folder: Path) -> Iterator[Site]:
    """A broker that runs, ended on exit; without data from before."""
    made = Site(kind, folder)
    with made.server:
        yield made
