"""How many empty tasks a worker runs in a second, beside Celery's, on the same messages of the same broker.

The queue is filled first: a task that marks the time, many that do nothing, and a task that marks the time again. Both sides acknowledge
early, keep no results, and may hold four messages beyond each they run. Celery is spared its gossip, mingle and heartbeats.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import servers
from .measure import Row

COUNT = 4_000
REPEATS = 3
DEADLINE = 120.0

Command = Callable[[str], list[str]]


def flowc_worker(pool: str, concurrency: int) -> Command:
    """The command of flowc's worker on a queue."""
    return lambda queue: [
        sys.executable, "-m", "flowc", "worker", "--app", "benchmarks.noop:app", "-Q", queue, "--pool", pool,
        "-c", str(concurrency), "-l", "error",
    ]  # fmt: skip


def celery_worker(pool: str, concurrency: int) -> Command:
    """The command of Celery's worker on a queue."""
    return lambda queue: [
        sys.executable, "-m", "celery", "-A", "benchmarks.noop:celery_app", "worker", "-Q", queue, "--pool", pool,
        "-c", str(concurrency), "-l", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip


SIDES: dict[str, Command] = {
    "flowc threads -c 4": flowc_worker("threads", 4),
    "flowc solo": flowc_worker("solo", 1),
    "flowc processes -c 2": flowc_worker("processes", 2),
    "Celery threads -c 4": celery_worker("threads", 4),
    "Celery solo": celery_worker("solo", 1),
    "Celery prefork -c 2": celery_worker("prefork", 2),
}


def fill(app: Any, queue: str, first: str, last: str, count: int) -> None:
    """Put ``count`` empty calls between two that mark the time."""
    from flowc import group

    nothing, mark = app.tasks["bench.nothing"], app.tasks["bench.mark"]
    mark.apply_async((first,), queue=queue)
    group(nothing.s(i, i) for i in range(count)).apply_async(queue=queue)
    mark.apply_async((last,), queue=queue)


def rate(url: str, command: Command, count: int = COUNT) -> float:
    """Tasks in a second between the two marks."""
    from . import noop

    noop.BROKER = url
    app = noop.app
    queue = f"bench-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as folder:
        first, last = f"{folder}/first", f"{folder}/last"
        fill(app, queue, first, last, count)
        app.close()
        environment = {**os.environ, "BENCH_BROKER": url}
        with subprocess.Popen(command(queue), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as worker:
            try:
                _wait(lambda: Path(last).exists() and bool(Path(last).read_text()), worker)
            finally:
                worker.terminate()
                worker.communicate()
        return count / (float(Path(last).read_text()) - float(Path(first).read_text()))


def _wait(there: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not there():
        if worker.poll() is not None or time.monotonic() > deadline:
            said = worker.stderr.read() if worker.poll() is not None and worker.stderr else b"(no end)"
            raise RuntimeError(f"the worker did not do its work: {said.decode(errors='replace')[-2000:]}")
        time.sleep(0.01)


def measure(url: str, names: Sequence[str], repeats: int = REPEATS) -> dict[str, float]:
    """The median rate of each side, in turn."""
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            taken[name].append(rate(url, SIDES[name]))
    return {name: statistics.median(rates) for name, rates in taken.items()}


def _rows(broker: str, rates: dict[str, float], against: Sequence[str], asked: str) -> list[Row]:
    best = max(rates[name] for name in against)
    rows = [Row(f"{broker}, {name}", f"{found:,.0f} tasks/s, {found / best:.2f} of the peer") for name, found in rates.items()]
    ours = max(found for name, found in rates.items() if name.startswith("flowc"))
    return [*rows, Row(f"{broker}: flowc's best against {' and '.join(against)}", f"{ours / best:.2f} times", asked)]


def run() -> list[Row]:
    """The rows of this benchmark."""
    celery = [name for name in SIDES if name.startswith("Celery")]
    with servers.redis() as url:
        found = _rows("Redis", measure(url, list(SIDES)), celery, "≥ 2")
    with servers.rabbitmq() as url:  # without Celery's solo pool, which does a hundred tasks a second there
        names = [name for name in SIDES if name != "Celery solo"]
        found += _rows("RabbitMQ", measure(url, names), ["Celery threads -c 4"], "≥ 1.2")
    return found
