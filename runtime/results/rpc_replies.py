"""Receiving replies: one thread reads the reply queue for all who wait, from the first who asks until the backend is closed."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from .. import forks
from ..broker.interface import Delivery, Receiver
from ..broker.receivers import make_receiver
from ..codec import decode_value, decompress
from ..errors import BackendError, ConnectionLost, DecodeError, EncodeError
from .documents import Documents, Unreadable
from .interface import READY_STATES
from .rpc_queue import ReplyQueue
from .settings import Settings
from .store import Store

_logger = logging.getLogger(__name__)

#: Receivers of a parent process: closing them here would close them there.
_abandoned: list[Receiver | None] = []

#: Messages taken at once.
_MOST = 500
#: Messages that are remembered, to know them when the broker sends them again because it missed that they were received.
_REMEMBERED = 10_000
#: Seconds without a message after which all that were there have come.
_QUIET = 0.1
#: Seconds that somebody who only looks waits for those.
_PATIENCE = 5.0


class Replies:
    """Puts the replies into the store of this process.

    Args:
        queue: where they come.
        store: where they go.
        documents: how they are read.
        settings: how often a broken connection is opened again.
    """

    def __init__(self, queue: ReplyQueue, store: Store, documents: Documents, settings: Settings) -> None:
        self._queue = queue
        self._store = store
        self._documents = documents
        self._settings = settings
        self._start()
        forks.watch(self)

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._caught_up = threading.Event()
        self._receiver: Receiver | None = None
        self._known: OrderedDict[object, None] = OrderedDict()

    def start(self) -> None:
        """Receive from now on."""
        with self._lock:
            if self._thread is None:
                self._stopping.clear()
                self._caught_up.clear()
                name = self._queue.name()
                self._thread = threading.Thread(target=self._run, args=(name,), name="flowc-replies", daemon=True)
                self._thread.start()

    def receive_those_there(self) -> None:
        """Receive from now on, and wait until those that were there already have come."""
        self.start()
        self._caught_up.wait(_PATIENCE)

    def close(self) -> None:
        """Receive no more; those who wait get an error."""
        with self._lock:
            thread, receiver = self._thread, self._receiver
            self._stopping.set()
        if receiver is not None:
            receiver.wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(10.0)

    # ------------------------------------------------------------------------------------------------------------- the thread
    def _run(self, name: str) -> None:
        failure: BaseException = BackendError("the result backend was closed")
        try:
            self._receive(name)
        except ConnectionLost as exc:
            failure = BackendError(f"the broker that brings the results could not be reached: {exc}")
        except Exception as exc:  # whatever it is, those who wait must learn of it
            failure = exc
        with self._lock:
            self._thread = self._receiver = None
        self._caught_up.set()
        self._store.fail_watches(failure)

    def _receive(self, name: str) -> None:
        pauses: Iterator[float] | None = None
        receiver: Receiver | None = None
        try:
            while not self._stopping.is_set():
                try:
                    if receiver is None:
                        receiver = self._receiver = make_receiver(self._queue, [self._queue.entity(name)], 0)
                    elif pauses is not None:
                        receiver.reconnect()
                    pauses = None
                    self._turn(receiver)
                except ConnectionLost:
                    pauses = pauses or self._settings.retry.pauses()
                    pause = next(pauses, None)
                    if pause is None:
                        raise
                    self._stopping.wait(pause)
        finally:
            if receiver is not None:
                receiver.close()

    def _turn(self, receiver: Receiver) -> None:
        deliveries = receiver.receive(_MOST, None if self._caught_up.is_set() else _QUIET)
        if not deliveries:
            self._caught_up.set()
            return
        self._store.put(list(self._states(deliveries)), self._settings.expires)
        receiver.ack(deliveries)

    def _states(self, deliveries: Iterable[Delivery]) -> Iterator[tuple[str, bytes, bool]]:
        for delivery in deliveries:
            task_id = delivery.properties.get("correlation_id")
            if not isinstance(task_id, str) or not task_id:
                _logger.warning("a reply was dropped: it names no call")
                continue
            data = self._data(delivery, f"the result of task {task_id}")
            if self._came_before(delivery, (task_id, data)):
                continue
            # one that cannot be read ends the call as well: who waits gets to know what is wrong with it
            yield task_id, data, self._documents.status(data, task_id) in (None, *READY_STATES)

    def _came_before(self, delivery: Delivery, content: tuple[str, bytes]) -> bool:
        """Whether that is a copy: the broker sends anew what was not acknowledged when a connection broke."""
        message = delivery.properties.get("message_id") or content  # stock workers give their messages no id
        if delivery.delivery_info.get("redelivered") and message in self._known:
            return True
        self._known[message] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return False

    def _data(self, delivery: Delivery, what: str) -> bytes:
        """A reply's document, in the form of our own."""
        try:
            data: Any = decompress(delivery.body, delivery.headers, self._documents.largest)
            if delivery.content_type != self._documents.content_type:
                value = decode_value(data, delivery.content_type, delivery.content_encoding, self._documents.accept, what=what)
                return self._documents.encode_any(value, what)
        except (DecodeError, EncodeError) as exc:
            return Unreadable(exc if isinstance(exc, DecodeError) else DecodeError(str(exc)))
        return data.encode() if isinstance(data, str) else bytes(data)

    def forked(self) -> None:
        """In the child: the thread is the parent's."""
        _abandoned.append(self._receiver)
        self._start()
        self._store.forked()
