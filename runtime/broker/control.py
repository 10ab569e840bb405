"""Commands to all workers, over kombu's process mailbox: stock workers understand them too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..ids import new_id

if TYPE_CHECKING:
    from ..app import App
    from ..configuration import Configuration


def make_mailbox(conf: Configuration, connection: Any = None, clock: Any = None) -> Any:
    """The kombu ``Mailbox`` that workers of flowc and of Celery listen to.

    Args:
        conf: its ``control_exchange``, ``control_queue_ttl`` and ``control_queue_expires`` hold.
        connection: what it sends over.
        clock: kombu's ``LamportClock``, for messages that it sends.
    """
    from kombu import pidbox

    mailbox: Any = pidbox.Mailbox
    return mailbox(
        conf.control_exchange, type="fanout", serializer="json", accept=["json"], connection=connection, clock=clock,
        queue_ttl=conf.control_queue_ttl, reply_queue_ttl=conf.control_queue_ttl,
        queue_expires=conf.control_queue_expires, reply_queue_expires=conf.control_queue_expires,
    )  # fmt: skip


class Control:
    """Sends commands to workers.

    Args:
        app: whose broker is used.

    Source: "Workers Guide", section "Commands".
    """

    def __init__(self, app: App) -> None:
        self._app = app

    def revoke(self, task_id: str | Iterable[str], terminate: bool = False, signal: str = "SIGTERM") -> None:
        """Tell all workers not to begin these tasks.

        Args:
            task_id: one id, or several.
            terminate: also end them by force where they run already (pools of processes only).
            signal: the signal that ends them.

        Raises:
            OperationalError: the broker cannot be reached.
        """
        ids = [task_id] if isinstance(task_id, str) else [str(one) for one in task_id]
        self.broadcast("revoke", {"task_id": ids, "terminate": terminate, "signal": signal})

    def terminate(self, task_id: str | Iterable[str], signal: str = "SIGTERM") -> None:
        """:meth:`revoke` with ``terminate``."""
        self.revoke(task_id, terminate=True, signal=signal)

    def broadcast(
        self, command: str, arguments: dict[str, Any], destination: list[str] | None = None, *, reply_to: Mapping[str, str] | None = None
    ) -> None:
        """Send any command to all workers, or to those named in ``destination``, without waiting for replies.

        Args:
            command: its name.
            arguments: its arguments.
            destination: names of workers.
            reply_to: ``exchange`` and ``routing_key`` that replies are to go to.

        Raises:
            OperationalError: the broker cannot be reached.
        """
        from kombu import messaging

        from . import connections
        from .retry import persist, policy

        pool = self._app.broker.connections
        connection = pool.acquire(block=True)
        mailbox = make_mailbox(self._app.conf)
        producer: Any = messaging.Producer
        body: dict[str, Any] = {
            "method": command, "arguments": arguments, "destination": destination, "pattern": None, "matcher": None
        }  # fmt: skip
        if reply_to is not None:
            body |= {"ticket": new_id(), "reply_to": dict(reply_to)}

        def attempt() -> None:
            try:
                connections.establish(connection)
                # the mailbox itself would try for ever
                producer(connection.default_channel, auto_declare=False).publish(
                    body, exchange=mailbox.exchange.name, declare=[mailbox.exchange], serializer="json", retry=False,
                    headers={"clock": mailbox.clock.forward(), "expires": 0},
                )  # fmt: skip
            except BaseException:
                connections.discard(connection)
                raise

        try:
            persist(
                policy(True, None, self._app.conf.task_publish_retry_policy), attempt,
                lambda exc: connections.may_pass(connection, exc),
                lambda exc: connections.operational(connection, exc, f"{command} could not be sent to"),
            )  # fmt: skip
        finally:
            connection.release()

    def close(self) -> None:
        """Nothing is kept open."""
