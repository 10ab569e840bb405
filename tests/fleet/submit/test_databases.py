"""Joins on a result store that does not count: workers of Celery's look into the database again and again."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

import flowc

from ..stock import StockWorker
from .opened import RUN, opened, steps


def test_a_join_is_left_to_a_worker(tmp_path: Path) -> None:
    url = f"db+sqlite:///{tmp_path}/results.db"
    with flowc.App("proj", broker="redis://127.0.0.1:1/0", backend=url, set_as_current=False) as app:
        (message,) = opened("g = [a(1), [b(2), c(3)] -> d]\ng -> e -> f", app)
    assert (message.headers["task"], message.headers["id"], message.headers["group"]) == ("celery.accumulate", f"{RUN}.g.start", None)
    after, chord = message.embed["chain"]
    assert (after["task"], chord["kwargs"]["body"]["task"]) == ("f", "e")
    starting = {step.task: step.immutable for step in steps(message)}
    assert {task: starting[task] for task in "abcdef"} == {"a": True, "b": True, "c": True, "d": False, "e": False, "f": False}


@pytest.mark.soak
def test_joins_on_a_stock_worker(tmp_path: Path, redis_database: str) -> None:
    url, queue = f"db+sqlite:///{tmp_path}/results.db", f"database-{uuid.uuid4().hex}"
    worker = StockWorker(
        redis_database, url, folder=tmp_path / "w", concurrency=2, queues=(queue,), settings={"result_chord_retry_interval": 0.2}
    )
    settings = {"task_default_queue": queue}
    with worker, flowc.App("proj", broker=redis_database, backend=url, settings=settings, set_as_current=False) as app:
        for text, value in (
            ("[proj.add(1, 1), proj.add(2, 2)] -> proj.tsum", 6),
            ("[[proj.add(1, 1), proj.add(2, 2)] -> proj.tsum, proj.add(5, 5)] -> proj.tsum -> proj.add(1)", 17),
            ("[proj.add(1, 1) -> [proj.add(1), proj.add(2)] -> proj.tsum -> proj.add(1), proj.add(2, 2)] -> proj.tsum", 12),
        ):
            assert flowc.loads(text).submit(app).wait(60).value == value
        failed = flowc.loads('[proj.fail("x"), proj.add(1, 1)] -> proj.tsum').submit(app).wait(60)
        assert [str(step.state) for step in failed.steps] == ["FAILURE", "SUCCESS", "SKIPPED"]
