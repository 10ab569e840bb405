"""Results in the memory of this process: ``cache+memory://`` or ``memory://``. One store for each URL; other processes do not see it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import forks
from .documents import Documents
from .interface import READY_STATES, Backend, Meta, Stored, Watch
from .settings import Settings
from .store import Store


class _Chord:
    """The parts of a chord's header that have come: by index and task id."""

    __slots__ = ("claim", "closed", "more", "parts", "size", "until")

    def __init__(self) -> None:
        self.size: int | None = None
        self.parts: dict[tuple[int, str], bytes] = {}
        self.claim: tuple[int, str] | None = None
        self.closed = False
        self.more = 0
        self.until: float | None = None


class _Kept:
    """What this process keeps under one URL."""

    def __init__(self) -> None:
        self.store = Store()
        self.groups: dict[str, bytes] = {}
        self.lock = threading.Lock()
        self._chords: OrderedDict[str, _Chord] = OrderedDict()  # the one that was touched longest ago first
        forks.watch(self)

    def chord(self, group_id: str, expires: float | None) -> _Chord:
        """A chord, new or not; those that expired go. The lock is held."""
        now = time.monotonic()
        while self._chords and (next(iter(self._chords.values())).until or now + 1) <= now:
            self._chords.popitem(last=False)
        chord = self._chords.setdefault(group_id, _Chord())
        chord.until = None if expires is None else now + expires
        self._chords.move_to_end(group_id)
        return chord

    def forked(self) -> None:
        """In the child: a copy of what the parent had, with locks of its own."""
        self.lock = threading.Lock()
        self.store.forked()


_kept: dict[str, _Kept] = {}
_lock = threading.Lock()


class MemoryBackend(Backend):
    """A :class:`Backend` in memory; waiting threads are woken at once. All of one URL share what they keep."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.url = url
        self._settings = settings
        self._documents = Documents(settings)
        with _lock:
            self._kept = _kept.setdefault(url, _Kept())

    def store(self, states: Sequence[Stored]) -> list[Stored]:
        encode = self._documents.encode
        written = [(state.meta["task_id"], encode(state.meta), state.meta["status"] in READY_STATES) for state in states]
        return [states[place] for place in self._kept.store.put(written, self._settings.expires)]

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        return {task_id: self._documents.decode(data, task_id) for task_id, data in self._kept.store.newest(task_ids).items()}

    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        return self._kept.store.watch(task_ids, progress, self._documents)

    def forget(self, task_ids: Sequence[str]) -> None:
        self._kept.store.forget(task_ids)

    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        self._kept.groups[group_id] = self._documents.encode_any(document, f"the group {group_id}")

    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        data = self._kept.groups.get(group_id)
        return None if data is None else self._documents.decode_group(data, group_id)

    def forget_group(self, group_id: str) -> None:
        self._kept.groups.pop(group_id, None)

    def open_chord(self, group_id: str, size: int) -> None:
        with self._kept.lock:
            chord = self._chord(group_id)
            chord.size = size
            chord.claim, chord.closed = None, False

    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        with self._kept.lock:
            self._chord(group_id).more += more

    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        part = (index, str(meta["task_id"]))
        data = self._documents.encode_part(meta)
        with self._kept.lock:
            chord = self._chord(group_id)
            if chord.closed:
                return None
            chord.parts.setdefault(part, data)
            if chord.size is None or len(chord.parts) != chord.size + chord.more or chord.claim not in (None, part):
                return None
            chord.claim = part
            parts = sorted(chord.parts.items())
        return [self._documents.decode_part(found, group_id) for _, found in parts]

    def close_chord(self, group_id: str) -> None:
        with self._kept.lock:
            chord = self._chord(group_id)
            chord.closed = True
            chord.parts.clear()

    def _chord(self, group_id: str) -> _Chord:
        return self._kept.chord(group_id, self._settings.chord_expires)

    def expire(self) -> int:
        return self._kept.store.expire()

    def close(self) -> None:
        """Nothing is open; what is kept stays, for the process's other applications of the same URL."""
