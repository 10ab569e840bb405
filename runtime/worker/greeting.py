"""The greeting of a worker that starts: all others tell it what is revoked, as Celery's workers do among themselves (``mingle``).

Nobody waits for it: a thread asks, looks for answers a few times, and ends.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..broker import connections
from ..broker.control import make_mailbox
from ..failures import failure_of
from .revoked import ids_in

if TYPE_CHECKING:
    from .service import WorkerService

logger = logging.getLogger("flowc.worker")

#: Seconds before it asks: a worker that has ended by then (in a test, or a small program) need not know.
PATIENCE = 0.25

#: Seconds after which answers are looked for, one after the other.
LOOKS = (0.1, 0.2, 0.4, 0.8)

#: Answers that are read at most.
MOST = 1000


class Greeting:
    """Asks all workers on the broker for what they know as revoked.

    Args:
        service: the worker that has started.
    """

    def __init__(self, service: WorkerService) -> None:
        self._service = service
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flowc-greeting", daemon=True)

    def start(self) -> None:
        """Ask."""
        self._thread.start()

    def stop(self) -> None:
        """Look for no more answers."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        if self._stopping.wait(PATIENCE):
            return
        try:
            self._ask()
        except Exception as exc:  # of any transport: what others know is a convenience
            logger.info("no other worker could be asked for what is revoked: %s", failure_of(exc, keep=False))

    def _ask(self) -> None:
        service = self._service
        connection = service.app.broker.connection()  # replies go to a queue of its own, which ends with it
        connections.establish(connection)
        try:
            mailbox = make_mailbox(service.app.conf, clock=service.clock)(connection)
            queue = mailbox.reply_queue(connection.default_channel)
            queue.declare()
            mailbox._publish("hello", {"from_node": service.hostname, "revoked": service.revoked}, reply_ticket="hello", serializer="json")
            for pause in LOOKS:
                self._stopping.wait(pause)
                for _ in range(MOST):
                    message = queue.get(no_ack=True, accept=["json"])
                    if message is None:
                        break
                    self._heed(message.payload)
                if self._stopping.is_set():
                    break
            with contextlib.suppress(Exception):
                queue.delete()
        finally:
            connection.release()

    def _heed(self, told: Any) -> None:
        for name, answer in told.items() if isinstance(told, Mapping) else ():
            if name != self._service.hostname and isinstance(answer, Mapping):
                self._service.revoke(ids_in(answer.get("revoked")))
