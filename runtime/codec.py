"""Bytes for values and back. Bodies go through kombu's serializers; results and states through kombu's JSON, on every pool alike."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kombu import compression, serialization
from kombu.exceptions import KombuError
from kombu.utils.json import JSONEncoder, object_hook

from .errors import DecodeError, EncodeError

# kombu's functions have no types
_compressors: Any = compression
_serializers: Any = serialization

_encode = JSONEncoder().encode
_decode = json.JSONDecoder(object_hook=object_hook).decode

#: JSON carries these as they are: no need to write and read them.
_PLAIN = (type(None), bool, str)

_EXTRAS = {"yaml": "yaml", "msgpack": "msgpack", "brotli": "brotli", "zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A value as JSON text."""

    text: str


def pack(value: Any, what: str) -> Any:
    """A value that can leave the task: a copy that nobody can change any more.

    Args:
        value: a result or the meta of a state.
        what: how a message about it calls it.

    Raises:
        EncodeError: JSON cannot carry it; the message says what and where.
    """
    kind = type(value)
    if kind in _PLAIN or (kind is int and -(1 << 63) < value < 1 << 63) or (kind is float and math.isfinite(value)):
        return value
    try:
        return Packed(_encode(value))
    except RecursionError:
        raise EncodeError(f"{what} is nested too deeply for JSON, or contains itself") from None
    except (TypeError, ValueError, OverflowError) as exc:
        raise EncodeError(f"{what} cannot be carried as JSON: {_offender(value) or exc}") from None


def unpack(value: Any) -> Any:
    """The value again.

    Raises:
        DecodeError: what was packed says of itself that it is something that it is not (``{"__type__": …}``).
    """
    if type(value) is not Packed:
        return value
    try:
        return _decode(value.text)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as exc:
        raise DecodeError(f"the JSON of a result cannot be read back: {exc}") from None


def encode_body(body: Any, serializer: str, compressor: str | None) -> tuple[str, str, bytes | str, str | None]:
    """A message's body: content type, content encoding, data, and the content type of the compression.

    Raises:
        EncodeError: the serializer or compressor is not known or not installed, or cannot carry the body.
    """
    try:
        if serializer == "json":
            content_type, encoding, data = "application/json", "utf-8", _encode(body)
        else:
            content_type, encoding, data = _serializers.dumps(body, serializer=serializer)
    except RecursionError:
        raise EncodeError("an argument is nested too deeply, or contains itself") from None
    except (KombuError, RuntimeError, ImportError) as exc:
        raise EncodeError(f"serializer {serializer!r}: {exc}{_extra(serializer)}") from None
    except Exception as exc:  # a serializer calls the user's own __reduce__ and the like
        offender = _offender(body) if serializer == "json" else None
        raise EncodeError(f"the arguments cannot be carried as {serializer}: {offender or exc}") from None
    if compressor is None:
        return content_type, encoding, data, None
    try:
        packed, compressed_type = _compressors.compress(data, compressor)
    except KeyError:
        raise EncodeError(f"compression {compressor!r} is not known or not installed{_extra(compressor)}") from None
    return content_type, encoding, packed, compressed_type


def decode_body(data: bytes | str, content_type: str, encoding: str, accept: Collection[str]) -> Any:
    """The body of a message (which kombu has decompressed).

    Raises:
        DecodeError: its content type is not accepted, or it cannot be read.
    """
    try:
        if content_type == "application/json":
            return _decode(data.decode("utf-8") if isinstance(data, bytes) else data)
        return _serializers.loads(data, content_type, encoding, accept=_serializers.prepare_accept_content(accept))
    except Exception as exc:  # whatever a decoder raises on a damaged body
        raise DecodeError(f"the message's body ({content_type}) cannot be read: {exc}") from None


def _extra(name: str) -> str:
    return f"; install it with  pip install 'flowc[{_EXTRAS[name]}]'" if name in _EXTRAS else ""


def _offender(value: Any) -> str | None:
    """The first part of a value that JSON does not know, and where it is."""
    seen: set[int] = set()
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        path, item = stack.pop()
        if id(item) in seen:
            continue
        if isinstance(item, Mapping):
            seen.add(id(item))
            bad = next((k for k in item if not (k is None or isinstance(k, (str, int, float)))), None)
            if bad is not None:
                return f"a map{_at(path)} has a key of type {type(bad).__name__}; JSON has text keys only"
            stack.extend((f"{path}[{k!r}]", v) for k, v in reversed(list(item.items())))
        elif isinstance(item, (list, tuple)):
            seen.add(id(item))
            stack.extend((f"{path}[{i}]", v) for i, v in reversed(list(enumerate(item))))
        elif not _carried(item):
            name = type(item).__name__
            return f"there is {'an' if name[:1] in tuple('aeiouAEIOU') else 'a'} {name}{_at(path)}; hand on lists, maps, texts and numbers"
    return None


def _at(path: str) -> str:
    return f" at {path}" if path else ""


def _carried(item: Any) -> bool:
    try:
        _encode(item)
    except Exception:  # a value's own code may run here: whatever it raises, the value cannot be carried
        return False
    return True
