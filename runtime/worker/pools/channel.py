"""Objects over a stream socket between this process and its children, one frame each."""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")

#: Bytes taken from the socket at once.
_PIECE = 1 << 20


class Channel:
    """Sends and receives pickled objects. One thread may send while another receives.

    Only ever between a process and children that it has forked itself: what is read is as trusted as the code that wrote it.
    """

    __slots__ = ("_socket",)

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def fileno(self) -> int:
        """The file descriptor, for selectors."""
        return self._socket.fileno()

    def send(self, item: Any) -> None:
        """Send one object. Raises OSError if the other end is gone."""
        data = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
        self._socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Any:
        """Wait for one object. Raises EOFError or OSError if the other end is gone, also in the middle of a frame."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        return pickle.loads(self._exactly(length))

    def _exactly(self, count: int) -> bytes:
        first = self._socket.recv(min(count, _PIECE))
        if len(first) == count:
            return first
        parts = [first]
        left = count - len(first)
        while left and parts[-1]:
            parts.append(self._socket.recv(min(left, _PIECE)))
            left -= len(parts[-1])
        if left:
            raise EOFError("the other end is gone")
        return b"".join(parts)

    def finish(self) -> None:
        """Wait for nothing any more: :meth:`receive` gives what is there already, then raises OSError."""
        self._socket.setblocking(False)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
