"""Commands from elsewhere, such as ``revoke``: kombu's process mailbox, to which Celery's own workers and tools speak too.

What is asked is answered in :mod:`.inspection`, what is ordered is done in :mod:`.orders`.

Source: "Workers Guide", section "Commands"; the names and answers are Celery's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kombu import matcher as matchers

from ..broker.control import make_mailbox
from ..broker.interface import Delivery, Receiver
from ..codec import decode_body
from ..errors import ConnectionLost
from ..failures import failure_of
from . import inspection, orders
from .greeting import Greeting

if TYPE_CHECKING:
    from .service import WorkerService

logger = logging.getLogger("flowc.worker")

#: Seconds between tries to listen again after the connection was lost.
PAUSE = 1.0

#: The greatest clock that another may set ours to: what JSON and other languages carry.
LATEST = 1 << 53

COMMANDS = {**inspection.COMMANDS, **orders.COMMANDS}

_match: Any = matchers.match


class Remote:
    """A thread that listens to the mailbox and does what it is told.

    Args:
        service: the worker that it speaks for.
    """

    def __init__(self, service: WorkerService) -> None:
        self._service = service
        self._mailbox = make_mailbox(service.app.conf, clock=service.clock)
        self._receiver: Receiver | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()
        self._greeting = Greeting(service)

    def start(self) -> None:
        """Begin to listen; returns when it does, or when that is not possible here."""
        app = self._service.app
        if not app.broker.traits.fanout or not app.conf.worker_enable_remote_control:
            return
        self._thread = threading.Thread(target=self._run, name="flowc-remote", daemon=True)
        self._thread.start()
        self._listening.wait(5.0)
        if app.broker.traits.shared:
            self._greeting.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        receiver = self._receiver
        if receiver is not None:
            receiver.wake()
        if self._thread is not None:
            self._greeting.stop()
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
        broker, mailbox = self._service.app.broker, self._mailbox
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
        service = self._service
        told: Any = None
        try:
            self._adjust(delivery.headers.get("clock"))
            told = decode_body(delivery.body, delivery.content_type, delivery.content_encoding, service.app.conf.accept_content)
            if not self._meant(told):
                return
            method = told["method"]
            command = COMMANDS.get(method)
            answer = {"error": f"flowc has no command {method!r}"} if command is None else command(service, **(told.get("arguments") or {}))
        except Exception as exc:  # a command with wrong arguments, or no command at all
            failure = failure_of(exc, keep=False)
            logger.error("a remote command could not be done: %s", failure)
            answer = {"error": str(failure)}
        if isinstance(told, Mapping) and told.get("reply_to"):
            self._reply(told, answer)

    def _adjust(self, clock: Any) -> None:
        if isinstance(clock, int) and 0 <= clock < LATEST:
            self._service.clock.adjust(clock)
        else:
            self._service.clock.forward()

    def _meant(self, told: Mapping[str, Any]) -> bool:
        name = self._service.hostname
        if told.get("destination"):
            return name in told["destination"]
        if told.get("pattern") and told.get("matcher"):
            return bool(_match(name, told["pattern"], told["matcher"]))
        return True

    def _reply(self, told: Mapping[str, Any], answer: Any) -> None:
        to = told["reply_to"]
        try:
            with self._service.app.pool.acquire(block=True) as connection:
                self._mailbox(connection)._publish_reply(
                    {self._service.hostname: answer}, to["exchange"], to["routing_key"], told.get("ticket"), serializer="json"
                )
        except Exception as exc:  # the address is the asker's, and the connection is not the one that is listened on
            logger.error("a remote command could not be answered: %s", failure_of(exc, keep=False))
