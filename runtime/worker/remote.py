"""Commands from elsewhere, such as ``revoke``: kombu's process mailbox ``celery``, to which Celery's own workers and tools speak too.

Source: "Workers Guide", section "Commands"; the names and answers are Celery's.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kombu import matcher as matchers

from ..broker.control import make_mailbox
from ..broker.interface import Delivery, Receiver
from ..errors import ConnectionLost
from ..failures import failure_of

if TYPE_CHECKING:
    from .service import WorkerService

logger = logging.getLogger("flowc.worker")

#: Seconds between tries to listen again after the connection was lost.
PAUSE = 1.0

_match: Any = matchers.match


class Remote:
    """A thread that listens to the mailbox and does what it is told.

    Args:
        service: the worker that it speaks for.
    """

    def __init__(self, service: WorkerService) -> None:
        self._service = service
        self._receiver: Receiver | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()
        self._commands: dict[str, Callable[..., Any]] = {
            "revoke": self._revoke,
            "terminate": self._terminate,
            "ping": lambda **_: {"ok": "pong"},
            "active": lambda **_: [entry.as_request() for entry in service.calls if entry.begun is not None],
            "reserved": lambda **_: [entry.as_request() for entry in service.calls if entry.begun is None],
            "scheduled": lambda **_: service.scheduled(),
            "query_task": self._query,
            "revoked": lambda **_: service.revoked,
            "registered": lambda **_: sorted(service.app.tasks),
            "active_queues": lambda **_: [{"name": name} for name in service.queues],
            "stats": self._stats,
            "shutdown": self._shutdown,
        }

    def start(self) -> None:
        """Begin to listen; returns when it does, or when that is not possible here."""
        if not self._service.app.broker.traits.fanout:
            return
        self._thread = threading.Thread(target=self._run, name="flowc-remote", daemon=True)
        self._thread.start()
        self._listening.wait(5.0)

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        receiver = self._receiver
        if receiver is not None:
            receiver.wake()
        if self._thread is not None:
            self._thread.join(5.0)

    # ---------------------------------------------------------------------------------------------------------- the thread
    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except ConnectionLost:
                self._stopping.wait(PAUSE)
            except Exception as exc:  # remote commands are a convenience: no error of theirs may end the worker
                logger.error("remote commands are not heard: %s", failure_of(exc, keep=False))
                self._listening.set()
                self._stopping.wait(PAUSE)

    def _listen(self) -> None:
        broker, mailbox = self._service.app.broker, make_mailbox()
        receiver = self._receiver = broker.receiver([mailbox.get_queue(self._service.hostname)], prefetch=0)
        try:
            self._listening.set()
            while not self._stopping.is_set():
                for delivery in receiver.receive(100, None):
                    receiver.ack([delivery])
                    self._heed(delivery)
        finally:
            self._receiver = None
            receiver.close()

    def _heed(self, delivery: Delivery) -> None:
        try:
            told = json.loads(delivery.body)
            method, arguments = told["method"], told.get("arguments") or {}
            if not self._meant(told):
                return
            command = self._commands.get(method)
            answer = {"error": f"flowc has no command {method!r}"} if command is None else command(**arguments)
        except Exception as exc:  # a command with wrong arguments, or no command at all
            logger.error("a remote command could not be done: %s", failure_of(exc, keep=False))
            return
        if told.get("reply_to"):
            self._reply(told, answer)

    def _meant(self, told: Mapping[str, Any]) -> bool:
        name = self._service.hostname
        if told.get("destination"):
            return name in told["destination"]
        if told.get("pattern") and told.get("matcher"):
            return bool(_match(name, told["pattern"], told["matcher"]))
        return True

    def _reply(self, told: Mapping[str, Any], answer: Any) -> None:
        to = told["reply_to"]
        with self._service.app.pool.acquire(block=True) as connection:
            make_mailbox()(connection)._publish_reply(
                {self._service.hostname: answer}, to["exchange"], to["routing_key"], told.get("ticket"), serializer="json"
            )

    # ----------------------------------------------------------------------------------------------------------- commands
    def _revoke(self, task_id: str | Iterable[str], terminate: bool = False, signal: str | None = None, **_: Any) -> dict[str, str]:
        ids = [task_id] if isinstance(task_id, str) else [str(one) for one in task_id]
        self._service.revoke(ids, terminate=terminate, number=_number(signal))
        return {"ok": f"tasks {', '.join(ids)} are revoked"}

    def _terminate(self, task_id: str | Iterable[str], signal: str | None = None, **_: Any) -> dict[str, str]:
        return self._revoke(task_id, terminate=True, signal=signal)

    def _query(self, ids: str | Iterable[str], **_: Any) -> dict[str, Any]:
        wanted = {ids} if isinstance(ids, str) else set(ids)
        return {
            entry.id: ["reserved" if entry.begun is None else "active", entry.as_request()]
            for entry in self._service.calls
            if entry.id in wanted
        }

    def _stats(self, **_: Any) -> dict[str, Any]:
        service = self._service
        pool = {"max-concurrency": service.concurrency, "implementation": service.pool_name}
        return {"total": dict(service.counts), "pid": os.getpid(), "pool": pool, "prefetch_count": service.prefetch, "clock": time.time()}

    def _shutdown(self, **_: Any) -> None:
        logger.warning("stopping, as a remote command asks")
        self._service.stop()


def _number(name: str | int | None) -> int:
    """The number of a signal by its name (``SIGTERM``, ``TERM``) or number."""
    if isinstance(name, int):
        return name
    text = (name or "SIGTERM").upper()
    return int(signal.Signals[text if text.startswith("SIG") else f"SIG{text}"])
