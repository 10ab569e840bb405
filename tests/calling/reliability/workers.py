"""Workers as processes of their own, which tests stop, kill and look after."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from .ledger import Ledger
from .waiting import DEADLINE, wait_for

FOLDER = Path(__file__).parent

#: The variable by which all processes of one test's workers are known, children of children included.
MARK = "RELIABILITY_MARK"


class Worker:
    """One ``flowc worker``; its log goes to a file.

    Args:
        number: what the ledger calls it.
        command: its arguments.
        env: the whole environment.
        log: the file.
    """

    def __init__(self, number: int, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.number = number
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, env=env, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def log(self) -> str:
        """All that it has said."""
        return self._log.read_text(errors="replace")

    def wait_ready(self) -> Self:
        """Wait until it takes messages."""
        wait_for(lambda: "\nready" in self.log() or self.process.poll() is not None, self.log)
        assert self.process.poll() is None, self.log()
        return self

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; wait until it has ended. Returns its exit code."""
        self.process.terminate()
        return self.end()

    def end(self) -> int:
        """Wait until it has ended by itself. Returns its exit code."""
        wait_for(lambda: self.process.poll() is not None, self.log)
        return self.process.returncode


class Workers:
    """A context manager that starts workers, and in the end kills whatever is left of them.

    Args:
        folder: for their logs and their ledger.
        broker: ``broker_url``.
        backend: ``result_backend``.
        settings: further ones, by their names.
    """

    def __init__(self, folder: Path, broker: str, backend: str | None, settings: Mapping[str, object] | None = None) -> None:
        self.ledger = Ledger(folder / "ledger")
        self._folder = folder
        self._mark = uuid.uuid4().hex
        self._numbers = itertools.count(1)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("FLOWC_")}
        given = {f"FLOWC_{key.upper()}": str(value) for key, value in (settings or {}).items()}
        self._env = {
            **inherited, "LEDGER": str(self.ledger.path), MARK: self._mark, "FLOWC_BROKER_URL": broker, "PYTHONUNBUFFERED": "1", **given,
        }  # fmt: skip
        if backend is not None:
            self._env["FLOWC_RESULT_BACKEND"] = backend
        self.all: list[Worker] = []

    def start(self, queue: str, *, pool: str = "threads", concurrency: int = 4, ready: bool = True, **env: str) -> Worker:
        """Start a worker.

        Args:
            queue: what it reads.
            pool: its pool.
            concurrency: how many tasks at once.
            ready: wait until it takes messages.
            env: further variables.
        """
        number = next(self._numbers)
        command = [
            sys.executable, "-m", "flowc", "worker", "--app", "application", "-Q", queue, "--pool", pool, "-c", str(concurrency),
        ]  # fmt: skip
        worker = Worker(number, command, {**self._env, "WORKER": str(number), **env}, self._folder / f"worker-{number}.log")
        self.all.append(worker)
        return worker.wait_ready() if ready else worker

    def set(self, setting: str, value: str) -> None:
        """A setting of those that are started from now on."""
        self._env[f"FLOWC_{setting.upper()}"] = value

    def run(self, command: Sequence[str], **env: str) -> Worker:
        """Start another program in their environment, as if it were a worker."""
        number = next(self._numbers)
        program = Worker(number, command, {**self._env, "WORKER": str(number), **env}, self._folder / f"program-{number}.log")
        self.all.append(program)
        return program

    def processes(self) -> list[int]:
        """The processes of these workers that live: they themselves, and whatever they have started."""
        return list(marked(self._mark))

    def logs(self) -> str:
        """What all of them have said."""
        return "\n".join(f"── worker {worker.pid} ({worker.process.poll()})\n{worker.log()}" for worker in self.all)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.all:
            worker.process.kill()
            worker.process.wait(DEADLINE)
        for pid in marked(self._mark):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def marked(mark: str) -> Iterator[int]:
    """The processes that carry a mark in their environment."""
    wanted = f"{MARK}={mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0") and b") Z " not in (process / "stat").read_bytes():
                yield int(process.name)
        except OSError:
            continue
