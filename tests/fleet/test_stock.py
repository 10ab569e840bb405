"""The stock workers of tests: shared by a run, killed and started again, gone with whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import flowc

from ..servers.test_servers import await_none
from .shared import SharedStock
from .stock import ROOT, StockWorker


@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_the_shared_workers_work(kind: str, request: pytest.FixtureRequest) -> None:
    stock: SharedStock = request.getfixturevalue(f"stock_{kind}")
    key = uuid.uuid4().hex
    with flowc.App("proj", broker=stock.broker, backend=stock.backend, set_as_current=False) as app:
        app.conf.task_default_queue = stock.queue
        result = app.send_task("proj.note", (key, [1, "é"]))
        assert result.get(timeout=60) == [1, "é"]
    assert stock.calls(key) == [[1, "é"]]
    assert "proj.note" in stock.log()


@pytest.mark.parametrize("pool", ["threads", pytest.param("prefork", marks=pytest.mark.soak)])
def test_a_worker_ends_as_asked_and_starts_again(tmp_path: Path, redis_database: str, pool: str) -> None:
    folder = tmp_path / "w"
    worker = StockWorker(redis_database, redis_database, folder=folder, pool=pool, concurrency=2)  # type: ignore[arg-type]
    with worker, flowc.App("proj", broker=redis_database, backend=redis_database, set_as_current=False) as app:
        assert app.send_task("proj.add", (1, 2)).get(timeout=60) == 3
        first = worker.pid
        worker.kill()
        assert not worker.running
        late = app.send_task("proj.note", ("key", 4))
        worker.start()
        assert late.get(timeout=60) == 4
        assert worker.pid != first
        assert worker.calls("key") == [4]
        (worker.quit if pool == "prefork" else worker.stop)()
        assert not worker.running
    await_none(folder)


OWNER = """
import sys, time
from pathlib import Path
from tests.fleet.stock import StockWorker
worker = StockWorker(sys.argv[1], folder=Path(sys.argv[2]))
worker.start()
print("started", flush=True)
time.sleep(600)
"""


def test_a_worker_ends_with_its_owner(tmp_path: Path, redis_database: str) -> None:
    words = [sys.executable, "-c", OWNER, redis_database, str(tmp_path / "w")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "started\n"
        owner.send_signal(signal.SIGKILL)
    await_none(tmp_path / "w")
