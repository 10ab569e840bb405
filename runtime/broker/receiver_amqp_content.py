"""What an AMQP 0-9-1 server sends of a message: three kinds of frames, read without ever failing on what somebody put into them.

py-amqp reads messages too; but text that is no UTF-8, a timestamp of the year 60,000 or tables nested a thousand deep, all of which any
publisher may send, end in exceptions of many kinds there, in the middle of its state. Here a property that cannot be read
is left out, and headers that cannot be read are none: such a message is then refused as one that names no task.
It is also a few times as fast, which counts for some twenty headers a message.

Source: sections 4.2.3 to 4.2.6 of the AMQP 0-9-1 specification, with the table fields as RabbitMQ has them ("AMQP 0-9-1 Errata").
"""

from __future__ import annotations

import datetime
import decimal
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

#: Class and method of ``basic.deliver``.
DELIVER = b"\0\x3c\0\x3c"

#: Tables in tables, at most.
_DEEPEST = 50

_byte, _short, _int, _long = (struct.Struct(f).unpack_from for f in (">b", ">h", ">i", ">q"))
_ushort, _uint, _ulong, _float, _double = (struct.Struct(f).unpack_from for f in (">H", ">I", ">Q", ">f", ">d"))


class Deliver(NamedTuple):
    """The first frame of a message."""

    consumer: str
    tag: int
    redelivered: bool
    exchange: str
    routing_key: str


def read_deliver(payload: bytes) -> Deliver:
    """Read the first frame, which the server itself has written."""
    at = 5 + payload[4]
    consumer = payload[5:at]
    tag = _ulong(payload, at)[0]
    redelivered = payload[at + 8] & 1
    after = at + 10 + payload[at + 9]
    exchange = payload[at + 10 : after]
    routing_key = payload[after + 1 : after + 1 + payload[after]]
    return Deliver(_text(consumer), tag, bool(redelivered), _text(exchange), _text(routing_key))


def body_size(payload: bytes) -> int:
    """How long the body is, by the second frame."""
    size: int = _ulong(payload, 4)[0]
    return size


_PROPERTIES = (
    (0x8000, "content_type"), (0x4000, "content_encoding"), (0x2000, "application_headers"), (0x1000, "delivery_mode"),
    (0x0800, "priority"), (0x0400, "correlation_id"), (0x0200, "reply_to"), (0x0100, "expiration"), (0x0080, "message_id"),
    (0x0040, "timestamp"), (0x0020, "type"), (0x0010, "user_id"), (0x0008, "app_id"), (0x0004, "cluster_id"),
)  # fmt: skip


def read_properties(payload: bytes) -> dict[str, Any]:
    """The properties of a message, by the names of py-amqp, from its second frame."""
    flags = _ushort(payload, 12)[0]
    at = 14
    found: dict[str, Any] = {}
    for flag, name in _PROPERTIES:
        if not flags & flag:
            continue
        if flag == 0x2000:
            end = at + 4 + _uint(payload, at)[0]
            try:
                found[name] = _table(payload, at + 4, end, 0)
            except (ValueError, IndexError, KeyError, struct.error, ArithmeticError):
                found[name] = {}
            at = end
        elif flag & 0x1800:
            found[name] = payload[at]
            at += 1
        elif flag == 0x0040:
            found[name] = _ulong(payload, at)[0]
            at += 8
        else:
            end = at + 1 + payload[at]
            found[name] = _text(payload[at + 1 : end])
            at = end
    return found


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


_names: dict[bytes, str] = {}


def _table(buf: bytes, at: int, end: int, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while at < end:
        after = at + 1 + buf[at]
        raw = buf[at + 1 : after]
        name = _names.get(raw)
        if name is None:
            name = _text(raw)
            if len(_names) < 1000:
                _names[raw] = name
        kind = buf[after]
        if kind == 0x53:  # S, by far the most
            at = after + 5 + _uint(buf, after + 1)[0]
            raw = buf[after + 5 : at]
            try:
                found[name] = raw.decode()
            except UnicodeDecodeError:
                found[name] = raw
        elif kind == 0x56:  # V
            found[name] = None
            at = after + 1
        else:
            found[name], at = _item(buf, after, depth)
    if at != end:
        raise ValueError("a table ends within a field")
    return found


def _array(buf: bytes, at: int, end: int, depth: int) -> list[Any]:
    found = []
    while at < end:
        item, at = _item(buf, at, depth)
        found.append(item)
    if at != end:
        raise ValueError("an array ends within an item")
    return found


#: Kind of a field → how to read it, and how long it is.
_FIXED: dict[int, tuple[Callable[[bytes, int], tuple[Any, ...]], int]] = {
    ord(kind): (read, length)
    for kinds, read, length in (
        ("b", _byte, 1), ("B", struct.Struct(">B").unpack_from, 1), ("sU", _short, 2), ("u", _ushort, 2), ("I", _int, 4),
        ("i", _uint, 4), ("lL", _long, 8), ("f", _float, 4), ("d", _double, 8),
    )
    for kind in kinds
}  # fmt: skip


def _item(buf: bytes, at: int, depth: int) -> tuple[Any, int]:
    """A value of a table or an array, and where the next one begins."""
    kind = buf[at]
    at += 1
    fixed = _FIXED.get(kind)
    if fixed is not None:
        return fixed[0](buf, at)[0], at + fixed[1]
    if kind == 0x74:  # t
        return bool(buf[at]), at + 1
    if kind == 0x56:  # V
        return None, at
    if kind == 0x54:  # T
        return _moment(_ulong(buf, at)[0]), at + 8
    if kind == 0x44:  # D
        return decimal.Decimal(_int(buf, at + 1)[0]).scaleb(-buf[at]), at + 5
    size = _uint(buf, at)[0]
    at += 4
    end = at + size
    if end > len(buf):
        raise ValueError("a field is longer than its frame")
    if kind in (0x46, 0x41):  # F and A
        if depth >= _DEEPEST:
            raise ValueError("tables are nested too deep")
        return (_table if kind == 0x46 else _array)(buf, at, end, depth + 1), end
    raw = buf[at:end]
    if kind == 0x53:  # S
        try:
            return raw.decode(), end
        except UnicodeDecodeError:
            return raw, end
    if kind == 0x78:  # x
        return raw, end
    raise ValueError(f"a field of the unknown kind {kind:#x}")


def _moment(seconds: int) -> datetime.datetime | int:
    """As py-amqp: in UTC, without saying so; the number where there is no such moment."""
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return seconds
