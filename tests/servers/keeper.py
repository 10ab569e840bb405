"""Keeps the processes of one server and takes them down with whoever asked for them, however that one ends: even by ``kill -9``.

A script that needs nothing but the standard library. It reads a JSON object from standard input: ``owner`` (the process whose end
ends the server), ``folder`` (for logs and its own lock), ``commands`` (each with ``argv`` and ``env``; the last is the server, those
before it serve it), ``grace`` (seconds for an orderly stop) and ``litter`` (a folder that nobody needs without the owner, or null).
It goes to the background at once and holds ``folder/keeper.lock`` for as long as anything of the server runs.

SIGTERM stops the server in order, SIGUSR1 kills it; both end the keeper too, and so does a server that ends by itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

#: Seconds between two looks at the owner and the server, where the system cannot wake us.
LOOK = 0.2

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def control(option: int, value: int) -> None:
    """Call ``prctl``, where there is one: these are safety nets below what is done anyway."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def start(command: dict[str, Any], log: Path) -> subprocess.Popen[bytes]:
    """Start one process, in a session of its own: a Ctrl-C in the terminal is not meant for it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command["argv"],
            env=command["env"],
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: control(PR_SET_PDEATHSIG, signal.SIGKILL),
        )


def wait(owner: int, started: list[subprocess.Popen[bytes]], asked: int) -> str:
    """Until there is something to do: "stop", "kill", or "clear" if the owner is gone. ``asked`` tells of signals."""
    server, known = started[-1], {process.pid for process in started}
    sources = [asked]
    with contextlib.suppress(OSError, AttributeError):
        sources.append(os.pidfd_open(owner))
    while True:
        ready, _, _ = select.select(sources, [], [], LOOK)
        if asked in ready:
            return "stop" if os.read(asked, 1)[0] == signal.SIGTERM else "kill"
        if ready or not is_there(owner):
            return "clear"  # a dead owner may be a zombie, which only its descriptor tells
        if server.poll() is not None:
            return "kill"
        bury(known)


def bury(known: set[int]) -> None:
    """Take note of the ends of processes that have become our children by their parents' ends."""
    for pid in own_children():
        if pid not in known:
            os.waitpid(pid, os.WNOHANG)


def is_there(pid: int) -> bool:
    """Whether a process exists; one that cannot be asked does."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def end(started: list[subprocess.Popen[bytes]], grace: float) -> None:
    """End the server, in order if there is a grace, then everything that is left, whatever became of its parent."""
    if grace and started[-1].poll() is None:
        started[-1].send_signal(signal.SIGCONT)
        started[-1].terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started[-1].wait(grace)
    for process in reversed(started):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for pid in own_children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return


def own_children() -> list[int]:
    """Our child processes, orphans among our descendants included; none where the system does not tell."""
    with contextlib.suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    return []


def main() -> int:
    """Start what is asked for and stay until it has ended."""
    request: dict[str, Any] = json.load(sys.stdin)
    folder = Path(request["folder"])
    lock = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fork():
        os._exit(0)  # the lock is the child's now
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    control(PR_SET_CHILD_SUBREAPER, 1)
    asked, ask = os.pipe()
    os.set_blocking(ask, False)
    signal.set_wakeup_fd(ask)
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    (folder / "keeper.pid").write_text(str(os.getpid()))
    started: list[subprocess.Popen[bytes]] = []
    wanted = "kill"
    try:
        for number, command in enumerate(request["commands"]):
            started.append(start(command, folder / f"output-{number}.log"))
        (folder / "server.pid").write_text(str(started[-1].pid))
        wanted = wait(request["owner"], started, asked)
    finally:
        end(started, request["grace"] if wanted == "stop" else 0)
        if request["litter"] and wanted == "clear":
            shutil.rmtree(request["litter"], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
