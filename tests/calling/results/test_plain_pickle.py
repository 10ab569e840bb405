"""Pickles that were not made by pickling: what they could do to whoever reads them."""

from __future__ import annotations

import datetime as dt
import pickle
import uuid
import zoneinfo
from collections import OrderedDict
from decimal import Decimal

import pytest

from flowc.runtime.errors import ContentDisallowed, DecodeError
from flowc.runtime.results import plain_pickle
from flowc.runtime.results.plain_pickle import load_plain

#: Sets an attribute of what the GLOBAL before it names: ``(None, {name: 1})``, BUILD.
SETS = b"N}X\x04\x00\x00\x00evilK\x01s\x86b."


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_data_is_read(protocol: int) -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    value = [uuid.UUID(int=3), uuid.uuid1(), {1}, frozenset("a"), bytearray(b"x"), 1 + 2j, b"\xff", Decimal("1.5"), OrderedDict(a=1)]
    value += [dt.datetime(2026, 1, 1, tzinfo=zone), dt.timedelta(1), zone]
    read = load_plain(pickle.dumps(value, protocol), "it")
    assert read == value
    assert list(map(type, read)) == list(map(type, value))


@pytest.mark.parametrize(
    "named", ["celery.result AsyncResult", "celery.result GroupResult", "builtins set", "celery.backends.base DatabaseBackend"]
)
def test_a_pickle_cannot_change_what_the_next_one_is_read_with(named: str) -> None:
    module, _, name = named.partition(" ")
    with pytest.raises(ContentDisallowed, match=r"\.evil"):
        load_plain(b"\x80\x02c" + f"{module}\n{name}\n".encode() + SETS, "it")
    assert not any(hasattr(known, "evil") for known in vars(plain_pickle).values())


@pytest.mark.parametrize(
    "named", ["uuid UUID", "uuid SafeUUID", "datetime datetime", "decimal Decimal", "zoneinfo ZoneInfo", "collections OrderedDict"]
)
def test_a_pickle_cannot_change_the_standard_library(named: str) -> None:
    module, _, name = named.partition(" ")
    with pytest.raises((ContentDisallowed, DecodeError)):
        load_plain(b"\x80\x02c" + f"{module}\n{name}\n".encode() + SETS, "it")
    assert not hasattr(getattr(__import__(module), name), "evil")


@pytest.mark.parametrize("data", [b"\x80\x02Nr\xff\xff\xff\x7f.", b"\x80\x02Np9999999999\n."])
def test_a_few_bytes_cannot_take_all_memory(data: bytes) -> None:
    with pytest.raises(DecodeError, match="impossible place"):
        load_plain(data, "it")
