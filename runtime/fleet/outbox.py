"""What a run has to send, and how it goes on when the broker is away: nothing is lost, and nothing is sent again that has arrived.

What is ready together leaves together. When the connection breaks, the broker has some of it: those are out, the others stay, and are
tried again for as long as the run lasts; a step with a ``retry`` or ``retry_policy`` of its own as often as that says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from ..broker.failures import operational_error
from ..broker.interface import NO_RETRY, Envelope, Publisher, RetryPolicy

#: Seconds between tries to send when the broker is away: the first, and the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class Outgoing(NamedTuple):
    """A message that is to leave. ``retry``: how often that is tried; None: as long as the run lasts."""

    task_id: str
    envelope: Envelope
    retry: RetryPolicy | None = None


class Sent(NamedTuple):
    """What came of a try to send: ids of messages that the broker has, those that will never leave, and whether the broker is away."""

    out: list[str]
    failed: list[tuple[str, Exception]]
    away: Exception | None = None


class Outbox:
    """The messages that have not left.

    Args:
        publisher: sends them.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: deque[Outgoing] = deque()
        self._tries = 0
        self._again = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, messages: Sequence[Outgoing]) -> None:
        """These are to leave."""
        self._waiting.extend(messages)

    def clear(self) -> list[str]:
        """Let nothing more leave; the ids of what was to."""
        left = [message.task_id for message in self._waiting]
        self._waiting.clear()
        return left

    def wait(self, now: float) -> float | None:
        """Seconds until it is worth trying; None if nothing is to leave."""
        return max(0.0, self._again - now) if self._waiting else None

    def send(self, now: float) -> Sent:
        """Send what is there, unless the broker was away a moment ago."""
        if not self._waiting or now < self._again:
            return Sent([], [])
        out: list[str] = []
        try:
            self._publish(len(self._waiting), out)
        except operational_error() as away:
            return Sent(out, self._postpone(now, away), away)
        except Exception:  # one of them cannot be sent: which one shows when each goes alone
            return self._one_by_one(now, out)
        self._tries = 0
        return Sent(out, [])

    # ---------------------------------------------------------------------------------------------------------------- trying
    def _publish(self, most: int, out: list[str]) -> None:
        """Send the first ones; whatever becomes of that, those that the broker has wait no longer."""
        part = [self._waiting[n] for n in range(most)]
        pending = deque(message.envelope for message in part)
        try:
            self._publisher.publish_many(pending, NO_RETRY)
        finally:
            for message in part[: len(part) - len(pending)]:
                self._waiting.popleft()
                out.append(message.task_id)

    def _one_by_one(self, now: float, out: list[str]) -> Sent:
        failed: list[tuple[str, Exception]] = []
        while self._waiting:
            try:
                self._publish(1, out)
            except operational_error() as away:
                failed += self._postpone(now, away)
                return Sent(out, failed, away)
            except Exception as refused:  # whatever the broker or its driver has against it
                failed.append((self._waiting.popleft().task_id, refused))
        self._tries = 0
        return Sent(out, failed)

    def _postpone(self, now: float, away: Exception) -> list[tuple[str, Exception]]:
        """The broker is away: try again later; gives those whose own patience is over."""
        self._tries += 1
        self._again = now + min(FIRST_PAUSE * 1.5 ** (self._tries - 1), LONGEST_PAUSE)
        failed: list[tuple[str, Exception]] = []
        kept: deque[Outgoing] = deque()
        for message in self._waiting:
            most = None if message.retry is None else message.retry.max_retries
            if message.retry is not None and most is not None and self._tries > most:
                failed.append((message.task_id, away))
            else:
                kept.append(message)
        self._waiting = kept
        return failed
