"""A proxy before a server: it can cut the connections through it, or let them stand and carry nothing."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """A context manager; ``url`` leads through it to the server of the URL given."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._cut = False
        self._mute = False
        self._end = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        port = self._listener.getsockname()[1]
        user = f"{self._target.username}:{self._target.password}@" if self._target.username else ""
        self.url = urlunsplit(self._target._replace(netloc=f"{user}127.0.0.1:{port}"))

    def cut(self) -> None:
        """End all connections, and every new one at once."""
        self._cut = True

    def mute(self) -> None:
        """Carry nothing any more, as a broken line does."""
        self._mute = True

    def mend(self) -> None:
        """Work again, for new connections."""
        self._cut = self._mute = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._end = True
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while not self._end:
            if self._cut:
                self._drop()
            ready, _, _ = select.select([self._listener, *([] if self._mute else self._pairs)], [], [], 0.02)
            for sock in ready:
                if sock is self._listener:
                    self._accept()
                elif sock in self._pairs:
                    self._carry(sock)
        self._drop()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._cut:
            client.close()
            return
        server = socket.create_connection((self._target.hostname or "", self._target.port or 0))
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs |= {client: server, server: client}

    def _carry(self, sock: socket.socket) -> None:
        other = self._pairs[sock]
        with contextlib.suppress(OSError):
            if data := sock.recv(65536):
                other.sendall(data)
                return
        for end in (sock, other):
            del self._pairs[end]
            end.close()

    def _drop(self) -> None:
        for sock in self._pairs:
            sock.close()
        self._pairs.clear()
