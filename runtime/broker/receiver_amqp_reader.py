"""Reading from an AMQP connection: messages are cut out of what the socket has, everything else is left to py-amqp.

A message that is not whole yet is left where py-amqp looks first, in its transport's read buffer, so that a call of py-amqp's own
that waits for an answer finds what it would have found without this reader.
"""

from __future__ import annotations

import ssl
import struct
from collections.abc import Callable
from typing import Any

from ..errors import ConnectionLost
from .receiver_amqp_content import DELIVER, Deliver, body_size, read_deliver, read_properties

_READ = 65536
_HEADER = struct.Struct(">BHI").unpack_from
_FRAME_END = 0xCE
#: Seconds for a TLS connection, which may be readable without having anything for us.
_TLS = 0.05


class AmqpReader:
    """Reads from one connection.

    Args:
        amqp: py-amqp's connection.
        arrive: gets each message: how it was delivered, its properties, its body.
    """

    def __init__(self, amqp: Any, arrive: Callable[[Deliver, dict[str, Any], bytes], None]) -> None:
        self._amqp = amqp
        self._arrive = arrive
        self._tls = isinstance(amqp.sock, ssl.SSLSocket)

    def pending(self) -> bool:
        """Whether there is something to read that the operating system does not know of: a TLS connection has it."""
        return self._tls and self._amqp.sock.pending() > 0

    def read(self) -> None:
        """Read what there is.

        Raises:
            ConnectionLost: the broker has closed the connection, or does not speak AMQP.
            OSError: the connection has ended.
        """
        amqp = self._amqp
        transport = amqp.transport
        left = transport._read_buffer
        # as much again as is there already: a large message is not copied once for every read
        most = max(_READ, len(left))
        if self._tls:
            try:
                with transport.having_timeout(_TLS):
                    new = transport._quick_recv(most)
            except (TimeoutError, ssl.SSLWantReadError):
                return
        else:
            new = transport._quick_recv(most)
        if not new:
            raise ConnectionLost("the broker closed the connection")
        data = left + new if left else new
        # a handler of py-amqp's finds nothing there that it could take for an answer
        transport._read_buffer = b""
        begin = 0
        while (frame := _frame(data, begin)) is not None:
            kind, channel, payload, after = frame
            if kind == 1 and payload[:4] == DELIVER:
                whole = self._message(data, payload, after)
                if whole is None:
                    break
                begin = whole
            else:
                amqp.on_inbound_frame((kind, channel, payload))
                begin = after
        transport._read_buffer = data[begin:]

    def _message(self, data: bytes, method: bytes, at: int) -> int | None:
        """Read a message whose first frame ends there; where its last one ends, None if it is not whole."""
        if (header := _frame(data, at)) is None:
            return None
        at = header[3]
        size, chunks = body_size(header[2]), []
        while size > 0:
            if (part := _frame(data, at)) is None:
                return None
            chunks.append(part[2])
            size -= len(part[2])
            at = part[3]
        self._amqp.bytes_recv += 2 + len(chunks)  # py-amqp's heartbeats look at that
        self._arrive(read_deliver(method), read_properties(header[2]), chunks[0] if len(chunks) == 1 else b"".join(chunks))
        return at


def _frame(data: bytes, at: int) -> tuple[int, int, bytes, int] | None:
    """The frame that begins there: its type, its channel, what it carries, and where it ends; None if it is not whole."""
    if len(data) - at < 8:
        return None
    kind, channel, size = _HEADER(data, at)
    end = at + 8 + size
    if end > len(data):
        return None
    if data[end - 1] != _FRAME_END:
        raise ConnectionLost("what the broker sent is no AMQP frame")
    return kind, channel, data[at + 7 : end - 1], end
