"""The Celery application whose stock worker runs both sides of ``fleet_drive``; ``BENCH_BROKER`` names its broker and result store."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("bench", broker=os.environ.get("BENCH_BROKER"), backend=os.environ.get("BENCH_BACKEND"))
app.conf.update(broker_connection_retry_on_startup=True)


@app.task(name="bench.add")
def add(x: int, y: int) -> int:
    """A sum."""
    return x + y


@app.task(name="bench.total")
def total(numbers: list[int]) -> int:
    """A sum of many, kept small."""
    return sum(numbers) % 1000
