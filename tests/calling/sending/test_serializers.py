"""Values there and back in every serializer, and what is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import pickle
import subprocess
import sys
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kombu import serialization

from flowc.runtime import codec
from flowc.runtime.errors import ContentDisallowed, DecodeError, EncodeError

from ...slices import some

BODY: Any = ([1, 2.5, "é", None, True], {"k": [{"deep": "x"}]}, {"callbacks": None})


@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack", "pickle"])
def test_a_body_comes_back(serializer: str) -> None:
    content_type, encoding, data, compression = codec.encode_body(BODY, serializer, None)
    assert compression is None
    back = codec.decode_body(data, content_type, encoding, [serializer])
    assert [list(part) if isinstance(part, tuple) else part for part in back] == [
        list(part) if isinstance(part, tuple) else part for part in BODY
    ]
    assert codec.decode_body(data, content_type, encoding, [content_type]) == back


def test_any_serializer_of_kombu_will_do() -> None:
    serialization.register(
        "reversed", lambda value: json.dumps(value)[::-1], lambda text: json.loads(text[::-1]), "application/x-reversed", "utf-8"
    )
    try:
        content_type, encoding, data, _ = codec.encode_body(BODY, "reversed", None)
        assert codec.decode_body(data, content_type, encoding, ["reversed"])[1] == BODY[1]
    finally:
        serialization.unregister("reversed")


DATED = dt.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=dt.UTC)


@pytest.mark.parametrize("value", [DATED, DATED.date(), DATED.time(), decimal.Decimal("1.50"), uuid.uuid4(), b"text", b"\xff\x00"])
def test_what_json_cannot_carry_travels_as_with_kombus_json(value: Any) -> None:
    content_type, encoding, data, _ = codec.encode_body(((value,), {}, {}), "json", None)
    ((back,), _, _) = codec.decode_body(data, content_type, encoding, ["json"])
    assert (back, type(back)) == (value, type(value))
    assert serialization.loads(data, content_type, encoding)[0] == [value]
    assert data == serialization.dumps(((value,), {}, {}), "json")[2]


@settings(max_examples=some(20), deadline=None)
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda t: st.lists(t) | st.dictionaries(st.text(), t))
)
def test_json_is_written_as_kombu_writes_it(value: Any) -> None:
    assert codec.encode_json(value) == serialization.dumps(value, "json")[2]


def test_pickle_is_refused_by_default_and_the_setting_named() -> None:
    content_type, encoding, data, _ = codec.encode_body(BODY, "pickle", None)
    with pytest.raises(ContentDisallowed, match=r"pickle.*accept_content"):
        codec.decode_body(data, content_type, encoding, ["json"])
    with pytest.raises(ContentDisallowed, match="result_accept_content"):
        codec.decode_value(data, content_type, encoding, ["json"])


def test_a_refused_pickle_is_not_loaded() -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (pytest.fail, ("it was loaded",))

    with pytest.raises(ContentDisallowed):
        codec.decode_body(pickle.dumps(Bomb()), "application/x-python-serialize", "binary", ["json", "yaml"])


def test_json_too_is_refused_where_it_is_not_accepted() -> None:
    with pytest.raises(ContentDisallowed, match="json"):
        codec.decode_body("[[], {}, {}]", "application/json", "utf-8", ["yaml"])


def test_an_accepted_name_that_is_not_known_accepts_nothing() -> None:
    assert codec.decode_body("[[], {}, {}]", "application/json", "utf-8", ["json", "morse"]) == [[], {}, {}]


@pytest.mark.parametrize("name", ["jason", "morse"])
def test_an_unknown_serializer_is_refused(name: str) -> None:
    with pytest.raises(EncodeError, match="known") as caught:
        codec.encode_body(BODY, name, None)
    assert ("did you mean 'json'" in str(caught.value)) == (name == "jason")


@pytest.mark.parametrize(("serializer", "package", "extra"), [("yaml", "yaml", "yaml"), ("msgpack", "msgpack", "msgpack")])
def test_a_missing_extra_is_named(serializer: str, package: str, extra: str) -> None:
    """In a process of its own, where the package is not there."""
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from flowc.runtime import codec\n"
        "from flowc.runtime.errors import StepError\n"
        f"for act in (lambda: codec.encode_body(([], {{}}, {{}}), {serializer!r}, None),\n"
        f"            lambda: codec.decode_body(b'x', 'application/x-{serializer}', 'utf-8', [{serializer!r}])):\n"
        "    try: act()\n"
        "    except StepError as exc: print(exc)\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(printed) == 2
    assert all(f"flowc[{extra}]" in line for line in printed)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"__type__": "datetime", "__value__": "x"}', b'{"__type__": "x", "__value__": 1}']
)
def test_damaged_json_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(DecodeError):
        codec.decode_body(data, "application/json", "utf-8", ["json"])


@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack", "pickle"])
def test_what_cannot_be_carried_is_an_encode_error(serializer: str) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(EncodeError):
        codec.encode_body(((lambda: None,), {}, {}), serializer, None)
    if serializer in ("json", "msgpack"):  # the others can carry even that
        with pytest.raises(EncodeError):
            codec.encode_body(((endless,), {}, {}), serializer, None)
    else:
        codec.encode_body(((endless,), {}, {}), serializer, None)


class Signature(dict[str, Any]):
    """A dict that is more, as signatures are."""


@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack", "pickle"])
def test_signatures_travel_as_plain_maps(serializer: str) -> None:
    signature = Signature(task="a", args=(), kwargs={}, options={}, subtask_type=None, immutable=False)
    content_type, encoding, data, _ = codec.encode_body(([signature], {}, {"callbacks": [signature]}), serializer, None)
    back = codec.decode_body(data, content_type, encoding, [serializer])
    assert type(back[0][0]) is dict
    assert type(back[2]["callbacks"][0]) is dict


def test_values_of_results_have_the_same_ways() -> None:
    content_type, encoding, data = codec.encode_value({"a": DATED}, "pickle")
    assert codec.decode_value(data, content_type, encoding, ["pickle"]) == {"a": DATED}
