"""A result's document as bytes, and back: what is stored is what Celery stores, and what is read may have been written by anybody.

``status`` comes first, as in Celery's documents: the store's script finds it there without reading on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kombu import serialization
from kombu.utils.json import JSONEncoder

from .. import compression
from ..codec import Packed, decode_value, encode_value, unpack
from ..errors import DecodeError, EncodeError, ImproperlyConfigured
from .interface import Meta
from .settings import Settings

# kombu's functions have no types
_serializers: Any = serialization

_encode = JSONEncoder().encode
_quoted = json.encoder.encode_basestring_ascii
_CONSTANTS = {None: "null", True: "true", False: "false"}

#: What Celery puts before a compressed document; the content type of the compression and a NUL follow.
_COMPRESSED = b"\x00celery-compressed\x00"

_STATUS = re.compile(rb'\{"status": ?"([A-Z_]+)"')

_NONE: Any = {"traceback": None, "children": []}


class Unreadable(bytes):
    """Stands for a document that could not be read where it came: whoever reads it gets the same error."""

    error: DecodeError

    def __new__(cls, error: DecodeError) -> Unreadable:
        made = super().__new__(cls)
        made.error = error
        return made


class Documents:
    """Writes and reads documents in the serializer and compression of the settings.

    Raises:
        ImproperlyConfigured: the serializer or the compression is not known or not installed.
    """

    def __init__(self, settings: Settings) -> None:
        self.serializer = settings.serializer
        self.compression = settings.compression
        self.content_type, self.encoding = _content_type(settings.serializer)
        self.accept = settings.accept
        self.largest = settings.largest
        if settings.compression is not None:
            _check_compression(settings.compression)
        #: Whether a document's status can be read off its first bytes.
        self.plain = self.serializer == "json" and self.compression is None

    # ------------------------------------------------------------------------------------------------------------- writing
    def encode(self, meta: Meta) -> bytes:
        """A document as bytes. Its values may be packed already (:class:`flowc.runtime.codec.Packed`).

        Raises:
            EncodeError: the serializer cannot carry a value, or the document is too large.
        """
        return self.encode_any(meta, f"the result of task {meta['task_id']}")

    def encode_any(self, value: Any, what: str) -> bytes:
        """Any value as bytes; ``what`` is how errors call it. Raises as :meth:`encode`."""
        return self._finished(self._written(value, what), what)

    def encode_value(self, value: Any, what: str) -> bytes:
        """A task's result alone, which may be packed already. Raises as :meth:`encode`."""
        if type(value) is Packed:
            return self._finished(value.text, what) if self.serializer == "json" else self.encode_any(unpack(value), what)
        return self.encode_any(value, what)

    def _written(self, value: Any, what: str) -> bytes | str:
        if self.serializer != "json":
            plain = {key: unpack(item) for key, item in value.items()} if isinstance(value, Mapping) else value
            return encode_value(plain, self.serializer, what)[2]
        try:
            return _json(value) if isinstance(value, Mapping) and "status" in value else _encode(value)
        except Exception:  # said by encode_value, with what and where
            plain = {key: unpack(item) for key, item in value.items()} if isinstance(value, Mapping) else value
            return encode_value(plain, self.serializer, what)[2]

    def _finished(self, written: bytes | str, what: str) -> bytes:
        data = written.encode() if isinstance(written, str) else bytes(written)
        if len(data) > self.largest:
            raise EncodeError(f"{what} has {len(data):,} bytes, more than worker_max_message_size allows ({self.largest:,})")
        if self.compression is None:
            return data
        packed, content_type = compression.compress(data, self.compression)
        return b"".join((_COMPRESSED, content_type.encode(), b"\x00", packed))

    # ------------------------------------------------------------------------------------------------------------- reading
    def decode(self, data: bytes, task_id: str) -> dict[str, Any]:
        """The document of a task.

        Raises:
            ContentDisallowed: it is in a serializer that ``result_accept_content`` does not list.
            DecodeError: it cannot be read, or is no document of a result.
        """
        try:
            return self._document(data, task_id)
        except DecodeError as exc:
            exc.task_id = task_id
            raise

    def _document(self, data: bytes, task_id: str) -> dict[str, Any]:
        meta = self.decode_any(data, f"the result of task {task_id}")
        status = meta.get("status") if isinstance(meta, dict) else None
        if not isinstance(status, str) or "result" not in meta:
            raise DecodeError(f"what is stored as the result of task {task_id} is no result: it lacks a status or a result")
        if meta.setdefault("task_id", task_id) != task_id:
            raise DecodeError(f"what is stored as the result of task {task_id} says that it is that of {str(meta['task_id'])[:100]!r}")
        for key, value in _NONE.items():
            if meta.get(key) is None:
                meta[key] = value if value is None else list(value)
        document: dict[str, Any] = meta
        return document

    def decode_any(self, data: bytes, what: str) -> Any:
        """Any value that :meth:`encode` or Celery wrote; ``what`` is how errors call it. Raises as :meth:`decode`."""
        if isinstance(data, Unreadable):
            raise data.error
        if data.startswith(_COMPRESSED):
            content_type, _, packed = data[len(_COMPRESSED) :].partition(b"\x00")
            try:
                data = compression.decompress(packed, content_type.decode("utf-8", "replace"), self.largest)
            except DecodeError as exc:
                raise DecodeError(f"{what}: {exc}") from None
        if len(data) > self.largest:
            raise DecodeError(f"{what} has {len(data):,} bytes, more than worker_max_message_size allows ({self.largest:,})")
        return decode_value(data, self.content_type, self.encoding, self.accept, what=what)

    def decode_group(self, data: bytes, group_id: str) -> dict[str, Any]:
        """The document of a group. Raises as :meth:`decode`."""
        document = self.decode_any(data, f"the group {group_id}")
        if not isinstance(document, dict) or "result" not in document:
            raise DecodeError(f"what is stored as the group {group_id} is no group")
        return document

    def encode_part(self, meta: Meta) -> bytes:
        """A part of a chord in Redis, as Celery writes it: ``[1, id, state, result]``. Raises as :meth:`encode`."""
        task_id, status, result = str(meta["task_id"]), str(meta["status"]), meta["result"]
        what = f"the result of task {task_id}"
        if type(result) is Packed and self.plain:
            return self._finished(f"[1, {_quoted(task_id)}, {_quoted(status)}, {result.text}]", what)
        return self.encode_any([1, task_id, status, unpack(result)], what)

    def decode_part(self, data: bytes, group_id: str) -> dict[str, Any]:
        """The part again, as a document of ``task_id``, ``status`` and ``result``. Raises as :meth:`decode`."""
        what = f"a part of the chord {group_id}"
        part = self.decode_any(data, what)
        if not (isinstance(part, (list, tuple)) and len(part) == 4 and isinstance(part[1], str) and isinstance(part[2], str)):
            raise DecodeError(f"{what} is not [1, task id, state, result]")
        return {"task_id": part[1], "status": part[2], "result": part[3]}

    def status(self, data: bytes, task_id: str) -> str | None:
        """The state of a document; None if it cannot be read."""
        if self.plain and (found := _STATUS.match(data)):
            return found[1].decode()
        try:
            status: str = self.decode(data, task_id)["status"]
        except DecodeError:
            return None
        return status


def _json(meta: Mapping[str, Any]) -> str:
    """The JSON of a document, its status first; texts of packed values go in as they are."""
    parts = [f'{{"status": {_value(meta["status"])}']
    for key, value in meta.items():
        if key != "status":
            parts.append(f"{_quoted(key)}: {_value(value)}")
    return ", ".join(parts) + "}"


def _value(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is Packed:
        text: str = value.text
        return text
    if value is None or kind is bool:
        return _CONSTANTS[value]
    if kind is list and not value:
        return "[]"
    return _encode(value)


def _content_type(serializer: str) -> tuple[str, str]:
    registry = _serializers.registry
    name = registry.type_to_name.get(serializer, serializer)
    try:
        encoder = registry._encoders[name]
    except KeyError:
        raise ImproperlyConfigured(f"result_serializer: {_not_there(serializer)}") from None
    return encoder.content_type, encoder.content_encoding


def _check_compression(name: str) -> None:
    try:
        compression.compress(b"", name)
    except EncodeError as exc:
        raise ImproperlyConfigured(f"result_compression: {exc}") from None


def _not_there(serializer: str) -> str:
    try:
        encode_value(None, serializer)
    except EncodeError as exc:
        return str(exc)
    return f"serializer {serializer!r} is not known"
