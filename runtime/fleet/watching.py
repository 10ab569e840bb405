"""Everything beside links and errbacks by which a run learns what became of its steps: states, events, probes, a look before it starts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .facts import Fact

if TYPE_CHECKING:
    from ..app import App


@dataclass(frozen=True, slots=True)
class Fleet:
    """The workers that answered before a run: by host name, the tasks that each has registered and the queues that it reads."""

    tasks: Mapping[str, frozenset[str]]
    queues: Mapping[str, frozenset[str]]


class Watching:
    """Delivers facts about the steps of one run, from threads of its own.

    Args:
        app: whose broker and result backend are used.
        run_id: every task id of the run begins with it, but for steps with a ``task_id`` of their own.
        deliver: takes each fact, in any thread.
        events: whether workers are asked to send events (where no result backend tells states).
    """

    def __init__(self, app: App, run_id: str, deliver: Callable[[Fact], None], *, events: bool) -> None:
        raise NotImplementedError

    def look(self, timeout: float = 2.0) -> Fleet:
        """Ask all workers what they have, before anything is sent. Empty where none answered in ``timeout`` seconds."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin to watch."""
        raise NotImplementedError

    def sent(self, task_id: str, queue: str, *, not_before: float | None = None, expires: float | None = None) -> None:
        """A step was sent (again): watch it. Moments are seconds since the epoch."""
        raise NotImplementedError

    def ended(self, task_ids: Collection[str]) -> None:
        """These have ended: watch them no longer."""
        raise NotImplementedError

    def ask(self, task_id: str) -> None:
        """Look at once for the state of a step: its errback came, which does not say what was raised."""
        raise NotImplementedError

    def close(self) -> None:
        """Watch no longer; events that this run has switched on are switched off."""
        raise NotImplementedError
