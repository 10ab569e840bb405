"""What every receiver promises, over every transport."""

from __future__ import annotations

import threading
import time
import zlib

import pytest

from flowc.runtime.broker.interface import Delivery

from .sources import Exchange, Queue, Source, bodies, collect, unique


@pytest.fixture
def source(broker_url: str) -> Source:
    return Source(broker_url)


@pytest.fixture
def name() -> str:
    return unique()


def numbered(first: int, last: int) -> list[bytes]:
    return [f"m{number:04}".encode() for number in range(first, last)]


def test_messages_come_in_their_order(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *numbered(0, 250))
        found = collect(receiver, 250, most=70)
        assert bodies(found) == numbered(0, 250)
        receiver.ack(found)


def test_no_more_than_asked_for(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *numbered(0, 10))
        first = collect(receiver, 3, most=3)
        assert bodies(first) == numbered(0, 3)
        assert bodies(collect(receiver, 7, most=4)) == numbered(3, 10)


def test_messages_beyond_the_prefetch_can_be_asked_for(source: Source, name: str) -> None:
    """A worker holds calls with an ETA unacknowledged, and yet wants others."""
    with source.receiving(name, prefetch=5) as receiver:
        source.send(name, *numbered(0, 60))
        found = collect(receiver, 60, most=5)
        assert bodies(found) == numbered(0, 60)
        receiver.ack(found)
        source.send(name, *numbered(60, 90))
        assert bodies(collect(receiver, 30, most=5)) == numbered(60, 90)


def test_what_was_not_asked_for_is_left_to_others(source: Source, name: str) -> None:
    with source.receiving(name, prefetch=2) as greedy, source.receiving(name, prefetch=2) as other:
        source.send(name, *numbered(0, 20))
        held = collect(greedy, 2, most=2)
        assert len(held) == 2
        rest: list[Delivery] = []
        while len(rest) < 16:
            more = collect(other, 1, most=1)
            assert more
            other.ack(more)
            rest += more


def test_queues_can_be_taken_up_and_given_up(source: Source, name: str) -> None:
    other = unique()
    with source.receiving(name, prefetch=4) as receiver:
        source.send(name, b"a", b"b", b"c")
        held = collect(receiver, 1, most=1)
        receiver.read([name, other])
        source.send(other, b"x")
        found = collect(receiver, 3)
        assert sorted(bodies(found)) == [b"b", b"c", b"x"]
        receiver.ack(found)
        receiver.read([other])
        source.send(name, b"d")
        source.send(other, b"y")
        [last] = collect(receiver, 1, quiet=0.2)
        assert bodies([last]) == [b"y"]
        receiver.read([])
        source.send(other, b"z")
        assert receiver.receive(10, 0.2) == []
        receiver.ack([*held, last])
        receiver.reconnect()
        assert receiver.receive(10, 0.2) == []
    with source.receiving(name, other) as receiver:
        assert sorted(bodies(collect(receiver, 2, quiet=0.2))) == [b"d", b"z"]


def test_asking_for_nothing_only_waits(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, b"x")
        assert receiver.receive(0, 0.05) == []
        assert bodies(collect(receiver, 1)) == [b"x"]


