"""Our canvases on a stock Celery worker, and those of a stock Celery client on our worker, over Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flowc

from . import trees
from .trees import expected, letters, sampled, written

ROOT = Path(__file__).parents[3]
PEER = "tests.calling.canvas.stock_celery"


@pytest.fixture
def app(redis_database: str) -> Iterator[flowc.App]:
    made = flowc.App("proj", broker=redis_database, backend=redis_database, set_as_current=False)
    made.task(name="proj.note")(trees.note)
    made.task(name="proj.only")(trees.only)
    with made:
        yield made


def start(url: str, *words: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PEER_URL": url, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *words], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


@pytest.mark.parametrize(("seed", "count"), [(1, 25), pytest.param(2, 200, marks=pytest.mark.soak)])
def test_a_stock_worker_runs_our_canvases(app: flowc.App, redis_database: str, seed: int, count: int) -> None:
    note, only = app.tasks["proj.note"], app.tasks["proj.only"]
    cases = sampled(seed, count)
    worker = start(redis_database, "celery", "-A", PEER, "worker", "-P", "threads", "-c", "4", "--without-gossip", "--without-mingle")
    try:
        results = [written(tree, flowc, note, only, operators=number % 2 > 0).apply_async(("<",)) for number, tree in enumerate(cases)]
        for tree, result in zip(cases, results, strict=True):
            assert letters(result.get(timeout=240)) == letters(expected(tree, "<")), tree
    finally:
        worker.terminate()
        worker.communicate(timeout=60)


@pytest.mark.parametrize(("seed", "count"), [(3, 25), pytest.param(4, 200, marks=pytest.mark.soak)])
def test_our_worker_runs_the_canvases_of_a_stock_client(app: flowc.App, redis_database: str, seed: int, count: int) -> None:
    with app.embedded_worker(concurrency=4):
        client = start(redis_database, PEER, str(seed), str(count))
        told, _ = client.communicate(timeout=240)
    wanted = [letters(expected(tree, "<")) for tree in sampled(seed, count)]
    assert json.loads(told) == wanted
