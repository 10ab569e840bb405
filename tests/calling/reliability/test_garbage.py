"""Messages that are garbage are rejected with a log line, and a stored failure where they have an id; they harm nobody."""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path
from typing import Any, Self

import pytest

from ...slices import every
from .garbage import ABSENT, FAILURE, LIMIT, NOTHING, SUCCESS, Garbage, all_garbage
from .places import BROKERS, Place, held, waiting
from .workers import Workers


class Publisher:
    """Sends messages of any kind by kombu alone."""

    def __init__(self, place: Place) -> None:
        from kombu.connection import Connection

        place.app.broker.connection()  # makes sqlite:// known to kombu
        self._connection = Connection(place.broker)
        self._channel = self._connection.channel()
        self._queue = place.queue
        place.app.broker.topology.queue(place.queue).bind(self._channel).declare()

    def publish(self, garbage: Garbage) -> str | None:
        """Send one; its id, if it has one."""
        id_ = f"garbage-{uuid.uuid4()}"
        given = {"task": "r.early", "id": id_, "lang": "py", **garbage.headers}
        headers = {key: value for key, value in given.items() if value is not ABSENT}
        properties = {"delivery_mode": 2, "correlation_id": id_, **garbage.properties}
        data = garbage.body.encode() if isinstance(garbage.body, str) else garbage.body
        message = self._channel.prepare_message(data, None, garbage.content_type, garbage.content_encoding, headers, properties)
        self._channel.basic_publish(message, exchange="", routing_key=self._queue)
        found = headers.get("id")
        return found if isinstance(found, str) and found else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.release()


@pytest.mark.parametrize("place", every(2, BROKERS, first=1), indirect=True)
def test_garbage_harms_nobody(place: Place, workers: Workers, tmp_path: Path) -> None:
    garbage_harms_nobody(place, workers, "threads", tmp_path)


