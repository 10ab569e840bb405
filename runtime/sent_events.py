"""The event ``task-sent``, by which callers tell monitors of their calls (``task_send_sent_event``).

Source: "Monitoring and Management Guide", section "Event Reference".
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .event_stamp import stamped
from .failures import failure_of

if TYPE_CHECKING:
    from .broker.broker import Broker
    from .broker.interface import Envelope

logger = logging.getLogger("flowc.events")

#: Events in one message at most.
TOGETHER = 100


def tell(broker: Broker, envelopes: Sequence[Envelope], hostname: str) -> None:
    """Send the events of calls that have left. A broker that does not take them costs the events, not the calls.

    Args:
        broker: its connection for events is used.
        envelopes: the calls.
        hostname: who sends them.
    """
    if not broker.traits.shared:
        return
    try:
        for start in range(0, len(envelopes), TOGETHER):
            events = [sent(envelope, hostname) for envelope in envelopes[start : start + TOGETHER]]
            if len(events) == 1:
                broker.events.publish(events[0], "task.sent", hostname)
            else:
                broker.events.publish(events, "task.multi", hostname)
    except Exception as exc:  # of any transport: monitors may miss a call, its caller may not
        logger.warning("the event of a call could not be sent: %s", failure_of(exc, keep=False))


def sent(envelope: Envelope, hostname: str) -> dict[str, Any]:
    """The event of one call."""
    headers, destination = envelope.headers, envelope.destination
    fields = {
        "uuid": headers["id"], "root_id": headers["root_id"], "parent_id": headers["parent_id"], "name": headers["task"],
        "args": headers["argsrepr"], "kwargs": headers["kwargsrepr"], "retries": headers["retries"],
        "eta": headers["eta"], "expires": headers["expires"],
        "queue": destination.queue or destination.routing_key, "exchange": destination.exchange, "routing_key": destination.routing_key,
    }  # fmt: skip
    return stamped("task-sent", fields, time.time(), hostname, 1)  # monitors do not count on a caller's clock
