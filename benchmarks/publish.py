"""What sending a call costs: ``apply_async`` in memory, and a group on Redis, beside Celery's, in turn and in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from . import servers
from .measure import Row

SINGLE = 2_000
GROUP = 10_000


def seconds(*sides: tuple[Callable[[], object], Callable[[], object]], repeats: int) -> list[float]:
    """Seconds by the clock of each side's first function; its second one cleans up after it. Medians, after one turn to warm up."""
    taken: list[list[float]] = [[] for _ in sides]
    for turn in range(repeats + 1):
        for (side, clean), times in zip(sides, taken, strict=True):
            start = time.perf_counter()
            side()
            if turn:
                times.append(time.perf_counter() - start)
            clean()
    return [statistics.median(times) for times in taken]


def _purge(connection: Any, queue: str = "celery") -> Callable[[], object]:
    def purge() -> None:
        with connection() as made:
            made.default_channel.queue_purge(queue)

    return purge


def _apps(url: str) -> tuple[Any, Any]:
    from . import noop

    noop.BROKER = url
    return noop.app, noop.celery_app


def _calls(task: Any, count: int) -> Callable[[], object]:
    def call() -> None:
        for _ in range(count):
            task.apply_async((2, 2))

    return call


def _groups(kind: Any, task: Any, count: int) -> Callable[[], object]:
    return lambda: kind(task.s(i, i) for i in range(count)).apply_async()


def memory() -> list[Row]:
    """``apply_async`` on kombu's memory transport."""
    app, celery = _apps("memory://")
    ours, theirs = seconds(
        (_calls(app.tasks["bench.nothing"], SINGLE), _purge(app.connection)),
        (_calls(celery.tasks["bench.nothing"], SINGLE), _purge(celery.connection)),
        repeats=5,
    )
    return rows("apply_async, memory", ours / SINGLE, theirs / SINGLE, "≥ 6")


def redis(url: str) -> list[Row]:
    """``apply_async`` and a group on Redis."""
    from celery import group as celery_group

    from flowc import group

    app, celery = _apps(url)
    ours, theirs, grouped, celery_grouped = seconds(
        (_calls(app.tasks["bench.nothing"], SINGLE), _purge(app.connection)),
        (_calls(celery.tasks["bench.nothing"], SINGLE), _purge(celery.connection)),
        (_groups(group, app.tasks["bench.nothing"], GROUP), _purge(app.connection)),
        (_groups(celery_group, celery.tasks["bench.nothing"], GROUP), _purge(celery.connection)),
        repeats=3,
    )
    return [
        *rows("apply_async, Redis", ours / SINGLE, theirs / SINGLE, ""),
        *rows(f"a group of {GROUP:,}, Redis", grouped / GROUP, celery_grouped / GROUP, "≥ 6"),
    ]


def rabbitmq(url: str) -> list[Row]:
    """``apply_async`` on RabbitMQ."""
    app, celery = _apps(url)
    ours, theirs = seconds(
        (_calls(app.tasks["bench.nothing"], SINGLE), _purge(app.connection)),
        (_calls(celery.tasks["bench.nothing"], SINGLE), _purge(celery.connection)),
        repeats=3,
    )
    return rows("apply_async, RabbitMQ", ours / SINGLE, theirs / SINGLE, "")


def rows(what: str, ours: float, theirs: float, asked: str) -> list[Row]:
    """One row: µs a message on both sides and their ratio."""
    return [Row(what, f"{ours * 1e6:,.0f} µs a message, Celery {theirs * 1e6:,.0f}: {theirs / ours:.1f} times its rate", asked)]


def run() -> list[Row]:
    """The rows of this benchmark."""
    found = memory()
    with servers.redis() as url:
        found += redis(url)
    with servers.rabbitmq() as url:
        found += rabbitmq(url)
    return found
