"""The queues of a Celery application, where their exchanges are of a type that a name alone does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def queues_of(celery_app: Any) -> dict[str, Any]:
    """Settings that declare an application's queues as it would itself, where exchanges of new queues are of a type of their own.

    Celery makes such queues when they are first named. flowc is given those that are named somewhere, and refuses any other: RabbitMQ
    closes the channel of who declares an exchange in another way than it is.
    """
    conf = celery_app.conf
    if conf.get("task_create_missing_queue_exchange_type") is None or not conf.get("task_create_missing_queues"):
        return {}
    known = celery_app.amqp.queues
    found = {**dict(known.items()), **{name: known[name] for name in _named(celery_app)}}
    return {"task_queues": tuple(found.values()), "task_create_missing_queues": False}


def _named(celery_app: Any) -> Iterable[str]:
    """Names of queues that tables of routes and tasks have."""
    for task in celery_app.tasks.values():
        if isinstance(queue := getattr(task, "queue", None), str):
            yield queue
    routes = celery_app.conf.task_routes
    for table in routes if isinstance(routes, (list, tuple)) else (routes,):
        if not isinstance(table, Mapping):
            continue
        for route in table.values():
            name = route if isinstance(route, str) else route.get("queue") if isinstance(route, Mapping) else None
            if isinstance(name, str):
                yield name
