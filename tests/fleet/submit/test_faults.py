"""Faults while a submitted flow runs, with servers and workers of the tests' own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import flowc

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from ..stock import StockWorker

PATIENCE = 90


@pytest.mark.soak
@pytest.mark.parametrize("kind", [RedisServer, RabbitServer])
def test_a_flow_outlives_a_restart_of_the_broker(tmp_path: Path, kind: type[RedisServer] | type[RabbitServer]) -> None:
    """The broker is away when a step ends: the worker tries for minutes to send what follows."""
    with (
        kind(tmp_path / "broker") as broker,
        RedisServer(tmp_path / "results") as results,
        StockWorker(broker.url, results.url, folder=tmp_path / "w", concurrency=2) as worker,
        flowc.App("proj", broker=broker.url, backend=results.url, set_as_current=False) as app,
    ):
        submission = flowc.loads('proj.sleep(2, 5, "slept") -> proj.add(1) -> proj.add(2)').submit(app)
        until = time.monotonic() + PATIENCE
        while worker.calls("slept") != ["began"] and time.monotonic() < until:
            time.sleep(0.02)
        broker.stop()
        while worker.calls("slept") != ["began", "ended"] and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(1)
        broker.start()
        assert submission.wait(PATIENCE).value == 8
