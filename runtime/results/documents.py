"""A result's document as bytes, and back: what is stored is what Celery stores, and what is read may have been written by anybody.

``status`` comes first, as in Celery's documents: the store's script finds it there without reading on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kombu import compression, serialization
from kombu.utils.json import JSONEncoder, object_hook

from ..codec import Packed, unpack
from ..errors import ContentDisallowed, DecodeError, EncodeError, ImproperlyConfigured
from .interface import READY_STATES, Meta
from .settings import Settings

# kombu's functions have no types
_serializers: Any = serialization
_compressors: Any = compression

_encode = JSONEncoder().encode
_decode = json.JSONDecoder(object_hook=object_hook).decode
_quoted = json.encoder.encode_basestring_ascii
_CONSTANTS = {None: "null", True: "true", False: "false"}

#: What Celery puts before a compressed document; the content type of the compression and a NUL follow.
_COMPRESSED = b"\x00celery-compressed\x00"

#: Bytes of the largest document that is stored or read, after decompression.
LARGEST = 256 * 1024 * 1024

_STATUS = re.compile(rb'\{"status": ?"([A-Z_]+)"')

_NONE: Any = {"traceback": None, "children": []}


class Documents:
    """Writes and reads documents in the serializer and compression of the settings.

    Raises:
        ImproperlyConfigured: the serializer or the compression is not known or not installed.
    """

    def __init__(self, settings: Settings) -> None:
        self.serializer = settings.serializer
        self.compression = settings.compression
        self.content_type, self.encoding = _content_type(settings.serializer)
        self.accept = _accepted(settings.accept)
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
        data = self._written(value, what)
        if self.compression is not None:
            packed, content_type = _compressors.compress(data, self.compression)
            data = b"".join((_COMPRESSED, content_type.encode(), b"\x00", packed))
        if len(data) > LARGEST:
            raise EncodeError(f"{what} has {len(data):,} bytes; at most {LARGEST:,} are stored")
        return data

    def _written(self, value: Any, what: str) -> bytes:
        try:
            if self.serializer == "json":
                return (_json(value) if isinstance(value, Mapping) and "status" in value else _encode(value)).encode()
            plain = {key: unpack(item) for key, item in value.items()} if isinstance(value, Mapping) else value
            _, _, data = _serializers.dumps(plain, serializer=self.serializer)
        except RecursionError:
            raise EncodeError(f"{what} is nested too deeply, or contains itself") from None
        except Exception as exc:  # a serializer calls the values' own code
            raise EncodeError(f"{what} cannot be carried as {self.serializer}: {exc}") from None
        return data.encode() if isinstance(data, str) else bytes(data)

    # ------------------------------------------------------------------------------------------------------------- reading
    def decode(self, data: bytes, task_id: str) -> dict[str, Any]:
        """The document of a task.

        Raises:
            ContentDisallowed: it is in a serializer that ``result_accept_content`` does not list.
            DecodeError: it cannot be read, or is no document of a result.
        """
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
        if self.content_type not in self.accept:
            raise ContentDisallowed(
                f"{what} is not read as {self.serializer}: it may do harm; result_accept_content = [..., {self.serializer!r}] allows it"
            )
        try:
            data = _decompressed(data, what)
            if self.serializer == "json":
                return _decode(data.decode("utf-8"))
            return _serializers.loads(data, self.content_type, self.encoding, accept=self.accept)
        except DecodeError:
            raise
        except RecursionError:
            raise DecodeError(f"{what} cannot be read: it is nested too deeply") from None
        except Exception as exc:  # whatever a decoder raises on a damaged document
            raise DecodeError(f"{what} cannot be read as {self.serializer}: {exc}") from None

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
            return f"[1, {_quoted(task_id)}, {_quoted(status)}, {result.text}]".encode()
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

    def is_final(self, data: bytes | None, task_id: str) -> bool:
        """Whether that is a document of a final state; one that cannot be read is not."""
        return data is not None and self.status(data, task_id) in READY_STATES


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


def _decompressed(data: bytes, what: str) -> bytes:
    if not data.startswith(_COMPRESSED):
        if len(data) > LARGEST:
            raise DecodeError(f"{what} has {len(data):,} bytes; at most {LARGEST:,} are read")
        return data
    content_type, _, packed = data[len(_COMPRESSED) :].partition(b"\x00")
    unpacked: bytes = _compressors.decompress(packed, content_type.decode("utf-8"))
    return unpacked


def _content_type(serializer: str) -> tuple[str, str]:
    registry = _serializers.registry
    name = registry.type_to_name.get(serializer, serializer)
    try:
        encoder = registry._encoders[name]
    except KeyError:
        raise ImproperlyConfigured(_unknown("result_serializer", serializer, registry._encoders)) from None
    return encoder.content_type, encoder.content_encoding


def _accepted(accept: tuple[str, ...]) -> frozenset[str]:
    try:
        return frozenset(_serializers.prepare_accept_content(accept) or ())
    except Exception as exc:  # kombu's SerializerNotInstalled
        raise ImproperlyConfigured(f"result_accept_content: {exc}") from None


def _check_compression(name: str) -> None:
    try:
        _compressors.get_encoder(name)
    except KeyError:
        raise ImproperlyConfigured(_unknown("result_compression", name, _compressors.encoders())) from None


def _unknown(setting: str, name: str, known: Any) -> str:
    listed = ", ".join(sorted(str(item) for item in known if "/" not in str(item)))
    return f"{setting} = {name!r}: it is not known or not installed; there are {listed}"
