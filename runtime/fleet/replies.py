"""What comes to the queue of a run: links, errbacks and replies of the ``rpc`` result backend become facts.

A thread reads it for as long as the run lasts: whatever breaks, it connects anew, again and again. A message is forgotten by the
broker when its fact has been handed over, so one may come twice.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..broker.interface import Delivery
from ..broker.run_queue import RunQueue
from ..codec import decode_value, decompress
from ..errors import DecodeError
from ..failures import failure_of
from ..protocol_1 import call_of
from .facts import Fact, Raised, Returned, Seen
from .links import RAISED, RETURNED, linked

if TYPE_CHECKING:
    from ..configuration import Configuration

_logger = logging.getLogger(__name__)

#: Seconds that the thread waits for messages at most before it looks whether it is to end.
_TURN = 5.0
#: Seconds between attempts to connect: the first, and the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class Replies:
    """Reads the queue of one run.

    Args:
        queue: the run's queue.
        conf: which serializers are read (``accept_content``), and how large a message may be (``worker_max_message_size``).
        deliver: takes facts, in the thread.
        note: takes remarks for whoever watches the run, in the thread.
    """

    def __init__(
        self, queue: RunQueue, conf: Configuration, deliver: Callable[[Sequence[Fact]], None], note: Callable[[str], None]
    ) -> None:
        self._queue = queue
        self._accept = frozenset(("json", *conf.accept_content, *(conf.result_accept_content or ())))
        self._largest = conf.worker_max_message_size
        self._deliver = deliver
        self._note = note
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flowc-run-replies", daemon=True)

    def open(self) -> None:
        """Declare the queue and read it from now on.

        Raises:
            ConnectionLost: the broker cannot be reached.
            ImproperlyConfigured: it refuses.
        """
        self._queue.open()
        self._thread.start()

    def expect(self, count: int) -> None:
        """So many messages are out."""
        self._queue.expected = count

    def close(self, *, forget: bool) -> None:
        """Read no more. ``forget``: nothing more can come, so remove the queue."""
        self._stopping.set()
        self._queue.wake()
        if self._thread.ident is not None:
            self._thread.join(10.0)
        if not self._thread.is_alive():
            self._queue.close(forget=forget)

    # ---------------------------------------------------------------------------------------------------------- the thread
    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception as exc:  # drivers raise anything when a broker goes; the run goes on whatever it was
                self._connect_again(exc)

    def _turn(self) -> None:
        deliveries = self._queue.receive(_TURN)
        if deliveries:
            self._deliver([fact for delivery in deliveries if (fact := self._fact(delivery)) is not None])

    def _connect_again(self, why: Exception) -> None:
        pause = _FIRST_PAUSE
        told = False
        while not self._stopping.wait(pause):
            try:
                self._queue.open()
            except Exception as exc:
                why = exc
                if not told:  # a connection that was merely dropped is nothing to speak of
                    told = True
                    self._note(f"the broker cannot be reached ({str(why) or type(why).__name__}): trying again until it can")
                pause = min(pause * 1.5, _LONGEST_PAUSE)
            else:
                if told:
                    self._note("the broker is back")
                return

    # --------------------------------------------------------------------------------------------------------------- facts
    def _fact(self, delivery: Delivery) -> Fact | None:
        headers = delivery.headers
        name, worker = headers.get("task"), headers.get("origin")
        try:
            body = self._body(delivery)
        except DecodeError as exc:
            return self._unreadable(delivery, exc)
        with contextlib.suppress(Exception):  # whoever can write to the queue can write anything; read again, it would be no better
            if name is not None:
                return _link(name, headers["id"], body[0], worker if isinstance(worker, str) else None)
            old = call_of(body)
            return _reply(body) if old is None else _link(old.headers["task"], old.headers["id"], old.body[0], None)
        _logger.warning("dropped a message from the queue of a run: it is no link, no errback and no reply")
        return None

    def _body(self, delivery: Delivery) -> Any:
        data = decompress(delivery.body, delivery.headers, self._largest)
        return decode_value(
            data, delivery.content_type, delivery.content_encoding, self._accept, what="what came of the step", setting="accept_content"
        )

    def _unreadable(self, delivery: Delivery, exc: DecodeError) -> Fact | None:
        """A result that cannot be read: that is how its step failed."""
        id_, name = delivery.headers.get("id"), delivery.headers.get("task")
        if name == RETURNED and isinstance(id_, str):
            return Seen(linked(id_), "FAILURE", failure_of(exc, keep=False).as_json(), source="link")
        if name == RAISED and isinstance(id_, str):
            return Raised(linked(id_))
        task_id = delivery.properties.get("correlation_id")
        if name is None and isinstance(task_id, str) and task_id:
            return Seen(task_id, "FAILURE", failure_of(exc, keep=False).as_json(), source="rpc")
        _logger.warning("dropped a message from the queue of a run: %s", exc)
        return None


def _link(name: Any, id_: str, args: Any, worker: str | None) -> Fact | None:
    """A link, of either version of the protocol."""
    if name == RETURNED:
        return Returned(linked(id_), args[0], worker)
    if name == RAISED:
        return Raised(str(args[0]), worker)
    return None


def _reply(document: Mapping[str, Any]) -> Fact:
    """A document of the ``rpc`` result backend."""
    return Seen(str(document["task_id"]), str(document["status"]), document["result"], document.get("traceback"), source="rpc")
