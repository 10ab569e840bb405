"""Bytes for values and back. Bodies go through kombu's serializers; results and states through kombu's JSON, on every pool alike."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from json import encoder as json_encoder
from typing import Any

from kombu import serialization
from kombu.exceptions import ContentDisallowed as KombuContentDisallowed
from kombu.exceptions import KombuError, SerializerNotInstalled
from kombu.utils.json import JSONEncoder, object_hook

from . import compression
from .errors import ContentDisallowed, DecodeError, EncodeError

# kombu's functions have no types
_serializers: Any = serialization


def _fast_encoder() -> Callable[[Any], str]:
    """kombu's JSON. ``json`` builds its C encoder anew for each value, half of what a message costs; here it is built once.

    What contains itself ends in a RecursionError instead of a ValueError. Where the interpreter has no such encoder, or another one,
    ``json`` does it all.
    """
    kombu = JSONEncoder()
    make: Any = getattr(json_encoder, "c_make_encoder", None)
    sample = [None, True, "\u00e9\n", {"a": 1.5, "b": [1 << 70]}, float("inf")]
    try:
        parts = make(None, kombu.default, json_encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True)
        if "".join(parts(sample, 0)) == kombu.encode(sample):
            return lambda value: "".join(parts(value, 0))
    except Exception:  # another interpreter's encoder may refuse in any way
        pass
    return kombu.encode


_encode = _fast_encoder()
_decode = json.JSONDecoder(object_hook=object_hook).decode

#: JSON carries these as they are: no need to write and read them.
_PLAIN = (type(None), bool, str)

_TEXT = frozenset(("utf-8", "utf8", "us-ascii", "ascii"))

_EXTRAS = {"yaml": "yaml", "msgpack": "msgpack", "application/x-yaml": "yaml", "application/x-msgpack": "msgpack"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A value as JSON text."""

    text: str


def encode_json(value: Any) -> str:
    """A value as kombu's JSON; raises what ``json`` raises."""
    return _encode(value)


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
    if serializer == "json" and compressor is None:
        try:
            return "application/json", "utf-8", _encode(body), None
        except Exception:  # said below, with what and where
            pass
    if serializer != "json" and _has_signature(body):
        body = _plain(body)
    content_type, encoding, data = encode_value(body, serializer, "the arguments")
    if compressor is None:
        return content_type, encoding, data, None
    packed, compressed_type = compression.compress(data, compressor)
    return content_type, encoding, packed, compressed_type


def encode_value(value: Any, serializer: str, what: str = "the value") -> tuple[str, str, bytes | str]:
    """Any value: content type, content encoding and data.

    Args:
        value: what to carry.
        serializer: ``json``, ``yaml``, ``msgpack``, ``pickle``, or any registered with kombu.
        what: how a message about the value calls it.

    Raises:
        EncodeError: the serializer is not known or not installed, or cannot carry the value.
    """
    try:
        if serializer == "json":
            return "application/json", "utf-8", _encode(value)
        content_type, encoding, data = _serializers.dumps(value, serializer=serializer)
    except RecursionError:
        raise EncodeError(f"{'an argument' if what == 'the arguments' else what} is nested too deeply, or contains itself") from None
    except SerializerNotInstalled:
        raise EncodeError(f"serializer {serializer!r} is not {_known(serializer)}") from None
    except Exception as exc:  # a serializer calls the user's own __reduce__ and the like
        offender = _offender(value) if serializer == "json" else None
        raise EncodeError(f"{what} cannot be carried as {serializer}: {offender or str(exc) or type(exc).__name__}") from None
    return content_type, encoding, data


def decompress(body: bytes | str, headers: Mapping[str, Any], limit: int) -> bytes | str:
    """A message's body as it was before it was compressed, if it was.

    Args:
        body: as it came.
        headers: the message's; ``compression`` names what was done to it.
        limit: bytes that the body may have (``worker_max_message_size``).

    Raises:
        DecodeError: it is too large, now or decompressed, is damaged, or its compression is not known or not installed.
    """
    if len(body) > limit:
        raise DecodeError(compression.too_large(limit))
    packed = headers.get("compression")
    return compression.decompress(body, str(packed), limit) if packed else body


