"""The queues that an application knows: those of ``task_queues``, the default one, and those that are made when they are first named.

Plain data: kombu's objects are made of it in ``broker/topology.py``. Source: "Routing Tasks" of Celery's documentation.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import ImproperlyConfigured, QueueNotFound

if TYPE_CHECKING:
    from .configuration import Configuration

#: How a queue may be described in a table of ``task_queues``; the rest of its keys go to kombu's ``Queue`` as they are.
_EXCHANGE_TYPES = ("direct", "topic", "fanout", "headers")


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue and how it is bound.

    ``exchange`` may be empty: then messages reach it by its name alone. ``extra``: further arguments of kombu's ``Queue``.
    ``native``: the kombu ``Queue`` that the user gave, which is declared as it is. ``broadcast``: each consumer has a queue of its own
    (kombu's ``Broadcast``), so that a sender declares the exchange alone. ``delivery_mode``: that of its exchange, if it has one.
    """

    name: str
    exchange: str
    exchange_type: str
    routing_key: str
    max_priority: int | None = None
    extra: Mapping[str, Any] | None = None
    native: Any = None
    broadcast: bool = False
    delivery_mode: int | None = None


class Queues(Mapping[str, QueueSpec]):
    """Queue name → :class:`QueueSpec`. Asking for one that is not there makes it, unless ``task_create_missing_queues`` is off.

    Args:
        conf: the settings; read once.

    Raises:
        ImproperlyConfigured: ``task_queues`` describes a queue in a way that cannot be understood.
    """

    def __init__(self, conf: Configuration) -> None:
        self.default: str = conf.task_default_queue
        self._exchange: str = conf.task_default_exchange or self.default
        self._type: str = conf.task_default_exchange_type
        self._key: str = conf.task_default_routing_key or self.default
        self._max_priority = conf.task_queue_max_priority
        self._create: bool = conf.task_create_missing_queues
        self._made_with = _arguments(conf.task_create_missing_queue_type)
        self._known: dict[str, QueueSpec] = {}
        self._aliases: dict[str, str] = {}
        for given in _listed(conf.task_queues):
            self.add(given)
        #: What a worker reads that is not told otherwise.
        self.consumed: tuple[str, ...] = tuple(self._known) or (self.default,)
        if not self._known:
            arguments = _arguments(conf.task_default_queue_type)
            self.add(QueueSpec(self.default, self._exchange, self._type, self._key, self._max_priority, arguments))

    def add(self, given: Any) -> QueueSpec:
        """Know a queue from now on: a name, a table with a ``name``, or kombu's ``Queue``. The newest of a name counts."""
        spec = given if isinstance(given, QueueSpec) else self._spec(given)
        self._known[spec.name] = spec
        alias = getattr(spec.native, "alias", None)
        if alias:
            self._aliases[str(alias)] = spec.name
        return spec

    def __getitem__(self, name: str) -> QueueSpec:
        found = self.known(name)
        if found is not None:
            return found
        if not self._create:
            near = difflib.get_close_matches(name, self._known, 1)
            raise QueueNotFound(
                f"queue {name!r} is not in task_queues, and task_create_missing_queues is off"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
        return self.add(QueueSpec(name, name, "direct", name, self._max_priority, self._made_with))

    def known(self, name: str) -> QueueSpec | None:
        """A queue that is known already."""
        return self._known.get(name) or self._known.get(self._aliases.get(name, ""))

    def __contains__(self, name: object) -> bool:
        return name in self._known or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._known))

    def __len__(self) -> int:
        return len(self._known)

    def bound_to(self, exchange: str) -> list[QueueSpec]:
        """The known queues of an exchange."""
        return [spec for spec in tuple(self._known.values()) if spec.exchange == exchange]

    def delivery_mode(self, name: str | None) -> int | None:
        """The delivery mode that a known queue's exchange was given."""
        spec = self._known.get(name) if name is not None else None
        return None if spec is None else spec.delivery_mode

    def _spec(self, given: Any) -> QueueSpec:
        if isinstance(given, str):
            return QueueSpec(given, self._exchange, self._type, self._key, self._max_priority)
        if isinstance(given, Mapping):
            return self._described(dict(given))
        return self._native(given)

    def _described(self, table: dict[str, Any]) -> QueueSpec:
        name = table.pop("name", None)
        if not isinstance(name, str) or not name:
            raise ImproperlyConfigured(f"task_queues: a queue needs a name, which {table!r} lacks")
        exchange = table.pop("exchange", None)
        exchange_type = table.pop("exchange_type", None) or getattr(exchange, "type", None)
        exchange = getattr(exchange, "name", exchange)
        key = table.pop("routing_key", None)
        binding = table.pop("binding_key", None)
        priority = table.pop("max_priority", self._max_priority)
        if exchange_type is not None and exchange_type not in _EXCHANGE_TYPES:
            raise ImproperlyConfigured(
                f"task_queues: queue {name!r} has exchange_type {exchange_type!r}; there are {', '.join(_EXCHANGE_TYPES)}"
            )
        return QueueSpec(
            name,
            self._exchange if exchange is None else str(exchange),
            exchange_type or (self._type if exchange is None else "direct"),
            key if key is not None else binding if binding is not None else name,
            priority,
            table or None,
        )

    def _native(self, queue: Any) -> QueueSpec:
        """kombu's ``Queue``. One without an exchange is bound to the default one, as in Celery."""
        name, exchange = getattr(queue, "name", None), getattr(queue, "exchange", None)
        if not isinstance(name, str) or not name:
            raise ImproperlyConfigured(f"a queue is a name, a table with a name, or kombu's Queue with a name; not {queue!r}")
        broadcast = any(kind.__name__ == "Broadcast" for kind in type(queue).__mro__)
        arguments = getattr(queue, "queue_arguments", None) or {}
        priority = getattr(queue, "max_priority", None)
        priority = arguments.get("x-max-priority") if priority is None else priority
        own = getattr(exchange, "name", "") or ""
        return QueueSpec(
            name,
            own or self._exchange,
            (exchange.type if exchange is not None and own else self._type) or "direct",
            getattr(queue, "routing_key", "") or self._key,
            self._max_priority if priority is None else priority,
            native=queue,
            broadcast=broadcast,
            delivery_mode=getattr(exchange, "delivery_mode", None) if own else None,
        )


def _arguments(kind: str) -> Mapping[str, Any] | None:
    """Arguments of kombu's ``Queue`` for a type of RabbitMQ's queues; none for what it makes by itself."""
    return None if kind == "classic" else {"queue_arguments": {"x-queue-type": kind}}


def _listed(given: Any) -> Iterable[Any]:
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return [_named(name, value) for name, value in given.items()]
    return given if isinstance(given, (list, tuple, set, frozenset)) else (given,)


def _named(name: str, value: Any) -> Any:
    if value is None:
        return {"name": name}
    return {**value, "name": name} if isinstance(value, Mapping) else value
