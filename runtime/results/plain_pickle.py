"""Pickles of plain data, read without running anything that they name.

Celery before 5.7 keeps results in SQL databases as pickles, whatever the serializer: values with ``json`` too, and the results of a group
as objects of its own classes. Who can write to the database could else have any code run in whoever reads it.
"""

from __future__ import annotations

import builtins
import datetime as dt
import decimal
import io
import pickle
import pickletools
import struct
import uuid
import zoneinfo
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..errors import ContentDisallowed, DecodeError


def looks_pickled(data: bytes) -> bool:
    """Whether these bytes are a pickle (of protocol 2 or newer) and nothing that another serializer writes."""
    return len(data) > 3 and data[0] == 0x80 and 2 <= data[1] <= 5 and data[-1] == 0x2E


def load_plain(data: bytes, what: str) -> Any:
    """The value of a pickle that holds nothing but plain data.

    That is: None, bools, numbers, texts, bytes, lists, tuples, maps and sets; dates, times, durations and zones; ``Decimal`` and ``UUID``.
    Results of Celery's (``AsyncResult``, ``GroupResult``) become what their ``as_tuple()`` gives, as lists.

    Args:
        data: the pickle, of bounded size.
        what: how errors call it.

    Raises:
        ContentDisallowed: it names something else. Reading it could run code.
        DecodeError: it is damaged.
    """
    reader = _Reader(io.BytesIO(data))
    try:
        _check_places(data)
        value = reader.load()
        return _as_lists(value, 0)
    except _RefusedError as refused:
        raise ContentDisallowed(
            f"{what} is a pickle that holds more than plain data ({refused}), which could run any code; "
            "if you trust all who write to the database, add 'pickle' to result_accept_content"
        ) from None
    except Exception as exc:  # a damaged pickle can raise anything
        raise DecodeError(f"{what} is a pickle that cannot be read: {str(exc)[:200] or type(exc).__name__}") from None


def dump_plain(value: Any) -> bytes:
    """A value as a pickle, in a protocol that every Python reads on which Celery 5 runs."""
    return pickle.dumps(value, protocol=4)


#: Results inside each other, at most.
_DEEPEST = 100


class _RefusedError(Exception):
    """The pickle names what is not allowed; the text is that name."""


class _Fixed(type):
    """A class whose attributes a pickle cannot set: they would stay as it wants them for all that is read later."""

    def __setattr__(cls, name: str, value: object) -> None:
        _refuse(f"{cls.__name__}.{name}")


