"""Keeps results: one thread that takes what has ended, in batches, so that a slow or absent store never holds up the worker's loop.

A store that cannot be reached is tried again until it can; meanwhile nothing is acknowledged that waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import EncodeError
from ..failures import failure_of
from ..results.interface import READY_STATES, Backend, Stored
from .chords import completed
from .jobs import BodyJob, Part, TaskJob, Terms

logger = logging.getLogger("flowc.worker")

#: Seconds between tries to reach the store: at first, and at most.
FIRST, LONGEST = 0.2, 5.0

#: States that are stored at once.
BATCH = 500


@dataclass(slots=True)
class Item:
    """Something to keep. ``what``: handed back with it when it is done; None for what nobody waits for. ``close``: chords that are over."""

    what: Any
    states: Sequence[Stored] = ()
    parts: Sequence[Part] = ()
    close: Sequence[str] = ()


@dataclass(slots=True)
class Kept:
    """An item is done. ``sequels``: for each chord that it has completed, its group's id and the jobs that end it."""

    what: Any
    sequels: list[tuple[str, list[BodyJob | TaskJob]]] = field(default_factory=list)


class Keeper:
    """The thread that stores.

    Args:
        backend: where results are kept.
        terms: of jobs that end chords.
        done: told, in this thread, of what is done.

    Attributes:
        again: how many calls have ended that had ended before.
    """

    def __init__(self, backend: Backend, terms: Terms, done: Callable[[list[Kept]], None]) -> None:
        self._backend = backend
        self._terms = terms
        self._done = done
        self._items: deque[Item] = deque()
        self._there = threading.Event()
        self._closing = threading.Event()
        self._given_up = False
        self.again = 0
        self._busy = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def put(self, item: Item) -> None:
        """Take something to keep. From any thread."""
        self._items.append(item)
        if not self._there.is_set():
            self._there.set()
            if self._thread is None:
                self._start()

    @property
    def backlog(self) -> int:
        """How many items wait to be kept."""
        return len(self._items)

    @property
    def idle(self) -> bool:
        """Whether everything is kept."""
        return not self._items and not self._busy

    def close(self, timeout: float) -> list[Any]:
        """Keep what is left, for at most so many seconds. Returns what could not be kept."""
        self._closing.set()
        self._there.set()
        if self._thread is not None:
            self._thread.join(timeout)
        self._given_up = True
        return [item.what for item in self._items]

    # ---------------------------------------------------------------------------------------------------------- the thread
    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="flowc-keeper", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        items = self._items
        while not self._given_up:
            if not items:
                if self._closing.is_set():
                    return
                self._there.wait()
                self._there.clear()
                continue
            self._busy = True
            batch = [items[n] for n in range(min(len(items), BATCH))]  # they stay there until they are kept
            states = [state for item in batch for state in item.states]
            self._persist(partial(self._store, states))
            kept = [self._follow(item) for item in batch]
            if self._given_up:
                return
            for _ in batch:
                items.popleft()
            self._busy = False
            self._done([one for one in kept if one is not None])

    def _persist(self, action: Callable[[], Any]) -> Any:
        """Do it, again and again until it is done or there is no more time."""
        pause = FIRST
        while not self._given_up:
            try:
                return action()
            except Exception as exc:  # of any store: none may cost a result
                logger.error("the result store cannot be reached, trying again in %.1f s: %s", pause, failure_of(exc, keep=False))
            time.sleep(pause)
            pause = min(pause * 2, LONGEST)
        return None

    def _store(self, states: list[Stored]) -> None:
        if not states:
            return
        try:
            for refused in self._backend.store(states):
                if refused.meta["status"] in READY_STATES:
                    self._refused(refused.meta)
        except EncodeError as exc:
            if len(states) > 1:  # none of them was stored: find the one
                for state in states:
                    self._store([state])
                return
            logger.error("%s", exc)
            failure = failure_of(exc, keep=False)
            meta = {**states[0].meta, "status": "FAILURE", "result": failure.as_json(), "traceback": None}
            for key in ("args", "kwargs", "children"):
                meta.pop(key, None)
            self._backend.store([states[0]._replace(meta=meta)])

    def _refused(self, meta: Mapping[str, Any]) -> None:
        """It had ended already, in another run: the store keeps the first end."""
        self.again += 1
        logger.warning("%s[%s] has ended once more (%s); its first end stays", meta.get("name") or "task", meta["task_id"], meta["status"])

    def _follow(self, item: Item) -> Kept | None:
        sequels: list[tuple[str, list[BodyJob | TaskJob]]] = []
        for part in item.parts:
            self._persist(partial(self._count, part, sequels))
        for group_id in item.close:
            self._persist(partial(self._backend.close_chord, group_id))
        return None if item.what is None and not sequels else Kept(item.what, sequels)

    def _count(self, part: Part, sequels: list[tuple[str, list[BodyJob | TaskJob]]]) -> None:
        try:
            metas = self._backend.chord_part(part.group_id, part.index, part.meta)
        except NotImplementedError as exc:
            logger.error("the chord of group %s cannot be completed: %s", part.group_id, exc)
            return
        if metas is not None:
            following = completed(part, metas, None, self._terms)
            sequels.append((part.group_id, [following] if isinstance(following, BodyJob) else list(following)))
