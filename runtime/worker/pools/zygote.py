"""The process from which the pool's children are forked.

A process with threads must not fork: a lock that another thread holds stays locked in the child for ever. So the pool forks this one
*before* it has any thread; it never starts one itself, and forks a child whenever it is asked, also to replace one that has died. The
children have the user's application in memory already. It also reaps them, so the pool learns how each has ended.

Where forking is not safe even at the start (the caller has threads already), the same program is started afresh and imports the
application by name.

The parent may die at any time: the end of the control socket then ends this process and every child.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import NoReturn

from ...app import App
from .channel import Channel
from .child import leave, serve

#: To the zygote: what to do and the child's number. A FORK carries the child's end of its socket.
REQUEST = struct.Struct("!cI")
FORK, KILL = b"F", b"K"
#: From the zygote: the number of a child that has ended, and its status as waitpid gives it.
NOTICE = struct.Struct("!Ii")

#: The first thing that a fresh zygote sends, when it has imported the application.
READY = b"R"

#: Seconds that children have to end by themselves when the pool closes.
GRACE = 1.0


def run_zygote(control: socket.socket, app: App) -> NoReturn:
    """Serve the control socket until it ends; never returns."""
    try:
        _Zygote(control, app).run()
    except BaseException:  # a forked process must not return into its parent's code
        sys.excepthook(*sys.exc_info())
        leave(70)
    leave(0)


class _Zygote:
    def __init__(self, control: socket.socket, app: App) -> None:
        self._control = control
        self._app = app
        self._pids: dict[int, int] = {}
        self._wake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self._wake, False)
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)  # Ctrl-C in the terminal is for the parent alone
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._wakeup = wake
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        gc.freeze()

    def run(self) -> None:
        while True:
            readable, _, _ = select.select([self._control.fileno(), self._wake], [], [])
            if self._wake in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)
            self._reap()
            if self._control.fileno() in readable and not self._serve():
                break
        self._end()

    def _serve(self) -> bool:
        """One request; False when the parent is gone."""
        try:
            data, fds, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        except OSError:
            return False
        if len(data) < REQUEST.size:
            return False
        what, number = REQUEST.unpack(data)
        if what == FORK:
            self._fork(number, fds[0])
        elif what == KILL and number in self._pids:
            self._kill(self._pids[number])
        return True

    def _fork(self, number: int, fd: int) -> None:
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for other in (self._wake, self._wakeup):
                os.close(other)
            self._control.close()
            with contextlib.suppress(OSError):
                os.setpgid(0, 0)  # what the task starts is killed with it
            try:
                serve(socket.socket(fileno=fd), number, self._app)
            except BaseException:  # the same
                sys.excepthook(*sys.exc_info())
                leave(70)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # by both, so that it holds whoever comes first
        os.close(fd)
        self._pids[number] = pid

    def _kill(self, pid: int) -> None:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for number, pid in list(self._pids.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del self._pids[number]
                self._kill(pid)  # what it started and left behind
                with contextlib.suppress(OSError):
                    self._control.sendall(NOTICE.pack(number, status))

    def _end(self) -> None:
        until = time.monotonic() + GRACE
        while self._pids and time.monotonic() < until:
            self._reap()
            if self._pids:
                select.select([self._wake], [], [], 0.01)
        for pid in self._pids.values():
            self._kill(pid)


def main() -> NoReturn:
    """``python -m flowc.runtime.worker.pools.zygote FD JSON``: the same in a fresh process, which imports the application."""
    told = json.loads(sys.argv[2])
    sys.path[:] = told["path"]
    for name in told["modules"]:
        importlib.import_module(name)
    app = getattr(sys.modules[told["module"]], told["attribute"])
    if not isinstance(app, App):
        from ...celery_app import adopt

        app = adopt(app)
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = Channel(control).receive()
    if settings:
        app.conf.update(settings)
    control.sendall(READY)
    run_zygote(control, app)


if __name__ == "__main__":
    main()
