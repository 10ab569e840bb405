"""Brokers that go away and come back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.broker.interface import Receiver
from flowc.runtime.broker.receivers import make_receiver
from flowc.runtime.errors import ConnectionLost, ImproperlyConfigured

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from ...servers.server import Server, free_port
from .proxy import Proxy
from .sources import Queue, Source, bodies, collect, reconnected, unique, until

CHILD = """
import sys, time
from types import SimpleNamespace
from kombu import Connection
from flowc.runtime.broker.receivers import make_receiver
receiver = make_receiver(SimpleNamespace(connection=lambda: Connection(sys.argv[1])), [sys.argv[2]], 10)
found = []
while len(found) < 5:
    found += receiver.receive(5, 1.0)
receiver.ack(found[:2])
receiver.receive(0, 0.1)
print("holding", flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["redis", "rabbitmq"])
def server_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def proxy(server_url: str) -> Iterator[Proxy]:
    with Proxy(server_url) as proxy:
        yield proxy


@pytest.fixture
def name() -> str:
    return unique()


def lose(receiver: Receiver) -> None:
    """Use it until it says that the connection is lost."""

    def lost() -> bool:
        try:
            receiver.receive(10, 0.1)
        except ConnectionLost:
            return True
        return False

    until(lost)
    for use in (lambda: receiver.receive(1, 0.0), receiver.reconnect):
        with pytest.raises(ConnectionLost):
            use()


def test_a_connection_that_was_cut(server_url: str, proxy: Proxy, name: str) -> None:
    source = Source(proxy.url)
    with source.receiving(name) as receiver:
        Source(server_url).send(name, *[str(number).encode() for number in range(6)])
        found = collect(receiver, 6)
        receiver.ack(found[:2])
        # an answer to what was asked later tells that the acknowledgement has arrived
        receiver.receive(1, 0.3)
        proxy.cut()
        lose(receiver)
        proxy.mend()
        reconnected(receiver)
        again = collect(receiver, 4, quiet=0.2)
        assert bodies(again) == [b"2", b"3", b"4", b"5"]
        receiver.ack(found)
        receiver.ack(again)
    with Source(server_url).receiving(name) as receiver:
        assert receiver.receive(10, 0.3) == []


def test_waiting_through_a_cut(server_url: str, proxy: Proxy, name: str) -> None:
    """A receiver that waits without an end notices at once."""
    with Source(proxy.url).receiving(name) as receiver:
        assert receiver.receive(1, 0.1) == []
        proxy.cut()
        with pytest.raises(ConnectionLost):
            receiver.receive(1, None)
        proxy.mend()
        reconnected(receiver)
        Source(server_url).send(name, b"x")
        assert bodies(receiver.receive(1, None)) == [b"x"]


def test_closing_a_receiver_that_has_lost_its_connection(server_url: str, proxy: Proxy, name: str) -> None:
    receiver = make_receiver(Source(proxy.url), [name], 10)
    Source(server_url).send(name, b"x")
    assert len(collect(receiver, 1)) == 1
    proxy.cut()
    receiver.close()


def test_a_server_that_is_not_there(server_url: str, name: str) -> None:
    scheme = server_url.partition(":")[0]
    with pytest.raises(ConnectionLost, match="cannot connect") as raised:
        make_receiver(Source(f"{scheme}://user:hunter22@127.0.0.1:{free_port()}//"), [name], 10)
    assert "hunter22" not in str(raised.value)


def test_a_server_that_is_something_else(name: str) -> None:
    """It hangs up without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Proxy(f"amqp://127.0.0.1:{listener.getsockname()[1]}") as proxy:
        proxy.cut()
        with pytest.raises(ConnectionLost):
            make_receiver(Source(proxy.url), [name], 10)


def test_a_wrong_password(rabbitmq_url: str, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ACCESS_REFUSED") as raised:
        make_receiver(Source(rabbitmq_url.replace("guest:guest", "guest:hunter22")), [name], 10)
    assert "hunter22" not in str(raised.value)


def test_after_kill_9(rabbitmq_url: str, name: str) -> None:
    source = Source(rabbitmq_url)
    with source.receiving(name):
        pass
    source.send(name, *[str(number).encode() for number in range(5)])
    child = subprocess.Popen([sys.executable, "-c", CHILD, rabbitmq_url, name], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "holding\n"
    with source.receiving(name) as receiver:
        assert receiver.receive(10, 0.2) == []
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        again = collect(receiver, 3, quiet=0.2)
        assert bodies(again) == [b"2", b"3", b"4"]
        assert all(delivery.delivery_info["redelivered"] for delivery in again)
        receiver.ack(again)


def test_a_deleted_queue_is_a_lost_connection(rabbitmq_url: str, name: str) -> None:
    source = Source(rabbitmq_url)
    with source.receiving(name) as receiver:
        assert receiver.receive(1, 0.1) == []
        with source.connection() as connection:
            connection.channel().queue_delete(name)
        with pytest.raises(ConnectionLost, match="cancelled"):
            receiver.receive(1, 30.0)
        # it is declared anew
        receiver.reconnect()
        source.send(name, b"x")
        assert bodies(collect(receiver, 1)) == [b"x"]


def test_a_queue_with_other_arguments_is_refused(rabbitmq_url: str, name: str) -> None:
    source = Source(rabbitmq_url)
    with source.receiving(name):
        pass
    with pytest.raises(ImproperlyConfigured, match="PRECONDITION_FAILED"), source.receiving(Queue(name, max_priority=5)):
        pass


def restart(server: Server, name: str) -> None:
    source = Source(server.url)
    with source.receiving(name) as receiver:
        source.send(name, *[str(number).encode() for number in range(6)])
        found = collect(receiver, 4, most=4)
        receiver.ack(found[:2])
        receiver.receive(0, 0.3)
        server.kill()
        lose(receiver)
        server.start()
        reconnected(receiver)
        again = collect(receiver, 4, quiet=0.3)
        assert sorted(bodies(again)) == [b"2", b"3", b"4", b"5"]
        receiver.ack(again)
        source.send(name, b"after")
        assert bodies(collect(receiver, 1)) == [b"after"]


def test_redis_killed_and_started_again(tmp_path: Path, name: str) -> None:
    server = RedisServer(tmp_path)
    with server:
        restart(server, name)


@pytest.mark.soak
def test_rabbitmq_killed_and_started_again(tmp_path: Path, name: str) -> None:
    server = RabbitServer(tmp_path)
    with server:
        restart(server, name)


@pytest.mark.soak
def test_a_line_that_carries_nothing_is_noticed_by_its_heartbeat(rabbitmq_url: str, name: str) -> None:
    with Proxy(rabbitmq_url) as proxy:
        source = Source(proxy.url)
        source.conf.broker_heartbeat = 2
        with source.receiving(name) as receiver:
            assert receiver.receive(1, 5.0) == []  # heartbeats are kept
            proxy.mute()
            with pytest.raises(ConnectionLost):
                receiver.receive(1, 60.0)


@pytest.mark.soak
def test_a_line_to_redis_that_carries_nothing_is_noticed(redis_url: str, name: str) -> None:
    with Proxy(redis_url) as proxy:
        options: dict[str, Any] = {"socket_timeout": 2.0}
        with Source(proxy.url, **options).receiving(name) as receiver:
            assert receiver.receive(1, 0.1) == []
            proxy.mute()
            with pytest.raises(ConnectionLost):
                receiver.receive(1, 60.0)
            proxy.cut()
