"""What time it is, and waiting: the machine's clock, and what stands in its place where a flow is tested."""

from __future__ import annotations

import datetime as dt
import time
from queue import SimpleQueue
from typing import Any

#: After so many seconds the clock is looked at again: it may have been set, or the machine have slept.
LONGEST_WAIT = 30.0


class Clock:
    """The machine's clock.

    ``rounding``: seconds that are added to the moment at which a call is to begin: a clock read through a float may be a fraction of a
    microsecond off, and nothing may ever begin early.
    """

    rounding = 1e-6

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only ever go forward."""
        return time.monotonic()

    def now(self) -> dt.datetime:
        """The present moment, in UTC."""
        return dt.datetime.now(dt.UTC)

    def wait(self, inbox: SimpleQueue[Any], waiting: bool, seconds: float | None) -> Any:
        """The next report, as ``inbox.get`` gives it.

        Args:
            inbox: where reports come.
            waiting: whether any can come.
            seconds: how long to wait at most; None is for ever.

        Raises:
            queue.Empty: none has come; the seconds may not be over yet.
        """
        return inbox.get(waiting, None if seconds is None else min(seconds, LONGEST_WAIT))


#: The machine's.
CLOCK = Clock()
