"""Events of tasks are switched on for a run, and off again.

Workers do not send them unless they are asked to (``-E``, or the command ``enable_events``). A run switches on those that were off, new
workers too, and switches the same ones off in the end. Should another run have done so first, they are switched on again after
``Patience.enable_again`` seconds.

Source: "Workers Guide", section "Commands" (``enable_events``, ``disable_events``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

from ..broker.inspecting import Answers, Command, Inspector
from .hosts import Hosts
from .patience import Patience

#: Answered by ``task events enabled``, or that they were already.
ENABLE = Command("enable_events", {})
#: Seconds until a worker that has come is asked again, and how often it is.
_SOON, _TRIES = 0.5, 20


class Switch:
    """Switches events of tasks on and, where this one did, off again. Its methods raise ConnectionLost.

    Args:
        hosts: the workers that are known.
        patience: see there.
    """

    def __init__(self, hosts: Hosts, patience: Patience) -> None:
        self._hosts = hosts
        self._patience = patience
        self._ours: set[str] = set()
        self._new: dict[str, int] = {}
        self._again = 0.0
        self._lock = threading.Lock()

    def came(self, host: str) -> None:
        """A worker has come: it is asked at the next turn. From any thread."""
        with self._lock:
            self._new[host] = _TRIES

    def answered(self, answers: Answers) -> None:
        """All were asked, together with something else."""
        self._heed(answers)
        if answers.by_host:
            self._again = time.monotonic() + self._patience.enable_again

    def begin(self, inspector: Callable[[], Inspector]) -> None:
        """Ask all, unless they have just been."""
        if not self._again:
            self.turn(inspector)

    def turn(self, inspector: Callable[[], Inspector]) -> float:
        """Ask whom there is to ask; after how many seconds to do so again."""
        now = time.monotonic()
        if now >= self._again:
            self._on(inspector(), None)
            self._again = now + self._patience.enable_again
        elif self._new:
            self._ask_new(inspector())
        return min(_SOON, self._again - now) if self._new else max(0.0, self._again - now)

    def _ask_new(self, inspector: Inspector) -> None:
        """Ask those that have come; a worker says so before it listens to commands."""
        with self._lock:
            new = sorted(self._new)
        answered = self._on(inspector, new, _SOON)
        with self._lock:
            for host in new:
                self._new[host] = 0 if host in answered else self._new[host] - 1
                if self._new[host] <= 0:
                    del self._new[host]

    def _on(self, inspector: Inspector, hosts: list[str] | None, patience: float | None = None) -> Collection[str]:
        (answers,) = inspector.ask([ENABLE], patience or self._patience.answer, destination=hosts)
        self._heed(answers)
        return answers.by_host.keys()

    def _heed(self, answers: Answers) -> None:
        self._hosts.ever.update(answers.by_host)
        self._ours.update(host for host, told in answers.by_host.items() if told == {"ok": "task events enabled"})

    def off(self, inspector: Callable[[], Inspector]) -> None:
        """Switch off what was switched on here."""
        hosts, self._ours = sorted(self._ours), set()
        if hosts:
            inspector().ask([Command("disable_events", {})], 0.0, destination=hosts)
