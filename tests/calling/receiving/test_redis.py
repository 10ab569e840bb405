"""Redis: nothing is lost at any moment, nothing comes twice while its worker lives, and kombu's consumers work beside ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from flowc.runtime.broker import receiver_redis_leases
from flowc.runtime.broker.receiver_redis import RedisReceiver
from flowc.runtime.broker.receiver_redis_link import RedisLink
from flowc.runtime.broker.receivers import make_receiver
from flowc.runtime.errors import ConnectionLost

from .sources import Queue, Source, bodies, collect, unique, until

CHILD = """
import sys, time
from types import SimpleNamespace
from kombu import Connection
from flowc.runtime.broker.receiver_redis_link import RedisLink
from flowc.runtime.broker.receivers import make_receiver
url, options, queue, most = sys.argv[1], eval(sys.argv[2]), sys.argv[3], int(sys.argv[4])
source = SimpleNamespace(connection=lambda: Connection(url, transport_options=options))
receiver = make_receiver(source, [queue], 100)
found = []
while len(found) < most:
    found += receiver.receive(most - len(found), 1.0)
receiver.ack(found[: most // 2])
receiver.receive(0, 0.1)
print("holding", flush=True)
time.sleep(600)
"""


@pytest.fixture
def source(redis_url: str) -> Source:
    """With keys of its own, so that tests do not inherit from each other's workers."""
    return Source(redis_url, global_keyprefix=f"{uuid.uuid4().hex}:")


@pytest.fixture
def client(source: Source) -> Iterator[Any]:
    with source.connection() as connection:
        yield connection.channel().client


@pytest.fixture
def name() -> str:
    return unique()


def test_a_server_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(ConnectionLost, match=r"^cannot connect to Redis at 127\.0\.0\.1:1: ") as lost:
        RedisLink(redis.ConnectionPool.from_url("redis://:geheim@127.0.0.1:1/0"))
    assert "geheim" not in str(lost.value)


def test_a_queue_in_redis_has_the_receiver_of_redis(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        assert isinstance(receiver, RedisReceiver)
        assert receiver._bell.tracking


def test_the_lowest_priority_number_comes_first(source: Source) -> None:
    names = [unique(), unique()]
    with source.receiving(*names) as receiver:
        for priority in (9, 5, 0, 3, 7, 1):
            for queue in names:
                source.send(queue, str(priority).encode(), priority=priority)
        found = collect(receiver, 12, most=5)
        # levels of 0, 3, 6, 9
        assert bodies(found) == [b"0", b"0", b"1", b"1", b"5", b"5", b"3", b"3", b"7", b"7", b"9", b"9"]
        receiver.reject(found, requeue=True)
        assert bodies(collect(receiver, 12))[:2] == [b"0", b"0"]


def test_options_of_the_transport(redis_url: str, name: str) -> None:
    prefix = uuid.uuid4().hex
    source = Source(
        redis_url,
        global_keyprefix=f"{prefix}:",
        sep=":",
        priority_steps=[0, 5],
        unacked_key="u",
        unacked_index_key="i",
        visibility_timeout=5,
    )
    with source.receiving(name) as receiver, source.connection() as connection:
        source.send(name, b"second", priority=7)
        source.send(name, b"first", priority=4)
        import redis

        plain: Any = redis.Redis(port=connection.port, host=connection.hostname)
        assert plain.llen(f"{prefix}:{name}") == plain.llen(f"{prefix}:{name}:5") == 1
        found = collect(receiver, 2)
        assert bodies(found) == [b"first", b"second"]
        assert plain.hlen(f"{prefix}:u") == plain.zcard(f"{prefix}:i") == 2
        receiver.ack(found)
        receiver.receive(0, 0.0)
        assert not plain.exists(f"{prefix}:u", f"{prefix}:i")
        plain.close()


@pytest.mark.parametrize("strategy", ["priority", "sorted"])
def test_queues_in_a_fixed_order(redis_url: str, strategy: str) -> None:
    source = Source(redis_url, global_keyprefix=f"{uuid.uuid4().hex}:", queue_order_strategy=strategy)
    names = ["b", "a"]
    with source.receiving(*names) as receiver:
        for queue in names:
            source.send(queue, *[queue.encode()] * 3)
        found = b"".join(bodies(collect(receiver, 6, most=1)))
        assert found == (b"bbbaaa" if strategy == "priority" else b"aaabbb")


def test_messages_held_are_registered_as_kombu_does(source: Source, client: Any, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, b"body")
        before = time.time()
        (found,) = collect(receiver, 1)
        message, exchange, routing_key = json.loads(client.hget("unacked", found.tag))
        assert message["content-type"] == "application/x-test"
        assert (exchange, routing_key) == ("", name)
        ((tag, score),) = client.zrange("unacked_index", 0, -1, withscores=True)
        assert tag.decode() == found.tag
        assert before - 1 <= score <= time.time()


def test_a_consumer_of_kombu_gets_what_a_dead_worker_held(redis_url: str, name: str) -> None:
    options = {"global_keyprefix": f"{uuid.uuid4().hex}:", "visibility_timeout": 1, "unacked_restore_throttle": 1}
    source = Source(redis_url, **options)
    receiver: Any = make_receiver(source, [name], 10)
    source.send(name, b"x", headers={"id": "1"})
    collect(receiver, 1)
    abandon(receiver)
    got: list[Any] = []

    def arrive(body: Any, message: Any) -> None:
        message.ack()
        got.append((body, message.headers))

    with source.connection() as connection, connection.Consumer([Queue(name)], callbacks=[arrive]):
        deadline = time.monotonic() + 30
        while not got and time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.2)
    assert [(body, headers["id"], headers["redelivered"]) for body, headers in got] == [(b"x", "1", True)]


def test_what_a_dead_consumer_of_kombu_held_comes_to_us(redis_url: str, name: str) -> None:
    options = {"global_keyprefix": f"{uuid.uuid4().hex}:", "visibility_timeout": 1}
    source = Source(redis_url, **options)
    source.send(name, b"x", b"y")
    connection = source.connection()
    channel = connection.channel()
    assert channel.basic_get(name).body == b"x"
    with source.receiving(name) as receiver:
        assert bodies(collect(receiver, 2)) == [b"y", b"x"]
    channel.qos._delivered.clear()
    channel.qos._on_collect.cancel()
    connection.release()


def test_what_is_held_long_does_not_come_twice(redis_url: str, name: str) -> None:
    source = Source(redis_url, global_keyprefix=f"{uuid.uuid4().hex}:", visibility_timeout=0.6)
    with source.receiving(name) as holder, source.receiving(name) as other:
        source.send(name, *[b"x"] * 5)
        held = collect(holder, 5)
        assert other.receive(10, 1.8) == []
        holder.ack(held)
    with source.receiving(name) as receiver:
        assert receiver.receive(10, 1.0) == []


def test_another_worker_with_a_shorter_visibility_timeout_leaves_ours_alone(redis_url: str, name: str) -> None:
    prefix = f"{uuid.uuid4().hex}:"
    holder, other = Source(redis_url, global_keyprefix=prefix), Source(redis_url, global_keyprefix=prefix, visibility_timeout=0.4)
    with other.receiving(name) as impatient, holder.receiving(name) as receiver:
        until(lambda: receiver._identity in impatient._leases._looks)  # type: ignore[attr-defined]
        holder.send(name, b"x")
        assert len(receiver.receive(1, 5.0)) == 1
        assert impatient.receive(1, 1.5) == []


def test_after_kill_9_everything_comes_again_within_seconds(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *[f"{number:02}".encode() for number in range(20)])
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, source.url, repr(source.options), name, "20"], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "holding\n"
        assert receiver.receive(10, 0.3) == []
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        again = collect(receiver, 10, quiet=0.3)
        assert bodies(again) == [f"{number:02}".encode() for number in range(10, 20)]
        receiver.ack(again)
        until(lambda: len(receiver._link.command("HKEYS", receiver._store.consumers)) == 1)  # type: ignore[attr-defined]


def test_a_worker_of_another_machine_that_beats_no_more_is_dead(source: Source, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_redis_leases, "BEAT", 0.05)
    monkeypatch.setattr(receiver_redis_leases, "MISSED", 10)
    monkeypatch.setattr("flowc.runtime.broker.receiver_redis.new_identity", lambda: f"elsewhere.1.2.{uuid.uuid4().hex}")
    with source.receiving(name) as receiver:
        far: Any = make_receiver(source, [name], 10)
        source.send(name, b"x", b"y")
        assert len(collect(far, 2, most=2)) == 2
        # it lives, and beats
        assert receiver.receive(10, 1.2) == []
        abandon(far)
        assert bodies(collect(receiver, 2)) == [b"x", b"y"]


def test_an_acknowledgement_that_did_not_arrive_is_sent_again(source: Source, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with source.receiving(name) as any_receiver:
        receiver: Any = any_receiver
        source.send(name, b"done", b"held")
        done, _ = collect(receiver, 2)
        monkeypatch.setattr(receiver._link, "send", lambda *_: None)
        receiver.ack([done])
        receiver.reconnect()
        assert bodies(collect(receiver, 1, quiet=0.2)) == [b"held"]
        receiver.reconnect()
        assert bodies(collect(receiver, 1, quiet=0.2)) == [b"held"]


def test_what_ended_during_an_outage_does_not_run_again(source: Source, name: str) -> None:
    with source.receiving(name) as any_receiver:
        receiver: Any = any_receiver
        source.send(name, b"done", b"held")
        done, _ = collect(receiver, 2)
        receiver._link.close()
        with pytest.raises(ConnectionLost):
            receiver.receive(1, 1.0)
        with pytest.raises(ConnectionLost):
            receiver.ack([done])
        receiver.reconnect()
        assert bodies(collect(receiver, 1, quiet=0.2)) == [b"held"]


def test_messages_whose_answer_was_lost_come_again(source: Source, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with source.receiving(name) as any_receiver:
        receiver: Any = any_receiver
        source.send(name, b"1", b"2", b"3")
        script = receiver._link.script

        def lost(*args: Any) -> Any:
            script(*args)
            raise ConnectionLost("the answer was lost")

        monkeypatch.setattr(receiver._link, "script", lost)
        with pytest.raises(ConnectionLost):
            receiver.receive(2, 1.0)
        receiver.reconnect()
        assert bodies(collect(receiver, 3, quiet=0.2)) == [b"1", b"2", b"3"]


def test_without_tracking_the_lists_are_looked_at(source: Source, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = RedisLink.command

    def refuse(self: Any, *args: Any) -> Any:
        if args[:2] == ("CLIENT", "TRACKING"):
            raise ConnectionLost("refused")
        return command(self, *args)

    monkeypatch.setattr(RedisLink, "command", refuse)
    with source.receiving(name) as receiver:
        assert not receiver._bell.tracking  # type: ignore[attr-defined]
        assert receiver.receive(1, 0.2) == []
        source.send(name, b"x")
        found = receiver.receive(1, 20.0)
        assert bodies(found) == [b"x"]
        receiver.ack(found)
        assert receiver.receive(1, 0.2) == []


def test_a_key_that_is_no_list(source: Source, client: Any, name: str) -> None:
    other = unique()
    with source.receiving(name, other) as receiver:
        client.set(name, "text")
        source.send(other, b"x")
        # the other queue is served; an error only where nothing else can be said
        assert bodies(receiver.receive(1, 5.0)) == [b"x"]
        with pytest.raises(ConnectionLost, match="something else"):
            receiver.receive(1, 5.0)


GARBAGE = [
    b"no json", b"[1]", b"{}", b"5", b"null", b'"text"', b"\xff\xfe", b"[" * 20_000,
    b'{"properties": 1, "body": ""}', b'{"properties": {}}', b'{"properties": {}, "body": [1]}',
    b'{"properties": {"delivery_info": 3}, "body": ""}', b'{"properties": {}, "headers": [1], "body": ""}',
    b'{"properties": {}, "headers": {"x": {"__type__": "datetime", "__value__": "never"}}, "body": ""}',
]  # fmt: skip


def test_garbage_in_a_list_is_dropped_with_a_word(source: Source, client: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    with source.receiving(name) as receiver:
        source.send(name, b"before")
        for raw in GARBAGE:
            client.lpush(name, raw)
        source.send(name, b"after")
        found = collect(receiver, 2, most=5)
        assert bodies(found) == [b"before", b"after"]
        receiver.ack(found)
        assert receiver.receive(5, 0.1) == []
        assert len([record for record in caplog.records if "no message" in record.message]) == len(GARBAGE)
        assert client.zrange("unacked_index", 0, -1) == []
        assert client.llen(name) == 0


def test_a_body_that_is_no_base64_is_delivered(source: Source, client: Any, name: str) -> None:
    """It fails when it is decoded, and the failure has an id to be stored under."""
    with source.receiving(name) as receiver:
        message = {"properties": {"body_encoding": "base64", "delivery_tag": "1"}, "headers": {"id": "i"}, "body": "\u2713?"}
        client.lpush(name, json.dumps(message))
        (found,) = collect(receiver, 1)
        assert (found.headers["id"], found.body) == ("i", "\u2713?")


def test_what_is_no_message_of_kombu_is_left_alone(redis_url: str, name: str) -> None:
    source = Source(redis_url, global_keyprefix=f"{uuid.uuid4().hex}:", visibility_timeout=0.4)
    with source.connection() as connection:
        client = connection.channel().client
        client.hset("unacked", "strange", "no json")
        client.zadd("unacked_index", {"strange": 1, "dangling": 1})
        with source.receiving(name) as receiver:
            source.send(name, b"x")
            assert bodies(collect(receiver, 1, quiet=1.0)) == [b"x"]
            assert client.hget("unacked", "strange") == b"no json"


def abandon(receiver: Any) -> None:
    """Let a receiver end as if its process was killed."""
    receiver._leases.stop()
    receiver._link.close()
    receiver._bell.close()
    receiver._waker.close()
    receiver._connection.release()
