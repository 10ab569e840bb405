"""The queues that a worker reads, which remote commands may change while it runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ..errors import UsageError
from .settling import Settling

logger = logging.getLogger("flowc.worker")


class ReadQueues:
    """Changes what the present receiver reads.

    Args:
        names: what is read at first.
        settling: has the receiver.
        ask: lets the worker's loop do something.

    Attributes:
        names: what is read now.
        fixed: whether nothing is changed any more: the worker is leaving.
    """

    def __init__(self, names: Sequence[str], settling: Settling, ask: Callable[[Callable[[], None]], None]) -> None:
        self.names = list(names)
        self.fixed = False
        self._settling = settling
        self._ask = ask

    def add(self, name: str) -> None:
        """Read one more queue. From any thread."""
        self._ask(lambda: self._read([*(known for known in self.names if known != name), name]))

    def remove(self, name: str) -> None:
        """Read a queue no more; what was taken from it is done. From any thread."""
        self._ask(lambda: self._read([known for known in self.names if known != name]))

    def _read(self, names: list[str]) -> None:
        receiver = self._settling.receiver
        if receiver is None or self.fixed or set(names) == set(self.names):
            return
        before, self.names = self.names, names
        try:
            receiver.read(names)
        except UsageError as refused:
            self.names = before
            logger.error("the worker reads on what it read before: %s", refused)
        else:
            logger.warning("reading now: %s", ", ".join(names) or "no queue")
