"""What is on a broker: compared before and after a run, nothing of the run may be left."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping

from redis import Redis

from ...servers.rabbitmq import RabbitServer
from ...servers.server import Server

#: Seconds that the empty lists of a run stay on Redis at most: a worker may be about to push to them.
LINGER = 60

#: The names of all queues, exchanges and bindings, in one command: each costs seconds.
_EVERYTHING = '{rabbit_amqqueue:list_names(), rabbit_exchange:list_names(), rabbit_binding:list(<<"/">>)}.'


def found(server: Server) -> dict[str, int | None]:
    """What is on a broker: queues, exchanges and bindings of RabbitMQ, keys of Redis with the seconds that they live (None: for ever)."""
    return _of_rabbitmq(server) if isinstance(server, RabbitServer) else of_redis(server.url)


def of_redis(url: str) -> dict[str, int | None]:
    """The keys of a database."""
    with Redis.from_url(url) as client:
        keys = list(client.scan_iter("*", count=1000))
        with client.pipeline() as pipeline:
            for key in keys:
                pipeline.ttl(key)
            lives = pipeline.execute()
    return {key.decode(): None if life == -1 else life for key, life in zip(keys, lives, strict=True) if life != -2}


def _of_rabbitmq(server: RabbitServer) -> dict[str, int | None]:
    environment = server.commands()[-1].env
    words = ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", "-n", environment["RABBITMQ_NODENAME"], "eval", _EVERYTHING]
    told = subprocess.run(
        words,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    return dict.fromkeys(re.findall(r'<<"([^"]+)">>', told))


def left_of_run(before: Mapping[str, int | None], after: Mapping[str, int | None], run_id: str) -> list[str]:
    """What a run has left for longer than it should: whatever has its id in its name, and new keys that live for ever.

    Results that workers keep are theirs.
    """
    new = {name: life for name, life in after.items() if name not in before and not name.startswith("celery-task-meta-")}
    return sorted(name for name, life in new.items() if run_id in name and (life is None or life > LINGER))
