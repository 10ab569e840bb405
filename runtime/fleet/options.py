"""The options of a step, as they travel: on a message that is sent here, and inside another's, from where a worker sends it.

What a worker sends it sends by its own settings, unless the signature says otherwise: so what counts here is written into it. The order
is that of every call: its own options, then those of its task, then those of its route, then the settings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...compiler.plan import Map
from ..configuration.configuration import DEFAULT
from ..errors import EncodeError
from ..protocol import HEADERS
from ..sending import TASK_OPTIONS
from ..values import fill

if TYPE_CHECKING:
    from ..app import App
    from ..broker.interface import Destination
    from ..redact import Redactor

#: Options of a call that go with its message, or into the signature.
_SENT = (
    "countdown", "eta", "expires", "priority", "delivery_mode", "mandatory", "serializer", "compression", "time_limit", "soft_time_limit",
    "ignore_result", "shadow", "headers", "retry", "retry_policy",
)  # fmt: skip
_ROUTING = ("queue", "exchange", "routing_key")
_OWN = frozenset((*_SENT, *_ROUTING, "task_id"))

#: How a worker tries again to send what follows a step, where the flow says nothing: for two minutes, so that a restart of the broker
#: does not end the run. What is not named here is as the worker has it.
PATIENT: Mapping[str, Any] = {"max_retries": 60, "interval_max": 2}

#: Settings that a signature names only where they differ from what every worker has.
_COMMON = {"serializer": "json", "delivery_mode": 2}

_DELIVERY_MODES = {"transient": 1, "persistent": 2}


class Options:
    """Works out the options of steps and handlers.

    Args:
        app: whose settings, routes and tasks count.
        redactor: masks what headers would show.
    """

    def __init__(self, app: App, redactor: Redactor) -> None:
        conf = app.conf
        self._app = app
        self._redactor = redactor
        self._router = app.sender.router
        self._settings = {
            "serializer": conf.task_serializer,
            "compression": conf.task_compression,
            "priority": conf.task_default_priority,
            "delivery_mode": conf.task_default_delivery_mode,
            "ignore_result": conf.task_ignore_result or None,
        }
        self._queue: str = conf.task_default_queue
        self._retry: bool = conf.task_publish_retry
        chosen = conf.origin("task_publish_retry_policy") != DEFAULT
        self._policy: Mapping[str, Any] = conf.task_publish_retry_policy if chosen else PATIENT
        self._known: dict[tuple[int, str], tuple[Map, dict[str, Any]]] = {}

    def own(self, options: Map) -> dict[str, Any]:
        """The options of a message that is sent here: the sender sees to the rest."""
        if not options.items:
            return {}
        made = {key: fill(value, {}) for key, value in options.items if key in _OWN}
        if made.get("headers"):  # they are read, logged and kept by every broker and monitor on the way
            made["headers"] = plain_headers(self._redactor.value(made["headers"]))
        if made.get("shadow"):  # what monitors call the task
            made["shadow"] = self._redactor.value(made["shadow"])
        return made

    def nested(self, task: str, options: Map, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a signature that a worker sends; a new dict.

        Args:
            task: the task's name.
            options: of the call.
            args: for router functions, without what is not known yet.
            kwargs: for router functions.

        Raises:
            QueueNotFound: its queue is not known, and may not be made.
        """
        found = self._known.get((id(options), task)) if self._router.static else None
        if found is not None:  # steps that were written alike share their options
            return dict(found[1])
        registered = self._app.tasks.get(task)
        known: Mapping[str, Any] = registered.options if registered is not None else {}
        merged = {key: known[key] for key in TASK_OPTIONS if known.get(key) is not None}
        merged.update(self.own(options))
        destination, merged_with_route = self._router.route(merged, task, args, kwargs, registered)
        made = self._route(destination, merged_with_route)
        made.update(self._sent(merged_with_route))
        self._known[id(options), task] = (options, made)
        return dict(made)

    def _route(self, destination: Destination, options: Mapping[str, Any]) -> dict[str, Any]:
        """Where it goes, if anything here says so; else the worker's own settings do."""
        if not any(options.get(key) is not None for key in _ROUTING) and self._queue == "celery":
            return {}
        exchange, key, queue = destination
        if queue is not None or not exchange:  # a worker takes an empty exchange for none at all
            return {"queue": queue or key}
        return {"exchange": exchange, "routing_key": key}

    def _sent(self, options: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key in _SENT:
            value = options.get(key)
            if value is None:
                value = self._settings.get(key)
                if value is None or value == _COMMON.get(key):
                    continue
            made[key] = value
        if "delivery_mode" in made:
            made["delivery_mode"] = _DELIVERY_MODES.get(made["delivery_mode"], made["delivery_mode"])
        if isinstance(made.get("eta"), dt.datetime):
            made["eta"] = _iso(made["eta"])
        headers = {key: value for key, value in dict(made.pop("headers", None) or {}).items() if key not in HEADERS}
        if isinstance(made.get("expires"), dt.datetime):
            # as an option it would also become a property, by which RabbitMQ drops the message without a word to anybody
            headers["expires"] = _iso(made.pop("expires"))
        if headers:
            made["headers"] = headers
        retry = made.get("retry")
        made["retry"] = self._retry if retry is None else bool(retry)
        if made["retry"]:
            made["retry_policy"] = {**self._policy, **(made.get("retry_policy") or {})}
        else:
            made.pop("retry_policy", None)
        return made


def plain_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Headers that every broker can carry: dates as ISO 8601.

    Raises:
        EncodeError: a number of more than 64 bits.
    """
    made: dict[str, Any] = {}
    for name, value in headers.items():
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise EncodeError(f"the header {name!r} is a number of more than 64 bits, which AMQP cannot carry")
        made[name] = value.isoformat() if isinstance(value, dt.date) else value
    return made


def _iso(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat()
