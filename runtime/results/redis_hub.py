"""How results in Redis are waited for: one thread holds one subscription for all who wait, and hands messages to their inboxes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import BackendError
from .inbox import Inbox
from .redis_socket import Sockets
from .redis_subscription import Subscription
from .redis_watch import RedisWatch

if TYPE_CHECKING:
    from .redis import RedisBackend

#: Seconds without any message after which the connection is tried, or, when nobody waits, closed.
_QUIET = 30.0


class Hub:
    """All watches of a backend, and the thread that serves them: begun with the first, ended some time after the last."""

    def __init__(self, backend: RedisBackend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._opened: deque[RedisWatch] = deque()
        self._closed: deque[Inbox] = deque()
        self._stopping = False
        self._sockets: Sockets  # while the thread runs
        # what follows belongs to the thread
        self._subscription: Subscription | None = None
        self._watches: dict[str, list[RedisWatch]] = {}
        self._quiet = False

    # -------------------------------------------------------------------------------------------------- from the other threads
    def open(self, task_ids: Iterable[str], progress: bool) -> Inbox:
        """Begin to watch; the thread does the rest."""
        watch = RedisWatch(task_ids, progress, self._backend.documents, self._end)
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
                if self._subscription is None and self._watches:
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
        new: list[RedisWatch] = []
        while self._opened:
            watch = self._opened.popleft()
            new.append(watch)
            for task_id in watch.ids:
                self._watches.setdefault(task_id, []).append(watch)
        while self._closed:
            closed = self._closed.popleft()
            new = [watch for watch in new if watch is not closed]
            self._drop(closed)
        if new and self._subscription is not None:
            self._subscription.begin(new)

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
        if self._subscription is not None:
            for task_id, data in self._subscription.messages():
                self._quiet = False
                self._deliver(task_id, data)
            self._subscription.tidy(self._watches)
        if self._sockets.wait(_QUIET):
            return
        if self._subscription is None or not self._watches:
            self._quiet = True
            return
        if self._quiet:
            raise self._backend.connection_errors[0]("the connection is silent")
        self._quiet = True
        self._subscription.ping()

    def _deliver(self, task_id: str, data: bytes) -> None:
        for watch in self._watches.get(task_id, ()):
            if watch.token is not None:
                watch.early.setdefault(task_id, []).append(data)
            else:
                watch.take(task_id, data)

    def _connect(self) -> None:
        self._quiet = False
        self._subscription = Subscription(self._backend)
        self._sockets.follow(self._subscription.connection)
        self._subscription.begin(list({id(watch): watch for watches in self._watches.values() for watch in watches}.values()))

    def _disconnect(self) -> None:
        subscription, self._subscription = self._subscription, None
        self._sockets.follow(None)
        if subscription is not None:
            subscription.close()
