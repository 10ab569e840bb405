"""The ids of revoked tasks, as many as fit: the oldest are forgotten first, as in Celery."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

#: Ids that are remembered at most, and for how many seconds. Celery's defaults.
MOST, LONGEST = 50_000, 10_800.0


def ids_in(told: Any) -> list[str]:
    """The ids that another worker knows as revoked: in a list, or as the keys of a map."""
    return [id_ for id_ in told if isinstance(id_, str)][-MOST:] if isinstance(told, (list, tuple, Mapping)) else []


class Revoked:
    """A bounded set of ids. Any thread may add to it or ask.

    Args:
        most: how many ids are remembered.
        seconds: for how long.
        clock: gives seconds that only ever grow.
    """

    def __init__(self, most: int = MOST, seconds: float = LONGEST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._ids: OrderedDict[str, float] = OrderedDict()

    def add(self, ids: Iterable[str]) -> None:
        """Remember these ids."""
        now = self._clock()
        for id_ in ids:
            self._ids[id_] = now
            self._ids.move_to_end(id_)
        while len(self._ids) > self._most:
            self._ids.popitem(last=False)

    def __contains__(self, id_: str) -> bool:
        if not self._ids:
            return False
        since = self._ids.get(id_)
        if since is None:
            return False
        if self._clock() - since > self._seconds:
            self._ids.pop(id_, None)
            return False
        return True

    def __len__(self) -> int:
        return len(self._ids)

    def listed(self) -> list[str]:
        """All of them."""
        return list(self._ids)
