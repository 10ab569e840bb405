"""One connection for questions to workers and broker, made anew after every error. Nothing that goes wrong leaves here but as a word."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..broker.inspecting import Inspector, make_inspector

if TYPE_CHECKING:
    from ..broker.broker import Broker

logger = logging.getLogger("flowc.fleet")

T = TypeVar("T")


class Asking:
    """An :class:`Inspector` for whoever asks, one at a time.

    Args:
        broker: makes its connection, when it is first needed.
        open_inspector: for tests.
    """

    def __init__(self, broker: Broker, open_inspector: Callable[[Broker], Inspector] = make_inspector) -> None:
        self._broker = broker
        self._open = open_inspector
        self._lock = threading.Lock()
        self._inspector: Inspector | None = None
        self._closed = False

    def attempt(self, what: Callable[[Callable[[], Inspector]], T]) -> T | None:
        """Do something that asks; None if that failed: then the next one connects anew."""
        with self._lock:
            try:
                return what(self._connected)
            except Exception as exc:  # also what no transport should raise: a run does not end because nobody can be asked
                logger.info("workers cannot be asked for now: %s", exc)
                self._drop()
                return None

    def _connected(self) -> Inspector:
        if self._inspector is None:
            self._inspector = self._open(self._broker)
            if self._closed:
                self._inspector.interrupt()
        return self._inspector

    def interrupt(self) -> None:
        """Let nobody wait for answers any more. From any thread."""
        self._closed = True
        inspector = self._inspector
        if inspector is not None:
            inspector.interrupt()

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        inspector, self._inspector = self._inspector, None
        if inspector is not None:
            inspector.close()
