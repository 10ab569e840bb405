"""The queue of a run on Redis: every message is given once, whenever it comes and however many there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import connection, entity

import flowc
from flowc.runtime.broker import run_queue_redis
from flowc.runtime.broker.run_queue import RunQueue, make_run_queue

# kombu's classes have no types
Connection: Any = connection.Connection
Exchange: Any = entity.Exchange


@pytest.fixture
def app(redis_database: str) -> Iterator[flowc.App]:
    with flowc.App("proj", broker=redis_database, set_as_current=False) as made:
        yield made


@pytest.fixture(params=["alarm", "polling"])
def queue(app: flowc.App, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunQueue]:
    if request.param == "polling":  # as with servers before Redis 6
        monkeypatch.setattr(run_queue_redis.RedisRunQueue, "_make_alarm", lambda *_: None)
    made = make_run_queue(app.broker, "r1")
    made.open()
    yield made
    made.close(forget=True)


def push(app: flowc.App, queue: RunQueue, *bodies: Any) -> None:
    """As a stock worker sends a link."""
    with Connection(app.conf.broker_url) as here, here.Producer() as producer:
        for body in bodies:
            producer.publish(body, exchange=Exchange(queue.exchange, type="direct"), routing_key=queue.routing_key, serializer="json")


def bodies(queue: RunQueue, timeout: float) -> list[bytes]:
    """What one look gives."""
    return [body.encode() if isinstance(body := delivery.body, str) else body for delivery in queue.receive(timeout)]


def taken(queue: RunQueue, count: int) -> list[bytes]:
    """Bodies, until so many have come, and one look more."""
    deadline, found = time.monotonic() + 30, list[bytes]()
    while len(found) < count:
        assert time.monotonic() < deadline, found
        found += bodies(queue, 1.0)
    return found + bodies(queue, 0.05)


def test_each_is_given_once_and_in_order(app: flowc.App, queue: RunQueue) -> None:
    push(app, queue, 0, 1)
    assert taken(queue, 2) == [b"0", b"1"]
    sender = threading.Timer(0.1, push, (app, queue, 2, 3))  # while it waits
    sender.start()
    assert taken(queue, 2) == [b"2", b"3"]
    sender.join()
    assert queue.receive(0.0) == []


def test_more_than_are_read_at_once(app: flowc.App, queue: RunQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_queue_redis, "_MOST", 3)
    push(app, queue, *range(10))
    found = bodies(queue, 10.0)
    with monkeypatch.context() as patch:  # what is there need not be waited for
        patch.setattr(run_queue_redis.RedisRunQueue, "_wait", lambda *_: pytest.fail("it waits"))
        while len(found) < 10:
            found += bodies(queue, 10.0)
    assert found == [b"%d" % n for n in range(10)]


def test_what_comes_while_others_are_dealt_with(app: flowc.App, queue: RunQueue) -> None:
    push(app, queue, 0)
    assert bodies(queue, 10.0) == [b"0"]
    push(app, queue, 1)
    time.sleep(0.05)
    assert taken(queue, 1) == [b"1"]


def test_what_was_not_dealt_with_comes_again(app: flowc.App, queue: RunQueue) -> None:
    push(app, queue, 0)
    assert bodies(queue, 10.0) == [b"0"]
    queue.open()  # as after a connection was lost
    push(app, queue, 1)
    assert taken(queue, 2) == [b"0", b"1"]


def test_a_ring_ends_the_wait(queue: RunQueue) -> None:
    timer = threading.Timer(0.05, queue.wake)
    timer.start()
    assert queue.receive(60.0) == []
    timer.join()


def test_nothing_stays(app: flowc.App, queue: RunQueue) -> None:
    push(app, queue, 0)
    taken(queue, 1)
    queue.close(forget=True)
    with redis.Redis.from_url(app.conf.broker_url) as client:
        assert [key for key in client.scan_iter("*") if client.ttl(key) < 0] == []