class _Maker:
    """A function of which a pickle can do nothing but call it."""

    __slots__ = ("_make",)
    _make: Callable[..., Any]

    def __init__(self, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._make(*args, **kwargs)

    def __setattr__(self, name: str, value: object) -> None:
        _refuse(f"{self._make.__name__}.{name}")


class _Result(metaclass=_Fixed):
    """Stands for a result of Celery's: what it was made with."""

    def __init__(self, *args: Any) -> None:
        self.args = args


class _Group(_Result):
    """Stands for a ``GroupResult``."""


def _nothing(*_: Any, **__: Any) -> None:
    """Stands for what a result carries along that is of no use here: its backend."""


def _set(items: Any = ()) -> Any:
    return set(items) if isinstance(items, (list, tuple)) else _refuse("set")


def _frozenset(items: Any = ()) -> Any:
    return frozenset(items) if isinstance(items, (list, tuple)) else _refuse("frozenset")


def _bytearray(data: Any = b"", encoding: str = "latin-1") -> bytearray:
    if not isinstance(data, (bytes, str)) or encoding != "latin-1":
        _refuse("bytearray")
    return bytearray(data, encoding) if isinstance(data, str) else bytearray(data)


def _complex(real: float = 0.0, imaginary: float = 0.0) -> complex:
    return complex(real, imaginary)


def _encode(text: Any, encoding: Any = "latin1") -> Any:
    """How protocol 2 carries bytes."""
    return text.encode("latin-1") if isinstance(text, str) and encoding in ("latin1", "latin-1") else _refuse("_codecs.encode")


def _getattr(owner: Any, name: Any) -> Any:
    """How zones are carried."""
    return zoneinfo.ZoneInfo._unpickle if owner is zoneinfo.ZoneInfo and name == "_unpickle" else _refuse("builtins.getattr")  # type: ignore[attr-defined]


def _refuse(name: str) -> Any:
    raise _RefusedError(name)


class _Called(_Fixed):
    """A class that is called as ``uuid.UUID`` is."""

    def __call__(cls, *args: Any) -> Any:
        return uuid.UUID(*args)


class _UUID(metaclass=_Called):
    """Makes a ``UUID``: as pickles do, without a number, which is set afterwards."""

    def __new__(cls) -> Any:
        return uuid.UUID(int=0)


def _check_places(data: bytes) -> None:
    """Raises ValueError: a value is to be remembered at a place so far off that the memory for all places before it is not there."""
    for opcode, place, _ in pickletools.genops(data):
        if opcode.name in ("PUT", "LONG_BINPUT") and isinstance(place, int) and place > len(data):
            raise ValueError("a value is remembered at an impossible place")


_NOTHING = _Maker(_nothing)


_KNOWN: dict[tuple[str, str], Any] = {
    ("builtins", "set"): _Maker(_set),
    ("builtins", "frozenset"): _Maker(_frozenset),
    ("builtins", "bytearray"): _Maker(_bytearray),
    ("builtins", "complex"): _Maker(_complex),
    ("builtins", "getattr"): _Maker(_getattr),
    ("_codecs", "encode"): _Maker(_encode),
    ("collections", "OrderedDict"): OrderedDict,
    ("datetime", "date"): dt.date,
    ("datetime", "datetime"): dt.datetime,
    ("datetime", "time"): dt.time,
    ("datetime", "timedelta"): dt.timedelta,
    ("datetime", "timezone"): dt.timezone,
    ("decimal", "Decimal"): decimal.Decimal,
    ("uuid", "UUID"): _UUID,
    ("uuid", "SafeUUID"): _Maker(uuid.SafeUUID),
    ("zoneinfo", "ZoneInfo"): zoneinfo.ZoneInfo,
    ("celery.result", "AsyncResult"): _Result,
    ("celery.result", "EagerResult"): _Result,
    ("celery.result", "GroupResult"): _Group,
    ("celery.backends.base", "unpickle_backend"): _NOTHING,
}

# Pickles of Python 2 are read too: Celery 5 may have kept them all the time.
_KNOWN |= {("__builtin__", name): found for (module, name), found in _KNOWN.items() if module == builtins.__name__}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may name; Celery's backends, which results carry along, are nothing."""
        found = _KNOWN.get((module, name))
        if found is not None:
            return found
        if module.startswith("celery.backends.") and name.isidentifier():
            return _NOTHING
        return _refuse(f"{module}.{name}"[:200])


def _as_lists(value: Any, depth: int) -> Any:
    """A result of Celery's, and those inside it, as lists: ``[[id, parent], None]``, of a group ``[[id, parent], members]``. Other values
    stay as they are."""
    if depth > _DEEPEST:
        raise ValueError("results are nested too deeply")
    if isinstance(value, _Group):
        name, members = value.args[:2]
        return [[name, None], [_as_lists(member, depth + 1) for member in members]]
    if isinstance(value, _Result):
        parent = value.args[4] if len(value.args) > 4 else None
        return [[value.args[0], _as_lists(parent, depth + 1)], None]
    return value


# --------------------------------------------------------------------------------------------------- results of groups, written
def dump_group(document: Any) -> bytes:
    """The ``as_tuple()`` of a group's results as a pickle of Celery's own ``GroupResult``: what Celery before 5.7 reads.

    Celery itself is not needed for that.
    """
    return b"\x80\x02" + b"".join(_result_opcodes(document)) + b"."


def _result_opcodes(entry: Any) -> list[bytes]:
    (name, parent), members = entry
    if members is None:
        above = [b"N"] if parent is None else _result_opcodes(parent)
        return [b"ccelery.result\nAsyncResult\n(", _text_opcode(name), b"NNN", *above, b"tR"]
    inside = [code for member in members for code in _result_opcodes(member)]
    return [b"ccelery.result\nGroupResult\n(", _text_opcode(name), b"](", *inside, b"etR"]


def _text_opcode(text: str) -> bytes:
    data = text.encode("utf-8")
    return b"X" + struct.pack("<I", len(data)) + data
