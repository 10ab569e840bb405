"""RabbitMQ: how messages are read, how many are sent in advance, and how they are acknowledged."""

from __future__ import annotations

import datetime
import struct
import threading
import time
from decimal import Decimal
from typing import Any

import amqp
import pytest
from amqp import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.runtime.broker import receiver_amqp_beats
from flowc.runtime.broker.receiver_amqp import AmqpReceiver
from flowc.runtime.broker.receiver_amqp_content import read_properties
from flowc.runtime.broker.receiver_amqp_window import AmqpWindow
from flowc.runtime.errors import ConnectionLost, ImproperlyConfigured

from .sources import Queue, Source, bodies, collect, unique, until


@pytest.fixture
def source(rabbitmq_url: str) -> Source:
    return Source(rabbitmq_url)


@pytest.fixture
def name() -> str:
    return unique()


def waiting(source: Source, queue: str) -> int:
    with source.connection() as connection:
        return int(connection.channel().queue_declare(queue, passive=True).message_count)


def numbered(first: int, last: int) -> list[bytes]:
    return [str(number).encode() for number in range(first, last)]


# ----------------------------------------------------------------------------------------------------------------------- content
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(allow_nan=False)
keys = st.text(max_size=20)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12)


def second_frame(**properties: Any) -> bytes:
    """The second frame of a message, as py-amqp writes it."""
    message = amqp.basic_message.Message("", **properties)
    written: bytes = message._serialize_properties()
    return struct.pack(">HHQ", 60, 0, 0) + written


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(headers=st.dictionaries(keys, values, max_size=8), priority=st.none() | st.integers(0, 255), text=st.text(max_size=50))
def test_properties_are_read_as_py_amqp_reads_them(headers: dict[str, Any], priority: int | None, text: str) -> None:
    others = {"correlation_id": text, "content_type": "a/b", "delivery_mode": 2, "timestamp": 5}
    frame = second_frame(application_headers=headers, priority=priority, **others)
    expected, _ = serialization.decode_properties_basic(frame, 12)
    assert read_properties(frame) == expected


def test_every_kind_of_field_is_read() -> None:
    moment = datetime.datetime(2030, 1, 2, 3, 4, 5)
    kinds = [
        (b"t\x01", True), (b"b\xff", -1), (b"B\xff", 255), (b"s\xff\xfe", -2), (b"U\xff\xfe", -2), (b"u\xff\xfe", 65534),
        (b"I\xff\xff\xff\xff", -1), (b"i\xff\xff\xff\xff", 2**32 - 1), (b"l" + b"\xff" * 8, -1), (b"L" + b"\xff" * 8, -1),
        (b"f" + struct.pack(">f", 0.5), 0.5), (b"d" + struct.pack(">d", 0.1), 0.1), (b"D\x02\x00\x00\x04\xd2", Decimal("12.34")),
        (b"V", None), (b"S\0\0\0\x02\xc3\xbc", "ü"), (b"S\0\0\0\x01\xff", b"\xff"), (b"x\0\0\0\x01\xff", b"\xff"),
        (b"A\0\0\0\x02VV", [None, None]), (b"F\0\0\0\x03\x01kV", {"k": None}),
        (b"T" + struct.pack(">Q", int(moment.replace(tzinfo=datetime.UTC).timestamp())), moment),
    ]  # fmt: skip
    for raw, value in kinds:
        found = read_properties(with_table(b"\x01x" + raw))["application_headers"]["x"]
        assert (found, type(found)) == (value, type(value))


def with_table(table: bytes, rest: bytes = b"") -> bytes:
    return struct.pack(">HHQHI", 60, 0, 0, 0x2800, len(table)) + table + b"\x07" + rest


@pytest.mark.parametrize(
    "table",
    [
        b"\x01xZ", b"\x01xS\0\0\1\0", b"\x01xI\0", b"\x05x", b"\x01x", b"\x01xA\0\0\0\x09V", b"\x01xF\0\0\0\x02\x05k", b"\x01xS",
        b"".join(b"\x01xF" + struct.pack(">I", 7 * n - 5) for n in range(900, 0, -1)) + b"\x01xV",
    ],
)  # fmt: skip
def test_headers_that_cannot_be_read_are_none(table: bytes) -> None:
    assert read_properties(with_table(table)) == {"application_headers": {}, "priority": 7}


def test_moments_that_do_not_exist_are_numbers() -> None:
    assert read_properties(with_table(b"\x01xT" + b"\xff" * 8))["application_headers"] == {"x": 2**64 - 1}


