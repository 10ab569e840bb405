"""Which workers serve a broker inside this process: calls to a broker in memory are for them, or for nobody."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from ..errors import UsageError

_serving: Counter[int] = Counter()


def enter() -> None:
    """A worker begins to serve."""
    _serving[os.getpid()] += 1


def leave() -> None:
    """It has ended."""
    _serving[os.getpid()] -= 1


def check_served(app: Any) -> None:
    """Make sure that a call which a step of a flow makes by itself, with ``delay`` and the like, can reach a worker.

    Raises:
        UsageError: the application's broker is in this process's memory, and no worker runs here: it would wait for ever without a word.
    """
    if not app.broker.traits.shared and not _serving[os.getpid()]:
        raise UsageError(
            "nobody would run this call: the application's broker is inside this process (memory://), and no worker of it; "
            "set broker_url to a broker that workers read, or write the call as a step of the flow"
        )
