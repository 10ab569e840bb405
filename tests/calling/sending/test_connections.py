"""Connections: pooled, given, shared by threads, and after a fork."""

from __future__ import annotations

import faulthandler
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu.connection import Connection
from kombu.messaging import Producer

from flowc.runtime.app import App
from flowc.runtime.broker.connections import masked
from flowc.runtime.errors import ImproperlyConfigured
from flowc.runtime.sending import Sending

from .reading import application, depth, name, send, take


@pytest.fixture
def queue() -> str:
    return name()


@pytest.fixture
def app(broker_url: str, queue: str) -> Iterator[App]:
    with application(broker_url, task_default_queue=queue) as made:
        yield made


def payloads(url: str, queue: str, count: int) -> list[Any]:
    return [message.payload[0][0] for message in take(url, queue, count)]


def test_the_guides_example_of_a_connection(app: App, broker_url: str, queue: str) -> None:
    with app.pool.acquire(block=True) as connection:
        for number in range(3):
            send(app, number, connection=connection)
    assert payloads(broker_url, queue, 3) == [0, 1, 2]


def test_the_guides_example_of_a_publisher(app: App, broker_url: str, queue: str) -> None:
    with app.pool.acquire(block=True) as connection, connection.Producer() as publisher:
        for number in range(3):
            send(app, number, publisher=publisher)
    assert payloads(broker_url, queue, 3) == [0, 1, 2]


def test_a_pooled_producer(app: App, broker_url: str, queue: str) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(3):
            send(app, number, producer=producer)
        app.sender.send_many([Sending("proj.add", (n,), {}, {"producer": producer}) for n in (3, 4)])
    assert payloads(broker_url, queue, 5) == [0, 1, 2, 3, 4]


def test_ones_own_connection_and_producer(app: App, broker_url: str, queue: str) -> None:
    with Connection(broker_url) as connection:
        send(app, 0, connection=connection)
        app.sender.send_many([Sending("proj.add", (n,), {}, {"connection": connection}) for n in (1, 2)])
        with Producer(connection) as producer:
            send(app, 3, producer=producer, compression="gzip")
    assert payloads(broker_url, queue, 4) == [0, 1, 2, 3]


def test_a_connection_that_leads_elsewhere_is_used(redis_url: str) -> None:
    queue = name()
    with application("memory://", task_default_queue=queue) as app, Connection(redis_url) as connection:
        send(app, 1, connection=connection)
        app.sender.send_many([Sending("proj.add", (2,), {}, {"connection": connection})])
        with connection.Producer() as producer:
            send(app, 3, producer=producer)
    assert payloads(redis_url, queue, 3) == [1, 2, 3]


def test_kombus_batches_hold_messages_back(redis_url: str) -> None:
    queue = name()
    with application(redis_url, task_default_queue=queue) as app, app.producer_pool.acquire(block=True) as producer:
        with producer.batch():
            send(app, 1, producer=producer)
            assert take(redis_url, queue, 1, seconds=0.05) == []
        assert payloads(redis_url, queue, 1) == [1]


def test_one_connection_serves_many_calls(redis_url: str) -> None:
    with application(redis_url, task_default_queue=name()) as app:
        send(app, 1)
        with Connection(redis_url) as watcher:
            client = watcher.default_channel.client
            before = client.info("stats")["total_connections_received"]
            for number in range(50):
                send(app, number)
            app.sender.send_many([Sending("proj.add", (n,), {}, {}) for n in range(50)])
            after = client.info("stats")["total_connections_received"]
    assert after - before < 20  # other tests use the server too


@pytest.mark.parametrize("limit", [0, 2])
def test_threads_share_the_pool(broker_url: str, queue: str, limit: int | None) -> None:
    failed: list[str] = []
    with application(broker_url, task_default_queue=queue, broker_pool_limit=limit) as app:

        def work(start: int) -> None:
            try:
                for number in range(start, start + 10):
                    send(app, number)
                app.sender.send_many([Sending("proj.add", (n,), {}, {}) for n in range(start + 10, start + 20)])
            except BaseException:
                failed.append(traceback.format_exc())

        threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert sorted(payloads(broker_url, queue, 160)) == sorted(100 * n + m for n in range(8) for m in range(20))


