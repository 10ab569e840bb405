"""Rows of Celery's tables and documents: how the one becomes the other, in both forms that stock workers write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ..codec import unpack
from ..errors import DecodeError, EncodeError
from .documents import Documents
from .interface import READY_STATES, Meta
from .plain_pickle import dump_group, dump_plain, load_plain, looks_pickled
from .settings import Settings

#: Columns that hold what the serializer has made of a value.
_SERIALIZED = ("args", "kwargs")
#: Columns that hold their value as it is, with the characters that they take.
_PLAIN = {"name": 155, "worker": 155, "queue": 155}


class Rows:
    """Writes and reads rows.

    Args:
        documents: by which values are written and read that are no pickles.
        settings: pickles of anything but plain data are only read where ``accept`` has ``pickle``.
    """

    def __init__(self, documents: Documents, settings: Settings) -> None:
        self.documents = documents
        self._trusts_pickles = not {"pickle", "application/x-python-serialize"}.isdisjoint(settings.accept)

    # ------------------------------------------------------------------------------------------------------------- writing
    def row(self, meta: Meta, pickled: bool, columns: frozenset[str]) -> dict[str, Any]:
        """A document as the values of columns.

        Args:
            meta: the document.
            pickled: whether ``result`` is to be a pickle.
            columns: that there are.

        Raises:
            EncodeError: the serializer cannot carry a value, or it is too large.
        """
        task_id = str(meta["task_id"])
        what = f"the result of task {task_id}"
        result = meta["result"]
        row: dict[str, Any] = {
            "status": meta["status"],
            "result": self._value(result, pickled, what),
            "date_done": _naive(meta.get("date_done"), meta["status"]),
            "traceback": meta.get("traceback"),
        }
        for name in _SERIALIZED:
            if name in columns:
                value = meta.get(name)
                row[name] = None if value is None else self.documents.encode_value(value, f"the arguments of task {task_id}")
        for name, longest in _PLAIN.items():
            if name in columns:
                value = meta.get(name)
                row[name] = value[:longest] if isinstance(value, str) else None
        if "retries" in columns:
            row["retries"] = meta.get("retries")
        if "children" in columns:
            row["children"] = self.children(meta)
        return row

    def _value(self, value: Any, pickled: bool, what: str) -> bytes | None:
        written = self.documents.encode_value(value, what)
        if not pickled:
            return written
        if value is None:
            return None
        data = dump_plain(unpack(value))
        if len(data) > self.documents.largest:
            raise EncodeError(f"{what} has {len(data):,} bytes, more than worker_max_message_size allows ({self.documents.largest:,})")
        return data

    def children(self, meta: Meta) -> bytes | None:
        """The results of what a task has called, as a document keeps them; None if it has called nothing."""
        children = meta.get("children")
        return self.documents.encode_any(children, f"the children of task {meta['task_id']}") if children else None

    def group(self, document: Mapping[str, Any], group_id: str, pickled: bool) -> bytes:
        """A group's document. Raises as :meth:`row`."""
        if not pickled:
            return self.documents.encode_any(document["result"], f"the group {group_id}")
        return dump_group(document["result"])

    # ------------------------------------------------------------------------------------------------------------- reading
    def meta(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The document of a row.

        Args:
            row: the values of columns.

        Raises:
            ContentDisallowed: it is in a serializer that ``result_accept_content`` does not list, or a pickle of more than plain data.
            DecodeError: it cannot be read.
        """
        try:
            return self._document(row)
        except DecodeError as exc:
            exc.task_id = row["task_id"]
            raise

    def _document(self, row: Mapping[str, Any]) -> dict[str, Any]:
        task_id = row["task_id"]
        kept = row.get("children")
        done = row["date_done"]
        meta: dict[str, Any] = {
            "task_id": task_id,
            "status": row["status"] or "PENDING",
            "result": self.value(row["result"], f"the result of task {task_id}"),
            "traceback": row["traceback"],
            "children": [] if kept is None else self.value(kept, f"the children of task {task_id}") or [],
            "date_done": None if done is None else done.replace(tzinfo=dt.UTC).isoformat(),
        }
        for name in (*_SERIALIZED, *_PLAIN, "retries"):
            value = row.get(name)
            if value is not None:
                meta[name] = self.value(value, f"the arguments of task {task_id}") if name in _SERIALIZED else value
        return meta

    def group_document(self, data: bytes, group_id: str) -> dict[str, Any]:
        """The document of a group: ``{"result": its as_tuple()}``. Raises as :meth:`meta`."""
        what = f"the group {group_id}"
        raw = bytes(data)
        value = load_plain(raw, what) if looks_pickled(raw) else self.documents.decode_any(raw, what)
        if not isinstance(value, (list, tuple)):
            raise DecodeError(f"what is stored as {what} is no group")
        return {"result": value}

    def value(self, data: bytes | None, what: str) -> Any:
        """What a column of bytes holds, in either form. Raises as :meth:`meta`."""
        if data is None:
            return None
        raw = bytes(data)
        if not looks_pickled(raw):
            return self.documents.decode_any(raw, what)
        if len(raw) > self.documents.largest:
            raise DecodeError(f"{what} has {len(raw):,} bytes, more than worker_max_message_size allows ({self.documents.largest:,})")
        return _load_any(raw, what) if self._trusts_pickles else load_plain(raw, what)


def _load_any(data: bytes, what: str) -> Any:
    """A pickle of anything: the user trusts whoever writes to the database."""
    import pickle

    try:
        return pickle.loads(data)
    except Exception as exc:  # a pickle can raise anything
        raise DecodeError(f"{what} is a pickle that cannot be read: {str(exc)[:200] or type(exc).__name__}") from None


def _naive(moment: Any, status: str) -> dt.datetime | None:
    """The time of an end as the column takes it: in UTC, without a zone."""
    if moment is None:
        return dt.datetime.now(dt.UTC).replace(tzinfo=None) if status in READY_STATES else None
    found = moment if isinstance(moment, dt.datetime) else dt.datetime.fromisoformat(str(moment))
    return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo is not None else found
