"""The stock application with tasks that end as no decent task does, for ``celery -A tests.fleet.outcomes.tasks worker``."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from celery import group

from tests.fleet.noting import record
from tests.fleet.proj import add, app, task


class Unpicklable(Exception):
    """Cannot be sent from one process to another."""

    def __init__(self) -> None:
        super().__init__("held", lambda: None)


@task("proj.unpicklable")
def unpicklable() -> None:
    raise Unpicklable


@task("proj.interrupt")
def interrupt() -> None:
    raise KeyboardInterrupt


@task("proj.memory")
def memory() -> None:
    raise MemoryError


@task("proj.replaced_by_group", bind=True)
def replaced_by_group(self: Any, x: Any) -> Any:
    """Become ``[add(x, 1), add(x, 2)]``."""
    return self.replace(group(add.s(x, 1), add.s(x, 2)))


@task("proj.die_once", acks_late=True, reject_on_worker_lost=True)
def die_once(key: str, value: Any) -> Any:
    """Kill the process the first time."""
    if record(key, "called") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


@task("proj.die_late", acks_late=True)
def die_late(key: str) -> None:
    """Kill the process; acknowledged late, but not to be run again."""
    record(key, "called")
    os.kill(os.getpid(), signal.SIGKILL)


@task("proj.twice", acks_late=True)
def twice(key: str, seconds: float, value: Any) -> Any:
    """Take so long, however often it is called."""
    record(key, "called")
    time.sleep(seconds)
    return value


__all__ = ["app"]
