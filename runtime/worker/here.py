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


class Children(list[Any]):
    """The calls that a step of a flow makes by itself, with ``delay`` and the like.

    They go to the application's broker, as anywhere. Where that is in this process's memory and no worker runs in it, they would wait
    for ever without a word: then the call is an error.
    """

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    def append(self, result: Any) -> None:
        """Take in a call that was just made."""
        if not self._app.broker.traits.shared and not _serving[os.getpid()]:
            raise UsageError(
                f"nobody would run {result!r}: the application's broker is inside this process (memory://), and no worker of it. "
                "Set broker_url to a broker that workers read, or write the call as a step of the flow"
            )
        super().append(result)
