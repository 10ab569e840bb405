"""Waiting for a Redis connection and for a call from another thread at the same time."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from typing import Any


class Sockets:
    """The socket of a connection, and one by which other threads wake the one that waits."""

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._receiver, selectors.EVENT_READ)
        self._followed: Any = None

    def wake(self) -> None:
        """Let :meth:`wait` return. From any thread."""
        with contextlib.suppress(BlockingIOError):  # full: it will wake anyway
            self._sender.send(b"\0")

    def follow(self, connection: Any) -> None:
        """Let :meth:`wait` return when redis-py's ``connection`` has something to read too; None: no connection."""
        if self._followed is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(self._followed)
        self._followed = getattr(connection, "_sock", None)
        if self._followed is not None:
            self._selector.register(self._followed, selectors.EVENT_READ)

    def wait(self, seconds: float, *, until_woken: bool = True) -> bool:
        """Wait for either, so long at most; whether there was something. ``until_woken`` false: for the time alone."""
        if not until_woken:
            time.sleep(seconds)
            return False
        events = self._selector.select(seconds)
        with contextlib.suppress(BlockingIOError):
            while self._receiver.recv(4096):
                pass
        return bool(events)

    def close(self) -> None:
        """Close what is ours."""
        self._selector.close()
        self._receiver.close()
        self._sender.close()
