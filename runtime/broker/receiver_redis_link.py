"""One connection to Redis, used directly: commands are written together, and their answers are read later.

kombu's channel knows everything about the server (address, password, TLS, sentinels, prefix of keys); its connection pool makes
the connections. They speak RESP 2 here, so that what is read is always the answer to what was asked.
"""

from __future__ import annotations

import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ConnectionLost
from .receiver_redis_scripts import Script

#: Seconds for an answer, where the transport's options name no ``socket_timeout``.
_ANSWER = 30.0

Command = tuple[Any, ...]


class RedisLink:
    """A connection of its own. Not for several threads.

    Args:
        pool: redis-py's pool, of kombu's channel.

    Raises:
        ConnectionLost: the server cannot be reached.
    """

    def __init__(self, pool: Any) -> None:
        from redis.exceptions import RedisError, ResponseError

        self._errors = (RedisError, OSError, ValueError)
        self._refused = ResponseError
        self._closed = False
        self._loaded: set[str] = set()
        #: what to do with answers that were not read yet
        self._expected: deque[Callable[[Any], None]] = deque()
        # notices of maintenance need RESP 3
        given = {key: value for key, value in pool.connection_kwargs.items() if not key.startswith(("maint_", "oss_", "orig_"))}
        given |= {"protocol": 2, "health_check_interval": 0, "decode_responses": False}
        given["socket_timeout"] = given.get("socket_timeout") or _ANSWER
        self._connection = pool.connection_class(**given)
        try:
            self._connection.connect()
        except self._errors as failure:
            place = given.get("path") or f"{given.get('host')}:{given.get('port')}"
            raise ConnectionLost(f"cannot connect to Redis at {place}: {str(failure) or type(failure).__name__}") from failure

    # ------------------------------------------------------------------------------------------------------------------ asking
    def ask(self, *commands: Command) -> list[Any]:
        """Run commands; their answers, an exception where one was refused.

        Raises:
            ConnectionLost: what of them was done is not known.
        """
        self.send(*commands)
        self.settle()
        return [self._read() for _ in commands]

    def command(self, *command: Any) -> Any:
        """Run one command.

        Raises:
            ConnectionLost: also if the command was refused.
        """
        (answer,) = self.ask(command)
        if isinstance(answer, Exception):
            raise ConnectionLost(f"Redis refused {command[0]}: {answer}") from answer
        return answer

    def script(self, script: Script, keys: Sequence[Any], args: Sequence[Any]) -> Any:
        """Run a script. Raises ConnectionLost, also if it failed."""
        if script.digest not in self._loaded:
            # loaded for this connection's server: it forgets when it is started again
            self.command("SCRIPT", "LOAD", script.text)
            self._loaded.add(script.digest)
        (answer,) = self.ask(("EVALSHA", script.digest, len(keys), *keys, *args))
        if isinstance(answer, Exception) and str(answer).startswith("NOSCRIPT"):
            return self.command("EVAL", script.text, len(keys), *keys, *args)
        if isinstance(answer, Exception):
            raise ConnectionLost(f"a script failed in Redis: {answer}") from answer
        return answer

    def send(self, *commands: Command) -> None:
        """Write commands, without waiting for what they answer."""
        if self._closed:  # redis-py would connect again by itself
            raise ConnectionLost("the connection to Redis was lost before")
        try:
            self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
        except self._errors as failure:
            raise self._lost(failure) from failure

    def expect(self, *heard: Callable[[Any], None]) -> None:
        """Say, for commands that were sent, what to do with their answers; they are read before those of later ones."""
        self._expected.extend(heard)

    def settle(self) -> None:
        """Read the answers that are expected still."""
        while self._expected:
            answer = self._read()
            self._expected.popleft()(answer)

    def _read(self) -> Any:
        try:
            if self._closed:
                raise ConnectionLost("the connection to Redis was lost before")
            return self._connection.read_response()
        except self._refused as refused:
            return refused
        except self._errors as failure:
            raise self._lost(failure) from failure

    def _lost(self, failure: BaseException) -> ConnectionLost:
        self.close()
        return ConnectionLost(f"the connection to Redis was lost: {str(failure) or type(failure).__name__}")

    # ---------------------------------------------------------------------------------------------------------------- hearing
    def fileno(self) -> int:
        """For the operating system to wait for. Raises ConnectionLost if there is none."""
        sock = self._connection._sock
        if sock is None:
            raise ConnectionLost("the connection to Redis was closed")
        number: int = sock.fileno()
        return number

    def heard(self) -> bool:
        """Read and forget what came unasked; whether anything did. Raises ConnectionLost if the other side has gone."""
        anything = False
        try:
            while not self._closed and self._connection.can_read(timeout=0):
                self._connection.read_response()
                anything = True
        except self._errors as failure:
            raise self._lost(failure) from failure
        return anything

    def drain(self) -> bool:
        """As :meth:`heard`, where nothing but what comes unasked is ever read: it need not be understood. Raises ConnectionLost."""
        anything = False
        sock = self._connection._sock
        if self._closed or sock is None:
            raise ConnectionLost("the connection to Redis was lost before")
        timeout = sock.gettimeout()
        sock.setblocking(False)
        try:
            while sock.recv(1 << 16):
                anything = True
        except (BlockingIOError, ssl.SSLWantReadError):
            sock.settimeout(timeout)
            return anything
        except OSError as failure:
            raise self._lost(failure) from failure
        raise self._lost(EOFError("the server closed it"))

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        with contextlib.suppress(Exception):
            self._connection.disconnect()
