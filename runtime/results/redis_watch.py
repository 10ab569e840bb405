"""How results in Redis are waited for: one thread holds one subscription for all who wait, and hands messages to their inboxes.

Nothing is missed and nothing comes twice: after a channel is subscribed to, one transaction reads what is stored and publishes a token on a
channel of our own. Messages that come before the token were published before the reading, and are part of what was read; those that come
after it are newer. The same is done anew after the connection broke; then what was handed on already is skipped.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import BackendError
from .inbox import Inbox
from .interface import READY_STATES
from .redis_socket import Sockets

if TYPE_CHECKING:
    from .redis import RedisBackend

#: Channels or keys named by one command.
_AT_ONCE = 1000
#: Subscriptions that nobody needs any more, before they are given up together.
_MOST_IDLE = 256
#: Seconds without any message after which the connection is tried, or, when nobody waits, closed.
_QUIET = 30.0


class _Watch(Inbox):
    """A watch, and how far it is with each of its tasks."""

    def start(self) -> None:
        self.pending = set(self.ids)
        #: Of each task: how many states that are not final were handed on, and the last of them.
        self.given: dict[str, tuple[int, bytes]] = {}
        #: While its reading is under way: the token to wait for, and what came before it.
        self.token: bytes | None = None
        self.early: dict[str, list[bytes]] = {}

    def take(self, task_id: str, data: bytes) -> None:
        """A newer document of a task."""
        if task_id not in self.pending:
            return
        final = self._documents.status(data, task_id) in (None, *READY_STATES)  # None: let the one who waits see what is wrong
        if final:
            self.pending.discard(task_id)
        else:
            self.given[task_id] = (self.given.get(task_id, (0, b""))[0] + 1, data)
        if final or self.progress:
            self.give(task_id, data)

    def read(self, task_id: str, newest: bytes | None, states: list[bytes]) -> None:
        """What is stored of a task, and (before it) what came meanwhile: hand on what is new."""
        known = [*states, *(data for data in self.early.get(task_id, ()) if data not in states)]
        if newest is not None and newest not in known:
            known.append(newest)
        known.sort(key=lambda data: self._documents.status(data, task_id) in READY_STATES)  # stable: the end comes last
        count, last = self.given.get(task_id, (0, b""))
        if count and last in known:
            there = count - 1 if count <= len(known) and known[count - 1] == last else len(known) - 1 - known[::-1].index(last)
            known = known[there + 1 :]
        for data in known:
            self.take(task_id, data)


class Hub:
    """All watches of a backend, and the thread that serves them: begun with the first, ended some time after the last."""

    def __init__(self, backend: RedisBackend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._opened: deque[_Watch] = deque()
        self._closed: deque[Inbox] = deque()
        self._stopping = False
        self._sockets: Sockets  # while the thread runs
        # what follows belongs to the thread
        self._pubsub: Any = None
        self._own = f"{backend.keys.task_prefix}flowc-{uuid.uuid4()}"
        self._tokens = itertools.count(1)
        self._reading: dict[bytes, list[tuple[_Watch, dict[str, bytes | None], dict[str, list[bytes]]]]] = {}
        self._watches: dict[str, list[_Watch]] = {}
        self._subscribed: set[str] = set()
        self._quiet = False

    # -------------------------------------------------------------------------------------------------- from the other threads
    def open(self, task_ids: Iterable[str], progress: bool) -> Inbox:
        """Begin to watch; the thread does the rest."""
        watch = _Watch(task_ids, progress, self._backend.documents, self._end)
        watch.start()
        with self._lock:
            self._opened.append(watch)
            if self._thread is None:
                self._stopping = False
                self._sockets = Sockets()
                self._thread = threading.Thread(target=self._run, name="flowc-results", daemon=True)
                self._thread.start()
            self._sockets.wake()
        return watch

    def _end(self, watch: Inbox) -> None:
        with self._lock:
            self._closed.append(watch)
            if self._thread is not None:
                self._sockets.wake()

    def close(self) -> None:
        """End the thread; those who wait get an error."""
        with self._lock:
            thread, self._stopping = self._thread, True
            if thread is not None:
                self._sockets.wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(10.0)

    # ------------------------------------------------------------------------------------------------------------- the thread
    def _run(self) -> None:
        pauses: Iterator[float] | None = None
        while True:
            try:
                self._accept()
                if self._finished():
                    return
                if self._pubsub is None and self._watches:
                    self._connect()
                pauses = None
                self._turn()
            except self._backend.refusals as exc:
                self._disconnect()
                self._fail(self._backend.refused(exc))
            except self._backend.connection_errors as exc:
                self._disconnect()
                pauses = pauses or self._backend.settings.retry.pauses()
                pause = next(pauses, None)
                if pause is None:
                    self._fail(self._backend.unreachable(exc))
                    pauses = None
                else:
                    self._sockets.wait(pause, until_woken=False)
            except Exception as exc:  # whatever it is, those who wait must learn of it
                self._disconnect()
                self._fail(exc)

    def _finished(self) -> bool:
        """Whether the thread ends now: it is asked to, or nobody has waited for a while."""
        with self._lock:
            idle = self._quiet and not self._watches and not self._opened
            if not (self._stopping or idle):
                return False
            self._thread = None
            self._disconnect()
            self._sockets.close()
            self._fail(BackendError("the result backend was closed"))
        return True

    def _accept(self) -> None:
        """Take in the watches that were opened and closed meanwhile."""
        new: list[_Watch] = []
        while self._opened:
            watch = self._opened.popleft()
            new.append(watch)
            for task_id in watch.ids:
                self._watches.setdefault(task_id, []).append(watch)
        while self._closed:
            closed = self._closed.popleft()
            new = [watch for watch in new if watch is not closed]
            self._drop(closed)
        if new and self._pubsub is not None:
            self._begin(new)

    def _drop(self, watch: Inbox) -> None:
        for task_id in watch.ids:
            watches = [other for other in self._watches.get(task_id, ()) if other is not watch]
            if watches:
                self._watches[task_id] = watches
            else:
                self._watches.pop(task_id, None)

    def _fail(self, exc: BaseException) -> None:
        self._accept()
        for watch in {watch for watches in self._watches.values() for watch in watches}:
            watch.fail(exc)
        self._watches.clear()

    def _turn(self) -> None:
        """Hand on what has come, then wait for more."""
        while self._pubsub is not None and (message := self._pubsub.get_message(timeout=0)) is not None:
            self._quiet = False
            if message["type"] == "message":
                self._deliver(message["channel"].decode(), message["data"])
        if self._pubsub is not None and len(self._subscribed) - len(self._watches) > _MOST_IDLE:
            self._unsubscribe([task_id for task_id in self._subscribed if task_id not in self._watches])
        if self._sockets.wait(_QUIET):
            return
        if self._quiet and self._watches:
            raise self._backend.connection_errors[0]("the connection is silent")
        self._quiet = True
        if self._watches:  # let us hear our own voice
            self._backend.client().publish(self._own, b"")

    def _deliver(self, channel: str, data: bytes) -> None:
        if channel == self._own:
            for watch, newest, states in self._reading.pop(data, ()):
                if watch.token == data:
                    watch.token = None
                    for task_id in list(watch.pending):
                        watch.read(task_id, newest.get(task_id), states.get(task_id, []))
                    watch.early = {}
            return
        task_id = channel[len(self._backend.keys.task_prefix) :]
        for watch in self._watches.get(task_id, ()):
            if watch.token is not None:
                watch.early.setdefault(task_id, []).append(data)
            else:
                watch.take(task_id, data)

    # --------------------------------------------------------------------------------------------------- the connection
    def _connect(self) -> None:
        self._pubsub = self._backend.new_client().pubsub()
        self._pubsub.subscribe(self._own)
        self._sockets.follow(self._pubsub.connection)
        self._begin(list({id(watch): watch for watches in self._watches.values() for watch in watches}.values()))

    def _disconnect(self) -> None:
        pubsub, self._pubsub = self._pubsub, None
        self._reading.clear()
        self._subscribed.clear()
        self._sockets.follow(None)
        if pubsub is not None:
            with contextlib.suppress(Exception):
                pubsub.close()
                pubsub.connection_pool.disconnect()

    def _begin(self, watches: list[_Watch]) -> None:
        """Subscribe to what these watches need, and read what is there."""
        self._look(watches)
        wanted = {task_id for watch in watches for task_id in watch.pending} - self._subscribed
        for some in _batches(sorted(wanted)):
            self._pubsub.subscribe(*(self._backend.keys.task(task_id) for task_id in some))
        self._subscribed |= wanted
        unread = [watch for watch in watches if watch.pending]
        if unread:
            self._read(unread)

    def _look(self, watches: list[_Watch]) -> None:
        """What has ended already needs no subscription (where the states before the end are not wanted)."""
        for watch in watches:
            if not watch.progress:
                newest = self._newest(sorted(watch.pending))
                for task_id, data in newest.items():
                    if self._backend.documents.status(data, task_id) in (None, *READY_STATES):
                        watch.take(task_id, data)

    def _newest(self, task_ids: list[str]) -> dict[str, bytes]:
        client, keys = self._backend.client(), self._backend.keys
        found: dict[str, bytes] = {}
        for some in _batches(task_ids):
            values = client.mget([keys.task(task_id) for task_id in some])
            found.update((task_id, data) for task_id, data in zip(some, values, strict=True) if data is not None)
        return found

    def _read(self, watches: list[_Watch]) -> None:
        token = b"%d" % next(self._tokens)
        keys = self._backend.keys
        with self._backend.client().pipeline(transaction=True) as pipeline:
            for watch in watches:
                watch.token, watch.early = token, {}
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

    def _unsubscribe(self, task_ids: list[str]) -> None:
        for some in _batches(task_ids):
            self._pubsub.unsubscribe(*(self._backend.keys.task(task_id) for task_id in some))
        self._subscribed.difference_update(task_ids)


def _batches(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
