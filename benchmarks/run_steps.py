"""What a step costs in the embedded worker: a wide group of steps that do nothing, and a long chain, beside Celery's eager mode."""

from __future__ import annotations

from collections.abc import Callable

import flowc
from flowc import App

from .measure import Row, medians

WIDE = 5_000
LONG = 1_000


def _app() -> App:
    app = App("bench")

    @app.task(name="proj.tasks.same")
    def same(x: int) -> int:
        return x

    return app


def run() -> list[Row]:
    """The rows of this benchmark."""
    app = _app()
    wide = flowc.loads(f"[proj.tasks.same(i) for i in range({WIDE})]\n")
    long = flowc.loads("1" + " -> proj.tasks.same" * LONG + "\n")

    def runs(flow: flowc.Flow, pool: str) -> Callable[[], object]:
        return lambda: flow.run(app, pool=pool)

    figures = medians(runs(wide, "solo"), runs(wide, "threads"), runs(long, "solo"), _celery_eager(WIDE), repeats=3)
    counts = (WIDE, WIDE, LONG, WIDE)
    what = (
        f"a group of {WIDE:,} empty steps, solo",
        f"a group of {WIDE:,} empty steps, threads",
        f"a chain of {LONG:,} empty steps, solo",
        f"Celery: {WIDE:,} apply_async calls, task_always_eager (no broker at all)",
    )
    return [Row(name, f"{seconds / count * 1e6:,.0f} µs of CPU a step") for name, seconds, count in zip(what, figures, counts, strict=True)]


def _celery_eager(count: int) -> Callable[[], object]:
    from celery import Celery

    app = Celery("bench", broker="memory://", backend="cache+memory://")
    app.conf.task_always_eager = True

    @app.task(name="proj.tasks.same")  # type: ignore[untyped-decorator] # Celery has no types
    def same(x: int) -> int:
        return x

    def call() -> None:
        for i in range(count):
            same.apply_async((i,))

    return call
