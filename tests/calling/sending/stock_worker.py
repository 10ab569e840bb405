"""For `celery -A … worker`: a stock application that knows nothing of flowc. Broker and results: PEER_BROKER, PEER_RESULTS."""

from __future__ import annotations

import os
from typing import Any

import celery
from kombu import entity

Queue: Any = entity.Queue
app = celery.Celery("proj", broker=os.environ.get("PEER_BROKER"), backend=os.environ.get("PEER_RESULTS"))
app.conf.update(
    accept_content=["json", "yaml", "msgpack", "pickle"],
    broker_connection_retry_on_startup=True,
    task_queues=[Queue(os.environ.get("PEER_QUEUE", "celery"), max_priority=10)],
    task_default_queue=os.environ.get("PEER_QUEUE", "celery"),
)


def echo(self: Any, *args: Any, **kwargs: Any) -> Any:
    """What came, and how."""
    request = self.request
    told = {key: getattr(request, key) for key in ("id", "root_id", "parent_id", "group", "retries", "timelimit", "eta", "correlation_id")}
    return {"args": list(args), "kwargs": kwargs, "request": told, "tenant": (request.headers or {}).get("tenant")}


app.task(name="proj.echo", bind=True)(echo)
