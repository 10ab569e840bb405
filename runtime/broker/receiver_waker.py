"""A bell that ends a wait on sockets early: from another thread, or from a signal handler."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Sequence
from typing import Protocol


class Readable(Protocol):
    """Anything that the operating system can wait for."""

    def fileno(self) -> int: ...


class Waker:
    """A pair of sockets: what :meth:`ring` writes on one, :meth:`wait` reads from the other.

    No lock is taken by :meth:`ring`, so that a signal handler may call it whatever it interrupts.
    """

    def __init__(self) -> None:
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)
        self._poll: select.poll | None = None
        self._watched: tuple[int, ...] = ()

    def ring(self) -> None:
        """Let the present, or else the next, :meth:`wait` return at once."""
        # a full buffer holds rings enough; a closed one has nobody left to wake
        with contextlib.suppress(OSError):
            self._mouth.send(b"\0")

    def wait(self, others: Sequence[Readable], timeout: float | None) -> tuple[bool, bool]:
        """Wait for a ring or for one of the others to be readable, at most ``timeout`` seconds (None: for ever).

        Returns:
            whether it was rung, and whether another one is readable (or broken).
        """
        watched = (self._ear.fileno(), *(other.fileno() for other in others))
        if self._poll is None or watched != self._watched:
            self._poll = select.poll()
            for number in watched:
                self._poll.register(number, select.POLLIN)
            self._watched = watched
        # rounded up: a wait of less than a millisecond must not become a spin
        ready = self._poll.poll(None if timeout is None else max(0, -int(-timeout * 1000 // 1)))
        rung = any(number == watched[0] for number, _ in ready)
        if rung:
            with contextlib.suppress(BlockingIOError):
                while len(self._ear.recv(4096)) == 4096:
                    pass
        return rung, len(ready) > rung

    def close(self) -> None:
        """Give the sockets back."""
        self._ear.close()
        self._mouth.close()
