"""What tasks have written down: which began and which ended, in which process."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple


class Line(NamedTuple):
    """``what`` happened to the task with this ``key``, in which worker and process of it, and when (seconds since the epoch)."""

    what: str
    key: str
    worker: int
    pid: int
    time: float


class Ledger:
    """The file that ``LEDGER`` names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def lines(self) -> list[Line]:
        """All of it so far, in order."""
        text = self.path.read_text()
        whole = text[: text.rfind("\n") + 1]
        fields = (line.split() for line in whole.splitlines())
        return [Line(what, key, int(worker), int(pid), float(when)) for what, key, worker, pid, when in fields]

    def count(self, what: str) -> Counter[str]:
        """How often it happened, by key."""
        return Counter(line.key for line in self.lines() if line.what == what)

    def number(self, what: str) -> int:
        """How many lines tell of it."""
        return self.path.read_text().count(f"{what} ")

    def workers(self, what: str) -> dict[str, list[int]]:
        """By key, the workers in which it happened, in order."""
        found: dict[str, list[int]] = defaultdict(list)
        for line in self.lines():
            if line.what == what:
                found[line.key].append(line.worker)
        return found

    def repeated(self) -> dict[str, list[int]]:
        """The keys that began more than once, and in which workers."""
        return {key: workers for key, workers in self.workers("begin").items() if len(workers) > 1}

    def repeated_without_reason(self, killed: Collection[int]) -> dict[str, list[int]]:
        """The keys that began again although no worker in which they had begun before was killed."""
        return {key: workers for key, workers in self.repeated().items() if any(one not in killed for one in workers[:-1])}
