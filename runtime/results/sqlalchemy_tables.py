"""Celery's tables of results, and those that flowc keeps beside them.

``celery_taskmeta`` has a row for each task, ``celery_tasksetmeta`` one for each group that was saved. Source: "Database backend settings"
of Celery's documentation; the tables of stock workers 5.5, 5.6 and 5.7.

Until 5.6, ``result`` is a pickle. From 5.7 on, it is what the serializer makes of the value, and there is a column ``children``, which 5.7
adds to the tables that it finds. So that column tells which form the others in this database read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

#: What a document may have besides, with ``result_extended``.
EXTENDED = ("name", "args", "kwargs", "worker", "retries", "queue")

_NUMBER = sa.Integer().with_variant(sa.BigInteger, "mssql")


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one database.

    ``tasks`` and ``groups`` are Celery's; ``chords``, ``parts`` (of the headers of chords) and ``children`` (of tasks, where Celery's table
    has no place for them) are flowc's own, and only made when they are needed.
    """

    tasks: sa.Table
    groups: sa.Table
    chords: sa.Table
    parts: sa.Table
    children: sa.Table


def make_tables(names: Mapping[str, str], schemas: Mapping[str, str], extended: bool) -> Tables:
    """The tables as they are to be.

    Args:
        names: ``database_table_names``: of ``task`` and ``group``.
        schemas: ``database_table_schemas``, likewise.
        extended: ``result_extended``.
    """
    metadata = sa.MetaData()
    task_schema, group_schema = schemas.get("task"), schemas.get("group")
    tasks = _task_table(metadata, names.get("task") or "celery_taskmeta", task_schema, (*_PLAIN, *(EXTENDED if extended else ())))
    groups = sa.Table(
        names.get("group") or "celery_tasksetmeta",
        metadata,
        sa.Column("id", _NUMBER, sa.Sequence("taskset_id_sequence", schema=group_schema), primary_key=True, autoincrement=True),
        sa.Column("taskset_id", sa.String(155), unique=True),
        sa.Column("result", sa.LargeBinary),
        sa.Column("date_done", sa.DateTime),
        schema=group_schema,
        sqlite_autoincrement=True,
    )
    own = sa.MetaData(schema=task_schema)
    chords = sa.Table(
        "flowc_chords",
        own,
        sa.Column("group_id", sa.String(155), primary_key=True),
        sa.Column("size", sa.Integer),
        sa.Column("more", sa.Integer, nullable=False),
        sa.Column("claim", sa.String(200)),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.Column("touched", sa.Float(53), nullable=False, index=True),
    )
    parts = sa.Table(
        "flowc_chord_parts",
        own,
        sa.Column("group_id", sa.String(155), primary_key=True),
        sa.Column("part", sa.String(200), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("document", _large(), nullable=False),
    )
    children = sa.Table(
        "flowc_children",
        own,
        sa.Column("task_id", sa.String(155), primary_key=True),
        sa.Column("document", _large(), nullable=False),
    )
    return Tables(tasks, groups, chords, parts, children)


def _large() -> Any:
    """Bytes of any length: MySQL's own word for that is another."""
    from sqlalchemy.dialects.mysql import LONGBLOB

    return sa.LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


def as_found(wanted: sa.Table, found: frozenset[str]) -> sa.Table:
    """Celery's table of tasks as it is in the database, to read and write: with ``children`` if it is there, without what it lacks."""
    return _task_table(sa.MetaData(), wanted.name, wanted.schema, [name for name in (*_PLAIN, *EXTENDED, "children") if name in found])


_PLAIN = ("id", "task_id", "status", "result", "date_done", "traceback")


def _task_table(metadata: sa.MetaData, name: str, schema: str | None, columns: Iterable[str]) -> sa.Table:
    number = _NUMBER, sa.Sequence("task_id_sequence", schema=schema)
    kinds: dict[str, Any] = {
        "task_id": sa.String(155), "status": sa.String(50), "result": sa.LargeBinary(), "date_done": sa.DateTime(), "traceback": sa.Text(),
        "children": sa.LargeBinary(), "name": sa.String(155), "args": sa.LargeBinary(), "kwargs": sa.LargeBinary(),
        "worker": sa.String(155), "retries": sa.Integer(), "queue": sa.String(155),
    }  # fmt: skip
    made = [
        sa.Column("id", *number, primary_key=True, autoincrement=True)
        if column == "id"
        else sa.Column(column, kinds[column], unique=column == "task_id" or None)
        for column in columns
    ]
    return sa.Table(name, metadata, *made, schema=schema, sqlite_autoincrement=True)
