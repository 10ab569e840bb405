"""Stock workers of a whole test run, one of each kind, whichever of its processes asks first."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..servers.redis import RESERVED
from ..servers.shared import VARIABLE, shared_url
from .noting import recorded
from .stock import StockWorker

#: Tasks at once in a shared worker: more than tests that wait inside tasks will ever need together.
CONCURRENCY = 8


@dataclass(frozen=True)
class SharedStock:
    """Where a shared worker is found.

    Attributes:
        broker: its broker, which other tests may use too.
        backend: its result store.
        queue: its queue, which only callers of this worker use.
        hostname: its name.
        pid: its process.
        folder: its log and its notes.
    """

    broker: str
    backend: str
    queue: str
    hostname: str
    pid: int
    folder: str

    def calls(self, key: str) -> list[Any]:
        """What its tasks have noted under a key, in order."""
        return recorded(key, self.notes)

    @property
    def notes(self) -> Path:
        """Where its tasks write things down: for a worker of a test's own that shares its notes."""
        return Path(self.folder) / "notes"

    def log(self) -> str:
        """What it has written."""
        return "".join(path.read_text(errors="replace") for path in sorted(Path(self.folder).glob("output-*.log")))


def shared_stock(kind: str) -> SharedStock:
    """The run's stock worker on ``redis`` or ``rabbitmq``, started by the first who asks, and again should it have ended.

    Raises:
        ServerMissing: its broker is not installed.
        ServerFailed: it does not start.
    """
    if kind == "redis":
        url = f"{shared_url('redis').rpartition('/')[0]}/{RESERVED[0]}"
        broker, backend, queue = url, url, "celery"
    else:
        broker, backend, queue = shared_url("rabbitmq"), "rpc://", "stock"
    run = Path(os.environ[VARIABLE])
    known = run / f"stock-{kind}.json"
    with (run / f"stock-{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        worker = StockWorker(
            broker,
            backend,
            folder=run / f"stock-{kind}",
            concurrency=CONCURRENCY,
            queues=(queue,),
            hostname=f"stock-{kind}@localhost",
            owner=int(run.name.split("-")[2]),
            litter=run,
        )
        if not worker.running:
            worker.start()
            found = SharedStock(broker, backend, queue, worker.hostname, worker.pid, str(worker.folder))
            known.write_text(json.dumps(asdict(found)))
    return SharedStock(**json.loads(known.read_text()))
