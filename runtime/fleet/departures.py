"""How messages of a driven run leave: who is to hear of them is told before they go, and what became of the try afterwards."""

from __future__ import annotations

import time

from .. import protocol
from ..broker.interface import Publisher, RetryPolicy
from ..sending import Prepared
from .outbox import Outbox, Outgoing
from .signals import Signals
from .watching import Watching

#: After so many tries that failed one after the other it is said that the broker is away.
_SAID_AFTER = 4


class Departures:
    """The way out.

    Args:
        publisher: sends.
        signals: learns what is out.
        watching: watches what is out.
    """

    def __init__(self, publisher: Publisher, signals: Signals, watching: Watching) -> None:
        self._outbox = Outbox(publisher)
        self._signals = signals
        self._watching = watching
        self._announced: dict[str, tuple[Prepared, float | None]] = {}
        self._failures = 0

    def __len__(self) -> int:
        return len(self._outbox)

    def add(self, prepared: Prepared, timeout: float | None, *, own_retry: bool = False) -> None:
        """A message is to leave.

        Args:
            prepared: the message.
            timeout: the step's, in seconds.
            own_retry: whether its policy of sending is that of the flow: else it is tried for as long as the run lasts.
        """
        retry: RetryPolicy | None = prepared.plan.retry if own_retry else None
        task_id = prepared.envelope.headers["id"]
        self._announced[task_id] = (prepared, timeout)
        self._outbox.add([Outgoing(task_id, prepared.envelope, retry)])

    def wait(self, now: float) -> float | None:
        """Seconds until the next try is worth it; None if nothing is to leave. ``now``: of ``time.monotonic``."""
        return self._outbox.wait(now)

    def send(self) -> tuple[list[tuple[str, Exception]], str | None]:
        """Try to send everything.

        Returns:
            the ids of messages that will never leave, with the reason; and a remark for whoever watches the run, if there is one.
        """
        if self._outbox.wait(time.monotonic()) != 0.0:
            return [], None
        for task_id, (prepared, _) in self._announced.items():
            self._announce(task_id, prepared)  # before it leaves: a worker may be faster than we are
        sent = self._outbox.send(time.monotonic())
        now, today = time.monotonic(), time.time()
        for task_id in sent.out:
            prepared, timeout = self._announced.pop(task_id)
            not_before, expires = _times(prepared)
            self._signals.sent(
                task_id, now, delay=0.0 if not_before is None else not_before - today,
                expires=None if expires is None else expires - today, timeout=timeout,
            )  # fmt: skip
        for task_id, _ in sent.failed:
            self._announced.pop(task_id)
        if self._announced or sent.failed:
            self._watching.ended([*self._announced, *(task_id for task_id, _ in sent.failed)], ran=False)
        self._failures = self._failures + 1 if sent.away is not None else 0
        note = f"{len(self._outbox)} messages cannot be sent ({sent.away}): trying again" if self._failures == _SAID_AFTER else None
        return sent.failed, note

    def clear(self) -> list[str]:
        """Let nothing more leave; the ids of what was to."""
        self._announced.clear()
        return self._outbox.clear()

    def _announce(self, task_id: str, prepared: Prepared) -> None:
        envelope = prepared.envelope
        not_before, expires = _times(prepared)
        self._watching.sent(
            task_id, envelope.destination.queue or envelope.destination.routing_key, not_before=not_before, expires=expires,
            priority=envelope.properties.get("priority") or 0, task=envelope.headers["task"],
        )  # fmt: skip


def _times(prepared: Prepared) -> tuple[float | None, float | None]:
    """The message's ``eta`` and ``expires``, in seconds since the epoch."""
    headers = prepared.envelope.headers
    return protocol.moment(headers["eta"]), protocol.moment(headers["expires"])
