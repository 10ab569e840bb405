"""A stock worker with results in a database, for the tests of this folder."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from ..shared import SharedStock
from ..stock import StockWorker


@pytest.fixture(scope="session")
def stock_database(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedStock]:
    """A stock worker (threads) on Redis, with results in a SQLite file by way of SQLAlchemy. Do not break it."""
    folder = tmp_path_factory.mktemp("stock-database")
    queue = f"database-{uuid.uuid4().hex[:8]}"
    backend = f"db+sqlite:///{folder}/results.db"
    with StockWorker(redis_url, backend, folder=folder, queues=(queue,), settings={"result_extended": True}) as worker:
        yield SharedStock(redis_url, backend, queue, worker.hostname, worker.pid, str(worker.folder))
