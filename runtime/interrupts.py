"""Ctrl-C and SIGTERM during a run: told to the run, instead of breaking in anywhere."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: The signals that stop a run.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def listening(told: Callable[[int], None]) -> Iterator[None]:
    """While inside, ``told`` is called with the number of each signal. Only in the main thread; elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        told(number)

    before: list[tuple[signal.Signals, Any]] = []
    try:
        for number in SIGNALS:
            # one that is ignored (nohup, a background job) stays ignored
            if signal.getsignal(number) is not signal.SIG_IGN:
                before.append((number, signal.signal(number, handle)))
        yield
    finally:
        for number, handler in before:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
