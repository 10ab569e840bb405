"""The transport over a SQLite file through plain kombu: its producers, consumers, exchanges and mailboxes."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from kombu import pidbox

from .sources import DEADLINE, Exchange, Queue, Source, bodies, collect, until


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(f"sqlite:///{tmp_path}/broker.db")


def test_plain_kombu_publishes_and_consumes(source: Source) -> None:
    got: list[Any] = []

    def arrive(body: Any, message: Any) -> None:
        got.append((body, message.headers, message.content_type))
        message.ack()

    queue = Queue("tasks", Exchange("tasks", "direct"), routing_key="tasks")
    with source.connection() as consuming, source.connection() as publishing:
        with consuming.Consumer([queue], callbacks=[arrive], accept=["json"]):
            publishing.Producer().publish(
                {"a": [1]}, exchange="tasks", routing_key="tasks", declare=[queue], headers={"h": 1}, compression="gzip"
            )
            drain(consuming, lambda: got)
        assert got[0][0] == {"a": [1]}
        assert got[0][1]["h"] == 1
        assert consuming.default_channel.queue_declare("tasks", passive=True).message_count == 0


def test_rejecting_and_closing_in_plain_kombu(source: Source) -> None:
    source.send("work", b"1", b"2", b"3")
    with source.connection() as connection:
        channel = connection.channel()
        first, second, third = (channel.basic_get("work") for _ in range(3))
        assert channel.basic_get("work") is None
        first.requeue()
        again = channel.basic_get("work")
        assert (again.body, again.delivery_info["redelivered"]) == (b"1", True)
        again.reject()
        second.ack()
        assert third.body == b"3"
    with source.connection() as connection:
        channel = connection.channel()
        assert channel.basic_get("work", no_ack=True).body == b"3"
    with source.connection() as connection:
        assert connection.channel().basic_get("work") is None


def test_purge_delete_and_passive_declaration(source: Source) -> None:
    with source.connection() as connection:
        channel = connection.channel()
        queue = Queue("work", Exchange("x", "direct"), routing_key="k")(channel)
        with pytest.raises(connection.channel_errors):
            channel.queue_declare("work", passive=True)
        queue.declare()
        connection.Producer().publish(b"1", exchange="x", routing_key="k")
        connection.Producer().publish(b"2", exchange="x", routing_key="k")
        assert channel.queue_declare("work", passive=True).message_count == 2
        assert list(channel.list_bindings()) == [("work", "x", "k")]
        assert queue.purge() == 2
        queue.unbind_from(Exchange("x"), "k")
        connection.Producer().publish(b"3", exchange="x", routing_key="k")
        assert channel.queue_declare("work").message_count == 0
        queue.delete()
        with pytest.raises(connection.channel_errors):
            channel.queue_declare("work", passive=True)
        with pytest.raises(connection.channel_errors):
            channel.exchange_declare("nowhere", passive=True)
        channel.exchange_delete("x")
        with pytest.raises(connection.channel_errors):
            channel.exchange_declare("x", passive=True)


def test_what_one_process_binds_another_one_publishes_to(source: Source) -> None:
    """The publisher declares nothing: types of exchanges and bindings are in the file."""
    with source.connection() as connection:
        channel = connection.channel()
        for name, kind, key in (("t", "topic", "a.#"), ("f", "fanout", ""), ("d", "direct", "k")):
            Queue(f"q{name}", Exchange(name, kind), routing_key=key)(channel).declare()
            Queue(f"r{name}", Exchange(name, kind), routing_key=key)(channel).declare()
    with source.connection() as connection:
        producer = connection.Producer()
        for exchange, key in (("t", "a.b"), ("t", "b"), ("f", "any"), ("d", "k"), ("d", "l"), ("none", "k")):
            producer.publish(b"x", exchange=exchange, routing_key=key)
        channel = connection.channel()
        for name in "tfd":
            assert [channel.queue_declare(f"{letter}{name}").message_count for letter in "qr"] == [1, 1]


def test_an_exchange_of_another_type_is_refused(source: Source) -> None:
    with source.connection() as first, source.connection() as second:
        first.channel().exchange_declare("x", "topic")
        with pytest.raises(Exception, match="redeclare"):
            second.channel().exchange_declare("x", "fanout")


def test_priorities(source: Source) -> None:
    with source.receiving("work") as receiver:
        for priority in (0, 5, 255, 1, 5):
            source.send("work", str(priority).encode(), priority=priority)
        found = collect(receiver, 5)
        assert bodies(found) == [b"255", b"5", b"5", b"1", b"0"]
        receiver.reject(found, requeue=True)
        assert bodies(collect(receiver, 5, most=2)) == [b"255", b"5", b"5", b"1", b"0"]


def test_a_batch_is_put_as_a_whole(source: Source) -> None:
    with source.connection() as connection:
        producer = connection.Producer()
        with producer.batch(100):
            for number in range(250):
                producer.publish(number, routing_key="work", serializer="json")
            assert connection.channel().queue_declare("work").message_count == 200
        assert connection.channel().queue_declare("work").message_count == 250


def test_commands_to_workers(source: Source) -> None:
    """kombu's mailbox: a fanout exchange, queues that pass with their process, replies."""
    heard: list[Any] = []

    def shout(state: Any, **arguments: Any) -> str:
        heard.append(arguments)
        return "heard"

    def drain_all() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                node_connection.drain_events(timeout=0.05)

    stop = threading.Event()
    mailbox: Any = pidbox.Mailbox("celery", type="fanout", accept=["json"])
    with source.connection() as node_connection, source.connection() as connection:
        node = mailbox(node_connection).Node("w1", handlers={"shout": shout}, channel=node_connection.channel())
        with node.listen():
            thread = threading.Thread(target=drain_all)
            thread.start()
            try:
                assert mailbox(connection).call(["w1"], "shout", {"text": "hi"}, timeout=20) == [{"w1": "heard"}]
                mailbox(connection).cast(["w1"], "shout", {"text": "again"})
                until(lambda: len(heard) == 2)
            finally:
                stop.set()
                thread.join()


def drain(connection: Any, done: Any) -> None:
    deadline = time.monotonic() + DEADLINE
    while not done() and time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)
    assert done()