def test_nothing_comes_from_an_empty_queue(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        assert receiver.receive(10, 0.0) == []
        assert receiver.receive(10, 0.05) == []


def test_acknowledged_messages_are_gone(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *numbered(0, 20))
        found = collect(receiver, 20)
        receiver.ack(found[::2])
        receiver.ack(found[1::2])
        receiver.ack(found)  # a second time changes nothing
    with source.receiving(name) as receiver:
        assert receiver.receive(10, 0.2) == []


def test_unacknowledged_messages_come_again_after_close(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *numbered(0, 9))
        found = collect(receiver, 9)
        assert not any(delivery.delivery_info["redelivered"] for delivery in found)
        receiver.ack(found[3:6])
    with source.receiving(name) as receiver:
        found = collect(receiver, 6)
        assert bodies(found) == numbered(0, 3) + numbered(6, 9)
        assert all(delivery.delivery_info["redelivered"] for delivery in found)


def test_messages_that_were_fetched_but_not_asked_for_come_again_after_close(source: Source, name: str) -> None:
    with source.receiving(name, prefetch=50) as receiver:
        source.send(name, *numbered(0, 30))
        assert bodies(collect(receiver, 4, most=4)) == numbered(0, 4)
    with source.receiving(name) as receiver:
        assert bodies(collect(receiver, 30)) == numbered(0, 30)


def test_rejected_messages_are_gone(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *numbered(0, 4))
        found = collect(receiver, 4)
        receiver.reject(found[:2], requeue=False)
        receiver.reject(found[:2], requeue=True)  # too late
        receiver.ack(found[2:])
    with source.receiving(name) as receiver:
        assert receiver.receive(10, 0.2) == []


def test_requeued_messages_come_again(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *numbered(0, 3))
        found = collect(receiver, 3)
        source.send(name, b"later")
        receiver.reject(found, requeue=True)
        again = collect(receiver, 4)
        assert sorted(bodies(again)) == [b"later", *numbered(0, 3)]
        assert bodies([delivery for delivery in again if delivery.delivery_info["redelivered"]]) == numbered(0, 3)
        receiver.ack(again)


def test_reconnecting_gives_everything_back_once(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, *numbered(0, 6))
        before = collect(receiver, 6)
        receiver.ack(before[:2])
        receiver.reconnect()
        again = collect(receiver, 4, quiet=0.2)
        assert bodies(again) == numbered(2, 6)
        # acknowledgements of the connection before mean nothing now
        receiver.ack(before)
        receiver.reject(before, requeue=True)
        receiver.reconnect()
        assert bodies(collect(receiver, 4, quiet=0.2)) == numbered(2, 6)


@pytest.mark.parametrize("most", [0, 10])
def test_waking_from_another_thread(source: Source, name: str, most: int) -> None:
    with source.receiving(name) as receiver:
        timer = threading.Timer(0.1, receiver.wake)
        timer.start()
        began = time.monotonic()
        assert receiver.receive(most, 60.0) == []
        assert time.monotonic() - began < 30
        timer.join()


def test_waking_before_the_wait(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        receiver.wake()
        receiver.wake()
        assert receiver.receive(10, 60.0) == []
        # one wait only
        source.send(name, b"x")
        assert bodies(collect(receiver, 1)) == [b"x"]


def test_a_message_ends_the_wait(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        timer = threading.Timer(0.1, source.send, (name, b"x"))
        timer.start()
        assert bodies(receiver.receive(10, None)) == [b"x"]
        timer.join()


def test_many_queues_take_turns(source: Source) -> None:
    names = [unique(f"q{number}") for number in range(3)]
    with source.receiving(*names):
        pass
    for number, queue in enumerate(names):
        source.send(queue, *[f"{number}".encode()] * 40)
    with source.receiving(*names, prefetch=10) as receiver:
        found: list[Delivery] = []
        while len(found) < 120:
            more = collect(receiver, 1, most=10)
            assert more
            receiver.ack(more)
            found += more
        assert sorted(bodies(found)) == sorted([b"0", b"1", b"2"] * 40)
        # none of them waits until the others are empty
        assert set(bodies(found[:80])) == {b"0", b"1", b"2"}
        assert [delivery.delivery_info["routing_key"] for delivery in found] == [names[int(body)] for body in bodies(found)]


def test_headers_properties_and_bodies_are_unchanged(source: Source, name: str) -> None:
    body = bytes(range(256)) * 5
    headers = {
        "task": "proj.add", "id": "ü/1", "retries": 0, "eta": None, "timelimit": [60, None], "ignore_result": True,
        "stamps": {}, "nested": {"a": [1, 2, {"b": None}], "text": "Grüße \u2713"}, "big": 2**40, "minus": -5, "false": False,
        "delivery_tag": "mine", "empty": "",
    }  # fmt: skip
    with source.receiving(name) as receiver:
        source.send(name, body, headers=headers, correlation_id="c1", reply_to="r1", priority=0)
        (found,) = collect(receiver, 1)
        assert found.body == body
        assert dict(found.headers) == headers
        assert (found.content_type, found.content_encoding) == ("application/x-test", "binary")
        assert (found.properties["correlation_id"], found.properties["reply_to"]) == ("c1", "r1")
        assert found.delivery_info["routing_key"] == name
        assert found.delivery_info["exchange"] == ""
        receiver.reject([found], requeue=True)
        (again,) = collect(receiver, 1)
        assert again.body == body
        assert {key: value for key, value in again.headers.items() if key != "redelivered"} == headers


def test_text_and_empty_bodies(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, "[[], {}, {}] \u2713", "", content_type="application/json", content_encoding="utf-8")
        assert bodies(collect(receiver, 2)) == ["[[], {}, {}] \u2713".encode(), b""]


def test_compressed_messages_are_untouched(source: Source, name: str) -> None:
    body = zlib.compress(b"x" * 1000)
    with source.receiving(name) as receiver:
        source.send(name, body, headers={"compression": "application/x-gzip"})
        for _ in range(2):
            (found,) = collect(receiver, 1)
            assert found.body == body
            assert found.headers["compression"] == "application/x-gzip"
            receiver.reject([found], requeue=True)


def test_large_messages(source: Source, name: str) -> None:
    large = b"0123456789abcdef" * 65_536
    with source.receiving(name) as receiver:
        source.send(name, b"small", large, b"small")
        assert bodies(collect(receiver, 3)) == [b"small", large, b"small"]


def test_exchanges_of_every_type(source: Source) -> None:
    direct, topic, fanout = Exchange(unique("d"), "direct"), Exchange(unique("t"), "topic"), Exchange(unique("f"), "fanout")
    queues = [
        Queue(unique("one"), direct, routing_key="one"),
        Queue(unique("two"), topic, routing_key="a.*.c"),
        Queue(unique("three"), topic, routing_key="a.#"),
    ]
    with source.receiving(*queues) as receiver:
        source.send("one", b"direct", exchange=direct)
        assert bodies(collect(receiver, 1, quiet=0.1)) == [b"direct"]
        source.send("a.b.c", b"both", exchange=topic)
        assert bodies(collect(receiver, 2, quiet=0.1)) == [b"both", b"both"]
        source.send("a.b", b"one", exchange=topic)
        found = collect(receiver, 1, quiet=0.1)
        assert bodies(found) == [b"one"]
        assert found[0].delivery_info["exchange"] == topic.name
        # of two queues, only the one that it came from gets it back
        source.send("a.b.c", b"again", exchange=topic)
        found = collect(receiver, 2, quiet=0.1)
        receiver.reject(found[:1], requeue=True)
        assert bodies(collect(receiver, 1, quiet=0.1)) == [b"again"]
    one, other = (Queue(unique("x"), fanout) for _ in range(2))
    with source.receiving(one) as first, source.receiving(other) as second:
        # on Redis an exchange of this type reaches those only that listen already
        timer = threading.Timer(0.2, source.send, ("", b"all"), {"exchange": fanout})
        timer.start()
        assert bodies(collect(first, 1)) == [b"all"]
        assert bodies(collect(second, 1)) == [b"all"]
        timer.join()


def test_several_receivers_share_the_work(source: Source, name: str) -> None:
    counts: dict[int, int] = {}
    seen: list[bytes] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        with source.receiving(name, prefetch=4) as receiver:
            ready.wait()
            deadline = time.monotonic() + 30
            while len(seen) < 200 and time.monotonic() < deadline:
                found = receiver.receive(4, 0.1)
                receiver.ack(found)
                time.sleep(0.001 * len(found))
                with lock:
                    seen.extend(bodies(found))
                    counts[number] = counts.get(number, 0) + len(found)

    ready = threading.Barrier(4)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    ready.wait()
    source.send(name, *numbered(0, 200))
    for thread in threads:
        thread.join()
    assert sorted(seen) == numbered(0, 200)
    assert all(counts.values())


def test_after_cancelling_nothing_comes_and_what_came_can_be_settled(source: Source, name: str) -> None:
    with source.receiving(name, prefetch=6) as receiver:
        source.send(name, *numbered(0, 12))
        found = collect(receiver, 4, most=4)
        receiver.cancel()
        assert receiver.receive(10, 0.3) == []
        receiver.ack(found[:2])
        receiver.reject(found[2:3], requeue=True)
        timer = threading.Timer(0.1, receiver.wake)
        timer.start()
        began = time.monotonic()
        assert receiver.receive(10, 60.0) == []
        assert time.monotonic() - began < 30
        timer.join()
        with source.receiving(name) as other:
            again = collect(other, 9)
            assert sorted(bodies(again)) == [*numbered(2, 3), *numbered(4, 12)]
            assert other.receive(10, 0.2) == []
            other.ack(again)
        receiver.ack(found[3:])
    with source.receiving(name) as receiver:
        assert receiver.receive(10, 0.2) == []


def test_a_cancelled_receiver_that_reconnects_does_not_consume(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, b"x")
        assert len(collect(receiver, 1)) == 1
        receiver.cancel()
        receiver.reconnect()
        assert receiver.receive(10, 0.2) == []
        with source.receiving(name) as other:
            assert bodies(collect(other, 1)) == [b"x"]
