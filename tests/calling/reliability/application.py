"""The application whose workers are killed: its tasks write down what they do, so that what is lost or doubled is known exactly.

Everything comes from the environment: ``FLOWC_BROKER_URL`` and ``FLOWC_RESULT_BACKEND`` as for any application, ``LEDGER`` for the file
that the tasks write to.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from flowc import App, Task

app = App("reliability")

_LEDGER = os.environ.get("LEDGER", os.devnull)
#: Which of a test's workers this is; its child processes have the same number.
_WORKER = int(os.environ.get("WORKER", "0"))


def note(what: str, key: object) -> None:
    """Append a line to the ledger: one write, which the system does not cut."""
    line = f"{what} {key} {_WORKER} {os.getpid()} {time.time():.6f}\n"
    handle = os.open(_LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


class Refused(Exception):
    """An exception that the application knows."""


@app.task(name="r.work", acks_late=True)
def work(key: Any, seconds: float = 0.0) -> Any:
    """Acknowledged when it has ended."""
    note("begin", key)
    time.sleep(seconds)
    note("end", key)
    return key


@app.task(name="r.early")
def early(key: Any, seconds: float = 0.0) -> Any:
    """Acknowledged when it begins."""
    note("begin", key)
    time.sleep(seconds)
    note("end", key)
    return key


@app.task(name="r.until", acks_late=True)
def until(key: Any, path: str) -> Any:
    """Runs until a file is there."""
    note("begin", key)
    while not Path(path).exists():
        time.sleep(0.01)
    note("end", key)
    return key


@app.task(name="r.early_until")
def early_until(key: Any, path: str) -> Any:
    """The same, acknowledged when it begins."""
    note("begin", key)
    while not Path(path).exists():
        time.sleep(0.01)
    note("end", key)
    return key


@app.task(name="r.once_until", acks_late=True)
def once_until(key: Any, path: str) -> Any:
    """Takes for ever the first time; the next time it ends at once."""
    note("begin", key)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        note("end", key)
        return key
    time.sleep(600)
    return None


@app.task(name="r.threads")
def threads(key: Any = None) -> int:
    """How many threads the worker has."""
    return threading.active_count()


@app.task(name="r.fails")
def fails(text: str) -> None:
    """Fails."""
    raise Refused(text)


@app.task(name="r.die")
def die(how: str) -> None:
    """Its process dies."""
    _die(how)


def _die(how: str) -> None:
    if how == "exit":
        os._exit(3)
    if how == "segv":
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), getattr(signal, f"SIG{how.upper()}"))
    time.sleep(600)


@app.task(name="r.die_late", acks_late=True)
def die_late(how: str) -> None:
    """Its process dies; that does not make it run again."""
    _die(how)


@app.task(name="r.die_once", acks_late=True, reject_on_worker_lost=True)
def die_once(key: Any, how: str, path: str) -> Any:
    """Its process dies the first time."""
    note("begin", key)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        note("end", key)
        return key
    _die(how)
    return None


@app.task(name="r.eats")
def eats(megabytes: int) -> int:
    """Needs more memory than its process may have."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    return len(bytearray(megabytes << 21))


@app.task(name="r.slow", soft_time_limit=0.2)
def slow(key: Any, seconds: float) -> str:
    """Has a soft time limit, and obeys it."""
    from flowc.exceptions import SoftTimeLimitExceeded

    try:
        time.sleep(seconds)
    except SoftTimeLimitExceeded:
        note("soft", key)
        return "soft"
    return "whole"


@app.task(name="r.stubborn")
def stubborn(key: Any) -> None:
    """Goes on after its soft time limit."""
    from flowc.exceptions import SoftTimeLimitExceeded

    while True:
        try:
            time.sleep(600)
        except SoftTimeLimitExceeded:
            note("soft", key)


@app.task(name="r.tries", bind=True, acks_late=True, max_retries=None)
def tries(self: Task, key: Any, times: int) -> int:
    """Is tried again until it was tried often enough."""
    note("begin", key)
    if self.request.retries < times:
        raise self.retry(countdown=0.05)
    note("end", key)
    return int(self.request.retries)
