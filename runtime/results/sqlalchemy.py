"""Results in a database by way of SQLAlchemy, in Celery's own tables: ``db+postgresql://…``, ``db+mysql://…``, ``db+sqlite:///path``.

Source: "Database backend settings" of Celery's documentation.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .documents import Documents
from .interface import READY_STATES, Backend, Meta, Stored, Watch
from .settings import Settings
from .sqlalchemy_chords import Chords
from .sqlalchemy_database import Database, insert_new
from .sqlalchemy_rows import Rows
from .sqlalchemy_watch import DatabaseWatch

#: Ids in one statement.
_AT_ONCE = 500
#: Seconds after which what has expired is removed, when something is stored.
_SWEEP_EVERY = 3600.0


class SQLAlchemyBackend(Backend):
    """A :class:`Backend` in a database. Who waits looks from time to time; of states that follow each other in between, the last is seen.

    The parts of chords are counted in tables of flowc's own, so all tasks of a chord's header must run in flowc's workers: stock workers
    do not count on databases.

    Args:
        settings: of results.
        url: ``db+`` and a URL of SQLAlchemy's.
        conf: the settings ``database_…``.

    Raises:
        ImproperlyConfigured: the URL is malformed, or its driver is not installed.
    """

    counts_stock_chords = False

    def __init__(self, settings: Settings, url: str, conf: object) -> None:
        self.settings = settings
        self.rows = Rows(Documents(settings), settings)
        self.database = Database(url.removeprefix("db+"), conf, settings.retry)
        self.url = self.database.url
        self._chords = Chords(self.database, self.rows.documents, settings)
        self.changed = threading.Condition()
        self.changes = 0
        self._swept = time.monotonic()

    # --------------------------------------------------------------------------------------------------------------- tasks
    def store(self, states: Sequence[Stored]) -> list[Stored]:
        table = self.database.tasks()
        pickled, columns = self.database.is_pickled(), frozenset(table.columns.keys())
        last: dict[str, Meta] = {}
        refused: set[int] = set()
        for place, state in enumerate(states):  # of each task, the last state is kept, or the first that is an end
            task_id = str(state.meta["task_id"])
            if task_id in last and last[task_id]["status"] in READY_STATES:
                refused.add(place)
            else:
                last[task_id] = state.meta
        rows = {task_id: self.rows.row(last[task_id], pickled, columns) for task_id in sorted(last)}
        children = {task_id: kept for task_id, meta in last.items() if pickled and (kept := self.rows.children(meta)) is not None}
        late = self.database.run(lambda connection: self._write(connection, table, rows))
        self._keep_children({task_id: kept for task_id, kept in children.items() if task_id not in late})
        self._tell()
        self._sweep()
        return [state for place, state in enumerate(states) if place in refused or str(state.meta["task_id"]) in late]

    def _write(self, connection: Connection, table: sa.Table, rows: Mapping[str, dict[str, Any]]) -> set[str]:
        """Write rows of tasks, always in the same order, so that two who write do not wait for each other; the tasks that ended before."""
        there = self._there(connection, table, list(rows))
        late: set[str] = set()
        for task_id, row in rows.items():
            if task_id not in there and insert_new(connection, table, {"task_id": task_id, **row}):
                continue
            change = table.update().where(table.c.task_id == task_id, self._is_open(table)).values(**row)
            if connection.execute(change).rowcount:
                continue
            if there.get(task_id) != (row["status"], row["result"], row["date_done"]):  # else it was written, and the answer was lost
                late.add(task_id)
        return late

    def _there(self, connection: Connection, table: sa.Table, task_ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """What stands in the rows of tasks."""
        columns = table.c.task_id, table.c.status, table.c.result, table.c.date_done
        return {
            row[0]: tuple(row[1:])
            for some in _slices(task_ids)
            for row in connection.execute(sa.select(*columns).where(table.c.task_id.in_(some)))
        }

    def _is_open(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Whether what stands in a row may still change: it is no end, or one that has expired."""
        unended = sa.or_(table.c.status.is_(None), table.c.status.not_in(sorted(READY_STATES)))
        oldest = self._oldest()
        return unended if oldest is None else sa.or_(unended, table.c.date_done <= oldest)

    def _oldest(self) -> dt.datetime | None:
        """What was done then, or earlier, has expired; in UTC, without a zone."""
        expires = self.settings.expires
        return None if expires is None else dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(seconds=expires)

    def _keep_children(self, children: Mapping[str, bytes]) -> None:
        table = self.database.made("children")

        def ask(connection: Connection) -> None:
            for task_id, document in children.items():
                connection.execute(table.delete().where(table.c.task_id == task_id))
                insert_new(connection, table, {"task_id": task_id, "document": document})

        if children:
            self.database.run(ask)

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        rows = {row["task_id"]: row for row in self.found(task_ids)}
        return {task_id: self.rows.meta(rows[task_id]) for task_id in task_ids if task_id in rows}

    def found(self, task_ids: Sequence[str], *, ended: bool = False) -> Iterator[Mapping[str, Any]]:
        """The rows of those tasks that have one. ``ended``: only of those that have ended."""
        table = self.database.tasks()
        oldest = self._oldest()
        for some in _slices(task_ids):
            statement = sa.select(table).where(table.c.task_id.in_(some))
            if ended:
                statement = statement.where(table.c.status.in_(sorted(READY_STATES)))
            if oldest is not None:
                statement = statement.where(sa.or_(table.c.date_done.is_(None), table.c.date_done > oldest))
            rows = self.database.run(partial(_rows, statement=statement))
            yield from self._with_children(rows) if rows and self.database.has("children") else rows

    def _with_children(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        table = self.database.tables.children
        statement = sa.select(table).where(table.c.task_id.in_([row["task_id"] for row in rows]))
        kept = {row["task_id"]: row["document"] for row in self.database.run(partial(_rows, statement=statement))}
        for row in rows:
            yield {**row, "children": row.get("children") or kept.get(row["task_id"])}

    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        return DatabaseWatch(self, task_ids, progress)

    def forget(self, task_ids: Sequence[str]) -> None:
        tables = [self.database.tasks(), *([self.database.tables.children] if self.database.has("children") else [])]
        for some in _slices(task_ids):
            statements = [table.delete().where(table.c.task_id.in_(some)) for table in tables]
            self.database.run(partial(_execute, statements=statements))

    # -------------------------------------------------------------------------------------------------------------- groups
    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        table = self.database.made("groups")
        data = self.rows.group(document, group_id, self.database.is_pickled())
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        there = table.delete().where(table.c.taskset_id == group_id)
        self.database.run(partial(_execute, statements=[there, table.insert().values(taskset_id=group_id, result=data, date_done=now)]))

    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        table = self.database.made("groups")
        statement = sa.select(table.c.result).where(table.c.taskset_id == group_id)
        oldest = self._oldest()
        if oldest is not None:
            statement = statement.where(sa.or_(table.c.date_done.is_(None), table.c.date_done > oldest))
        data = self.database.run(lambda connection: connection.execute(statement).scalar())
        return None if data is None else self.rows.group_document(data, group_id)

    def forget_group(self, group_id: str) -> None:
        table = self.database.made("groups")
        self.database.run(partial(_execute, statements=[table.delete().where(table.c.taskset_id == group_id)]))

    # -------------------------------------------------------------------------------------------------------------- chords
    def open_chord(self, group_id: str, size: int) -> None:
        self._chords.open(group_id, size)

    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        self._chords.add(group_id, more)

    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        return self._chords.part(group_id, index, meta)

    def close_chord(self, group_id: str) -> None:
        self._chords.close(group_id)

    # -------------------------------------------------------------------------------------------------------------- the end
    def expire(self) -> int:
        gone = 0
        oldest = self._oldest()
        if oldest is not None:
            for table in (self.database.tasks(), self.database.made("groups")):
                gone += self.database.run(partial(_execute, statements=[table.delete().where(table.c.date_done <= oldest)]))
            if self.database.has("children"):
                kept, tasks = self.database.tables.children, self.database.tasks()
                orphans = kept.delete().where(kept.c.task_id.not_in(sa.select(tasks.c.task_id)))
                self.database.run(partial(_execute, statements=[orphans]))
        self._chords.expire()
        return gone

    def _sweep(self) -> None:
        """From time to time: remove what has expired."""
        if time.monotonic() - self._swept > _SWEEP_EVERY:
            self._swept = time.monotonic()
            self.expire()

    def _tell(self) -> None:
        """Wake those who watch in this process."""
        with self.changed:
            self.changes += 1
            self.changed.notify_all()

    def close(self) -> None:
        self.database.close()


def _slices(task_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(task_ids), _AT_ONCE):
        yield task_ids[start : start + _AT_ONCE]


def _rows(connection: Connection, statement: sa.Select[Any]) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(statement).mappings()]


def _execute(connection: Connection, statements: Sequence[Any]) -> int:
    """The rows that the last of some statements has changed."""
    changed = 0
    for statement in statements:
        changed = connection.execute(statement).rowcount
    return changed
