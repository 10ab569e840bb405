"""The broker goes and comes in the middle of a run; and the run itself is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

import flowc
from flowc.runtime.broker.connections import establish
from flowc.runtime.fleet.driver import drive
from flowc.runtime.outcome import Noted

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from ...servers.server import Server
from ..noting import recorded
from ..shared import SharedStock
from ..stock import ROOT, StockWorker


def wait_for(there: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.02)


SERVERS: dict[str, type[Server]] = {"redis": RedisServer, "rabbitmq": RabbitServer}


@pytest.mark.parametrize("kind", ["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
@pytest.mark.parametrize("how", ["stop", pytest.param("kill", marks=pytest.mark.soak)])
def test_a_broker_that_is_started_again_loses_no_run(tmp_path: Path, kind: str, how: str) -> None:
    """Steps run, and end, while it is away: their links arrive when it is back, and the run goes on."""
    # prefork: the threads of a stock pool get into each other's frames when RabbitMQ comes back
    with (
        SERVERS[kind](tmp_path / "broker") as server,
        StockWorker(server.url, folder=tmp_path / "worker", pool="prefork", concurrency=2) as worker,
    ):
        key = uuid.uuid4().hex
        flow = flowc.loads(f'first = proj.add(1, 2)\n[first -> proj.sleep(2, _, "{key}") for n in range(2)] -> proj.tsum -> proj.add(1)\n')
        events: list[object] = []

        def go_and_come() -> None:
            # nothing is fetched ahead now: a worker of Celery 5.7 ends when Redis goes while it holds messages
            wait_for(lambda: len(recorded(key, worker.notes)) == 2)
            getattr(server, how)()
            time.sleep(0.5)
            server.start()

        breaker = threading.Thread(target=go_and_come)
        breaker.start()
        with flowc.App("proj", broker=server.url, set_as_current=False) as app:
            result = drive(flow.plan, app, on_event=events.append, timeout=100)
        breaker.join()
        assert result.value == 7, [(step.id, str(step.state), step.error) for step in result.steps]
        if how == "stop":  # a broker that crashes may give out again what was acknowledged a moment ago
            assert recorded(key, worker.notes) == ["began", "began", "ended", "ended"]
        said = [event.text for event in events if isinstance(event, Noted)]
        assert [text.partition(" (")[0] for text in said] == ["the broker cannot be reached", "the broker is back"]


DRIVER = """
import sys, flowc
from flowc.runtime.fleet import driver
broker, queue, key = sys.argv[1:]
make = driver.make_run_queue
def told(*args, **kwargs):
    made = make(*args, **kwargs)
    print(made.name, flush=True)
    return made
driver.make_run_queue = told
app = flowc.App("proj", broker=broker, settings={"task_default_queue": queue})
text = f'''proj.wait_for("{key}.go", value=1) -> proj.keep("{key}.after")
[proj.keep(n, "{key}") for n in range(3)]
'''
driver.drive(flowc.loads(text).plan, app, abandoned=1.0)
"""


@pytest.mark.parametrize("kind", ["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
def test_a_run_that_is_killed_leaves_what_it_sent_and_nothing_else(kind: str, request: pytest.FixtureRequest) -> None:
    stock: SharedStock = request.getfixturevalue(f"stock_{kind}")
    key = uuid.uuid4().hex
    command = [sys.executable, "-c", DRIVER, stock.broker, stock.queue, key]
    with (
        flowc.App("proj", broker=stock.broker, settings={"task_default_queue": stock.queue}, set_as_current=False) as app,
        subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run,
    ):
        assert run.stdout is not None
        name = run.stdout.readline().strip()
        wait_for(lambda: len(stock.calls(key)) == 3)
        assert exists(app, name)
        run.send_signal(signal.SIGKILL)
        if kind == "rabbitmq":
            time.sleep(3.0)  # nobody reads it any more; and looking for it would keep it
        wait_for(lambda: not exists(app, name))
        app.send_task("proj.note", (f"{key}.go", 1))  # now the step that waits ends, and has nobody to tell
        run_id = name.partition(".")[2]
        wait_for(lambda: f"[{run_id}.wait_for#1] succeeded" in stock.log())
        app.send_task("proj.note", (f"{key}.later", 1))
        wait_for(lambda: stock.calls(f"{key}.later"))
        assert not exists(app, name), "what comes too late makes no queue"
    assert sorted(stock.calls(key)) == [0, 1, 2]
    assert stock.calls(f"{key}.after") == [], "nobody was there to send it"


def exists(app: flowc.App, queue: str) -> bool:
    """Whether the broker has anything of a run's queue."""
    if app.broker.traits.name == "redis":
        import redis

        with redis.Redis.from_url(app.conf.broker_url) as client:
            return any(True for pattern in (queue, f"{queue}\x06*", f"_kombu.binding.{queue}") for _ in client.scan_iter(pattern))
    connection = app.broker.connection()
    try:
        establish(connection)
        connection.default_channel.queue_declare(queue, passive=True)
    except connection.channel_errors:
        return False
    else:
        return True
    finally:
        connection.release()
