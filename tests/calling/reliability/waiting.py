"""Waiting for something, with a deadline that only something broken reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds.
DEADLINE = 90.0


def wait_for(what: Callable[[], T], told: Callable[[], object] = lambda: "", deadline: float = DEADLINE, pause: float = 0.02) -> T:
    """What ``what`` gives as soon as that is true.

    Args:
        told: what to say when it does not come true.
    """
    until = time.monotonic() + deadline
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"has not come true for {deadline:g} s: {getattr(what, '__name__', what)}\n{told()}")
        time.sleep(pause)
