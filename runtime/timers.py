"""What is to happen later: one heap, no thread for any of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


def shorter(one: float | None, other: float | None) -> float | None:
    """The shorter of two times to wait; None is for ever."""
    return other if one is None else one if other is None else min(one, other)


class Timers(Generic[T]):
    """Items by the moment at which they are due (seconds since the epoch); equal moments keep their order."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._count = 0

    def add(self, due: float, item: T) -> None:
        """Hold an item until ``due``."""
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, item))

    def pop(self, now: float) -> T | None:
        """The next item that is due at ``now``, never one that is not."""
        if self._heap and self._heap[0][0] <= now:
            return heapq.heappop(self._heap)[2]
        return None

    def next(self) -> float | None:
        """When the next item is due."""
        return self._heap[0][0] if self._heap else None

    def clear(self) -> list[T]:
        """Take out everything, in the order in which it would have come."""
        items = [item for _, _, item in sorted(self._heap, key=lambda entry: entry[:2])]
        self._heap.clear()
        return items

    def take(self, wanted: Callable[[T], bool]) -> list[T]:
        """Take out some items, in the order in which they would have come."""
        taken = sorted((entry for entry in self._heap if wanted(entry[2])), key=lambda entry: entry[:2])
        if taken:
            gone = {entry[1] for entry in taken}
            self._heap = [entry for entry in self._heap if entry[1] not in gone]
            heapq.heapify(self._heap)
        return [item for _, _, item in taken]

    def listed(self) -> list[tuple[float, T]]:
        """Everything with its moment, in the order in which it will come."""
        return [(due, item) for due, _, item in sorted(self._heap, key=lambda entry: entry[:2])]

    def __len__(self) -> int:
        return len(self._heap)
