"""Flows sent to stock workers, fire and forget, beside Celery's own canvas: a wide group on Redis, and many groups in a row."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from . import servers
from .measure import Row
from .publish import seconds

WIDE = 20_000
ROW = 100


def run() -> list[Row]:
    """The rows of this benchmark."""
    with servers.redis() as url:
        return [*wide(url), *in_a_row(url)]


def wide(url: str) -> list[Row]:
    """A group of tasks on Redis: text to last message, against ``group(…).apply_async()``, which is built from ``range``."""
    from celery import Celery, group

    import flowc

    app = flowc.App("bench", broker=url, backend=url, set_as_current=False)
    celery = Celery("bench", broker=url)
    task = celery.task(name="bench.add")(_add)
    text = f"[bench.add(i, i) for i in range({WIDE})]"
    loaded = flowc.loads(text)
    whole, sent, theirs = seconds(
        (lambda: flowc.loads(text).submit(app), _empty(app)),
        (lambda: loaded.submit(app), _empty(app)),
        (lambda: group(task.s(i, i) for i in range(WIDE)).apply_async(), _empty(app)),
        repeats=1,
    )
    app.close()
    celery.close()
    return [
        Row(
            f"a group of {WIDE:,} on Redis, from the text",
            f"{whole:.2f} s, Celery {theirs:.2f} s: {theirs / whole:.1f} times as fast",
            "≥ 6",
        ),
        Row(f"the same, compiled before: {WIDE / sent:,.0f} messages a second", f"{sent:.2f} s: {theirs / sent:.1f} times as fast"),
    ]


def in_a_row(url: str) -> list[Row]:
    """Groups of three and a task, in a row: built and written as messages; the messages of both sides are measured, and ours are sent."""
    import flowc
    from flowc.runtime.fleet.messages import weave
    from flowc.runtime.redact import Redactor

    app = flowc.App("bench", broker=url, backend=url, set_as_current=False)
    text = "[bench.add(1, 1), bench.add(2, 2), bench.add(3, 3)] -> bench.total"
    text += " -> [bench.add(1), bench.add(2), bench.add(3)] -> bench.total" * (ROW - 1)

    def messages() -> Any:
        plan = flowc.loads(text).plan
        return app.sender.prepare(weave(plan, plan.canvas(), "0" * 32, app, Redactor()).sendings)

    ours, _, sent = seconds((messages, _nothing), (_nothing, _nothing), (lambda: flowc.loads(text).submit(app), _empty(app)), repeats=3)
    bodies = [len(one.envelope.body) for one in messages()]
    app.close()
    # in a process of its own: Celery still waits for results when the server has gone
    words = [sys.executable, "-c", f"from benchmarks.fleet_submit import peers_row; print(peers_row({url!r}))"]
    theirs = float(subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout)
    return [
        Row(
            f"{ROW} groups of three and a task in a row: text to messages",
            f"{ours:.3f} s; {len(bodies)} messages of {max(bodies):,} bytes",
            "≤ 0.1 s",
        ),
        Row("the same, sent", f"{sent:.3f} s, Celery {theirs:.1f} s: {theirs / sent:,.0f} times as fast"),
    ]


def peers_row(url: str) -> float:
    """Seconds that Celery takes to build and send the same."""
    from celery import Celery, group

    celery = Celery("bench", broker=url, backend=url)
    add = celery.task(name="bench.add")(_add)
    total = celery.task(name="bench.total")(_total)
    start = time.perf_counter()
    canvas = group(add.s(i, i) for i in range(3)) | total.s()
    for _ in range(ROW - 1):
        canvas |= group(add.s(i) for i in range(3)) | total.s()
    canvas.apply_async()
    return time.perf_counter() - start


def _add(x: int, y: int) -> int:
    return x + y


def _total(numbers: list[int]) -> int:
    return sum(numbers)


def _empty(app: Any) -> Callable[[], object]:
    def purge() -> None:
        with app.connection() as made:
            made.default_channel.client.flushdb()

    return purge


def _nothing() -> None:
    pass