def decode_body(data: bytes | str, content_type: str, encoding: str, accept: Collection[str]) -> Any:
    """The body of a message, decompressed before.

    Raises:
        ContentDisallowed: ``accept`` (``accept_content``) does not have its serializer.
        DecodeError: it cannot be read.
    """
    return decode_value(data, content_type, encoding, accept, what="the message's body", setting="accept_content")


def decode_value(
    data: bytes | str, content_type: str, encoding: str, accept: Collection[str],
    *, what: str = "the value", setting: str = "result_accept_content",
) -> Any:  # fmt: skip
    """The value again that :func:`encode_value` carried.

    Args:
        data: as it came.
        content_type: of the serializer.
        encoding: of the data, such as ``utf-8`` or ``binary``.
        accept: names or content types of the serializers that may be read.
        what: how a message about the value calls it.
        setting: where ``accept`` comes from.

    Raises:
        ContentDisallowed: ``accept`` does not have its serializer.
        DecodeError: it cannot be read.
    """
    accepted = _accepted(frozenset(accept))
    try:
        if content_type == "application/json" and content_type in accepted:
            return _decode(data.decode("utf-8") if isinstance(data, bytes) else data)
        # RabbitMQ's driver gives texts as such, others bytes: decoders get the same everywhere
        text = data.decode(encoding) if isinstance(data, bytes) and str(encoding).lower() in _TEXT else data
        return _serializers.loads(text, content_type, encoding, accept=accepted)
    except KombuContentDisallowed:
        name = _serializers.registry.type_to_name.get(content_type, content_type)
        raise ContentDisallowed(
            f"{what} is in {name} ({content_type}), which is not accepted here; "
            + (f"if you trust whoever sends it, add {name!r} to {setting}" if name == "pickle" else f"{setting} must have {name!r}")
        ) from None
    except Exception as exc:  # whatever a decoder raises on a damaged body
        missing = _EXTRAS.get(content_type) if isinstance(exc, KombuError) and "installed" in str(exc) else None
        hint = f"; install it with  pip install 'flowc[{missing}]'" if missing else ""
        raise DecodeError(f"{what} ({content_type}) cannot be read: {str(exc) or type(exc).__name__}{hint}") from None


@lru_cache(maxsize=64)
def _accepted(names: frozenset[str]) -> frozenset[str]:
    """Content types of serializers. A name that is not known accepts nothing."""
    known: Mapping[str, str] = _serializers.registry.name_to_type
    return frozenset(name if "/" in name else known.get(name, name) for name in names)


def _known(name: str) -> str:
    if name in _EXTRAS:
        return f"installed; install it with  pip install 'flowc[{_EXTRAS[name]}]'"
    names = sorted(_serializers.registry._encoders)
    near = difflib.get_close_matches(name, names, 1)
    return f"known; did you mean {near[0]!r}?" if near else f"known; there are {', '.join(names)}"


def _has_signature(body: Any) -> bool:
    """Whether there is a signature somewhere. Values may contain themselves."""
    seen: set[int] = set()
    stack = [body]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind in (list, tuple, dict):
            if id(item) not in seen:
                seen.add(id(item))
                stack.extend(item.values() if kind is dict else item)
        elif isinstance(item, dict) and "subtask_type" in item:
            return True
    return False


def _plain(value: Any) -> Any:
    """Signatures as plain maps: what else but JSON would carry them as the class that they are."""
    kind = type(value)
    if kind is list or kind is tuple:
        return kind(_plain(item) for item in value)
    if kind is dict or (isinstance(value, dict) and "subtask_type" in value):
        return {key: _plain(item) for key, item in value.items()}
    return value


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
