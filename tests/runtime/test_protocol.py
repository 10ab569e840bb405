from __future__ import annotations

import datetime as dt
import importlib.util
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.runtime.codec import decode_body, encode_body, pack, unpack
from flowc.runtime.errors import DecodeError, EncodeError
from flowc.runtime.protocol import brief, context, encode, moment
from flowc.runtime.timers import Timers

SENT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def message(options: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    return encode("proj.add", "id-1", args, kwargs, options, sent=SENT, root_id="root", origin="me@here")


def test_a_message_has_what_protocol_2_asks_for() -> None:
    headers, properties, body = message({}, 2, 2, z=1)
    assert headers == {
        "lang": "py", "task": "proj.add", "id": "id-1", "shadow": None, "eta": None, "expires": None, "group": None, "group_index": None,
        "retries": 0, "timelimit": (None, None), "root_id": "root", "parent_id": None, "argsrepr": "(2, 2)", "kwargsrepr": "{'z': 1}",
        "origin": "me@here", "ignore_result": False, "replaced_task_nesting": 0, "stamped_headers": None, "stamps": {},
    }  # fmt: skip
    assert properties == {"correlation_id": "id-1", "reply_to": ""}
    assert body == ((2, 2), {"z": 1}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None})


def test_celery_makes_the_same_headers() -> None:
    """The peer, in a process of its own: nothing of it may be loaded here."""
    code = (
        "import celery, json; app = celery.Celery('x', broker='memory://')\n"
        "m = app.amqp.as_task_v2('id-1', 'proj.add', (2, 2), {'z': 1}, root_id='root', origin='me@here', ignore_result=False)\n"
        "print(json.dumps([m.headers, m.body]))"
    )
    import json

    printed = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True).stdout
    theirs, body = json.loads(printed)
    headers, _, ours = message({}, 2, 2, z=1)
    assert json.loads(json.dumps(headers)) == theirs
    assert json.loads(json.dumps(ours)) == body


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"countdown": 90}, "eta", "2026-01-02T03:05:35+00:00"),
        ({"eta": SENT + dt.timedelta(milliseconds=5)}, "eta", "2026-01-02T03:04:05.005000+00:00"),
        ({"expires": 0.5}, "expires", "2026-01-02T03:04:05.500000+00:00"),
        ({"expires": SENT}, "expires", "2026-01-02T03:04:05+00:00"),
        ({"time_limit": 60, "soft_time_limit": 50}, "timelimit", (60, 50)),
        ({"soft_time_limit": 50}, "timelimit", (None, 50)),
        ({"ignore_result": True}, "ignore_result", True),
        ({"shadow": "other"}, "shadow", "other"),
        ({"task_id": "mine"}, "id", "mine"),
        ({"headers": {"tenant": "x", "task": "evil"}}, "tenant", "x"),
        ({"headers": {"tenant": "x", "task": "evil"}}, "task", "proj.add"),
    ],
)
def test_options_become_headers(options: dict[str, Any], name: str, value: object) -> None:
    assert message(options).headers[name] == value


def test_options_become_properties() -> None:
    properties = message({"priority": 0, "delivery_mode": 1, "task_id": "mine"}).properties
    assert properties == {"correlation_id": "mine", "reply_to": "", "priority": 0, "delivery_mode": 1}


def test_messages_share_nothing_that_changes() -> None:
    first, second = message({}), message({"headers": {"a": 1}})
    first.headers["x"] = 1
    assert "x" not in second.headers
    assert "a" not in first.headers


def test_the_request_is_that_of_the_message() -> None:
    headers, _, (args, kwargs, _) = message({"headers": {"tenant": "x"}, "countdown": 1, "time_limit": 5}, 1, k=2)
    request = context(headers, args, kwargs)
    assert (request.id, request.task, request.args, request.kwargs, request.root_id) == ("id-1", "proj.add", (1,), {"k": 2}, "root")
    assert (request.headers, request.timelimit, request.called_directly, request.retries) == ({"tenant": "x"}, (5, None), False, 0)
    assert request.get("eta") == "2026-01-02T03:04:06+00:00"
    assert request.get("nothing", 5) == 5


def test_a_message_of_the_least_headers_is_understood() -> None:
    request = context({"task": "proj.add", "id": "1"}, [], {})
    assert (request.root_id, request.timelimit, request.retries, request.headers) == ("1", None, 0, None)


def test_moments() -> None:
    assert moment(None) is None
    assert moment("2026-01-02T03:04:05+00:00") == moment("2026-01-02T03:04:05") == SENT.timestamp()
    with pytest.raises(ValueError):
        moment("tomorrow")


def test_long_arguments_are_shown_briefly() -> None:
    assert brief((1, "a", None)) == "(1, 'a', None)"
    assert len(brief((list(range(1000)), "x" * 100_000, {str(n): n for n in range(1000)}))) < 600


class Evil:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_what_cannot_be_shown_stops_no_message() -> None:
    assert "Evil" in brief((Evil(),))


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
dated = plain | st.dates() | st.datetimes(timezones=st.just(dt.UTC)) | st.decimals(allow_nan=False) | st.uuids() | st.binary() | st.times()
trees = st.recursive(
    dated, lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda k: not k.startswith("__")), inner), max_leaves=10
)


@given(trees)
def test_values_survive_the_way_there_and_back(value: Any) -> None:
    assert unpack(pack(value, "it")) == value
    content_type, encoding, data, _ = encode_body(((value,), {}, {}), "json", None)
    assert decode_body(data, content_type, encoding, ["json"]) == [[value], {}, {}]


def test_content_that_is_not_accepted_is_refused() -> None:
    content_type, encoding, data, _ = encode_body(((), {}, {}), "pickle", None)
    with pytest.raises(DecodeError, match="python-serialize"):
        decode_body(data, content_type, encoding, ["json"])


@pytest.mark.skipif(importlib.util.find_spec("msgpack") is not None, reason="msgpack is installed")
def test_a_missing_extra_is_named() -> None:
    with pytest.raises(EncodeError, match=r"flowc\[msgpack\]"):
        encode_body(((), {}, {}), "msgpack", None)


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=40))
def test_timers_give_what_is_due_in_order_and_nothing_early(steps: list[tuple[float, bool]]) -> None:
    timers: Timers[float] = Timers()
    held: list[float] = []
    for moment_, add in steps:
        if add:
            timers.add(moment_, moment_)
            held.append(moment_)
        else:
            due = timers.pop(moment_)
            expected = min(held, default=None)
            if expected is None or expected > moment_:
                assert due is None
            else:
                assert due == expected
                held.remove(expected)
        assert len(timers) == len(held)
        assert timers.next() == min(held, default=None)
    assert timers.clear() == sorted(held)
    assert timers.next() is None
