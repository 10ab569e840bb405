"""Counting the parts of chords in a database, in tables of flowc's own."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .documents import Documents
from .interface import Meta
from .settings import Settings
from .sqlalchemy_database import Database, insert_new


class Chords:
    """The chords of one database. Whoever changes one has its row for himself until the transaction ends."""

    def __init__(self, database: Database, documents: Documents, settings: Settings) -> None:
        self._database = database
        self._documents = documents
        self._expires = settings.chord_expires

    def _tables(self) -> tuple[sa.Table, sa.Table]:
        return self._database.made("chords"), self._database.made("parts")

    def open(self, group_id: str, size: int) -> None:
        """A header of so many tasks is about to be sent."""
        chords, _ = self._tables()
        self._database.run(lambda connection: self._change(connection, chords, group_id, size=size, claim=None, closed=0))

    def add(self, group_id: str, more: int) -> None:
        """So many tasks more belong to the header."""
        chords, _ = self._tables()
        self._database.run(lambda connection: self._change(connection, chords, group_id, more=chords.c.more + more))

    def part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        """A task of the header has ended; all parts, if it was the last."""
        chords, parts = self._tables()
        name = f"{meta['task_id']}:{index}"
        data = self._documents.encode_part(meta)

        def ask(connection: Connection) -> list[bytes] | None:
            self._change(connection, chords, group_id)
            chord = connection.execute(sa.select(chords).where(chords.c.group_id == group_id)).mappings().one()
            if chord["closed"]:
                return None
            own = parts.c.group_id == group_id
            if connection.execute(sa.select(parts.c.place).where(own, parts.c.part == name)).first() is None:
                connection.execute(parts.insert().values(group_id=group_id, part=name, place=index, document=data))
            came = connection.execute(sa.select(sa.func.count()).select_from(parts).where(own)).scalar()
            if chord["size"] is None or came != chord["size"] + chord["more"] or chord["claim"] not in (None, name):
                return None
            connection.execute(chords.update().where(chords.c.group_id == group_id).values(claim=name))
            ordered = sa.select(parts.c.document).where(own).order_by(parts.c.place, parts.c.part)
            return list(connection.execute(ordered).scalars())

        found = self._database.run(ask)
        return None if found is None else [self._documents.decode_part(bytes(part), group_id) for part in found]

    def close(self, group_id: str) -> None:
        """The body was sent: parts that come late count no more."""
        chords, parts = self._tables()

        def ask(connection: Connection) -> None:
            self._change(connection, chords, group_id, closed=1, more=0)
            connection.execute(parts.delete().where(parts.c.group_id == group_id))

        self._database.run(ask)

    def expire(self) -> None:
        """Remove what has not been touched for ``result_chord_expires``."""
        if self._expires is None or not self._database.has("chords"):
            return
        chords, parts = self._tables()
        old = chords.c.touched <= time.time() - self._expires

        def ask(connection: Connection) -> None:
            connection.execute(parts.delete().where(parts.c.group_id.in_(sa.select(chords.c.group_id).where(old))))
            connection.execute(chords.delete().where(old))

        self._database.run(ask)

    @staticmethod
    def _change(connection: Connection, chords: sa.Table, group_id: str, **values: Any) -> None:
        """Change a chord, which begins if it is not there."""
        change = chords.update().where(chords.c.group_id == group_id).values(touched=time.time(), **values)
        if connection.execute(change).rowcount:
            return
        insert_new(connection, chords, {"group_id": group_id, "touched": time.time(), "more": 0, "closed": 0})
        connection.execute(change)