def test_a_message_that_py_amqp_cannot_read_is_delivered(source: Source, name: str) -> None:
    with source.receiving(name) as receiver, source.connection() as connection:
        message = amqp.basic_message.Message(b"x", content_type="T" * 10, application_headers={"task": "t", "when": "W" * 8})
        raw = message._serialize_properties().replace(b"T" * 10, b"\xff" * 10).replace(b"S\0\0\0\x08" + b"W" * 8, b"T" + b"\xff" * 8)
        # the table is four bytes shorter now
        at = raw.index(b"\x04task") - 4
        message._serialize_properties = lambda: raw[:at] + struct.pack(">I", struct.unpack_from(">I", raw, at)[0] - 4) + raw[at + 4 :]
        connection.channel().basic_publish(message, exchange="", routing_key=name)
        source.send(name, b"after")
        strange, after = collect(receiver, 2)
        assert (strange.body, strange.headers["task"], strange.headers["when"]) == (b"x", "t", 2**64 - 1)
        assert strange.content_type == "\ufffd" * 10
        assert after.body == b"after"


# ------------------------------------------------------------------------------------------------------------------------- window
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_acknowledgements_cover_what_is_done_and_nothing_else(data: st.DataObject) -> None:
    window = AmqpWindow(10, shared=True, first=100)
    out: set[int] = set()
    tag = 100
    for _ in range(data.draw(st.integers(1, 6))):
        for _ in range(data.draw(st.integers(0, 6))):
            tag += 1
            window.arrived(tag, "flowc1.0")
            out.add(tag)
        done = data.draw(st.sets(st.integers(95, tag + 3)))
        upto, others = window.acknowledge(done)
        covered = {number for number in out if number <= upto} | set(others)
        assert covered == out & done
        out -= done


def test_the_limit_follows_what_is_held() -> None:
    window = AmqpWindow(5, shared=True, first=0)
    assert not window.adjust(5, 0)
    for tag in range(1, 6):
        window.arrived(tag, "flowc1.0")
    assert not window.adjust(0, 0)
    assert not window.adjust(5, 1)
    assert window.adjust(5, 0)
    assert window.limit == 10
    for tag in range(6, 40):
        window.arrived(tag, "flowc1.0")
    assert window.adjust(1, 0)
    assert window.limit == 44
    window.acknowledge(range(1, 40))
    assert window.adjust(1, 0)
    assert window.limit == 5
    for tag in range(40, 70_040):
        window.arrived(tag, "flowc1.0")
    assert window.adjust(5, 0)
    assert window.frame() == 0
    assert not AmqpWindow(0, shared=True, first=0).adjust(5, 0)


def test_a_limit_for_each_consumer_begins_anew() -> None:
    window = AmqpWindow(5, shared=False, first=0)
    for tag in range(1, 6):
        window.arrived(tag, window.consumers + "0")
    assert window.adjust(5, 0)
    assert (window.limit, window.consumers) == (5, "flowc2.")
    for tag in range(6, 11):
        window.arrived(tag, "flowc2.0")
    # what the first consumer brought makes no room for the second
    assert window.acknowledge(range(1, 6)) == (5, [])
    assert window.adjust(5, 0)
    window.arrived(11, "flowc2.0")
    assert not window.adjust(5, 0)


def test_no_more_than_the_prefetch_is_sent(source: Source, name: str) -> None:
    with source.receiving(name, prefetch=7) as receiver:
        source.send(name, *numbered(0, 30))
        found = collect(receiver, 3, most=3)
        until(lambda: receiver.receive(0, 0.05) or waiting(source, name) == 23)
        receiver.ack(found)
        until(lambda: receiver.receive(0, 0.05) or waiting(source, name) == 20)


def test_a_prefetch_without_a_limit(source: Source, name: str) -> None:
    with source.receiving(name, prefetch=0) as receiver:
        source.send(name, *numbered(0, 300))
        found = collect(receiver, 1, most=1)
        until(lambda: receiver.receive(0, 0.05) or waiting(source, name) == 0)
        assert bodies(found + collect(receiver, 299, most=100)) == numbered(0, 300)


def test_quorum_queues(source: Source, name: str) -> None:
    queues = [Queue(unique(), queue_arguments={"x-queue-type": "quorum"}) for _ in range(2)]
    with source.receiving(*queues, prefetch=4) as any_receiver:
        receiver: AmqpReceiver = any_receiver  # type: ignore[assignment]
        assert not receiver._window.shared
        for queue in queues:
            source.send(queue.name, *numbered(0, 20))
        held = collect(receiver, 40, most=4)
        assert sorted(bodies(held)) == sorted(numbered(0, 20) * 2)
        receiver.ack(held[::2])
        receiver.ack(held[1::2])
        source.send(queues[0].name, b"more")
        assert bodies(collect(receiver, 1)) == [b"more"]


