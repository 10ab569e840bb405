"""Leaving at once: calls that run are given back to their queues, whether or not their messages are acknowledged already."""

from __future__ import annotations

import logging
from typing import Any

from ..broker.interface import NO_RETRY, Delivery, Destination, Envelope
from ..failures import failure_of
from .calls import Calls
from .settling import Settling

logger = logging.getLogger("flowc.worker")


def give_back_running(app: Any, calls: Calls, settling: Settling) -> None:
    """Give back every call that has not ended.

    One that was acknowledged when it began is sent anew: its message is gone.
    """
    for entry in calls.entries:
        calls.counts["RETURNED"] += 1
        if not entry.acked:
            settling.settle(entry, True)
        else:
            _send_again(app, entry.delivery, entry.shown())
        if entry.begun is not None:
            logger.warning("%s was stopped while it ran, and is given back to its queue", entry.shown())


def _send_again(app: Any, delivery: Delivery, shown: str) -> None:
    info = delivery.delivery_info
    to = Destination(info.get("exchange") or "", info.get("routing_key") or "")
    properties = {key: value for key, value in delivery.properties.items() if key in _PROPERTIES and value is not None}
    envelope = Envelope(dict(delivery.headers), properties, delivery.body, delivery.content_type, delivery.content_encoding, to)
    try:
        app.broker.publisher.publish(envelope, NO_RETRY)
    except Exception as exc:  # the broker is away as well
        logger.error("%s is lost: it could not be given back: %s", shown, failure_of(exc, keep=False))


#: Those of a call; others are the transport's own.
_PROPERTIES = frozenset({"correlation_id", "reply_to", "priority", "delivery_mode", "type", "message_id", "timestamp", "app_id"})
