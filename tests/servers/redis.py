"""A redis-server of our own."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from typing import Literal

from .server import Command, Server, ServerMissing

#: Numbered databases of a server: enough that each test can have one of its own.
DATABASES = 4096

#: Those of them that are never given to single tests.
RESERVED = range(DATABASES - 8, DATABASES)


class RedisServer(Server):
    """A redis-server. With ``appendfsync`` it keeps its data over :meth:`stop` and :meth:`kill`; without, it starts empty.

    Args:
        folder: where its data and logs go.
        appendfsync: when it writes to the disk: "always" before each answer, "everysec" once a second, None never.
        owner: the process with which it ends; by default this one.
        litter: a folder that is removed should the owner end without having stopped it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        appendfsync: Literal["always", "everysec"] | None = "always",
        owner: int | None = None,
        litter: Path | None = None,
    ) -> None:
        super().__init__(folder, owner=owner, litter=litter)
        self._appendfsync = appendfsync

    @property
    def url(self) -> str:
        """``redis://127.0.0.1:PORT/0``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def commands(self) -> list[Command]:
        """The server alone."""
        program = shutil.which("redis-server")
        if program is None:
            raise ServerMissing("redis-server is not installed: `make servers` installs it or says how")
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "daemonize": "no",
            "databases": str(DATABASES),
            "save": "",
            "appendonly": "yes" if self._appendfsync else "no",
            "appendfsync": self._appendfsync or "no",
            "maxmemory": "1gb",
        }
        argv = [program, *(word for name, value in settings.items() for word in (f"--{name}", value))]
        return [Command(argv, {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"})]

    def is_ready(self) -> bool:
        """Whether it answers a PING, which it does once its data is loaded."""
        return self.ask("PING") == "PONG"

    def ask(self, *words: str, database: int = 0) -> str:
        """Send one command whose answer is one line; the answer without its type.

        Raises:
            OSError: it does not answer.
        """
        return ask(self.port, *words, database=database)


def ask(port: int, *words: str, database: int = 0) -> str:
    """Send the redis-server on a loopback port one command whose answer is one line; the answer without its type.

    Raises:
        OSError: it does not answer.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, connection.makefile("rwb") as stream:
        for command in (("SELECT", str(database)), words):
            parts = [f"*{len(command)}", *(line for word in command for line in (f"${len(word.encode())}", word)), ""]
            stream.write("\r\n".join(parts).encode())
        stream.flush()
        answers = [stream.readline() for _ in range(2)]
        if answers[1].startswith(b"$") and answers[1] != b"$-1\r\n":
            return stream.readline().decode().rstrip("\r\n")
        return answers[1].decode().rstrip("\r\n")[1:]
