"""A gate before a server: it counts who comes, and turns them away while it is shut."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class Gate:
    """A context manager; ``url`` leads through it to the server of ``url``, or to nobody where that is ``silent``.

    Attributes:
        shut: how many of those who come next are turned away.
        came: how many have come so far.
    """

    def __init__(self, url: str, shut: float = 0, *, silent: bool = False) -> None:
        self._target = urlsplit(url)
        self._silent = silent
        self.shut = shut
        self.came = 0
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        login = f"{self._target.username}:{self._target.password}@" if self._target.username else ""
        self.url = urlunsplit(self._target._replace(netloc=f"{login}127.0.0.1:{self._listener.getsockname()[1]}"))

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.came += 1
                if self.shut > 0:
                    self.shut -= 1
                    client.close()
                    continue
                self._open.append(client)
                if not self._silent:
                    server = socket.create_connection((self._target.hostname or "", self._target.port or 0))
                    self._open.append(server)
                    for one, other in ((client, server), (server, client)):
                        threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
