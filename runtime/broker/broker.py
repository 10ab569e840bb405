"""The broker of an application: its connections and pools, the publisher over them, and the receivers of its workers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import forks
from ..queues import Queues
from . import connections
from .event_exchange import EventPublisher
from .interface import Publisher, Receiver
from .publisher_memory import MemoryPublisher
from .publishing import ConnectionPublisher
from .topology import Topology
from .traits import Traits, traits_of

if TYPE_CHECKING:
    from ..configuration import Configuration


class Broker:
    """Everything that leads to the broker of some settings. Nothing is opened before it is used; after a fork all is opened anew.

    Attributes:
        queues: the queues that are known.
        topology: the same as kombu's objects.
    """

    def __init__(self, conf: Configuration) -> None:
        self.conf = conf
        self.queues = Queues(conf)
        self.topology = Topology(self.queues, conf.task_default_delivery_mode)
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}
        forks.watch(self)

    def connection(self, **overrides: Any) -> Any:
        """A new kombu ``Connection``, not yet established.

        Args:
            overrides: arguments of kombu's ``Connection``, such as ``heartbeat``.

        Raises:
            ImproperlyConfigured: ``broker_url`` cannot be used.
        """
        return connections.make_connection(self.conf, **overrides)

    @property
    def connections(self) -> Any:
        """kombu's pool of at most ``broker_pool_limit`` connections (0 or None: each is closed after its use)."""
        made = self._made.get("connections")
        return made if made is not None else self._make("connections")

    @property
    def producers(self) -> Any:
        """kombu's pool of producers, over :attr:`connections`."""
        made = self._made.get("producers")
        return made if made is not None else self._make("producers")

    @property
    def publisher(self) -> Publisher:
        """The sending end."""
        made = self._made.get("publisher")
        return made if made is not None else self._make("publisher")  # type: ignore[no-any-return]

    @property
    def events(self) -> EventPublisher:
        """The sending end for the events of callers (workers have one each)."""
        made = self._made.get("events")
        return made if made is not None else self._make("events")  # type: ignore[no-any-return]

    def lend(self, publisher: Publisher) -> None:
        """Send by another's publisher: a child process of a worker, whose broker is in its parent's memory."""
        self._made["publisher"] = publisher

    @property
    def traits(self) -> Traits:
        """What the transport can."""
        made = self._made.get("traits")
        return made if made is not None else self._make("traits")  # type: ignore[no-any-return]

    def receiver(self, queues: Sequence[Any], *, prefetch: int) -> Receiver:
        """The receiving end of a worker.

        Args:
            queues: names (or kombu's ``Queue`` objects) of what it reads.
            prefetch: how many messages may be unacknowledged at once; 0: no limit.
        """
        from .receivers import make_receiver

        return make_receiver(self, queues, prefetch)

    def close(self) -> None:
        """Close what is open. The broker can be used again: it opens all anew."""
        with self._lock:
            made, self._made = self._made, {}
        for what in ("publisher", "events"):
            if what in made:
                made[what].close()
        for what in ("producers", "connections"):
            if what in made:
                made[what].force_close_all()

    # ------------------------------------------------------------------------------------------------------------- making
    def _make(self, what: str) -> Any:
        with self._lock:
            if what not in self._made:
                self._made[what] = getattr(self, f"_make_{what}")()
            return self._made[what]

    def _make_connections(self) -> Any:
        return connections.PoolOfConnections(self.connection(), limit=self.conf.broker_pool_limit or 0)

    def _make_producers(self) -> Any:
        return connections.PoolOfProducers(self.connections, limit=self.conf.broker_pool_limit or 0)

    def _make_publisher(self) -> Publisher:
        general = ConnectionPublisher(lambda: self.connections, self.topology)
        return MemoryPublisher(self.connection(), self.topology, general) if self.traits.name == "memory" else general

    def _make_events(self) -> EventPublisher:
        return EventPublisher(self)

    def _make_traits(self) -> Traits:
        kind = self.connection().get_transport_cls()
        return traits_of(kind.driver_type, frozenset(kind.implements.exchange_type))

    def forked(self) -> None:
        """This is a child process now: leave the parent's sockets alone (closing them politely would close them for the parent)."""
        self._lock = threading.RLock()
        if self._made:
            _abandoned.append(self._made)
            self._made = {}


#: What children keep of their parents' connections, so that nothing is ever closed by being collected.
_abandoned: list[dict[str, Any]] = []
