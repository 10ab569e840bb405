"""Brokers that go away, come back, or fall silent while calls are sent."""

from __future__ import annotations

import itertools
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from flowc.runtime.broker import connections, publisher_amqp
from flowc.runtime.sending import Sending

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from ...servers.server import Server
from .reading import application, name, send, take

#: RabbitMQ takes ten seconds and more to start again.
KINDS: list[Any] = [pytest.param(RedisServer, id="redis"), pytest.param(RabbitServer, id="rabbitmq", marks=pytest.mark.soak)]

#: Until the server is there again.
PATIENT = {"max_retries": None, "interval_start": 0.05, "interval_step": 0, "interval_max": 0.05}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_accepted_is_there_after_the_broker_was_away(kind: type[Server], end: str, tmp_path: Path) -> None:
    """Threads send one by one and in groups all the time. Every id that was given back is in the queue; some may be there twice."""
    queue = name()
    accepted: list[str] = []
    failed: list[str] = []
    stop = threading.Event()
    with kind(tmp_path) as server, application(server.url, task_default_queue=queue, task_publish_retry_policy=PATIENT) as app:

        def work(many: bool) -> None:
            try:
                for number in itertools.count():
                    if stop.is_set():
                        return
                    if many:
                        accepted.extend(app.sender.send_many([Sending("proj.add", (number, n), {}, {}) for n in range(20)]))
                    else:
                        accepted.append(send(app, number))
                    time.sleep(0.002)
            except BaseException:
                failed.append(traceback.format_exc())

        threads = [threading.Thread(target=work, args=(many,)) for many in (False, False, True)]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: len(accepted) > 100)
            getattr(server, end)()
            time.sleep(0.3)
            before = len(accepted)
            server.start()
            wait_for(lambda: len(accepted) > before + 100 or bool(failed))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert failed == []
        wanted = set(accepted)
        found: list[str] = []
        while not wanted <= set(found):
            part = [message.headers["id"] for message in take(server.url, queue, 1000, seconds=2)]
            assert part, f"{len(wanted - set(found))} of {len(wanted)} calls were lost"
            found += part
    assert len(found) - len(set(found)) <= 100  # what was on its way came twice


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_broke_while_idle_costs_no_retry(kind: type[Server], tmp_path: Path) -> None:
    queue = name()
    with (
        kind(tmp_path) as server,
        application(server.url, task_default_queue=queue) as app,
        app.connection() as own,
        app.producer_pool.acquire(block=True) as producer,
    ):
        ways: list[dict[str, Any]] = [{}, {"connection": own}, {"producer": producer}]
        for options in ways:
            send(app, 1, **options)
        server.stop()
        server.start()
        send(app, 2, retry=False)
        send(app, 2, retry=False, connection=own)
        send(app, 2, producer=producer)
        app.control.revoke("T")


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_that_falls_silent_is_given_up(kind: type[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped like by a debugger: its connections stay open, and nothing comes back."""
    monkeypatch.setattr(connections, "ANSWER", 0.5)
    monkeypatch.setattr(publisher_amqp, "ANSWER", 0.5)
    queue = name()
    settings = {"task_publish_retry_policy": {"max_retries": 1, "interval_step": 0, "interval_max": 0}, "broker_connection_timeout": 0.5}
    with kind(tmp_path) as server, application(server.url, task_default_queue=queue, **settings) as app:
        send(app, 1)
        server.pause()
        try:
            with pytest.raises(OperationalError):
                send(app, 2)
            with pytest.raises(OperationalError):
                app.sender.send_many([Sending("proj.add", (n,), {}, {}) for n in range(10)])
        finally:
            server.resume()
        send(app, 3)
        found = [message.payload[0][0] for message in take(server.url, queue, 20, seconds=2)]
    assert {1, 3} <= set(found)


def test_another_broker_of_the_url_takes_over(tmp_path: Path) -> None:
    queue = name()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with RedisServer(tmp_path / "a") as first, RedisServer(tmp_path / "b") as second:
        with application(f"{first.url};{second.url}", task_default_queue=queue) as app:
            send(app, 1)
            first.kill()
            send(app, 2)
            app.sender.send_many([Sending("proj.add", (3,), {}, {})])
        assert [message.payload[0][0] for message in take(second.url, queue, 2)] == [2, 3]


def test_a_full_redis_is_an_operational_error(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, application(server.url, task_default_queue=name()) as app:
        send(app, 1)
        with Connection(server.url) as connection:
            connection.default_channel.client.config_set("maxmemory", "1")
        with pytest.raises(OperationalError, match="maxmemory"):
            send(app, 2, retry=False)
        with pytest.raises(OperationalError, match="maxmemory"):
            app.sender.send_many([Sending("proj.add", (n,), {}, {}) for n in range(300)])
        with Connection(server.url) as connection:
            connection.default_channel.client.config_set("maxmemory", "0")
        send(app, 3)


def wait_for(condition: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
