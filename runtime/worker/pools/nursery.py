"""The pool's side of the zygote: children are born, killed and mourned through it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time

from ...app import App
from .channel import Channel
from .starting import start_zygote
from .zygote import FORK, GRACE, KILL, NOTICE, REQUEST


class Nursery:
    """A running zygote. Children are known by numbers.

    Raises:
        UsageError: it could not be started (:func:`start_zygote`).
    """

    def __init__(self, app: App) -> None:
        self._control, self._pid = start_zygote(app)

    def fileno(self) -> int:
        """Readable when there is a :meth:`notice`."""
        return self._control.fileno()

    def bear(self, number: int) -> Channel | None:
        """A new child, and our end of its channel; None if the zygote is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [REQUEST.pack(FORK, number)], [theirs.fileno()])
            except OSError:
                ours.close()
                return None
        return Channel(ours)

    def kill(self, number: int) -> None:
        """Kill a child with the processes that it has started, if it still lives."""
        with contextlib.suppress(OSError):
            self._control.sendall(REQUEST.pack(KILL, number))

    def notice(self) -> tuple[int, int] | None:
        """The number of a child that has ended, and its status as ``waitpid`` gives it; None when the zygote itself has ended."""
        data = b""
        with contextlib.suppress(OSError):
            data = self._control.recv(NOTICE.size, socket.MSG_WAITALL)
        if len(data) < NOTICE.size:
            return None
        number, status = NOTICE.unpack(data)
        return number, status

    def close(self) -> None:
        """End the zygote and every child; returns when it is gone."""
        self._control.close()
        until = time.monotonic() + 2 * GRACE
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                if time.monotonic() > until:
                    os.kill(self._pid, signal.SIGKILL)
                    os.waitpid(self._pid, 0)
                    return
                time.sleep(0.002)


def cause_of_death(status: int | None) -> str:
    """How a child ended, in words; None: nobody knows."""
    if status is None:
        return "the process that ran it is gone"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
        more = ", which the system also sends when no memory is left" if number == signal.SIGKILL else ""
        return f"the process that ran it was ended by signal {number} ({name}{more})"
    return f"the process that ran it ended with exit code {os.WEXITSTATUS(status)}, without an answer"
