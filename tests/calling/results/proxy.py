"""A door in front of a server, which a test can shut."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Forwards connections to a server. ``cut`` ends all and refuses new ones, ``mend`` lets them through again; ``stall`` only holds
    back what is sent."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 0)
        self._open = threading.Event()
        self._open.set()
        self._flows = threading.Event()
        self._flows.set()
        self._sockets: list[socket.socket] = []
        self._forgotten: list[socket.socket] = []
        self._stalled: list[threading.Event] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        credentials = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(netloc=f"{credentials}{'@' if credentials else ''}127.0.0.1:{self.port}").geturl()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._closed or not self._open.is_set():
                client.close()
                continue
            server = socket.create_connection(self._target)
            with self._lock:
                self._sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        flows = self._flows
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                flows.wait()
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """End all connections; new ones are ended at once."""
        self._open.clear()
        self.drop()

    def drop(self) -> None:
        """End all connections; new ones go through."""
        self._flows.set()
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def mend(self) -> None:
        """Let everything through again."""
        self._open.set()
        self._flows.set()

    def stall(self) -> None:
        """Let connections be, and nothing through."""
        self._flows.clear()

    def forget(self) -> None:
        """Let new connections through, and leave those that there are stalled for good."""
        with self._lock:
            self._forgotten += self._sockets
            self._sockets = []
            self._stalled.append(self._flows)
            self._flows = threading.Event()
            self._flows.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._listener.close()
        for flows in self._stalled:
            flows.set()
        self._sockets += self._forgotten
        self.drop()
