"""The transport over a SQLite file: with real processes that are killed, what is left in the file, and files that cannot be used."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.broker import sqlite_consumers
from flowc.runtime.broker.sqlite_file import FileUnusable
from flowc.runtime.errors import ConnectionLost, ImproperlyConfigured

from .sources import Exchange, Queue, Source, bodies, collect, count, until

PRODUCER = """
import sys
from kombu import Connection
from flowc.runtime.broker.sqlite_transport import register
register()
url, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with Connection(url) as connection:
    producer = connection.Producer()
    for number in range(first, last):
        producer.publish({"number": number}, routing_key="work", serializer="json", retry=True)
"""

CONSUMER = """
import json, os, sys, time
from types import SimpleNamespace
from kombu import Connection
from flowc.runtime.broker.receivers import make_receiver
from flowc.runtime.broker.sqlite_transport import register
register()
url, log = sys.argv[1], os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
receiver = make_receiver(SimpleNamespace(connection=lambda: Connection(url)), ["work"], 10)
print("ready", flush=True)
while True:
    for delivery in receiver.receive(10, 1.0):
        number = json.loads(delivery.body)["number"]
        os.write(log, f"{number} {int(delivery.delivery_info['redelivered'])}\\n".encode())
        time.sleep(0.001)
        receiver.ack([delivery])
"""

HOLDER = """
import sys, time
from kombu import Connection
from flowc.runtime.broker.sqlite_transport import register
register()
with Connection(sys.argv[1]) as connection:
    channel = connection.channel()
    held = [channel.basic_get("work") for _ in range(3)]
    held[0].ack()
    print("holding", flush=True)
    time.sleep(600)
"""


FORKING = """
import os, sys
from kombu import Connection
from flowc.runtime.broker.sqlite_transport import register
register()
with Connection(sys.argv[1]) as connection:
    producer = connection.Producer()
    producer.publish(b"parent", routing_key="work")
    child = os.fork()
    try:
        for _ in range(20):
            producer.publish(b"parent" if child else b"child", routing_key="work")
    finally:
        if not child:
            os._exit(sys.exc_info()[0] is not None)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

