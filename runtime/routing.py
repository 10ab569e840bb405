"""Where a call goes: its own ``queue``, ``exchange`` and ``routing_key``, else what ``task_routes`` says, else the default queue.

Source: "Routing Tasks" of Celery's documentation. Plain data and user's functions; nothing here knows kombu.
"""

from __future__ import annotations

import fnmatch
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .broker.interface import Destination
from .errors import ImproperlyConfigured
from .queues import Queues, QueueSpec

if TYPE_CHECKING:
    from .configuration import Configuration

#: Options that say where a call goes.
ROUTING = ("queue", "exchange", "exchange_type", "routing_key")

#: One entry of ``task_routes``: gives a route (options, or a queue's name), or None if it does not know the task.
Rule = Callable[[str, Sequence[Any], Mapping[str, Any], Mapping[str, Any], Any], Any]


class Route(NamedTuple):
    """A way found: the destination, and all options of the call: its own, and below them those that the route has."""

    destination: Destination
    options: Mapping[str, Any]


class Router:
    """Finds the destination of calls.

    Args:
        conf: the settings; ``task_routes`` is read once.
        queues: the queues that are known.

    Raises:
        ImproperlyConfigured: an entry of ``task_routes`` is none of what it may be.
    """

    def __init__(self, conf: Configuration, queues: Queues) -> None:
        self._queues = queues
        self._default_exchange: str = conf.task_default_exchange or conf.task_default_queue
        self._default_type: str = conf.task_default_exchange_type
        self._default_key: str = conf.task_default_routing_key or conf.task_default_queue
        self._tables: list[Table] = []
        self._rules = [self._rule(given) for given in _entries(conf.task_routes)]
        self._known: dict[Any, Destination] = {}
        #: Whether a task's name and its routing options alone decide: no user's function is asked.
        self.static = all(isinstance(rule, Table) for rule in self._rules)

    def route(
        self, options: Mapping[str, Any], name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, task: Any = None
    ) -> Route:
        """The way of one call.

        Args:
            options: of the call, with those of its task.
            name: the task's name.
            args: for router functions.
            kwargs: for router functions.
            task: the task, if it is registered here.

        Raises:
            QueueNotFound: the queue is not known and may not be made.
            ImproperlyConfigured: a router function gave something that is no route.
        """
        if self._rules:
            found = self._look_up(name, args, kwargs or {}, options, task)
            if found:
                options = {**found, **{key: value for key, value in options.items() if value is not None}}
        get = options.get
        queue, exchange, key, kind = get("queue"), get("exchange"), get("routing_key"), get("exchange_type")
        try:
            return Route(self._known[queue, exchange, key, kind], options)
        except (KeyError, TypeError):
            found_way = self._destination(queue, exchange, key, kind)
        if all(part is None or isinstance(part, str) for part in (queue, exchange, key, kind)) and len(self._known) < 10_000:
            self._known[queue, exchange, key, kind] = found_way
        return Route(found_way, options)

    def queue_names(self) -> tuple[str, ...]:
        """What a worker reads that is not told otherwise: ``task_queues`` or the default queue, and those that tables of routes name."""
        routed = (route["queue"] for table in self._tables for route in table.routes if isinstance(route.get("queue"), str))
        return tuple(dict.fromkeys((*self._queues.consumed, *routed)))

    # ---------------------------------------------------------------------------------------------------------- task_routes
    def _rule(self, given: Any) -> Rule:
        if isinstance(given, str):
            return _Named(given)
        if isinstance(given, (Mapping, list, tuple)):
            table = Table(given)
            self._tables.append(table)
            return table
        if callable(given) or hasattr(given, "route_for_task"):
            return _function(given)
        raise ImproperlyConfigured(f"task_routes: {given!r} is no table, no function and no name of a function")

    def _look_up(
        self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any], task: Any
    ) -> Mapping[str, Any] | None:
        for rule in self._rules:
            found = rule(name, args, kwargs, options, task)
            if found is not None:
                return _as_options(found, f"the route of {name}")
        return None

    # ---------------------------------------------------------------------------------------------------------- destinations
    def _destination(self, queue: Any, exchange: Any, key: str | None, kind: str | None) -> Destination:
        spec = self._spec(queue) if queue else None
        if exchange is not None and not isinstance(exchange, str):  # kombu's Exchange
            kind = kind or getattr(exchange, "type", None)
            exchange = exchange.name
        if exchange is not None:
            return self._by_exchange(spec, exchange, key, kind)
        if spec is None:
            spec = self._queues[self._queues.default]
        if spec.exchange_type == "direct" and not spec.broadcast:
            return Destination("", spec.name, spec.name)
        return Destination(spec.exchange, key or spec.routing_key or self._default_key, None if spec.broadcast else spec.name)

    def _by_exchange(self, spec: QueueSpec | None, exchange: str, key: str | None, kind: str | None) -> Destination:
        if exchange == "":  # the default exchange: the key is the queue's name
            target = key or (spec.name if spec is not None else self._queues.default)
            return Destination("", target, target if target in self._queues else None)
        if spec is not None and not key and (kind or spec.exchange_type) == "direct":
            return Destination("", spec.name, spec.name)
        if not key:
            bound = [spec] if spec is not None else self._queues.bound_to(exchange)
            key = bound[0].routing_key if bound else self._default_key
        return Destination(exchange, key, spec.name if spec is not None and not spec.broadcast else None)

    def _spec(self, queue: Any) -> QueueSpec:
        if isinstance(queue, str):
            return self._queues[queue]
        known = self._queues.known(getattr(queue, "name", ""))
        if known is not None and known.native is queue:
            return known
        self._known.clear()  # what was known of a queue of that name may hold no longer
        return self._queues.add(queue)


