"""Quorum queues of RabbitMQ: sent to, and read from, as who declares them in Celery's way."""

from __future__ import annotations

import uuid

import pytest
from celery import Celery
from kombu.entity import Queue

from flowc.runtime.celery_app import adopt


@pytest.mark.parametrize("named", [False, True])
def test_quorum_queue(rabbitmq_url: str, named: bool) -> None:
    """The default queue, and one that is made because it is named."""
    name = f"quorum-{uuid.uuid4().hex}"
    peer = Celery("quorum", broker=rabbitmq_url, backend="cache+memory://", set_as_current=False)
    kinds = {"task_create_missing_queue_type": "quorum"} if named else {"task_default_queue_type": "quorum"}
    peer.conf.update(kinds, task_default_queue=f"{name}-default" if named else name)

    def double(x: int) -> int:
        return 2 * x

    peer.task(double, name="quorum.double", shared=False)
    app = adopt(peer)
    with app.embedded_worker([name], concurrency=2):
        results = [app.send_task("quorum.double", (n,), queue=name) for n in range(5)]
        assert [result.get(timeout=30) for result in results] == [0, 2, 4, 6, 8]
    with app.connection() as connection:
        queue = Queue(name, queue_arguments={"x-queue-type": "quorum"}, routing_key=name)
        queue(connection.default_channel).queue_declare()
        queue(connection.default_channel).delete()
    app.close()
