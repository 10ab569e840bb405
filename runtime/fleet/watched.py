"""The steps of a run that are out, and when something was last heard of each: shared by all that watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from .patience import Patience

#: Seconds between two questions about a step that is missed, at least.
_SECOND = 1.0
#: Calls of one step that are remembered.
_MOST_CHILDREN = 100


@dataclass(slots=True)
class Step:
    """A step that was sent. Moments are seconds since the epoch.

    ``heard``: when anything was last known of it. ``ask_at``: when it is asked about next, ``pause``: seconds until the time after that.
    ``missing_since``: since when nobody knows it, ``asked``: how often that was found, ``asked_all``: how often of these all workers had
    answered, the last times. ``worker``: who had it last, ``succeeded``: an event said that it has, ``children``: calls that it has made
    and that have not ended.
    """

    task_id: str
    queue: str
    sent: float
    not_before: float | None
    expires: float | None
    priority: int | None
    limited: bool
    heard: float
    ask_at: float
    pause: float
    missing_since: float | None = None
    asked: int = 0
    asked_all: int = 0
    worker: str | None = None
    succeeded: bool = False
    children: set[str] = field(default_factory=set)


class Watched:
    """All steps that are out. Safe in threads.

    Args:
        patience: when steps are to be asked about.
        clock: seconds since the epoch.
    """

    def __init__(self, patience: Patience, clock: Callable[[], float] = time.time) -> None:
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._steps: dict[str, Step] = {}
        #: By queue and priority: the newest message of which it is known that it has left the queue.
        self._taken: dict[tuple[str, int | None], float] = {}
        #: Calls that steps have made, by which the step may go on under its own id later (``self.replace``).
        self._parents: dict[str, str] = {}

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._steps

    def __len__(self) -> int:
        return len(self._steps)

    def add(
        self, task_id: str, queue: str, *, not_before: float | None, expires: float | None, priority: int | None, limited: bool
    ) -> None:
        """A step was sent (again)."""
        now, patience = self._clock(), self._patience
        ask_at = max(now, not_before or 0.0) + patience.probe_after
        if expires is not None:
            ask_at = min(ask_at, expires + patience.expired_after)
        with self._lock:
            self._steps[task_id] = Step(
                task_id, queue, now, not_before, expires, priority, limited, now, ask_at, patience.pause_first
            )  # fmt: skip

    def remove(self, task_ids: Iterable[str], *, ran: bool = True) -> None:
        """These are watched no longer. ``ran``: they have left their queues."""
        with self._lock:
            for task_id in task_ids:
                step = self._steps.pop(task_id, None)
                if step is None:
                    continue
                for child in step.children:
                    self._parents.pop(child, None)
                if ran:
                    self._took(step)

    def ids(self) -> list[str]:
        """Those that are out, in the order in which they were sent."""
        with self._lock:
            return list(self._steps)

    def hear(self, task_id: str, worker: str | None = None) -> bool:
        """Something was heard of a step; whether it is out."""
        now, patience = self._clock(), self._patience
        with self._lock:
            step = self._steps.get(task_id)
            if step is None:
                return False
            step.heard = now
            step.ask_at = max(now + patience.probe_after, (step.not_before or 0.0) + patience.probe_after)
            step.pause = patience.pause_first
            step.missing_since, step.asked, step.asked_all = None, 0, 0
            if worker is not None:
                step.worker = worker
            self._took(step)
            return True

    def adopt(self, child: str, parent: str) -> None:
        """A step, or a call that it has made, has made a call."""
        with self._lock:
            step = self._steps.get(self._parents.get(parent, parent))
            if step is not None and len(step.children) < _MOST_CHILDREN and child not in self._steps:
                step.children.add(child)
                self._parents[child] = step.task_id

    def hear_child(self, child: str, *, over: bool) -> None:
        """Something was heard of a call; if a step has made it, that is a sign of life of the step."""
        parent = self._parents.get(child)
        if parent is None:
            return
        self.hear(parent)
        with self._lock:
            step = self._steps.get(parent)
            if over and step is not None:
                step.children.discard(child)
                self._parents.pop(child, None)

    def succeeded(self, task_id: str) -> None:
        """A worker said that a step has returned; its result comes with its link, or never."""
        with self._lock:
            if (step := self._steps.get(task_id)) is not None:
                step.succeeded = True

    def known(self, task_id: str, worker: str) -> None:
        """A worker answered that it has a step: it is asked about again, after a longer pause."""
        now = self._clock()
        with self._lock:
            step = self._steps.get(task_id)
            if step is not None:
                step.heard, step.worker = now, worker
                step.missing_since, step.asked, step.asked_all = None, 0, 0
                self._took(step)
                self._later(step, now)

    def waits(self, task_id: str) -> None:
        """A step's message is where it should be, in its queue or with the broker."""
        now = self._clock()
        with self._lock:
            step = self._steps.get(task_id)
            if step is not None:
                step.missing_since, step.asked, step.asked_all = None, 0, 0
                self._later(step, now)

    def misses(self, task_id: str, *, everybody: bool, patience: float) -> Step | None:
        """Nobody who answered knows a step. ``everybody``: all workers have answered. The step, if that has been so for ``patience``
        seconds, and was found at least twice."""
        now = self._clock()
        with self._lock:
            step = self._steps.get(task_id)
            if step is None:
                return None
            if step.missing_since is None:
                step.missing_since = now
            step.asked += 1
            step.asked_all = step.asked_all + 1 if everybody else 0
            if now - step.missing_since >= patience and (step.asked_all if everybody else step.asked) >= 2:
                return step
            self._later(step, now, at_most=max(patience / 3, min(self._patience.pause_first, _SECOND)))
            return None

    def hurry(self, task_id: str) -> None:
        """Ask about a step soon."""
        with self._lock:
            if (step := self._steps.get(task_id)) is not None:
                step.ask_at = self._clock()

    def hurry_expired(self, task_id: str) -> bool:
        """Ask about a step now, if it is not to begin any more; whether it is."""
        now = self._clock()
        with self._lock:
            step = self._steps.get(task_id)
            if step is None or step.expires is None or step.expires > now:
                return False
            step.ask_at = min(step.ask_at, now)
            return True

    def forgive(self) -> None:
        """The broker was away: what was found missing before counts no more."""
        now = self._clock()
        with self._lock:
            for step in self._steps.values():
                step.missing_since, step.asked, step.asked_all = None, 0, 0
                step.ask_at = max(step.ask_at, now + self._patience.pause_first)

    def due(self, most: int) -> list[Step]:
        """The steps to ask about now, at most so many."""
        now = self._clock()
        with self._lock:
            due = [step for step in self._steps.values() if step.ask_at <= now]
        return sorted(due, key=lambda step: step.ask_at)[:most]

    def wait(self) -> float:
        """Seconds until the next is due; what is sent until then is due later."""
        now = self._clock()
        with self._lock:
            following = min((step.ask_at for step in self._steps.values()), default=now + self._patience.probe_after)
        return max(0.0, min(following - now, self._patience.probe_after, self._patience.expired_after))

    def overtaken(self, step: Step) -> bool:
        """Whether a message that was sent to the same queue later, with the same priority, has left it."""
        if step.priority is None:
            return False
        with self._lock:
            return self._taken.get((step.queue, step.priority), 0.0) > max(step.sent, step.heard)

    def _took(self, step: Step) -> None:
        key = (step.queue, step.priority)
        self._taken[key] = max(self._taken.get(key, 0.0), step.sent)

    def _later(self, step: Step, now: float, at_most: float | None = None) -> None:
        pause = step.pause if at_most is None else min(step.pause, at_most)
        step.ask_at = now + pause
        if step.expires is not None and step.expires > now:
            step.ask_at = min(step.ask_at, step.expires + self._patience.expired_after)
        step.pause = min(step.pause * 2, self._patience.pause_most)


def batches(items: Collection[str], most: int) -> Iterable[list[str]]:
    """Ids in parts of at most so many."""
    every = list(items)
    return (every[at : at + most] for at in range(0, len(every), most))
