"""The memory transport: whoever publishes wakes a receiver, and several receivers share fairly."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from typing import Any

import pytest
from kombu.transport import memory

from flowc.runtime.broker.interface import Delivery
from flowc.runtime.broker.receiver_memory import MemoryReceiver

from .sources import Source, bodies, collect, unique, until


@pytest.fixture
def source() -> Source:
    return Source("memory://", body_encoding=None)


@pytest.fixture
def name() -> str:
    return unique()


def shared(name: str) -> Any:
    channel: Any = memory.Channel
    return channel.queues[name]


def test_a_wait_takes_no_looks(source: Source, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sleeps until it is rung: twice looked before, once after."""
    with source.receiving(name) as any_receiver:
        receiver: Any = any_receiver
        looks: list[int] = []
        take = receiver._take

        def look(most: int) -> Any:
            looks.append(most)
            return take(most)

        monkeypatch.setattr(receiver, "_take", look)
        timer = threading.Timer(0.3, source.send, (name, b"x"))
        timer.start()
        assert bodies(receiver.receive(5, 30.0)) == [b"x"]
        assert looks == [5, 5, 5]
        timer.join()


def test_each_message_wakes_one_receiver(source: Source, name: str) -> None:
    found: queue.SimpleQueue[list[Delivery]] = queue.SimpleQueue()

    def wait(receiver: MemoryReceiver) -> None:
        found.put(receiver.receive(10, 30.0))

    receivers: list[Any] = [MemoryReceiver(source, [name], 10) for _ in range(3)]
    threads = [threading.Thread(target=wait, args=(receiver,)) for receiver in receivers]
    for thread in threads:
        thread.start()
    until(lambda: all(receiver._waiting for receiver in receivers))
    for number in range(3):
        source.send(name, str(number).encode())
        assert bodies(found.get(timeout=30)) == [str(number).encode()]
        assert sum(receiver._waiting for receiver in receivers) == 2 - number
    for thread in threads:
        thread.join()
    for receiver in receivers:
        receiver.close()


def test_a_receiver_leaves_others_their_share(source: Source, name: str) -> None:
    with source.receiving(name) as first, source.receiving(name) as second:
        source.send(name, *[b"x"] * 10)
        assert len(first.receive(10, 0.0)) == 5
        assert len(second.receive(10, 0.0)) == 3
    assert shared(name).qsize() == 10


def test_what_is_given_back_wakes_a_receiver(source: Source, name: str) -> None:
    with source.receiving(name) as any_receiver, source.receiving(name) as holder:
        receiver: Any = any_receiver
        source.send(name, b"x")
        held = collect(holder, 1)
        got: queue.SimpleQueue[list[Delivery]] = queue.SimpleQueue()
        thread = threading.Thread(target=lambda: got.put(receiver.receive(1, 30.0)))
        thread.start()
        until(lambda: receiver._waiting)
        holder.reject(held, requeue=True)
        assert bodies(got.get(timeout=30)) == [b"x"]
        thread.join()


def test_a_ring_that_comes_too_late_goes_to_the_next(source: Source, name: str) -> None:
    """A receiver that was rung returned with something else: the message must not lie until somebody looks by chance."""
    with source.receiving(name) as any_first, source.receiving(name) as any_second:
        first: Any = any_first
        second: Any = any_second
        first._waiting = True
        source.send(name, b"x")  # rings the first, which is just returning
        second._waiting = True
        first._hush()
        assert not second._bell.empty()
        assert bodies(second.receive(1, 0.0)) == [b"x"]


def test_a_queue_that_was_deleted_and_made_anew(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        with source.connection() as connection:
            channel = connection.channel()
            channel._delete(name)
            channel.queue_declare(name)
        source.send(name, b"x")
        assert bodies(collect(receiver, 1)) == [b"x"]


def test_kombus_own_consumers_go_on(source: Source, name: str) -> None:
    with source.receiving(name), source.connection() as connection:
        source.send(name, b"x")
        assert connection.channel().basic_get(name).body == b"x"
    assert not shared(name).flowc_bells


def test_garbage_in_a_queue_is_dropped_with_a_word(source: Source, name: str, caplog: pytest.LogCaptureFixture) -> None:
    with source.receiving(name) as receiver:
        for raw in ("text", None, {}, {"properties": {}, "body": 5}):
            shared(name).put(raw)
        source.send(name, b"x")
        assert bodies(collect(receiver, 1)) == [b"x"]
        assert len([record for record in caplog.records if "no message" in record.message]) == 4


def test_messages_are_put_back_for_anybody_at_close(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        source.send(name, b"1", b"2")
        collect(receiver, 2)
    with source.connection() as connection:
        channel = connection.channel()
        first = channel.basic_get(name)
        assert (first.body, first.delivery_info["redelivered"]) == (b"1", True)


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals come to the main thread")
def test_waking_in_a_signal_handler(source: Source, name: str) -> None:
    with source.receiving(name) as receiver:
        before = signal.signal(signal.SIGUSR1, lambda *_: receiver.wake())
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        try:
            began = time.monotonic()
            assert receiver.receive(1, 60.0) == []
            assert time.monotonic() - began < 30
        finally:
            timer.join()
            signal.signal(signal.SIGUSR1, before)


def test_many_producers_and_receivers(source: Source, name: str) -> None:
    found: list[bytes] = []
    lock = threading.Lock()

    def produce(number: int) -> None:
        ready.wait()
        source.send(name, *[f"{number}.{each}".encode() for each in range(300)])

    def receive() -> None:
        with source.receiving(name) as receiver:
            ready.wait()
            while len(found) < 1200:
                got = receiver.receive(7, 0.5)
                receiver.ack(got)
                with lock:
                    found.extend(bodies(got))

    ready = threading.Barrier(7)
    threads = [threading.Thread(target=receive) for _ in range(3)]
    threads += [threading.Thread(target=produce, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == len(set(found)) == 1200
