"""What the rest of the runtime knows of a broker: messages ready to leave, messages that came, and the two ends that carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


class Destination(NamedTuple):
    """Where a message goes, as the router decided.

    ``queue`` is the queue that must exist before anything is sent there (None: the exchange and its bindings are somebody
    else's); ``exchange`` may be empty: then ``routing_key`` is the queue's name.
    """

    exchange: str
    routing_key: str
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How sending is tried again when the connection fails: the keys of Celery's guide, in seconds.

    ``max_retries``: None for no end; 0 for a single try. ``retry_errors``: further exceptions after which it is tried again.
    """

    max_retries: int | None = 3
    interval_start: float = 0.0
    interval_step: float = 0.2
    interval_max: float = 0.2
    retry_errors: tuple[type[BaseException], ...] = ()


#: A single try.
NO_RETRY = RetryPolicy(max_retries=0)


class Envelope(NamedTuple):
    """A message that is ready to leave: its body is serialized and, where ``headers["compression"]`` says so, compressed.

    ``properties`` are those of AMQP: ``correlation_id``, ``reply_to``, ``priority``, ``delivery_mode``, ``expiration`` …
    """

    headers: dict[str, Any]
    properties: dict[str, Any]
    body: bytes | str
    content_type: str
    content_encoding: str
    destination: Destination
    mandatory: bool = False


class Publisher(Protocol):
    """The sending end. Safe in threads and after a fork."""

    def publish(self, envelope: Envelope, retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Send one message; ``connection`` or ``producer`` (kombu's) is used instead of a pooled one.

        Raises:
            OperationalError: kombu's; the broker could not be reached, and every retry is used up.
        """

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, *, connection: Any = None, producer: Any = None) -> None:
        """Send many messages in as few round trips as the transport can.

        After a failure, what was not confirmed is sent again; a message can then arrive twice, with the same id. What the broker has is
        taken out of a deque, so that whoever gives one knows what is left when this has failed.

        Raises:
            OperationalError: as for :meth:`publish`.
        """


@dataclass(slots=True)
class Delivery:
    """A message that came: its body is still serialized and compressed. ``tag`` is the transport's own handle for acknowledging it.

    ``delivery_info`` has ``exchange``, ``routing_key``, ``redelivered`` and, where there is one, ``priority``.
    """

    headers: Mapping[str, Any]
    properties: Mapping[str, Any]
    body: bytes | str
    content_type: str
    content_encoding: str
    delivery_info: Mapping[str, Any]
    tag: Any = field(default=None, repr=False)


class Receiver(Protocol):
    """The receiving end of a worker: one thread owns it and calls everything but :meth:`wake`."""

    def receive(self, most: int, timeout: float | None) -> list[Delivery]:
        """Wait at most ``timeout`` seconds (None: for ever) for messages, then give at most ``most`` of them; ``most`` 0 only waits.

        Returns early, with what there is, after :meth:`wake`. Keeps the connection alive (heartbeats, leases) while it waits.

        Raises:
            ConnectionLost: the broker went away. Call :meth:`reconnect`; unacknowledged messages will be delivered again.
        """

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """These are done: the broker forgets them. Raises ConnectionLost."""

    def reject(self, deliveries: Sequence[Delivery], *, requeue: bool) -> None:
        """Give these back to their queues, or (``requeue`` false) let the broker drop them. Raises ConnectionLost."""

    def reconnect(self) -> None:
        """Try once to connect anew, and consume again. Raises ConnectionLost if it cannot."""

    def read(self, queues: Sequence[Any]) -> None:
        """Read these queues from now on, and no others; none is allowed. New ones are declared. What was received stays received.

        Raises:
            ConnectionLost: as :meth:`receive`; :meth:`reconnect` reads the new ones.
            ImproperlyConfigured: one of them exists with other arguments; then it reads on what it read before.
        """

    def cancel(self) -> None:
        """Take no more messages: :meth:`receive` only waits from now on. What was received can still be acknowledged or rejected.

        Raises ConnectionLost.
        """

    def wake(self) -> None:
        """Let :meth:`receive` return soon. From any thread, or a signal handler."""

    def close(self) -> None:
        """Stop consuming and disconnect; what was not acknowledged goes back to its queue."""
