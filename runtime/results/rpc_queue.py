"""The queue to which the results of this process's calls are sent."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from kombu import entity

from .. import forks
from ..broker import connections
from ..broker.retry import persist, policy

if TYPE_CHECKING:
    from ..app import App

# kombu's functions have no types
_Queue: Any = entity.Queue
_Exchange: Any = entity.Exchange


class ReplyQueue:
    """A queue under a random name, declared when it is first needed; a child process has another.

    It outlives a broken connection. Where the broker can, it goes when it was not used for as long as results are kept.

    Args:
        app: whose broker it is on.
        expires: seconds that results are kept; None: for ever.
    """

    def __init__(self, app: App, expires: float | None) -> None:
        self._app = app
        self._expires = expires
        self._start()
        forks.watch(self)

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._name: str | None = None
        self._again = 0.0

    def name(self) -> str:
        """Its name; it is there now.

        Raises:
            OperationalError: kombu's; the broker could not be reached, and every retry (``task_publish_retry_policy``) is used up.
        """
        name = self._name
        if name is not None and (self._expires is None or time.monotonic() < self._again):
            return name
        with self._lock:
            if self._name is None:
                self._name = str(uuid.uuid4())
            self._declare(self.entity(self._name))
            # long before the broker would take it for abandoned
            self._again = time.monotonic() + (self._expires or 0) / 3
            return self._name

    def entity(self, name: str) -> Any:
        """It as kombu's ``Queue``."""
        return _Queue(
            name, _Exchange(""), routing_key=name, durable=True, auto_delete=False, expires=self._expires, message_ttl=self._expires
        )

    def connection(self) -> Any:
        """A new kombu ``Connection`` to the broker."""
        return self._app.broker.connection()

    def _declare(self, queue: Any) -> None:
        connection = self.connection()
        conf = self._app.conf

        def attempt() -> None:
            connections.establish(connection)
            try:
                queue.bind(connection.default_channel).declare()
            except BaseException:
                connections.discard(connection)
                raise

        try:
            persist(
                policy(conf.task_publish_retry, None, conf.task_publish_retry_policy),
                attempt,
                lambda exc: connections.may_pass(connection, exc),
                lambda exc: connections.operational(connection, exc, "no reply queue could be made on"),
            )
        finally:
            connection.release()

    def delete(self) -> None:
        """Remove it from the broker, if it can be reached."""
        with self._lock:
            name, self._name = self._name, None
        if name is None:
            return
        with contextlib.suppress(Exception):
            connection = self.connection()
            connections.establish(connection)
            self.entity(name).bind(connection.default_channel).delete()
            connection.release()

    def forked(self) -> None:
        """In the child: another queue."""
        self._start()
