"""Inside a child process of the pool: take a job, run it, answer; until the other end is gone."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from ... import request as requests
from ...app import App
from ...errors import SoftTimeLimitExceeded
from ...failures import pickled
from ..execute import execute
from ..jobs import Report
from ..relay import lend
from .channel import Channel


def serve(connected: socket.socket, number: int, app: App) -> NoReturn:
    """Run jobs from ``connected`` one after the other; never returns."""
    channel = Channel(connected)
    lock = threading.Lock()
    me, name = os.getpid(), f"process-{number}"

    def report(item: Report) -> None:
        with lock:
            channel.send(item)

    lent = False
    app.stands_alone()
    with suppress(OSError):
        channel.send(me)
    while True:
        try:
            job = channel.receive()
        except (EOFError, OSError):
            leave(0)
        if not lent and getattr(job, "terms", None) is not None:
            lent = True
            lend(app, report)
        ended = execute(job, app, report, name, soft_limit)
        if os.getpid() != me:  # the task has forked and this is its child, which ran out of the task: no second answer
            leave(0)
        if ended.failure is not None:
            ended = replace(ended, failure=pickled(ended.failure))
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        try:
            report(ended)
        except OSError:
            leave(0)


def leave(status: int) -> NoReturn:
    """End this process at once, without the exit functions that it has from its parent."""
    with suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


@contextmanager
def soft_limit(seconds: float) -> Iterator[None]:
    """Raise SoftTimeLimitExceeded inside after so many seconds."""

    def exceeded(number: int, frame: FrameType | None) -> None:
        context = requests.serving()
        task = context.app.tasks.get(context.task) if context is not None and context.app is not None else None
        kind = SoftTimeLimitExceeded if task is None else task.soft_limit_error
        raise kind(f"ran longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, exceeded)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
