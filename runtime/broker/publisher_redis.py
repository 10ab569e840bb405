"""Publishing over Redis: what kombu's transport writes, in one round trip for a message and in one for hundreds of them.

kombu keeps a queue as a list for each step of priority. A message is a JSON object (body in base64) that is pushed on the left; a
consumer takes from the right. Everything else (exchanges with bindings, queues that expire) is left to kombu.
"""

from __future__ import annotations

import select
from base64 import b64encode
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

from ..codec import encode_json
from ..ids import new_id
from .connections import PATIENCE
from .interface import Envelope
from .publisher_generic import Lane

#: Messages that one command carries at most.
COMMAND = 100

#: Messages that are written before the replies of those before them are read.
PART = 500

#: Bytes after which a command is full: a command is read as a whole by the server.
COMMAND_BYTES = 1 << 18


class RedisLane(Lane):
    """Publishes over a connection of redis-py, taken out of the pool of kombu's channel."""

    def __init__(self, connection: Any, topology: Any) -> None:
        super().__init__(connection, topology)
        channel = self.channel
        self._wire: Any = channel.pool.get_connection()
        patience = connection.transport_options.get(PATIENCE)
        if patience is not None and hasattr(self._wire, "update_current_socket_timeout"):
            self._wire.update_current_socket_timeout(patience)  # it has greeted: now a slow command may take longer
        self._prefix: str = getattr(channel, "global_keyprefix", "")
        self._keys: dict[tuple[str, Any], bytes] = {}

    def void(self) -> bool:
        """A connection that is idle and yet readable was closed by the server, or is out of step."""
        if super().void():
            return True
        sock = self._wire._sock
        return sock is None or bool(select.select([sock], [], [], 0)[0])

    def put(self, envelope: Envelope) -> None:
        if not self._is_plain(envelope):
            super().put(envelope)
            return
        self._write([(self._key(envelope), [self._payload(envelope)])])
        self._wire.read_response()

    def send_many(self, pending: deque[Envelope]) -> None:
        written: deque[int] = deque()  # messages of each command that has no reply yet
        ahead = 0
        while True:
            run = self._plain_run(list(islice(pending, ahead, ahead + PART)))
            commands = self._commands(run)
            if commands:
                self._write(commands)
                written.extend(len(payloads) for _, payloads in commands)
                ahead += len(run)
            while len(written) > len(commands):
                self._wire.read_response()
                done = written.popleft()
                ahead -= done
                for _ in range(done):
                    pending.popleft()
            if not commands:
                if not pending:
                    return
                self.send(pending[0])
                pending.popleft()

    # ------------------------------------------------------------------------------------------------------------- writing
    def _plain_run(self, part: list[Envelope]) -> list[Envelope]:
        """The messages at the front that can be pushed; their queues are declared."""
        for n, envelope in enumerate(part):
            if not self._is_plain(envelope):
                return part[:n]
            self.declare(envelope.destination)
        return part

    def _commands(self, run: Sequence[Envelope]) -> list[tuple[bytes, list[bytes]]]:
        """Messages that stand side by side for one list go with one command, in their order."""
        commands: list[tuple[bytes, list[bytes]]] = []
        last, payloads, size = b"", list[bytes](), 0
        for envelope in run:
            key, payload = self._key(envelope), self._payload(envelope)
            if key != last or len(payloads) >= COMMAND or size >= COMMAND_BYTES:
                payloads, size, last = [], 0, key
                commands.append((key, payloads))
            payloads.append(payload)
            size += len(payload)
        return commands

    def _write(self, commands: Sequence[tuple[bytes, list[bytes]]]) -> None:
        parts: list[bytes] = []
        for key, payloads in commands:
            parts.append(b"*%d\r\n$5\r\nLPUSH\r\n$%d\r\n%b\r\n" % (len(payloads) + 2, len(key), key))
            for payload in payloads:
                parts += (b"$%d\r\n" % len(payload), payload, b"\r\n")
        self._wire.send_packed_command([b"".join(parts)], check_health=False)

    def _is_plain(self, envelope: Envelope) -> bool:
        exchange, key, _ = envelope.destination
        return not exchange and key not in self.channel._expires

    def _key(self, envelope: Envelope) -> bytes:
        wanted = (envelope.destination.routing_key, envelope.properties.get("priority"))
        key = self._keys.get(wanted)
        if key is None:
            channel = self.channel
            step = channel._get_message_priority({"properties": {"priority": wanted[1] or 0}}, reverse=False)
            key = self._keys[wanted] = f"{self._prefix}{channel._q_for_pri(wanted[0], step)}".encode()
        return key

    def _payload(self, envelope: Envelope) -> bytes:
        """The message as kombu's virtual transports write it."""
        headers, properties, body, content_type, content_encoding, (exchange, key, _), _ = envelope
        coded: Any
        if self.channel.body_encoding == "base64":
            coded, how = b64encode(body.encode() if isinstance(body, str) else body).decode(), "base64"
        else:
            coded, how = self.channel.encode_body(body, self.channel.body_encoding)
        return encode_json(
            {
                "body": coded,
                "content-encoding": content_encoding,
                "content-type": content_type,
                "headers": headers,
                "properties": {
                    "priority": 0,
                    **properties,
                    "delivery_info": {"exchange": exchange, "routing_key": key},
                    "body_encoding": how,
                    "delivery_tag": new_id(),
                },
            }
        ).encode()
