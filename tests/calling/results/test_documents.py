"""Documents as bytes: what is written, and what is made of bytes that anybody wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.utils.json import dumps, loads

from flowc.runtime.codec import Packed, pack
from flowc.runtime.errors import ContentDisallowed, DecodeError, EncodeError, ImproperlyConfigured
from flowc.runtime.results.documents import Documents
from flowc.runtime.results.settings import Settings

from .stores import document

PLAIN = Documents(Settings())

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.datetimes()
    | st.decimals(allow_nan=False)
    | st.uuids(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
).filter(lambda value: not (isinstance(value, dict) and value.keys() == {"__type__", "__value__"}))


@given(result=values, more=st.dictionaries(st.text().filter(lambda key: key not in ("status", "result", "task_id")), values, max_size=3))
def test_a_document_is_the_json_that_kombu_writes(result: Any, more: dict[str, Any]) -> None:
    meta = {"task_id": "t", **more, "result": result, "traceback": None, "children": [], "status": "SUCCESS"}
    data = PLAIN.encode(meta)
    assert data.startswith(b'{"status": "SUCCESS", ')
    assert loads(data) == loads(dumps(meta))
    assert PLAIN.encode({**meta, "result": pack(result, "it")}) == data
    assert PLAIN.status(data, "t") == "SUCCESS"


@given(data=st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_document_or_a_decodeerror(data: bytes) -> None:
    with pytest.raises(DecodeError):
        PLAIN.decode(data, "t")
    assert PLAIN.status(data, "t") is None


@given(value=values)
def test_any_json_is_a_document_or_a_decodeerror(value: Any) -> None:
    data = dumps(value).encode()
    for read in (PLAIN.decode, PLAIN.decode_group, PLAIN.decode_part):
        try:
            read(data, "t")
        except DecodeError as exc:
            assert "t" in str(exc)  # noqa: PT017


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"status": "SUCCESS"}', "lacks a status or a result"),
        ('{"result": 1}', "lacks a status or a result"),
        ('{"status": 5, "result": 1}', "lacks a status or a result"),
        ('["status", "result"]', "lacks a status or a result"),
        ('{"status": "SUCCESS", "result": 1, "task_id": "other"}', "says that it is that of 'other'"),
        ('{"status": "SUCCESS", "result": 1', "cannot be read"),
        ('{"status": "SUCCESS", "result": {"__type__": "datetime", "__value__": "never"}}', "cannot be read"),
        ('{"status": "SUCCESS", "result": {"__type__": "os.system", "__value__": "ls"}}', "cannot be read"),
        ('{"status": "SUCCESS", "result": ' + DEEP + "}", "cannot be read"),
        ('{"status": "SUCCESS", "result": ' + "9" * 10_000 + "}", "cannot be read"),
        ("\udcff".encode("utf-8", "surrogatepass"), "cannot be read"),
        (b"\x00celery-compressed\x00application/x-gzip\x00garbage", "cannot be read"),
        (b"\x00celery-compressed\x00application/x-nothing\x00garbage", "not known"),
        (b"\x00celery-compressed\x00", "the result of task t"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(data: str | bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said) as caught:
        PLAIN.decode(data.encode() if isinstance(data, str) else data, "t")
    assert len(str(caught.value)) < 500


def test_what_a_document_lacks_has_its_usual_value() -> None:
    assert PLAIN.decode(b'{"status": "SUCCESS", "result": 1}', "t") == {
        "status": "SUCCESS", "result": 1, "task_id": "t", "traceback": None, "children": [],
    }  # fmt: skip


def test_too_large_a_document_is_neither_written_nor_read() -> None:
    small = Documents(Settings(largest=1000))
    with pytest.raises(EncodeError, match=r"the result of task t has .* worker_max_message_size"):
        small.encode(document("t", "SUCCESS", "x" * 1000))
    with pytest.raises(DecodeError, match="worker_max_message_size"):
        small.decode(PLAIN.encode(document("t", "SUCCESS", "x" * 1000)), "t")


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "lzma", "brotli"])
def test_a_compressed_bomb_is_refused(compression: str) -> None:
    bomb = Documents(Settings(compression=compression)).encode(document("t", "SUCCESS", "x" * 5_000_000))
    assert len(bomb) < 100_000
    with pytest.raises(DecodeError, match="larger than worker_max_message_size"):
        Documents(Settings(largest=100_000)).decode(bomb, "t")
    assert PLAIN.decode(bomb, "t")["result"] == "x" * 5_000_000


@pytest.mark.parametrize("serializer", ["pickle", "yaml", "msgpack"])
def test_a_serializer_that_is_not_accepted_is_not_read(serializer: str) -> None:
    data = Documents(Settings(serializer=serializer)).encode(document("t", "SUCCESS", 1))
    with pytest.raises(ContentDisallowed, match="result_accept_content"):
        Documents(Settings(serializer=serializer, accept=("json",))).decode(data, "t")
    assert Documents(Settings(serializer=serializer, accept=(serializer,))).decode(data, "t")["result"] == 1
    with pytest.raises(DecodeError):
        PLAIN.decode(data, "t")


def test_settings_that_cannot_be_met_are_named() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"result_serializer: .*'jsn'.*did you mean 'json'"):
        Documents(Settings(serializer="jsn"))
    with pytest.raises(ImproperlyConfigured, match=r"result_compression: .*'gzp'.*did you mean 'gzip'"):
        Documents(Settings(compression="gzp"))


def test_parts_of_a_chord_are_celerys() -> None:
    data = PLAIN.encode_part(document("a", "SUCCESS", {"x": 1}))
    assert json.loads(data) == [1, "a", "SUCCESS", {"x": 1}]
    assert PLAIN.encode_part(document("a", "SUCCESS", Packed('{"x": 1}'))) == data
    for serializer in ("yaml", "msgpack", "pickle"):
        other = Documents(Settings(serializer=serializer, accept=(serializer,), compression="gzip"))
        assert other.decode_part(other.encode_part(document("a", "SUCCESS", Packed('{"x": 1}'))), "g")["result"] == {"x": 1}
