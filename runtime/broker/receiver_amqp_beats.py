"""Heartbeats of an AMQP connection whose owner is busy: a pool without threads or processes runs its tasks where it receives.

A server that hears nothing for two intervals ends the connection, and gives what its worker is still at to another one.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

_FRAME = b"\x08\0\0\0\0\0\0\xce"


class AmqpBeats:
    """A thread that sends heartbeats while nobody else does.

    Args:
        amqp: py-amqp's connection.
        interval: seconds of silence after which one is sent.
    """

    def __init__(self, amqp: Any, interval: float) -> None:
        #: Whoever writes to the connection holds it.
        self.writing = threading.Lock()
        self._amqp = amqp
        self._interval = interval
        self._last = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flowc-heartbeats", daemon=True)
        self._thread.start()

    def alive(self) -> None:
        """The owner sends heartbeats by itself."""
        self._last = time.monotonic()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stop.wait(self._interval / 2):
            if time.monotonic() - self._last > self._interval:
                # the owner will notice by itself if the connection has ended
                with contextlib.suppress(Exception), self.writing:
                    self._amqp.transport.write(_FRAME)