def test_quorum_queues_can_be_taken_up_and_given_up(source: Source, name: str) -> None:
    first, second = (Queue(unique(), queue_arguments={"x-queue-type": "quorum"}) for _ in range(2))
    with source.receiving(first, prefetch=2) as receiver:
        source.send(first.name, *numbered(0, 6))
        held = collect(receiver, 3, most=1)
        receiver.read([first, second])
        source.send(second.name, b"x")
        held += collect(receiver, 4, most=2)
        assert sorted(bodies(held)) == [*numbered(0, 6), b"x"]
        receiver.ack(held)
        receiver.read([second])
        source.send(first.name, b"not read")
        source.send(second.name, b"y")
        assert bodies(collect(receiver, 1, quiet=0.2)) == [b"y"]


def test_a_queue_that_exists_in_another_form_is_not_taken_up(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        other = unique()
        with source.connection() as connection:
            connection.channel().queue_declare(other, durable=True, auto_delete=False, arguments={"x-max-priority": 5})
        with pytest.raises(ImproperlyConfigured, match=other):
            receiver.read([name, other])
        source.send(name, b"x")
        assert bodies(collect(receiver, 1)) == [b"x"]


def test_a_quorum_queue_that_nobody_called_one(source: Source, name: str) -> None:
    """A policy, or the server's default, can make it one: the server then ends the first connection."""
    with source.connection() as connection:
        connection.channel().queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    queue = Queue(name, durable=True)
    queue.no_declare = True
    with source.receiving(queue) as receiver:
        with pytest.raises(ConnectionLost):
            receiver.receive(1, 30.0)
        receiver.reconnect()
        source.send(name, b"x")
        assert bodies(collect(receiver, 1)) == [b"x"]


def test_contiguous_messages_are_acknowledged_by_one_frame(source: Source, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with source.receiving(name) as any_receiver:
        receiver: Any = any_receiver
        source.send(name, *numbered(0, 50))
        found = collect(receiver, 50)
        written: list[bytes] = []
        transport = receiver._amqp.transport

        def write(data: bytes) -> None:
            written.append(bytes(data))
            transport._write(data)

        monkeypatch.setattr(transport, "write", write)
        receiver.ack(found[:40])
        receiver.ack(found[45:])
        receiver.ack(found[40:45])
        frame = 21
        assert [len(data) // frame for data in written] == [1, 5, 1]
        until(lambda: receiver.receive(0, 0.05) or not receiver._window._out)
    with source.receiving(name) as receiver:
        assert receiver.receive(1, 0.3) == []


def test_what_is_on_its_way_goes_back_when_consuming_is_cancelled(source: Source, name: str) -> None:
    with source.receiving(name, prefetch=50) as receiver:
        source.send(name, *numbered(0, 50))
        (held,) = collect(receiver, 1, most=1)
        # these are on the socket, unread
        until(lambda: waiting(source, name) == 0)
        source.send(name, b"another")
        receiver.cancel()
        until(lambda: waiting(source, name) == 50)
        assert receiver.receive(10, 0.1) == []
        receiver.ack([held])
    with source.receiving(name) as receiver:
        assert bodies(collect(receiver, 50, quiet=0.2)) == [*numbered(1, 50), b"another"]


def test_priorities(source: Source, name: str) -> None:
    queue = Queue(name, max_priority=10)
    with source.receiving(queue):
        pass
    for priority in (0, 5, 9, 1):
        source.send(name, str(priority).encode(), priority=priority)
    with source.receiving(queue, prefetch=1) as receiver:
        found = []
        for _ in range(4):
            (one,) = collect(receiver, 1, most=1)
            receiver.ack([one])
            found.append((one.body, one.delivery_info["priority"]))
    assert found == [(b"9", 9), (b"5", 5), (b"1", 1), (b"0", 0)]


# --------------------------------------------------------------------------------------------------------------------- heartbeats
def test_heartbeats_are_sent_while_nobody_receives() -> None:
    written: list[bytes] = []

    class Connection:
        class transport:  # noqa: N801
            write = staticmethod(written.append)

    beats = receiver_amqp_beats.AmqpBeats(Connection, 0.05)
    try:
        until(lambda: len(written) >= 3)
        assert set(written) == {b"\x08\0\0\0\0\0\0\xce"}
        with beats.writing:
            # whoever writes is not interrupted
            before = len(written)
            time.sleep(0.2)
            assert len(written) == before
    finally:
        beats.stop()
    assert threading.active_count() < 50


@pytest.mark.soak
def test_a_worker_that_is_busy_for_long_keeps_its_messages(source: Source, name: str) -> None:
    source.conf.broker_heartbeat = 2
    with source.receiving(name) as receiver:
        source.send(name, b"x")
        (held,) = collect(receiver, 1)
        time.sleep(9)
        with source.receiving(name) as other:
            assert other.receive(1, 0.5) == []
        receiver.ack([held])
        assert receiver.receive(1, 0.5) == []
