"""The worker's log: one line for each event, made only where it is heard."""

from __future__ import annotations

import logging

from ..codec import unpack
from ..protocol import brief
from .attempt import FAILURE, IGNORED, REJECTED, RETRY, REVOKED, SUCCESS
from .entry import Entry
from .jobs import Ended

logger = logging.getLogger("flowc.worker")


def received(entry: Entry) -> None:
    """A call has come in."""
    logger.debug("received %s from %s", entry.shown(), entry.delivery.delivery_info.get("routing_key") or "its queue")


def ended(entry: Entry, end: Ended) -> None:
    """A call has ended."""
    following = end.following
    for line in following.noted if following is not None else ():
        logger.error("%s", line)
    if following is not None and following.duplicate:
        logger.warning("%s came again; it had ended before (%s) and did not run again", entry.shown(), end.state)
    elif end.state == SUCCESS:
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s succeeded in %.3f s: %s", entry.shown(), end.finished - end.started, brief(unpack(end.result)))
    elif end.state == RETRY:
        logger.info("%s will be tried again: %s", entry.shown(), end.failure)
    elif end.state == IGNORED:
        logger.info("%s was ignored", entry.shown())
    elif end.state == REVOKED:
        logger.info("%s was revoked: %s", entry.shown(), end.failure.message if end.failure is not None else "")
    elif end.state == REJECTED:
        logger.warning("%s was rejected: %s", entry.shown(), end.failure)
    elif end.state == FAILURE and end.failure is not None:
        if following is not None and following.rejected is False:
            logger.error("%s is rejected: %s", entry.shown(), end.failure)
        else:
            logger.error("%s failed: %s%s", entry.shown(), end.failure, f"\n{end.failure.traceback}" if end.failure.traceback else "")
