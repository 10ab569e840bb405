"""The servers that tests start: they start, end and come back as they should, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kombu.connection import Connection
from kombu.entity import Queue

from .rabbitmq import RabbitServer
from .redis import RedisServer
from .server import Server, ServerFailed, ServerMissing, free_port

KINDS: dict[str, Callable[[Path], Server]] = {"redis": RedisServer, "rabbitmq": RabbitServer}


def is_listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def processes_of(folder: Path) -> list[str]:
    """The processes that have a folder's path in their arguments or environment, ours and those of the test run left out."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in told and int(process.name) != os.getpid():
            found.append(f"{process.name} {(process / 'comm').read_text().strip()}")
    return found


def await_none(folder: Path) -> None:
    """Wait until no process of a folder is left."""
    until = time.monotonic() + 30
    while (left := processes_of(folder)) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == []


def test_redis_keeps_its_data(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "r") as server:
        assert server.url == f"redis://127.0.0.1:{server.port}/0"
        assert server.ask("SET", "told", "before") == "OK"
        for end in (server.kill, server.stop):
            end()
            assert not server.running
            assert not is_listening(server.port)
            assert processes_of(server.folder) == []
            server.start()
            assert server.ask("GET", "told") == "before"
            assert server.ask("GET", "told", database=1) == "-1"
        with pytest.raises(ServerFailed, match="runs already"):
            server.start()
    assert not server.running
    await_none(server.folder)


@pytest.mark.soak  # it takes a quarter of a minute to start twice
@pytest.mark.parametrize("end", ["kill", "stop"])
def test_rabbitmq_keeps_its_data(tmp_path: Path, end: str) -> None:
    queue = Queue("kept", routing_key="kept", durable=True)  # the routing key of the default exchange is the queue's name
    with RabbitServer(tmp_path / "r") as server:
        confirmed = Connection(server.url, transport_options={"confirm_publish": True})
        with confirmed as connection, connection.SimpleQueue(queue) as simple:
            simple.put({"told": end}, delivery_mode=2)
        getattr(server, end)()
        assert not server.running
        assert not is_listening(server.port)
        assert processes_of(server.folder) == []
        server.start()
        with Connection(server.url) as connection, connection.SimpleQueue(queue) as simple:
            message = simple.get(timeout=30)
            assert message.payload == {"told": end}
            message.ack()
        server.stop()
        assert not server.running
        assert not is_listening(server.port)
    await_none(server.folder)


def test_a_paused_server_answers_later(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "r", appendfsync=None) as server, socket.create_connection(("127.0.0.1", server.port)) as connection:
        server.pause()
        connection.sendall(b"PING\r\n")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(7)
        connection.settimeout(30)
        server.resume()
        assert connection.recv(7) == b"+PONG\r\n"


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "r")
    (tmp_path / "r" / "appendonlydir").write_text("in the way")
    with pytest.raises(ServerFailed, match="appendonlydir"):
        server.start()
    assert processes_of(server.folder) == []


def test_a_missing_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tests.servers.rabbitmq.PLACES", ())
    for make, name in ((RedisServer, "redis-server"), (RabbitServer, "rabbitmq-server")):
        with pytest.raises(ServerMissing, match=f"{name} is not installed: `make servers`"):
            make(tmp_path / "r").start()


def test_a_port_is_free_and_not_one_of_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    port = free_port()
    assert not is_listening(port)
    assert port < lowest


OWNER = """
import os, sys, time
from pathlib import Path
from tests.servers.{kind} import {name}
server = {name}(Path(sys.argv[1]))
server.start()
if os.fork() == 0:
    time.sleep(600)  # a child that lives on with all that is open
print(server.port, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("redis", signal.SIGKILL),
        ("redis", signal.SIGTERM),
        pytest.param("rabbitmq", signal.SIGKILL, marks=pytest.mark.soak),
        pytest.param("rabbitmq", signal.SIGTERM, marks=pytest.mark.soak),
    ],
)
def test_a_server_ends_with_its_owner(tmp_path: Path, kind: str, number: signal.Signals) -> None:
    folder = tmp_path / "r"
    code = OWNER.format(kind=kind, name=KINDS[kind].__name__)
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as owner:
        assert owner.stdout is not None
        port = int(owner.stdout.readline())
        assert is_listening(port)
        owner.send_signal(number)
        owner.wait()
        await_gone(folder, port)
        os.killpg(owner.pid, signal.SIGKILL)


def await_gone(folder: Path, port: int) -> None:
    """Wait until neither a server's port nor anything of its processes is left, but for the owner's child."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        left = [name for name in processes_of(folder) if not name.split()[1].startswith("python")]
        if not left and not is_listening(port):
            return
        time.sleep(0.05)
    pytest.fail(f"{left} on {port}")


def test_a_server_ends_with_its_keeper(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "r") as server:
        os.kill(int((server.folder / "keeper.pid").read_text()), signal.SIGKILL)
        await_none(server.folder)
        assert not server.running
        server.start()
        assert server.is_ready()