@pytest.mark.soak
def test_garbage_harms_no_child(redis_place: Place, redis_workers: Workers, tmp_path: Path) -> None:
    garbage_harms_nobody(redis_place, redis_workers, "processes", tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("pool", ["processes", "solo"])
def test_garbage_harms_no_pool(place: Place, workers: Workers, pool: str, tmp_path: Path) -> None:
    garbage_harms_nobody(place, workers, pool, tmp_path)


def garbage_harms_nobody(place: Place, workers: Workers, pool: str, tmp_path: Path) -> None:
    worker = workers.start(place.queue, pool=pool, FLOWC_WORKER_MAX_MESSAGE_SIZE=str(LIMIT))
    garbage = all_garbage(tmp_path)
    good: list[str] = []
    sent: list[tuple[Garbage, str | None]] = []
    with Publisher(place) as publisher:
        for one in garbage:
            good.append(place.send("r.early", len(good)))
            sent.append((one, publisher.publish(one)))
        good.append(place.send("r.early", len(good)))
    documents = place.wait(good, workers.logs)
    assert [documents[id_]["result"] for id_ in good] == list(range(len(good)))
    wanted = [id_ for one, id_ in sent if id_ is not None and one.ends in (FAILURE, SUCCESS)]
    place.wait(wanted, workers.logs)
    assert worker.stop() == 0, worker.log()
    assert waiting(place) + held(place) == 0
    log = worker.log()
    wrong = [problem for one, id_ in sent for problem in problems(place, log, one, id_)]
    assert wrong == []
    assert not (tmp_path / "unpickled").exists()
    assert not (tmp_path / "yaml").exists()
    assert "/runtime/worker/" not in log  # no frame of ours was ever shown


def problems(place: Place, log: str, garbage: Garbage, id_: str | None) -> list[str]:
    """What is not as it must be."""
    found: list[str] = []
    document: Any = place.app.backend.get(id_) if id_ is not None else None
    if garbage.ends == NOTHING:
        if garbage.says not in log:
            found.append(f"{garbage.name}: the log does not say {garbage.says!r}")
    elif garbage.ends in (FAILURE, SUCCESS):
        if document is None or document["status"] != garbage.ends:
            found.append(f"{garbage.name}: {document}")
        elif garbage.says not in str(document["result"]):
            found.append(f"{garbage.name}: {document['result']}")
        elif garbage.ends == FAILURE and str(id_) not in log:
            found.append(f"{garbage.name}: the log does not name it")
    return found


#: What stands in a list of Redis where kombu would have put a message: the bytes, and whether there is a call with an id in it.
RAW: dict[str, tuple[bytes | dict[str, Any], bool]] = {
    "text": (b"not json", False), "empty": (b"", False), "random": (bytes(range(256)), False), "list": (b"[1]", False),
    "object": (b"{}", False), "null": (b"null", False), "number": (b"5", False), "cut": (b'{"body": "', False),
    "deep": (b"[" * 100_000 + b"]" * 100_000, False), "type": (b'{"__type__": "x", "__value__": 5}', False),
    "moment": (b'{"body": {"__type__": "datetime", "__value__": "x"}, "properties": {}, "headers": {}}', False),
    "no properties": ({"properties": None}, True), "properties list": ({"properties": [1]}, True),
    "properties text": ({"properties": "ab"}, True),
    "no headers": ({"headers": None}, False), "headers list": ({"headers": [1]}, False), "headers text": ({"headers": "ab"}, False),
    "body no base64": ({"body": "\u00e9!!"}, True), "body cut": ({"body": "abc"}, True), "body number": ({"body": 5}, True),
    "body list": ({"body": [1]}, True), "body null": ({"body": None}, True), "body object": ({"body": {"a": 1}}, True),
    "delivery info text": ({"properties": {"body_encoding": "base64", "delivery_info": "ab", "delivery_tag": 5}}, True),
    "delivery info null": ({"properties": {"body_encoding": "base64", "delivery_info": None}}, True),
    "encoding unknown": ({"properties": {"body_encoding": "x", "delivery_info": {}}}, True),
    "encoding number": ({"properties": {"body_encoding": [5], "delivery_info": {}}}, True),
    "content type number": ({"content-type": 5}, True), "content type list": ({"content-type": [5]}, True),
    "content encoding number": ({"content-encoding": 5}, True), "content encoding list": ({"content-encoding": ["a"]}, True),
    "priority": ({"properties": {"body_encoding": "base64", "priority": "x", "reply_to": 5, "correlation_id": [1]}}, True),
}  # fmt: skip


@pytest.mark.parametrize("pool", ["threads", pytest.param("processes", marks=pytest.mark.soak)])
def test_garbage_in_the_lists_of_redis(redis_place: Place, redis_workers: Workers, pool: str) -> None:
    import redis

    place, workers = redis_place, redis_workers
    worker = workers.start(place.queue, pool=pool)
    good: list[str] = []
    ids: list[str] = []
    whole = {
        "body": base64.b64encode(b'[["g", 0], {}, {}]').decode(), "content-type": "application/json", "content-encoding": "utf-8",
        "properties": {"body_encoding": "base64", "delivery_info": {"exchange": "", "routing_key": place.queue}, "delivery_tag": "x"},
    }  # fmt: skip
    with redis.Redis.from_url(place.broker) as client:
        for name, (told, has_id) in RAW.items():
            good.append(place.send("r.early", name))
            if isinstance(told, dict):
                id_ = f"raw-{uuid.uuid4()}"
                told = json.dumps({**whole, "headers": {"task": "r.early", "id": id_}, **told}).encode()
                if has_id:
                    ids.append(id_)
            client.lpush(place.queue, told)
        good.append(place.send("r.early", "last"))
    documents = place.wait(good, workers.logs)
    assert [documents[id_]["result"] for id_ in good] == [*RAW, "last"]
    place.wait(ids, workers.logs)
    assert worker.stop() == 0, worker.log()
    assert waiting(place) + held(place) == 0
    assert worker.log().count("is rejected") + len(ids) >= len(RAW) - 1
    assert "/runtime/" not in worker.log()
