"""One subscription to the channels of tasks, and what is read of them besides.

Nothing is missed and nothing comes twice: when the server has confirmed that it has subscribed us to a channel, one transaction (on another
connection) reads what is stored and publishes a token on a channel of our own. Messages that come before the token were published before
the reading, and are part of what was read; those that come after it are newer. The same is done anew after the connection broke; then what
was handed on already is skipped.
"""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections import deque
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from .interface import READY_STATES
from .redis_watch import RedisWatch

if TYPE_CHECKING:
    from .redis import RedisBackend

#: Channels or keys named by one command.
_AT_ONCE = 1000
#: Stands for the token of a reading that has not begun.
_UNREAD = b"-"
#: Subscriptions that nobody needs any more, before they are given up together.
_MOST_IDLE = 256


class Subscription:
    """A connection that hears what is published of tasks. It belongs to one thread; once it breaks it is of no use any more.

    All but :meth:`close` raise redis-py's errors.
    """

    def __init__(self, backend: RedisBackend) -> None:
        self._backend = backend
        self._own = f"{backend.keys.task_prefix}flowc-{uuid.uuid4()}"
        self._tokens = itertools.count(1)
        self._reading: dict[bytes, list[tuple[RedisWatch, dict[str, bytes | None], dict[str, list[bytes]]]]] = {}
        self.subscribed: set[str] = set()
        #: Channels asked for, and confirmed by the server; and who waits until how many are.
        self._asked = 1
        self._confirmed = 0
        self._unconfirmed: deque[tuple[int, list[RedisWatch]]] = deque()
        self._pubsub: Any = backend.new_client().pubsub()
        try:
            self._pubsub.subscribe(self._own)
        except BaseException:
            self.close()
            raise

    @property
    def connection(self) -> Any:
        """redis-py's connection."""
        return self._pubsub.connection

    def close(self) -> None:
        """Let the connection go."""
        with contextlib.suppress(Exception):
            self._pubsub.close()
            self._pubsub.connection_pool.disconnect()

    def ping(self) -> None:
        """Let a message come that nobody needs."""
        self._backend.client().publish(self._own, b"")

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Task and document of what has come; what answers our own readings goes to their watches at once."""
        prefix = len(self._backend.keys.task_prefix)
        while (message := self._pubsub.get_message(timeout=0)) is not None:
            if message["type"] == "message":
                channel, data = message["channel"].decode("utf-8", "replace"), message["data"]
                if channel == self._own:
                    self._has_read(data)
                else:
                    yield channel[prefix:], data
            elif message["type"] == "subscribe":
                self._confirmed += 1
                while self._unconfirmed and self._unconfirmed[0][0] <= self._confirmed:
                    self._read(self._unconfirmed.popleft()[1])

    def begin(self, watches: list[RedisWatch]) -> None:
        """Subscribe to what these watches need, then read what is there."""
        self._look(watches)
        for watch in watches:
            watch.token, watch.early = _UNREAD, {}
        wanted = {task_id for watch in watches for task_id in watch.pending} - self.subscribed
        for some in _batches(sorted(wanted)):
            self._pubsub.subscribe(*(self._backend.keys.task(task_id) for task_id in some))
        self.subscribed |= wanted
        self._asked += len(wanted)
        unread = [watch for watch in watches if watch.pending]
        if unread and self._confirmed < self._asked:  # also by an earlier call, for another watch of the same task
            self._unconfirmed.append((self._asked, unread))
        elif unread:
            self._read(unread)

    def tidy(self, needed: Collection[str]) -> None:
        """Give up the subscriptions that nobody needs, if there are many."""
        if len(self.subscribed) - len(needed) > _MOST_IDLE:
            idle = self.subscribed.difference(needed)
            for some in _batches(sorted(idle)):
                self._pubsub.unsubscribe(*(self._backend.keys.task(task_id) for task_id in some))
            self.subscribed -= idle

    # ------------------------------------------------------------------------------------------------------------- reading
    def _look(self, watches: list[RedisWatch]) -> None:
        """What has ended already needs no subscription (where the states before the end are not wanted)."""
        documents, keys = self._backend.documents, self._backend.keys
        for watch in watches:
            for some in _batches([] if watch.progress else sorted(watch.pending)):
                values = self._backend.client().mget([keys.task(task_id) for task_id in some])
                for task_id, data in zip(some, values, strict=True):
                    if data is not None and documents.status(data, task_id) in (None, *READY_STATES):
                        watch.take(task_id, data)

    def _read(self, watches: list[RedisWatch]) -> None:
        token = b"%d" % next(self._tokens)
        keys = self._backend.keys
        with self._backend.client().pipeline(transaction=True) as pipeline:
            for watch in watches:
                watch.token = token
                for task_id in sorted(watch.pending):
                    pipeline.get(keys.task(task_id))
                    if watch.progress:
                        pipeline.lrange(keys.states(task_id), 0, -1)
            pipeline.publish(self._own, token)
            answers = iter(pipeline.execute())
        self._reading[token] = []
        for watch in watches:
            newest: dict[str, bytes | None] = {}
            states: dict[str, list[bytes]] = {}
            for task_id in sorted(watch.pending):
                newest[task_id] = next(answers)
                if watch.progress:
                    states[task_id] = next(answers)
            self._reading[token].append((watch, newest, states))

    def _has_read(self, token: bytes) -> None:
        """All that was published before a reading has come: hand on what was read."""
        for watch, newest, states in self._reading.pop(token, ()):
            if watch.token == token:
                watch.token = None
                for task_id in list(watch.pending):
                    watch.read(task_id, newest.get(task_id), states.get(task_id, []))
                watch.early = {}


def _batches(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
