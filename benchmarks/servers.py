"""Brokers of their own for the benchmarks, the ones that the tests start, in a folder that is removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def redis() -> Iterator[str]:
    """The URL of a Redis server."""
    from tests.servers.redis import RedisServer

    with TemporaryDirectory() as folder, RedisServer(Path(folder), appendfsync=None) as server:
        yield server.url


@contextmanager
def rabbitmq() -> Iterator[str]:
    """The URL of a RabbitMQ server."""
    from tests.servers.rabbitmq import RabbitServer

    with TemporaryDirectory() as folder, RabbitServer(Path(folder)) as server:
        yield server.url
