"""Consumers that are killed again and again, in the middle of their work: nothing is lost, and only what was under way comes twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from .sources import Source, unique

CONSUMER = """
import os, sys, time
from types import SimpleNamespace
from kombu import Connection
from flowc.runtime.broker.receivers import make_receiver
from flowc.runtime.broker.sqlite_transport import register
register()
url, queue, log = sys.argv[1], sys.argv[2], os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
receiver = make_receiver(SimpleNamespace(connection=lambda: Connection(url)), [queue], 20)
while True:
    found = receiver.receive(20, 1.0)
    for delivery in found:
        os.write(log, bytes(delivery.body) + b"\\n")
        receiver.ack([delivery])
        time.sleep(0.002)
"""


def start(source: Source, queue: str, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CONSUMER, source.url, queue, str(log)])


def run(source: Source, folder: Path, messages: int, kills: int) -> None:
    queue, dice = unique(), random.Random(messages)
    with source.receiving(queue):
        pass
    source.send(queue, *[str(number).encode() for number in range(messages)])
    logs = [folder / f"log{number}" for number in range(3 + kills)]
    consumers = [start(source, queue, log) for log in logs[:3]]
    deadline = time.monotonic() + 120
    try:
        for number in range(kills):
            # somewhere in the middle of what it does, once it does something
            log = logs[number]
            while not log.exists() or log.read_bytes().count(b"\n") < dice.randrange(20, 60):
                assert time.monotonic() < deadline
                time.sleep(0.005)
            consumers[number].kill()
            consumers[number].wait()
            consumers.append(start(source, queue, logs[3 + number]))
        while len(seen(logs)) < messages:
            assert time.monotonic() < deadline, f"{messages - len(seen(logs))} of {messages} were lost"
            time.sleep(0.05)
    finally:
        for consumer in consumers:
            consumer.kill()
            consumer.wait()
    times = seen(logs)
    assert sorted(times) == list(range(messages))
    # each that was killed had at most one in hand that was written down and not acknowledged
    assert sum(times.values()) - messages <= kills


def seen(logs: list[Path]) -> Counter[int]:
    return Counter(int(line) for log in logs if log.exists() for line in log.read_bytes().split())


@pytest.fixture(params=["sqlite", "redis", "rabbitmq"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    if request.param == "sqlite":
        return Source(f"sqlite:///{tmp_path}/broker.db")
    return Source(str(request.getfixturevalue(f"{request.param}_url")))


@pytest.mark.soak
def test_many_are_killed(source: Source, tmp_path: Path) -> None:
    run(source, tmp_path, 6000, 20)
