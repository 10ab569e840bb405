"""The workers of a fleet, as far as a run has come to know them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Hosts:
    """The workers that have answered so far: the queues that each reads, and who of them is leaving since when.

    ``ever``: all that have ever answered. ``lost``: when one was last found to be gone, or to have been started anew, or the
    broker to have been away: steps that were sent before may be gone. ``told``: when a worker last said that it begins or ends. ``away``:
    when the broker last was. Moments are seconds since the epoch.
    """

    queues: dict[str, frozenset[str]] = field(default_factory=dict)
    leaving: dict[str, float] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    lost: float = 0.0
    told: float = 0.0
    away: float = 0.0
    clock: Callable[[], float] = time.time

    def came(self, host: str) -> None:
        """A worker says that it has begun; one that had begun before has ended meanwhile."""
        if host in self.queues or host in self.leaving:
            self.lost = self.clock()
        self.leaving.pop(host, None)
        self.told = self.clock()

    def leaves(self, host: str) -> None:
        """A worker says that it ends: it finishes the tasks that it has, and answers no more."""
        self.leaving[host] = self.told = self.clock()

    def may_finish(self, worker: str | None, sent: float) -> bool:
        """Whether one that is leaving may have a step that was sent then, and was last with this worker, if that is known."""
        if worker is not None:
            return worker in self.leaving
        return any(since >= sent for since in list(self.leaving.values()))

    def answered(self, hosts: Iterable[str], asked: float) -> None:
        """These answer to what was asked at that moment, so they are not leaving."""
        for host in hosts:
            self.ever.add(host)
            if self.leaving.get(host, asked) < asked:
                self.leaving.pop(host, None)  # another thread may have heard that it has come again

    def interrupted(self) -> None:
        """The broker was away: workers may have dropped what they had taken, and it what they told."""
        self.lost = self.away = self.clock()

    def name_of(self, sender: str) -> str:
        """The worker that a message's origin, such as ``gen4711@host``, belongs to; the origin itself where it may be one of several.

        Workers may be named at will (``-n media@eu``), so an only one is it whatever its name.
        """
        if sender in self.ever:
            return sender
        machine, hosts = sender.partition("@")[2], tuple(self.queues)
        there = [host for host in hosts if host.partition("@")[2] == machine] or hosts
        return there[0] if len(there) == 1 else sender

    def gone(self, hosts: Iterable[str]) -> None:
        """These are there no more."""
        for host in list(hosts):
            self.queues.pop(host, None)
            self.lost = self.clock()


def queues_of(by_host: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The queues that each host reads, from its answer to ``active_queues``."""
    return {
        host: frozenset(str(queue["name"]) for queue in queues if isinstance(queue, dict) and queue.get("name"))
        for host, queues in by_host.items()
        if isinstance(queues, list)
    }
