"""A server process of our own: started on a free loopback port, stopped or killed, and started again where it was with what it kept."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

KEEPER = Path(__file__).with_name("keeper.py")

#: Seconds that a server may take to start, on a machine that is busy with other tests; and to stop in order.
START = 60.0
STOP = 30.0


class ServerMissing(Exception):
    """A server is not installed; the text says which, and how to get it."""


class ServerFailed(Exception):
    """A server did not start or stop; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """A process to start: its arguments and the whole of its environment."""

    argv: Sequence[str]
    env: Mapping[str, str]


def free_port() -> int:
    """A loopback port that nothing listens on, outside the range from which the system takes the ports of outgoing connections.

    From that range, a client that tries to reach a stopped server again and again would one day be given the server's port as its own.
    """
    draw = random.SystemRandom()  # a seed that a test has set would make all processes choose the same
    while True:
        port = draw.randrange(15_000, 32_000)
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Server(ABC):
    """What servers have in common. A context manager: started on entry, killed on exit.

    Args:
        folder: where its data and logs go; made if it is not there. Its path should be short: some servers put sockets there.
        owner: the process with which the server ends; by default this one.
        litter: a folder that is removed should the owner end without having stopped the server.
    """

    def __init__(self, folder: Path, *, owner: int | None = None, litter: Path | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self._owner = owner or os.getpid()
        self._litter = litter
        folder.mkdir(parents=True, exist_ok=True)

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it."""

    @abstractmethod
    def commands(self) -> list[Command]:
        """What to start: the server last, before it what it needs.

        Raises:
            ServerMissing: it is not installed.
        """

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers as it should.

        Raises:
            OSError: it does not answer yet.
        """

    @property
    def running(self) -> bool:
        """Whether anything of it runs."""
        return not _is_free(self.folder / "keeper.lock")

    @property
    def pid(self) -> int:
        """The server's process id, of the last start."""
        return int((self.folder / "server.pid").read_text())

    def start(self) -> None:
        """Start it, again on the same port and with its data, and wait until it answers.

        Raises:
            ServerMissing: it is not installed.
            ServerFailed: it runs already, or does not start.
        """
        if self.running:
            raise ServerFailed(f"{self.url} runs already")
        request = {
            "owner": self._owner,
            "folder": str(self.folder),
            "commands": [{"argv": list(command.argv), "env": dict(command.env)} for command in self.commands()],
            "grace": STOP,
            "litter": self._litter and str(self._litter),
        }
        subprocess.run([sys.executable, "-I", "-S", str(KEEPER)], input=json.dumps(request), text=True, check=True, timeout=START)
        self._await_ready()

    def _await_ready(self) -> None:
        until = time.monotonic() + START
        while time.monotonic() < until:
            try:
                if self.is_ready():
                    return
            except OSError:
                pass
            if not self.running:
                raise ServerFailed(f"{self.url} has ended instead of starting:\n{self.log()}")
            time.sleep(0.02)
        self.kill()
        raise ServerFailed(f"{self.url} has not answered for {START:g} s:\n{self.log()}")

    def stop(self) -> None:
        """Have it end in order, and wait for that. Nothing happens if it does not run.

        Raises:
            ServerFailed: it is still there.
        """
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it with SIGKILL, and wait for that. Nothing happens if it does not run.

        Raises:
            ServerFailed: it is still there.
        """
        self._end(signal.SIGUSR1)

    def pause(self) -> None:
        """Let it answer no more, while its connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self.running:
            end_keeper(self.folder, number)
            if self.running:
                raise ServerFailed(f"{self.url} does not end:\n{self.log()}")

    def log(self) -> str:
        """The last lines of all that it has written."""
        parts = []
        for path in sorted(self.folder.rglob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-40:]
            parts += [f"── {path.name}", *lines]
        return "\n".join(parts)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def end_keeper(folder: Path, number: signal.Signals) -> None:
    """Send the keeper of a server its signal and wait until nothing of the server is left, or twice the time that it may take."""
    pid = folder / "keeper.pid"
    until = time.monotonic() + 2 * STOP
    sent = False
    while not _is_free(folder / "keeper.lock") and time.monotonic() < until:
        if not sent and pid.exists() and (text := pid.read_text()):
            try:
                os.kill(int(text), number)
            except ProcessLookupError:
                return
            sent = True
        time.sleep(0.01)
    pid.unlink(missing_ok=True)


def _is_free(lock: Path) -> bool:
    """Whether nobody holds a lock file."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