MAILBOX = """
import sys, time
from kombu import Connection, Queue
from flowc.runtime.broker.sqlite_transport import register
register()
with Connection(sys.argv[1]) as connection:
    channel = connection.channel()
    Queue("mail", auto_delete=True)(channel).declare()
    channel.basic_consume("mail", True, print, "t")
    print("holding", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "broker.db"


@pytest.fixture
def source(path: Path) -> Source:
    return Source(f"sqlite:///{path}")


def start(program: str, *args: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program, *map(str, args)], stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@contextlib.contextmanager
def killed_at_last(processes: list[subprocess.Popen[str]]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            kill(process)


# ---------------------------------------------------------------------------------------------------------------- several processes
def test_several_producers_and_consumers_and_one_is_killed(source: Source, path: Path, tmp_path: Path) -> None:
    """1,000 messages of 4 processes, taken by 3, of which one dies: none is lost, and none comes twice but what the dead one held."""
    logs = [tmp_path / f"log{number}" for number in range(3)]
    consumers = [start(CONSUMER, source.url, log) for log in logs]
    with killed_at_last(consumers):
        for consumer in consumers:
            assert consumer.stdout is not None
            assert consumer.stdout.readline() == "ready\n"
        producers = [start(PRODUCER, source.url, first, first + 250) for first in range(0, 1000, 250)]
        victim, done_by_victim = consumers[0], logs[0]
        until(lambda: done_by_victim.exists() and len(done_by_victim.read_text().splitlines()) >= 60)
        kill(victim)
        for producer in producers:
            assert producer.wait(60) == 0
            assert producer.stdout is not None
            producer.stdout.close()
        until(lambda: count(path) == 0)
    lines = [[line.split() for line in log.read_text().splitlines()] for log in logs]
    times = Counter(int(number) for part in lines for number, _ in part)
    assert sorted(times) == list(range(1000))
    # what ran twice was under way in the process that was killed: one message, whose acknowledgement had not happened
    twice = [number for number, many in times.items() if many > 1]
    assert len(twice) <= 1
    assert all(str(number) == lines[0][-1][0] for number in twice)
    # it held ten at most, and only those came again
    again = [number for part in lines for number, redelivered in part if redelivered == "1"]
    assert len(again) <= 10


def test_messages_of_a_killed_consumer_of_plain_kombu_come_again(source: Source, path: Path) -> None:
    with source.receiving("work") as receiver:
        source.send("work", b"1", b"2", b"3", b"4")
        holder = start(HOLDER, source.url)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        assert bodies(collect(receiver, 1, quiet=1.5)) == [b"4"]
        kill(holder)
        again = collect(receiver, 2, quiet=0.1)
        assert bodies(again) == [b"2", b"3"]
        assert all(delivery.delivery_info["redelivered"] for delivery in again)
        receiver.ack(again)
        assert count(path) == 1
        assert count(path, "SELECT count(*) FROM flowc_consumers") == 1


def test_a_child_that_outlives_its_parent_does_not_keep_the_parents_messages(source: Source) -> None:
    program = HOLDER.replace(
        'print("holding"', 'import os\n    if os.fork() == 0:\n        time.sleep(30)\n        os._exit(0)\n    print("holding"'
    )
    source.send("work", b"1", b"2", b"3")
    holder = start(program, source.url)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with source.receiving("work") as receiver:
        assert bodies(collect(receiver, 2)) == [b"2", b"3"]
    holder.stdout.close()


def test_after_a_fork_parent_and_child_go_on(source: Source, path: Path) -> None:
    forking = start(FORKING, source.url)
    assert forking.stdout is not None
    assert forking.stdout.read() == "0\n"
    kill(forking)
    with source.receiving("work") as receiver:
        assert Counter(bodies(collect(receiver, 41, quiet=0.1))) == {b"parent": 21, b"child": 20}


def test_threads_share_a_connection(source: Source) -> None:
    with source.connection() as connection:
        channel = connection.channel()

        def publish() -> None:
            producer = connection.Producer(channel)
            for _ in range(50):
                producer.publish(b"x", routing_key="work")

        threads = [threading.Thread(target=publish) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert channel.queue_declare("work", passive=False).message_count == 200


def test_what_this_process_publishes_wakes_its_receivers(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.runtime.broker.receiver_sqlite._SHORTEST", 100.0)
    monkeypatch.setattr("flowc.runtime.broker.receiver_sqlite._LONGEST", 100.0)
    with source.receiving("work") as receiver:
        timer = threading.Timer(0.2, source.send, ("work", b"x"))
        timer.start()
        found = receiver.receive(1, 60.0)
        assert bodies(found) == [b"x"]
        timer.join()
        timer = threading.Timer(0.2, receiver.reject, (found,), {"requeue": True})
        timer.start()
        with source.receiving("work") as other:
            assert bodies(other.receive(1, 60.0)) == [b"x"]
        timer.join()


# ---------------------------------------------------------------------------------------------------------------------- housekeeping
def test_passing_queues_pass(source: Source, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_consumers, "LOOK", 0.05)
    fanout = Exchange("f", "fanout")
    queues = "SELECT count(*) FROM flowc_queues"
    with source.receiving("work") as receiver:
        with source.receiving(Queue("mail", fanout, auto_delete=True), Queue("box", fanout, expires=0.5)):
            source.send("", b"x", exchange=fanout)
            assert count(path) == 2
            receiver.receive(0, 0.8)
            assert count(path, queues) == 3
        assert count(path, queues) == 2
        until(lambda: receiver.receive(0, 0.1) or count(path, queues) == 1)
        assert count(path) == 0


def test_queues_of_a_killed_process_pass(source: Source, path: Path) -> None:
    query = "SELECT count(*) FROM flowc_queues WHERE name = 'mail'"
    holder = start(MAILBOX, source.url)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    assert count(path, query) == 1
    kill(holder)
    with source.receiving("work") as receiver:
        until(lambda: receiver.receive(0, 0.1) or not count(path, query))


def test_the_file_is_its_owners_alone(source: Source, path: Path) -> None:
    with source.receiving("work") as receiver:
        source.send("work", b"x")
        collect(receiver, 1)
        files = sorted(path.parent.glob("broker.db*"))
        assert [file.name for file in files] == ["broker.db", "broker.db-consumers", "broker.db-shm", "broker.db-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_acknowledged_messages_leave_no_trace(source: Source, path: Path) -> None:
    with source.receiving("work") as receiver:
        source.send("work", *[b"x"] * 50)
        receiver.ack(collect(receiver, 50))
        assert count(path) == 0


def test_an_idle_receiver_does_not_read_the_file_again(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    with source.receiving("work") as any_receiver:
        receiver: Any = any_receiver
        assert receiver.receive(10, 0.05) == []
        statements: list[str] = []
        receiver._channel.connection.file._opened.set_trace_callback(statements.append)
        monkeypatch.setattr(sqlite_consumers, "LOOK", 1000.0)
        receiver._channel.consumers._next_look = time.monotonic() + 1000
        assert receiver.receive(10, 0.3) == []
        assert set(statements) == {"PRAGMA data_version"}


def test_garbage_in_the_file_is_dropped_with_a_word(source: Source, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with source.receiving("work") as receiver:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for envelope in ("no json", "[1]", '{"properties": {}, "headers": 5}', b"\xff"):
                connection.execute("INSERT INTO flowc_messages (queue, priority, envelope, body) VALUES ('work', 0, ?, 'x')", (envelope,))
        source.send("work", b"x")
        found = collect(receiver, 1)
        assert bodies(found) == [b"x"]
        receiver.ack(found)
        assert count(path) == 0
        assert len([record for record in caplog.records if "no message" in record.message]) == 4


# ---------------------------------------------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite://broker.db"])
def test_urls_that_name_no_file(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="needs the path of a file"):
        Source(url).connection().connect()
    with pytest.raises(ImproperlyConfigured, match="needs the path of a file"), Source(url).receiving("work"):
        pass


def test_paths_that_cannot_be_used(tmp_path: Path) -> None:
    for path, what in ((tmp_path / "no" / "broker.db", "there is no folder .*/no"), (tmp_path, "it is a folder")):
        with pytest.raises(FileUnusable, match=what):
            Source(f"sqlite:///{path}").connection().connect()
        with pytest.raises(ConnectionLost, match=what), Source(f"sqlite:///{path}").receiving("work"):
            pass


def test_a_file_of_something_else(source: Source, path: Path) -> None:
    path.write_bytes(b"not a database at all, and longer than the header of one " * 40)
    with pytest.raises(FileUnusable, match="a file of something else"):
        source.send("work", b"x")
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(FileUnusable, match="a table 'bookmarks'"):
        source.send("work", b"x")
    assert count(path, "SELECT count(*) FROM sqlite_master") == 1


def test_a_damaged_file(source: Source, path: Path) -> None:
    with source.receiving("work"):
        source.send("work", *[b"x" * 3000] * 40)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    with pytest.raises((FileUnusable, ConnectionLost), match="cannot be used"), source.receiving("work") as receiver:
        collect(receiver, 40)


def test_a_file_that_is_busy_for_too_long(source: Source, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.runtime.broker.sqlite_file.BUSY", 0.2)
    with source.receiving("work"):
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(FileUnusable, match="another process wrote"):
                source.send("work", b"x")
        source.send("work", b"x")


def test_what_ended_while_the_file_was_busy_does_not_run_again(source: Source, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.runtime.broker.sqlite_file.BUSY", 0.2)
    with source.receiving("work") as receiver:
        source.send("work", b"done", b"held")
        done, _ = collect(receiver, 2)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(ConnectionLost):
                receiver.ack([done])
        receiver.reconnect()
        assert bodies(collect(receiver, 1, quiet=0.1)) == [b"held"]


def test_results_may_live_in_the_same_file(source: Source, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE flowc_states (seq)")
    source.send("work", b"x")
    assert count(path) == 1