def test_threads_may_share_one_connection(broker_url: str, queue: str) -> None:
    with application(broker_url, task_default_queue=queue) as app, app.connection() as connection:
        threads = [threading.Thread(target=lambda: [send(app, n, connection=connection) for n in range(20)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(payloads(broker_url, queue, 80)) == sorted(list(range(20)) * 4)


def in_child(act: Callable[[], None]) -> None:
    """Run something in a forked child; it must end well."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            faulthandler.dump_traceback_later(60, exit=True)  # a child that hangs says where
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.fixture(params=["redis", "rabbitmq"])
def shared_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(shared_url: str, queue: str) -> None:
    with application(shared_url, task_default_queue=queue) as app:
        send(app, 0)
        for child in range(1, 4):

            def act(number: int = child) -> None:
                send(app, number)
                app.sender.send_many([Sending("proj.add", (number * 10,), {}, {})])
                app.close()

            in_child(act)
            send(app, -child, retry=False)  # the parent's connection is as good as before
    assert sorted(payloads(shared_url, queue, 10)) == [-3, -2, -1, 0, 1, 2, 3, 10, 20, 30]


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_fork_in_the_middle_of_sending_hangs_nobody(shared_url: str, queue: str) -> None:
    with application(shared_url, task_default_queue=queue, broker_pool_limit=1) as app:
        stop = threading.Event()
        sent = [0]

        def work() -> None:
            while not stop.is_set():
                send(app, 1)
                sent[0] += 1

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2):
                in_child(lambda: (send(app, 2), None)[1])
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    found = payloads(shared_url, queue, sent[0] + 2)
    assert (found.count(1), found.count(2)) == (sent[0], 2)


def test_a_child_names_itself_as_origin(queue: str, redis_url: str) -> None:
    with application(redis_url, task_default_queue=queue) as app:
        send(app)
        in_child(lambda: (send(app), None)[1])
    parent, child = (message.headers["origin"] for message in take(redis_url, queue, 2))
    assert parent.startswith(f"gen{os.getpid()}@")
    assert not child.startswith(f"gen{os.getpid()}@")


def test_a_closed_application_opens_anew(app: App, broker_url: str, queue: str) -> None:
    send(app, 1)
    app.close()
    app._made["backend"] = type("Nowhere", (), {"reply_to": None, "close": lambda self: None})()
    send(app, 2)
    assert depth(broker_url, queue) == 2


def test_a_url_that_cannot_be_read_does_not_show_its_password() -> None:
    with application("redis://:se#cret/word@localhost:port/0") as app, pytest.raises(Exception, match=r"broker_url|sent") as caught:
        send(app, retry=False)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(("url", "said"), [("reddis://localhost", "did you mean redis"), ("carrier-pigeon://x", "memory://")])
def test_an_unknown_transport_is_named(url: str, said: str) -> None:
    with application(url) as app, pytest.raises(ImproperlyConfigured, match=said):
        send(app)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "redis" else real(name, *rest))
    with application("redis://localhost") as app, pytest.raises(ImproperlyConfigured, match=r"flowc\[redis\]"):
        send(app)


def test_a_package_that_a_transport_misses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from kombu import transport

    monkeypatch.setattr(transport, "_transport_cache", {})
    monkeypatch.delitem(sys.modules, "kombu.transport.redis", raising=False)
    monkeypatch.setitem(sys.modules, "packaging.version", None)
    with (
        application("redis://:secret@localhost") as app,
        pytest.raises(ImproperlyConfigured, match=r"needs the package packaging.*flowc\[redis\]") as caught,
    ):
        send(app)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://u:hunter2@here:1/0",
        "redis://here/0?password=hunter2",
        "amqp://a:hunter2@here;amqp://b:hunter2@there",
        "sqs://here?secret_access_key=hunter2&region=x",
        "redis://:hunter2@here/0?password=hunter2",
    ],
)
def test_no_error_shows_a_password(url: str) -> None:
    shown = masked(url)
    assert "hunter2" not in shown
    assert "here" in shown
