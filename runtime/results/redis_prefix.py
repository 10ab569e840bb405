"""What is published of all tasks whose ids begin alike: one subscription by a pattern, however many they are."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Self

from .redis_socket import Sockets

if TYPE_CHECKING:
    from .redis import RedisBackend

#: Keys read by one command.
_READ_AT_ONCE = 1000

_SPECIAL = re.compile(r"([\\*?\[\]])")


class PrefixSubscription:
    """One connection, which belongs to one thread; :meth:`wake` is for others. Once it breaks it is of no use any more.

    Args:
        backend: the store.
        prefix: of the ids.

    Raises:
        BackendError: the store cannot be reached. So do all methods but :meth:`wake` and :meth:`close`.
    """

    def __init__(self, backend: RedisBackend, prefix: str) -> None:
        self._backend = backend
        self._named: set[str] = set()
        self._sockets = Sockets()
        self._pubsub: Any = backend.new_client().pubsub()
        try:
            self._ask(self._pubsub.psubscribe, _SPECIAL.sub(r"\\\1", backend.keys.task(prefix)) + "*")
        except BaseException:
            self.close()
            raise
        self._sockets.follow(self._pubsub.connection)

    def add(self, task_ids: Collection[str]) -> None:
        """Hear of these tasks too, whose ids begin otherwise."""
        new = [task_id for task_id in set(task_ids) if task_id not in self._named]
        if new:
            self._ask(self._pubsub.subscribe, *(self._backend.keys.task(task_id) for task_id in new))
            self._named.update(new)

    def receive(self, timeout: float) -> list[tuple[str, bytes]]:
        """Ids and documents of what comes within so many seconds, or until it is woken."""
        came = self._read()
        if not came and timeout > 0 and self._sockets.wait(timeout):
            came = self._read()
        return came

    def newest(self, task_ids: Sequence[str]) -> dict[str, bytes]:
        """The newest document of each task that has one, as it is stored; without any second try."""
        found: dict[str, bytes] = {}
        for start in range(0, len(task_ids), _READ_AT_ONCE):
            some = task_ids[start : start + _READ_AT_ONCE]
            values = self._ask(self._backend.client().mget, [self._backend.keys.task(task_id) for task_id in some])
            found.update((task_id, data) for task_id, data in zip(some, values, strict=True) if data is not None)
        return found

    def _read(self) -> list[tuple[str, bytes]]:
        came: list[tuple[str, bytes]] = []
        prefix = len(self._backend.keys.task_prefix)
        while (message := self._ask(self._pubsub.get_message, timeout=0)) is not None:
            if message["type"] in ("message", "pmessage"):
                came.append((message["channel"].decode("utf-8", "replace")[prefix:], message["data"]))
        return came

    def _ask(self, what: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return what(*args, **kwargs)
        except self._backend.refusals as exc:
            raise self._backend.refused(exc) from None
        except self._backend.connection_errors as exc:
            raise self._backend.unreachable(exc) from None

    def wake(self) -> None:
        """Let :meth:`receive` return. From any thread."""
        with contextlib.suppress(OSError):  # it is closed
            self._sockets.wake()

    def close(self) -> None:
        """Let the connection go."""
        with contextlib.suppress(Exception):
            self._pubsub.close()
            self._pubsub.connection_pool.disconnect()
        with contextlib.suppress(OSError):
            self._sockets.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
