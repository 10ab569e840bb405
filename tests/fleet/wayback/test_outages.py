"""A broker that goes away and comes back: tasks do not suffer from events, and monitors find the worker again."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowc

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from .monitors import capturing, wait_for
from .ours import OurWorker


@pytest.mark.soak
@pytest.mark.parametrize("kind", [RedisServer, RabbitServer])
def test_monitors_find_the_worker_again(kind: type[RedisServer | RabbitServer], redis_database: str, tmp_path: Path) -> None:
    with kind(tmp_path / "s") as server:
        worker = OurWorker(server.url, redis_database, queue="outage", hostname="ours@here", folder=tmp_path / "w", options=("-E",))
        settings = {"task_default_queue": "outage"}
        client = flowc.App("client", broker=server.url, backend=redis_database, settings=settings, set_as_current=False)
        with worker, client:
            with capturing(server.url) as capture:
                wait_for(lambda: capture.workers("worker-heartbeat", worker.hostname))
                running = client.send_task("proj.hold", (str(tmp_path / "go"),))
                wait_for(lambda: "task-started" in capture.of(running.id))
            server.stop()
            wait_for(lambda: "events cannot be sent" in worker.log())
            (tmp_path / "go").touch()
            assert running.get(timeout=60) == "held"
            server.start()
            with capturing(server.url) as capture:
                wait_for(lambda: capture.workers("worker-heartbeat", worker.hostname))
                result = client.send_task("proj.add", (1, 2))
                assert result.get(timeout=60) == 3
                wait_for(lambda: capture.of(result.id)[-1:] == ["task-succeeded"])
                client.control.broadcast("shutdown", {})
                wait_for(lambda: capture.workers("worker-offline", worker.hostname))
            wait_for(lambda: not worker.running)
