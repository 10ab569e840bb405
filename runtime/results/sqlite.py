"""Results in a SQLite file, for several processes on one machine without any server: ``sqlite:///path``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .documents import Documents
from .interface import MOST_STATES, READY_STATES, Backend, Meta, Stored, Watch
from .settings import Settings
from .sqlite_file import SQLiteFile, path_of
from .sqlite_watch import SQLiteWatch

if TYPE_CHECKING:
    import sqlite3

#: Expired rows are removed, at most so many at once, after so many states were stored here.
_SWEEP_EVERY = 500
_SWEEP_MOST = 5_000

_INSERT = """
INSERT INTO flowc_states (task_id, final, stored, document) SELECT ?1, ?2, ?3, ?4
WHERE NOT EXISTS (SELECT 1 FROM flowc_states WHERE task_id = ?1 AND final = 1 AND stored > ?5)
"""
_NEWEST = "SELECT document FROM flowc_states WHERE task_id = ? AND stored > ? ORDER BY final DESC, seq DESC LIMIT 1"
_CUT = """
DELETE FROM flowc_states WHERE task_id = ?1 AND final = 0 AND seq <=
(SELECT seq FROM flowc_states WHERE task_id = ?1 AND final = 0 ORDER BY seq DESC LIMIT 1 OFFSET ?2)
"""


class SQLiteBackend(Backend):
    """A :class:`Backend` in a SQLite file. Other processes' results are noticed within some twenty milliseconds.

    Raises:
        ImproperlyConfigured: the URL names no file.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self.file = SQLiteFile(path_of(url))
        self.url = f"sqlite:///{self.file.path}"
        self.settings = settings
        self.documents = Documents(settings)
        self._until_sweep = _SWEEP_EVERY

    def oldest(self) -> float:
        """The time (of the epoch) at or before which everything has expired."""
        return float("-inf") if self.settings.expires is None else time.time() - self.settings.expires

    # --------------------------------------------------------------------------------------------------------------- tasks
    def store(self, states: Sequence[Stored]) -> list[Stored]:
        rows = [(state, self.documents.encode(state.meta), state.meta["status"] in READY_STATES) for state in states]
        refused = []
        with self.file.writing() as connection:
            now, oldest = time.time(), self.oldest()
            for state, data, final in rows:
                if not connection.execute(_INSERT, (state.meta["task_id"], int(final), now, data, oldest)).rowcount:
                    refused.append(state)
            self._sweep(connection, states)
        return refused

    def _sweep(self, connection: sqlite3.Connection, states: Sequence[Stored]) -> None:
        """From time to time: remove what has expired, and states of which there are too many."""
        self._until_sweep -= len(states)
        if self._until_sweep > 0:
            return
        self._until_sweep = _SWEEP_EVERY
        self._expire(connection, _SWEEP_MOST)
        for task_id in {state.meta["task_id"] for state in states}:
            connection.execute(_CUT, (task_id, MOST_STATES))

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        found: dict[str, Meta] = {}
        oldest = self.oldest()
        with self.file.connection() as connection:
            rows = [(task_id, connection.execute(_NEWEST, (task_id, oldest)).fetchone()) for task_id in task_ids]
        for task_id, row in rows:
            if row is not None:
                found[task_id] = self.documents.decode(row[0], task_id)
        return found

    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        return SQLiteWatch(self.file, self.documents, task_ids, progress, self.oldest())

    def forget(self, task_ids: Sequence[str]) -> None:
        with self.file.writing() as connection:
            connection.executemany("DELETE FROM flowc_states WHERE task_id = ?", [(task_id,) for task_id in task_ids])

    # -------------------------------------------------------------------------------------------------------------- groups
    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        data = self.documents.encode_any(document, f"the group {group_id}")
        with self.file.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO flowc_groups VALUES (?, ?, ?)", (group_id, time.time(), data))

    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        with self.file.connection() as connection:
            row = connection.execute(
                "SELECT document FROM flowc_groups WHERE group_id = ? AND stored > ?", (group_id, self.oldest())
            ).fetchone()
        return None if row is None else self.documents.decode_group(row[0], group_id)

    def forget_group(self, group_id: str) -> None:
        with self.file.writing() as connection:
            connection.execute("DELETE FROM flowc_groups WHERE group_id = ?", (group_id,))

    # -------------------------------------------------------------------------------------------------------------- chords
    def open_chord(self, group_id: str, size: int) -> None:
        with self.file.writing() as connection:
            self._touch(connection, group_id)
            connection.execute("UPDATE flowc_chords SET size = ?, claim = NULL, closed = 0 WHERE group_id = ?", (size, group_id))

    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        with self.file.writing() as connection:
            self._touch(connection, group_id)
            connection.execute("UPDATE flowc_chords SET more = more + ? WHERE group_id = ?", (more, group_id))

    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        part = f"{meta['task_id']}:{index}"
        data = self.documents.encode_part(meta)
        with self.file.writing() as connection:
            self._touch(connection, group_id)
            size, more, came, claim, closed = connection.execute(
                "SELECT size, more, came, claim, closed FROM flowc_chords WHERE group_id = ?", (group_id,)
            ).fetchone()
            if closed:
                return None
            if connection.execute("INSERT OR IGNORE INTO flowc_parts VALUES (?, ?, ?, ?)", (group_id, part, index, data)).rowcount:
                came += 1
                connection.execute("UPDATE flowc_chords SET came = ? WHERE group_id = ?", (came, group_id))
            if size is None or came != size + more or claim not in (None, part):
                return None
            connection.execute("UPDATE flowc_chords SET claim = ? WHERE group_id = ?", (part, group_id))
            rows = connection.execute("SELECT document FROM flowc_parts WHERE group_id = ? ORDER BY place, part", (group_id,)).fetchall()
        return [self.documents.decode_part(row[0], group_id) for row in rows]

    def close_chord(self, group_id: str) -> None:
        with self.file.writing() as connection:
            self._touch(connection, group_id)
            connection.execute("UPDATE flowc_chords SET closed = 1, came = 0, more = 0 WHERE group_id = ?", (group_id,))
            connection.execute("DELETE FROM flowc_parts WHERE group_id = ?", (group_id,))

    def _touch(self, connection: sqlite3.Connection, group_id: str) -> None:
        """The chord is there, and in use now."""
        connection.execute(
            "INSERT INTO flowc_chords (group_id, touched) VALUES (?1, ?2) ON CONFLICT (group_id) DO UPDATE SET touched = ?2",
            (group_id, time.time()),
        )

    # -------------------------------------------------------------------------------------------------------------- the end
    def expire(self) -> int:
        with self.file.writing() as connection:
            return self._expire(connection, None)

    def _expire(self, connection: sqlite3.Connection, most: int | None) -> int:
        """Remove what has expired; how many tasks' documents went. ``most``: rows that are looked at."""
        gone = 0
        if self.settings.expires is not None:
            oldest = self.oldest()
            first = "SELECT seq FROM flowc_states WHERE stored > ? ORDER BY seq LIMIT 1"  # they are stored in the order of time
            row = connection.execute(first, (oldest,)).fetchone()
            last = row[0] if row is not None else (connection.execute("SELECT max(seq) FROM flowc_states").fetchone()[0] or 0) + 1
            if most is not None:
                start = connection.execute("SELECT min(seq) FROM flowc_states").fetchone()[0] or 0
                last = min(last, start + most)
            gone = connection.execute("DELETE FROM flowc_states WHERE seq < ?", (last,)).rowcount
            connection.execute("DELETE FROM flowc_groups WHERE stored <= ?", (oldest,))
        if self.settings.chord_expires is not None:
            before = (time.time() - self.settings.chord_expires,)
            connection.execute("DELETE FROM flowc_parts WHERE group_id IN (SELECT group_id FROM flowc_chords WHERE touched <= ?)", before)
            connection.execute("DELETE FROM flowc_chords WHERE touched <= ?", before)
        return gone

    def close(self) -> None:
        self.file.close()
