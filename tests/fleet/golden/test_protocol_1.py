"""Message protocol 1, where Celery's own messages do not show it: what is no call, times without a zone, bodies that may not be read."""

from __future__ import annotations

import datetime as dt
import json
import pickle

import pytest

from flowc.runtime.broker.interface import Delivery
from flowc.runtime.protocol_1 import call_of
from flowc.runtime.worker.older import renew

CALL = {"task": "proj.add", "id": "1", "args": [1, 2], "kwargs": {}}


@pytest.mark.parametrize("body", [None, [], [[], {}, {}], {}, {"task": "proj.add"}, {"id": "1"}, {"task": 1, "id": "1"}, "text"])
def test_what_is_no_call(body: object) -> None:
    assert call_of(body) is None


def test_the_least_that_is_a_call() -> None:
    call = call_of({"task": "proj.add", "id": "1"})
    assert call is not None
    assert call.body == ((), {}, {"callbacks": None, "errbacks": None, "chord": None, "chain": None})
    assert call.headers == {"lang": "py", "task": "proj.add", "id": "1", "argsrepr": "()", "kwargsrepr": "{}"}


@pytest.mark.parametrize(("utc", "zoned"), [(True, False), (False, True), (None, False)])
def test_times_that_are_not_in_utc(utc: bool | None, zoned: bool) -> None:
    text = "2037-01-02T03:04:05.678900"
    call = call_of({**CALL, "eta": text, "expires": "never", **({} if utc is None else {"utc": utc})})
    assert call is not None
    assert call.headers["expires"] == "never"
    assert call.headers["eta"] == (dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat() if zoned else text)


def delivery(body: object, content_type: str = "application/json", **headers: object) -> Delivery:
    data = pickle.dumps(body) if "python" in content_type else json.dumps(body)
    encoding = "binary" if "python" in content_type else "utf-8"
    return Delivery(headers, {"correlation_id": "1"}, data, content_type, encoding, {"routing_key": "q"}, "tag")


def test_a_message_keeps_what_is_the_brokers() -> None:
    message = delivery(CALL, tenant="acme")
    assert renew(message, ("json",), 1000)
    assert (message.tag, message.delivery_info, message.headers["tenant"]) == ("tag", {"routing_key": "q"}, "acme")
    assert json.loads(message.body)[:2] == [[1, 2], {}]


@pytest.mark.parametrize(
    "message",
    [
        delivery(CALL, "application/x-python-serialize"),
        delivery(CALL, task="proj.add"),
        delivery(CALL, id="1"),
        delivery({**CALL, "args": ["x" * 1000]}),
        delivery([1, 2]),
        delivery(CALL, compression="gzip"),
    ],
    ids=["refused", "task", "id", "large", "no call", "damaged"],
)
def test_what_is_left_as_it_is(message: Delivery) -> None:
    before = (message.headers, message.body)
    assert not renew(message, ("json",), 1000)
    assert (message.headers, message.body) == before


def test_another_serializer_stays() -> None:
    message = delivery({**CALL, "args": [{1, 2}]}, "application/x-python-serialize")
    assert renew(message, ("pickle",), 1000)
    assert isinstance(message.body, bytes)
    assert pickle.loads(message.body)[0] == [{1, 2}]
