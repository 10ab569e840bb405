"""The queue of one run: there stock workers send what became of the run's steps.

Workers publish links and errbacks to an exchange and a routing key, without declaring anything, and replies of the ``rpc`` result
backend straight to the queue. So exchange, binding and queue must be there before the first step is sent. They outlive broken
connections and, where the broker keeps anything, its restart; and they go away by themselves when the run is killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .broker import Broker
    from .interface import Delivery

#: The exchange on brokers that keep exchanges: one for all runs.
EXCHANGE = "flowc"

#: Seconds after which the queue of a run that was killed is gone.
ABANDONED = 1800.0


class RunQueue(Protocol):
    """One thread calls everything but :meth:`wake`. After any exception, only :meth:`open` and :meth:`close` may be called.

    Attributes:
        name: of the queue, as it stands in ``reply_to``.
        exchange: where links lead.
        routing_key: and by which key.
        expected: how many messages are to come, as far as is known: where they are many, taking each at once costs more than it gains.
    """

    name: str
    exchange: str
    routing_key: str
    expected: int

    def open(self) -> None:
        """Connect, declare everything, and begin to receive; also anew, after an exception.

        Raises:
            ConnectionLost: the broker cannot be reached.
            ImproperlyConfigured: it refuses.
        """

    def receive(self, timeout: float) -> list[Delivery]:
        """Wait at most ``timeout`` seconds for messages. What was given before is forgotten by the broker: the caller has dealt with it.

        Raises:
            Exception: whatever breaks; what was given last may come again.
        """

    def wake(self) -> None:
        """Let :meth:`receive` return soon. From any thread."""

    def close(self, *, forget: bool) -> None:
        """Disconnect. ``forget``: nothing more can come, so remove what was declared at once; else it goes by itself."""


def make_run_queue(broker: Broker, run_id: str, *, abandoned: float = ABANDONED, late_replies: bool = False) -> RunQueue:
    """The queue of a run; nothing is opened yet.

    Args:
        broker: where the run's steps are sent.
        run_id: the run.
        abandoned: seconds after which it goes away when nobody reads it any more.
        late_replies: whether workers may send to it, by its name, when the run is over (as those with the ``rpc`` result backend do).
    """
    connection = broker.connection()
    transport = connection.transport
    if getattr(transport, "driver_type", "") == "redis":
        from .run_queue_redis import RedisRunQueue

        return RedisRunQueue(broker, run_id, abandoned, late_replies=late_replies)
    from .run_queue_kombu import KombuRunQueue

    return KombuRunQueue(broker, run_id, abandoned, shared=getattr(transport, "driver_type", "") == "amqp")
