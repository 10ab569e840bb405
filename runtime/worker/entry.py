"""What a worker knows of a message that it has taken in and not yet done with."""

from __future__ import annotations

from typing import Any

from ..broker.interface import Delivery
from ..failures import cut
from .conditions import Conditions

#: Characters of a name or id in the log.
LONGEST = 200


class Entry:
    """One message on its way through the worker.

    Attributes:
        key: what the pool's reports name it by.
        generation: the connection that it came by; it cannot be acknowledged on another.
        conditions: those of its task; None where that is unknown.
        acked: whether nothing is to be done about the message any more.
        begun: when it began (``time.monotonic``), None before.
        revoked: whether it was revoked after it went to the pool.
        doomed: whether it has ended without its task, and what follows from that is under way.
        signal: the number of the signal that a remote command had sent to it.
    """

    __slots__ = ("acked", "begun", "conditions", "delivery", "doomed", "generation", "id", "key", "name", "revoked", "signal")

    def __init__(self, key: int, id_: str, name: str, delivery: Delivery, generation: int, conditions: Conditions | None) -> None:
        self.key = key
        self.id = id_
        self.name = name
        self.delivery = delivery
        self.generation = generation
        self.conditions = conditions
        self.acked = False
        self.begun: float | None = None
        self.revoked = False
        self.doomed = False
        self.signal: int | None = None

    @property
    def early(self) -> bool:
        """Whether its message is acknowledged when it begins."""
        return self.conditions is not None and not self.conditions.late

    @property
    def tells(self) -> bool:
        """Whether there are events of it."""
        return self.conditions is None or self.conditions.tells

    def shown(self) -> str:
        """How the log calls it."""
        return f"{cut(self.name, LONGEST)}[{cut(self.id, LONGEST)}]"

    def as_request(self) -> dict[str, Any]:
        """What remote commands tell of it."""
        headers = self.delivery.headers
        return {
            "id": self.id, "name": self.name, "type": self.name,
            "args": headers.get("argsrepr"), "kwargs": headers.get("kwargsrepr"),
            "acknowledged": self.acked, "redelivered": bool(self.delivery.delivery_info.get("redelivered")),
            "delivery_info": dict(self.delivery.delivery_info), "time_start": self.begun, "worker_pid": None,
        }  # fmt: skip
