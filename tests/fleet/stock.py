"""Stock Celery workers as processes: what flows are submitted to and driven on in tests.

    def test_it(stock_redis):                    # a worker shared by the whole run: for tests that do not break it
        app = flowc.App("proj", broker=stock_redis.broker, backend=stock_redis.backend, set_as_current=False)
        …send to queue stock_redis.queue…         # "celery" on Redis, "stock" on RabbitMQ (rpc results there)
        assert stock_redis.calls(key) == [...]   # what tasks noted under a key: take one that no other test has (uuid)

    with StockWorker(url, url, folder=tmp_path / "w", pool="prefork", concurrency=2) as worker:   # one of the test's own
        worker.kill()     # SIGKILL for all of its processes        worker.start()   # again, with the same name and queues
        worker.stop()     # TERM: a warm shutdown                   worker.quit()    # QUIT: a cold one
        worker.pause()    # SIGSTOP for all                         worker.resume()
        worker.pid, worker.children(), worker.hostname, worker.log(), worker.running, worker.calls(key)

The tasks are those of ``proj.py``, named ``proj.add`` and so on; ``settings`` are Celery settings (JSON values) of the worker's. Notes of
all workers that have the same ``notes`` folder stand together; by default a worker has its own. A worker costs about two seconds of one
core, so share what can be shared. ``version`` "5.5" "5.6" "5.7" takes another Celery, of an environment which is made on first use: that
is for ``make soak``. Whatever happens to pytest, tests/servers/keeper.py sees to it that no worker stays behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ..servers.server import STOP, Command, Server, ServerFailed
from .noting import FOLDER, recorded
from .versions import python_of

ROOT = Path(__file__).parents[2]


class StockWorker(Server):
    """A process ``celery -A tests.fleet.proj worker``. A context manager: started on entry, killed on exit.

    Args:
        broker: its broker.
        backend: its result store; None for none.
        version: of Celery, such as ``5.6``; by default the one that the tests have.
        pool: ``prefork``, ``threads`` or ``solo``.
        concurrency: of the pool.
        queues: it reads; the first is its default queue.
        hostname: as in ``name@host``; by default one that no other has.
        events: whether it sends events from the start (``-E``).
        settings: Celery settings with JSON values.
        folder: for its log, and its notes.
        notes: where its tasks write things down, for what others share.
        owner: the process with which it ends; by default this one.
        litter: a folder that is removed should the owner end without having stopped it.
        application: whose tasks it has: ``module`` or ``module:attribute``.
        options: more words of its command line.
        env: more variables of its environment.
    """

    def __init__(
        self,
        broker: str,
        backend: str | None = None,
        *,
        folder: Path,
        version: str | None = None,
        pool: Literal["prefork", "threads", "solo"] = "threads",
        concurrency: int = 4,
        queues: Sequence[str] = ("celery",),
        hostname: str | None = None,
        events: bool = False,
        settings: Mapping[str, Any] | None = None,
        notes: Path | None = None,
        owner: int | None = None,
        litter: Path | None = None,
        application: str = "tests.fleet.proj",
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder, owner=owner, litter=litter)
        self.broker = broker
        self.backend = backend
        self.version = version
        self.queues = tuple(queues)
        self.queue = self.queues[0]
        self.hostname = hostname or f"stock-{uuid.uuid4().hex[:8]}@localhost"
        self.notes = notes or folder / "notes"
        self._settings = {"task_default_queue": self.queue, **(settings or {})}
        self._words = ["-A", application, "worker", "-P", pool, "-c", str(concurrency), "-n", self.hostname, "-Q", ",".join(self.queues)]
        self._words += ["-l", "INFO", "--without-gossip", "--without-mingle", *(["-E"] if events else []), *options]
        self._env = dict(env or {})

    @property
    def url(self) -> str:
        """Its name and its broker, for messages."""
        return f"{self.hostname} on {self.broker}"

    @property
    def _ready(self) -> Path:
        return self.folder / "ready"

    def commands(self) -> list[Command]:
        """The worker alone."""
        self._ready.unlink(missing_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PEER", "CELERY", "FLOWC", "PYTHON"))}
        environment = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "C_FORCE_ROOT": "1",
            "PEER_BROKER": self.broker,
            "PEER_BACKEND": self.backend or "disabled://",
            "PEER_SETTINGS": json.dumps(self._settings),
            "PEER_READY": str(self._ready),
            FOLDER: str(self.notes),
            **self._env,
        }
        return [Command([str(python_of(self.version)), "-m", "celery", *self._words], environment)]

    def is_ready(self) -> bool:
        """Whether it consumes: ``proj.py`` says so with a file, other applications in the log."""
        return self._ready.exists() or f"{self.hostname} ready." in self.log()

    def quit(self) -> None:
        """Have it end without finishing its tasks (QUIT), and wait for that.

        Raises:
            ServerFailed: it is still there.
        """
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGQUIT)
        self.wait()

    def wait(self, seconds: float = 2 * STOP) -> None:
        """Until nothing of it runs.

        Raises:
            ServerFailed: something still does.
        """
        until = time.monotonic() + seconds
        while self.running:
            if time.monotonic() > until:
                raise ServerFailed(f"{self.url} does not end:\n{self.log()}")
            time.sleep(0.01)

    def children(self) -> list[int]:
        """The processes of a prefork pool."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def pause(self) -> None:
        """Stop all its processes, while its connections stay open."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        os.killpg(self.pid, signal.SIGCONT)

    def calls(self, key: str) -> list[Any]:
        """What its tasks have noted under a key, in order."""
        return recorded(key, self.notes)

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            self.resume()
        self.kill()
