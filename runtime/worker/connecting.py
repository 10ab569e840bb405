"""Connecting to the broker, again and again, as the settings allow."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from ..broker.interface import Receiver
from ..errors import ConnectionLost

logger = logging.getLogger("flowc.worker")

#: Seconds between tries: at first, and at most; they double.
FIRST, LONGEST = 0.2, 10.0

#: A pause is cut into pieces of so many seconds, between which the loop sees to its reports and to signals.
_PIECE = 0.1


class GivenUp(ConnectionLost):
    """The broker could not be reached as often as the settings allow."""


def connect(conf: Any, attempt: Callable[[], Any], meanwhile: Callable[[], bool], *, starting: bool) -> Any:
    """Try until it succeeds.

    Args:
        conf: its ``broker_connection_retry``, ``broker_connection_retry_on_startup`` and ``broker_connection_max_retries`` hold.
        attempt: connects, or raises ConnectionLost.
        meanwhile: called between tries, several times a second; false ends them.
        starting: whether this is the first connection.

    Returns:
        what ``attempt`` gave; None if ``meanwhile`` ended it.

    Raises:
        GivenUp: that was the last try.
    """
    allowed = conf.broker_connection_retry_on_startup if starting else conf.broker_connection_retry
    most = (conf.broker_connection_max_retries or None) if allowed else 0
    pause, tries = FIRST, 0
    while True:
        try:
            return attempt()
        except ConnectionLost as exc:
            if most is not None and tries >= most:
                raise GivenUp(f"the broker cannot be reached ({tries + 1} tries): {exc}" if tries else f"{exc}") from None
            tries += 1
            logger.error("%s; trying again in %.1f s (%d%s)", exc, pause, tries, "" if most is None else f" of {most}")
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0:
            if not meanwhile():
                return None
            time.sleep(min(left, _PIECE))
        pause = min(pause * 2, LONGEST)


def receiver_of(app: Any, queues: list[str], prefetch: int) -> Receiver:
    """A receiver for these queues. Raises ConnectionLost."""
    made: Receiver = app.broker.receiver(queues, prefetch=prefetch)
    return made
