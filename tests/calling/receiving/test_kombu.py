"""Any other transport of kombu's, through kombu itself: here that for the filesystem."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import redis

from flowc.runtime.broker.receiver_kombu import KombuReceiver
from flowc.runtime.errors import ConnectionLost

from .sources import Exchange, Queue, Source, bodies, collect, unique


@pytest.fixture
def source(tmp_path: Path) -> Source:
    for folder in ("queues", "control"):
        (tmp_path / folder).mkdir()
    folder = str(tmp_path / "queues")
    return Source("filesystem://", data_folder_in=folder, data_folder_out=folder, control_folder=str(tmp_path / "control"))


@pytest.fixture
def name() -> str:
    return unique()


def test_messages_come_unchanged(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        assert isinstance(receiver, KombuReceiver)
        headers = {"task": "t", "compression": "application/x-gzip"}
        source.send(name, b"\x1f\x8b no gzip", headers=headers)
        (found,) = collect(receiver, 1)
        assert (found.body, dict(found.headers), found.delivery_info["redelivered"]) == (b"\x1f\x8b no gzip", headers, False)
        receiver.reject([found], requeue=True)
        (again,) = collect(receiver, 1)
        assert (again.body, dict(again.headers), again.delivery_info["redelivered"]) == (b"\x1f\x8b no gzip", headers, True)
        receiver.ack([again])
        assert receiver.receive(1, 0.2) == []


def test_no_more_than_asked_for_and_more_than_the_prefetch(source: Source, name: str) -> None:
    with source.receiving(name, prefetch=3) as receiver:
        source.send(name, *[str(number).encode() for number in range(12)])
        assert len(receiver.receive(2, 5.0)) == 2
        assert len(collect(receiver, 10, most=3)) == 10


def test_queues_can_be_taken_up_and_given_up(source: Source, name: str) -> None:
    other = unique()
    with source.receiving(name) as receiver:
        receiver.read([name, other])
        source.send(name, b"1")
        source.send(other, b"2")
        assert sorted(bodies(collect(receiver, 2))) == [b"1", b"2"]
        receiver.read([other])
        source.send(name, b"3")
        source.send(other, b"4")
        assert bodies(collect(receiver, 1, quiet=0.2)) == [b"4"]
        receiver.read([])
        assert receiver.receive(1, 0.1) == []


def test_unacknowledged_messages_come_again(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, b"1", b"2", b"3")
        found = collect(receiver, 3)
        receiver.ack(found[:1])
        receiver.reconnect()
        receiver.ack(found)
        assert sorted(bodies(collect(receiver, 2, quiet=0.2))) == sorted(bodies(found[1:]))


def test_waking_and_waiting(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        for most in (0, 5):
            timer = threading.Timer(0.1, receiver.wake)
            timer.start()
            began = time.monotonic()
            assert receiver.receive(most, 60.0) == []
            assert time.monotonic() - began < 30
            timer.join()
        assert receiver.receive(5, 0.05) == []


def test_after_close_nothing_is_received(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        pass
    with pytest.raises(ConnectionLost):
        receiver.receive(1, 0.0)


def test_redis_without_acknowledgements(redis_url: str, name: str) -> None:
    """``ack_emulation`` false: what is taken is gone."""
    with Source(redis_url, ack_emulation=False).receiving(name) as receiver:
        assert isinstance(receiver, KombuReceiver)
        Source(redis_url).send(name, b"x")
        assert bodies(collect(receiver, 1)) == [b"x"]


def test_redis_keeps_no_connection_of_a_receiver_that_gave_messages_back(redis_database: str, name: str) -> None:
    def count() -> int:
        return sum(entry["db"] == database for entry in client.client_list())

    database = redis_database.rpartition("/")[2]
    with redis.Redis.from_url(redis_database) as client:
        source = Source(redis_database)
        with source.receiving(Queue(name, Exchange(name, type="fanout"))) as receiver:
            assert isinstance(receiver, KombuReceiver)
            source.send("", b"x", exchange=Exchange(name, type="fanout"))
            assert bodies(collect(receiver, 1)) == [b"x"]
            before = count()
        assert before > 1
        deadline = time.monotonic() + 10
        while count() > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert count() == 1
