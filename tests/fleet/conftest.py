"""Stock Celery workers for all tests of fleets; see the head of stock.py."""

from __future__ import annotations

import pytest

from .shared import SharedStock, shared_stock


@pytest.fixture(scope="session")
def stock_redis() -> SharedStock:
    """A stock worker (threads) on a Redis database of its own, with results there. One for the whole run: do not break it."""
    return shared_stock("redis")


@pytest.fixture(scope="session")
def stock_rabbitmq() -> SharedStock:
    """A stock worker (threads) on RabbitMQ, queue ``stock``, with rpc results. One for the whole run: do not break it."""
    return shared_stock("rabbitmq")
