"""Writes what a real Celery publishes: ``python -m tests.fleet.golden.capture OUT REDIS RABBITMQ`` with that version's interpreter.

``python -m tests.fleet.golden.capture`` alone starts the servers it needs and writes ``celery-VERSION.json`` for all versions, beside
itself. For each call of ``calls.py``, the file has the messages as they stood in the queues: headers, the body's own text (base64 where it
is no text), properties on Redis and (``rabbitmq``) on RabbitMQ, and when the call was made, from which relative times count.
"""

from __future__ import annotations

import datetime as dt
import importlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from tests.fleet.golden import calls, wire
from tests.fleet.golden.comparing import differences

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
VERSIONS = ("5.5", "5.6", "5.7")


def steady_ids() -> None:
    """Let the ids that Celery makes be the same each time, so that a file changes only where a message does."""
    numbers = itertools.count(1)
    importlib.import_module("kombu.utils.uuid").uuid.__defaults__ = (lambda: uuid.UUID(int=next(numbers), version=4),)


def captured(broker: str, backend: str) -> dict[str, Any]:
    """What Celery of this interpreter publishes for each call; by name."""
    import celery
    from celery.contrib.testing.worker import start_worker

    app, old = celery.Celery("proj", broker=broker, backend=backend), celery.Celery("old", broker=broker, backend=backend)
    settings = {"worker_hijack_root_logger": False, "broker_transport_options": _options(broker), **calls.SETTINGS}
    app.conf.update(settings)
    old.conf.update(settings, task_protocol=1)
    project, earlier = calls.Project(app, celery), calls.Project(old, celery)
    found: dict[str, Any] = {}

    def record(name: str, make: Any, project: calls.Project, take: Any) -> None:
        now = dt.datetime.now(dt.UTC)
        make(project)
        found[name] = {"now": now.isoformat(), "messages": take()}

    with wire.Taps(broker, calls.QUEUES) as taps:
        for name in calls.OLD:
            record(f"v1-{name}", calls.CALLS[name], earlier, taps.take)
        app.set_current()
        for name, make in (*calls.CALLS.items(), *calls.STAMPED.items()):
            record(name, make, project, taps.take)
        with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=60, queues=[calls.DEFAULT]):
            for name, make in calls.STARTS.items():
                record(f"worker-{name}", make, project, taps.await_held)
    return found


def _options(broker: str) -> dict[str, Any]:
    return {"confirm_publish": True} if broker.startswith("amqp") else {}


def write(out: Path, redis: str, rabbitmq: str) -> None:
    """The file of this interpreter's version of Celery."""
    steady_ids()
    by_redis, by_rabbitmq = captured(redis, redis), captured(rabbitmq, redis)
    lines = []
    for name, record in by_redis.items():
        other = by_rabbitmq[name]
        unlike = [found for found in differences(record, other) if ".properties." not in found.path]
        assert not unlike, f"{name} is not the same over both brokers: {unlike}"
        for message, twin in zip(record["messages"], other["messages"], strict=True):
            id_ = message["properties"]["correlation_id"]
            message["rabbitmq"] = {**twin["properties"], "correlation_id": id_}
        lines.append(f"{json.dumps(name)}: {json.dumps(record, ensure_ascii=False)}")
    out.write_text(wire.anonymous("{\n" + ",\n".join(lines) + "\n}\n"))


def capture(version: str, out: Path, redis: str, rabbitmq: str) -> None:
    """Write the file of a version, by its own interpreter. The brokers should be empty.

    Raises:
        subprocess.CalledProcessError: it failed; its output says why.
    """
    from tests.fleet.versions import python_of

    words = [str(python_of(version)), "-W", "ignore", "-m", "tests.fleet.golden.capture", str(out), redis, rabbitmq]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}  # Celery keeps the names of stamps in a set
    subprocess.run(words, cwd=ROOT, env=env, check=True)


def main() -> int:
    """Write all files."""
    from tests.servers.rabbitmq import RabbitServer
    from tests.servers.redis import RedisServer

    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer(Path(folder) / "redis", appendfsync=None) as redis,
        RabbitServer(Path(folder) / "rabbitmq") as rabbitmq,
    ):
        for version in VERSIONS:
            redis.ask("FLUSHALL")
            out = FOLDER / f"celery-{version}.json"
            capture(version, out, redis.url, rabbitmq.url)
            print(out)
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 4:
        write(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
        os._exit(0)  # Celery's results complain while Python shuts down
    sys.exit(main())
