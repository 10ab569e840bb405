"""The memory that a worker needs for each call that waits for its time, beside Celery's: calls of an hour ahead, on Redis."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from typing import Any

from . import servers
from .measure import Row
from .worker_rate import SIDES, Command

COUNT = 10_000
WARM = 500
DEADLINE = 180.0


def resident(pid: int) -> int:
    """Bytes of memory of a process now."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def _taken(url: str, queue: str, worker: subprocess.Popen[bytes]) -> None:
    """Wait until the queue is empty, and a little more."""
    from redis import Redis

    client: Any = Redis.from_url(url)
    deadline = time.monotonic() + DEADLINE
    while client.llen(queue):
        if worker.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the worker did not take its messages")
        time.sleep(0.1)
    time.sleep(2)
    client.close()


def bytes_each(url: str, command: Command) -> float:
    """Bytes for each pending call, beyond those that a first few have cost."""
    from flowc import group

    from . import noop

    noop.BROKER = url
    app = noop.app
    queue = f"bench-{uuid.uuid4().hex[:8]}"
    nothing = app.tasks["bench.nothing"]

    def send(count: int) -> None:
        group(nothing.s(i, i) for i in range(count)).apply_async(queue=queue, countdown=3600)

    send(WARM)
    with subprocess.Popen(
        command(queue), env={**os.environ, "BENCH_BROKER": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            _taken(url, queue, worker)
            before = resident(worker.pid)
            send(COUNT)
            _taken(url, queue, worker)
            return (resident(worker.pid) - before) / COUNT
        finally:
            worker.kill()
            app.close()


def run() -> list[Row]:
    """The rows of this benchmark."""
    names = ("flowc threads -c 4", "Celery threads -c 4", "Celery solo")
    with servers.redis() as url:
        found = {name: bytes_each(url, SIDES[name]) for name in names}
    ours, theirs = found[names[0]], min(found[name] for name in names[1:])
    rows = [Row(f"{name}: a call that waits", f"{size:,.0f} bytes") for name, size in found.items()]
    return [*rows, Row("flowc's against Celery's least", f"{ours / theirs:.2f} of it", "≤ 1")]
