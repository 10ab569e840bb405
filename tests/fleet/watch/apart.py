"""A worker that hears the commands of no other test: runs that want events switch them on and off for all workers that hear them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fleet.stock import StockWorker

from .listening import Run


class Apart:
    """A part of a broker that no other test uses: its own queue, and its own exchange for commands."""

    def __init__(self, broker: str, folder: Path) -> None:
        self.broker = broker
        self.folder = folder
        self.name = f"apart-{uuid.uuid4().hex[:8]}"
        self.settings: dict[str, Any] = {"control_exchange": self.name, "event_exchange": f"{self.name}ev"}

    def worker(self, name: str = "w", **options: Any) -> StockWorker:
        return StockWorker(self.broker, folder=self.folder / name, queues=(self.name,), settings=self.settings, **options)

    @contextmanager
    def run(self, **options: Any) -> Iterator[Run]:
        run = Run(self.broker, queue=self.name, **self.settings, **options)
        run.watching.look()
        with run:
            yield run