class Table:
    """Routes by name, glob or compiled regular expression. A full name counts before any pattern, patterns in their order."""

    def __init__(self, given: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> None:
        self._names: dict[str, Mapping[str, Any]] = {}
        self._patterns: list[tuple[re.Pattern[str], Mapping[str, Any]]] = []
        #: All routes, in their order.
        self.routes: list[Mapping[str, Any]] = []
        pairs = list(given.items()) if isinstance(given, Mapping) else list(given)
        for pair in pairs:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise ImproperlyConfigured(f"task_routes: expected a pair of a task's name and its route, not {pair!r}")
            key, route = pair[0], _as_options(pair[1], f"task_routes: {pair[0]!r}")
            self.routes.append(route)
            if isinstance(key, re.Pattern):
                self._patterns.append((key, route))
            elif not isinstance(key, str):
                raise ImproperlyConfigured(f"task_routes: {key!r} is no name, no glob and no compiled regular expression")
            elif any(sign in key for sign in "*?["):
                self._patterns.append((re.compile(fnmatch.translate(key)), route))
            else:
                self._names[key] = route

    def __call__(self, name: str, args: Any = (), kwargs: Any = None, options: Any = None, task: Any = None) -> Mapping[str, Any] | None:
        found = self._names.get(name)
        if found is None:
            found = next((route for pattern, route in self._patterns if pattern.match(name)), None)
        return found


class _Named:
    """A router by its dotted name, imported when it is first asked."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rule: Rule | None = None

    def __call__(self, name: str, args: Any, kwargs: Any, options: Any, task: Any) -> Any:
        if self._rule is None:
            self._rule = _function(self._load())
        return self._rule(name, args, kwargs, options, task)

    def _load(self) -> Any:
        module, separator, attribute = self._name.partition(":")
        if not separator:
            module, separator, attribute = self._name.rpartition(".")
        try:
            found: Any = importlib.import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError, ValueError) as exc:
            raise ImproperlyConfigured(f"task_routes: the router {self._name!r} cannot be imported: {exc}") from exc
        return found


def _function(given: Any) -> Rule:
    """A router function, an object or class with ``route_for_task``, or a class whose instances are routers."""
    if inspect.isclass(given):
        given = given()
    if hasattr(given, "route_for_task"):
        old = given.route_for_task
        return lambda name, args, kwargs, options, task: old(name, args, kwargs)
    if not callable(given):
        raise ImproperlyConfigured(f"task_routes: {given!r} is no function")
    asked = given
    return lambda name, args, kwargs, options, task: asked(name, args, kwargs, options, task=task)


def _entries(given: Any) -> list[Any]:
    """The entries of ``task_routes``: one, several, or pairs of names and routes."""
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        return [given]
    if given and all(isinstance(entry, (list, tuple)) and len(entry) == 2 and isinstance(entry[0], (str, re.Pattern)) for entry in given):
        return [list(given)]
    return list(given)


def _as_options(route: Any, what: str) -> Mapping[str, Any]:
    if isinstance(route, str) or (hasattr(route, "routing_key") and hasattr(route, "name")):
        return {"queue": route}
    if isinstance(route, Mapping):
        return route
    raise ImproperlyConfigured(f"{what}: a route is a queue's name or a table such as {{'queue': 'feeds'}}, not {route!r}")
