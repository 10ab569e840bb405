"""The same flow on the same stock Celery worker: driven by flowc, and as Celery's own chain of chords, from submission to the last result.

Groups of so many steps, each joined by a step whose result the next group's steps get. flowc looks at the fleet first, as it does by
default. The worker: prefork, two processes, as Celery configures it, with a result backend (Redis), without which Celery has no chords.
Both sides use that; flowc is measured once more without it, when it has the worker send events instead.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import servers
from .measure import Row

#: Groups in a row, and steps in each.
SHAPES = ((10, 20), (30, 4), (3, 300))
REPEATS = 5
#: The flow whose bytes are counted.
WEIGHED = (4, 300)


def text(groups: int, width: int) -> str:
    """The flow."""
    lines = [f"x0 = [bench.add(0, i) for i in range({width})] -> bench.total"]
    lines += [f"x{n} = [x{n - 1} -> bench.add(i) for i in range({width})] -> bench.total" for n in range(1, groups)]
    return "\n".join([*lines, f"x{groups - 1}", ""])


def canvas(groups: int, width: int) -> Any:
    """The same as Celery's canvas."""
    from celery import chain, group

    from .fleet_tasks import add, total

    parts: list[Any] = [group(add.s(0, i) for i in range(width)), total.s()]
    for _ in range(1, groups):
        parts += [group(add.s(i) for i in range(width)), total.s()]
    return chain(*parts)


@contextmanager
def stock_worker(url: str, words: tuple[str, ...] = ("-P", "prefork", "-c", "2")) -> Iterator[None]:
    """A stock worker on a broker that keeps results, too."""
    environment = {**os.environ, "BENCH_BROKER": url, "BENCH_BACKEND": url}
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "benchmarks.fleet_tasks", "worker", *words, "-l", "ERROR"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
        try:
            yield
        finally:
            worker.terminate()


def driver(url: str, backend: str | None) -> Callable[[int, int], int]:
    """Our side: gives the flow's value."""
    import flowc
    from flowc.runtime.fleet.driver import drive

    app = flowc.App("bench", broker=url, backend=backend, set_as_current=False)

    def run(groups: int, width: int) -> int:
        result = drive(flowc.loads(text(groups, width)).plan, app)
        assert result.ok, result.failed
        return int(result.value)

    return run


def peer(url: str) -> Callable[[int, int], int]:
    """Celery's side."""
    from .fleet_tasks import app

    app.conf.update(broker_url=url, result_backend=url)

    def run(groups: int, width: int) -> int:
        return int(canvas(groups, width).apply_async().get(timeout=300))

    return run


def seconds(run: Callable[[int, int], int], groups: int, width: int) -> tuple[float, int]:
    """How long one run takes, and its value."""
    began = time.perf_counter()
    value = run(groups, width)
    return time.perf_counter() - began, value


@contextmanager
def weighing() -> Iterator[list[int]]:
    """Inside: counts the bytes that this process writes to Redis to publish, as (bytes, messages)."""
    from flowc.runtime.broker.publisher_redis import RedisLane

    counted = [0, 0]
    write = RedisLane._write

    def counting(self: Any, commands: Any) -> None:
        commands = list(commands)
        counted[0] += sum(len(key) + sum(len(payload) + 16 for payload in payloads) + 24 for key, payloads in commands)
        counted[1] += sum(len(payloads) for _, payloads in commands)
        write(self, commands)

    RedisLane._write = counting  # type: ignore[method-assign]
    try:
        yield counted
    finally:
        RedisLane._write = write  # type: ignore[method-assign]


def run() -> list[Row]:
    """The rows of this benchmark."""
    rows: list[Row] = []
    with servers.redis() as url, stock_worker(url):
        ours, alone, theirs = driver(url, url), driver(url, None), peer(url)
        for side in (ours, alone, theirs):
            side(2, 4)  # to warm up
        for groups, width in SHAPES:
            taken: list[tuple[float, float, float]] = []
            for _ in range(REPEATS):
                mine, value = seconds(ours, groups, width)
                other, wanted = seconds(theirs, groups, width)
                without, again = seconds(alone, groups, width)
                assert value == wanted == again
                taken.append((mine, without, other))
            mine, without, other = (statistics.median(times) for times in zip(*taken, strict=True))
            said = f"Celery's chain of chords {other:.2f} s"
            rows.append(Row(f"{groups} × {width}: flowc {mine:.2f} s, {said}", f"{other / mine:.1f} times", "≥ 3"))
            rows.append(Row(f"{groups} × {width}: flowc without a result backend {without:.2f} s, {said}", f"{other / without:.1f} times"))
        with weighing() as counted:
            ours(*WEIGHED)
        rows.append(Row(f"{WEIGHED[0]} × {WEIGHED[1]}: published in {counted[1]:,} messages", f"{counted[0] / 1e6:.2f} MB", "≤ 3 MB"))
    return rows
