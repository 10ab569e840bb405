"""What a transport can and cannot do, where calls depend on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Which priority is served first: that of the lowest number (Redis), that of the highest (RabbitMQ), or there are none.
Priority = Literal["lowest", "highest"] | None


@dataclass(frozen=True, slots=True)
class Traits:
    """A transport, as far as flowc needs to know it.

    ``name``: kombu's name of the driver. ``priority``: see :data:`Priority`. ``priority_per_queue``: a queue has priorities only if it
    was declared so. ``fanout``: exchanges of that type work. ``shared``: other processes can reach the same queues. ``confirms``: the
    broker answers for each message that it has taken over.
    """

    name: str
    priority: Priority = None
    priority_per_queue: bool = False
    fanout: bool = True
    shared: bool = True
    confirms: bool = False


_KNOWN = {
    "memory": Traits("memory", shared=False, confirms=True),
    "redis": Traits("redis", priority="lowest", confirms=True),
    "amqp": Traits("amqp", priority="highest", priority_per_queue=True, confirms=True),
    "sqlite": Traits("sqlite", priority="highest", confirms=True),
}


def traits_of(driver: str, exchange_types: frozenset[str] = frozenset()) -> Traits:
    """The traits of a transport by kombu's ``driver_type``; of an unknown one only what kombu says of its exchanges."""
    return _KNOWN.get(driver) or Traits(driver, fanout="fanout" in exchange_types)
