"""Messages that are garbage are rejected with a log line, and a stored failure where they have an id; they harm nobody."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from .garbage import ABSENT, FAILURE, LIMIT, NOTHING, SUCCESS, Garbage, all_garbage
from .places import Place
from .waiting import wait_for
from .workers import Workers


class Publisher:
    """Sends messages of any kind by kombu alone."""

    def __init__(self, place: Place) -> None:
        from kombu import Connection, Queue

        place.app.broker.connection()  # makes sqlite:// known to kombu
        self._connection = Connection(place.broker)
        self._channel = self._connection.channel()
        self._queue = place.queue
        place.app.broker.topology.queue(place.queue).bind(self._channel).declare()
        del Queue

    def publish(self, garbage: Garbage) -> str | None:
        """Send one; its id, if it has one."""
        id_ = f"garbage-{uuid.uuid4()}"
        given = {"task": "r.early", "id": id_, "lang": "py", **garbage.headers}
        headers = {key: value for key, value in given.items() if value is not ABSENT}
        properties = {"delivery_mode": 2, "correlation_id": id_, **garbage.properties}
        message = self._channel.prepare_message(
            garbage.body, None, garbage.content_type, garbage.content_encoding, headers, properties
        )  # fmt: skip
        self._channel.basic_publish(message, exchange="", routing_key=self._queue)
        found = headers.get("id")
        return found if isinstance(found, str) and found else None

    def close(self) -> None:
        self._connection.release()


def left(place: Place) -> int:
    """How many messages the broker still has, when nobody consumes."""
    if place.broker.startswith("redis"):
        import redis

        with redis.Redis.from_url(place.broker) as client:
            lists = [place.queue, *(f"{place.queue}\x06\x16{step}" for step in (3, 6, 9))]
            return sum(int(client.llen(key)) for key in lists) + int(client.hlen("unacked"))  # type: ignore[arg-type]
    with place.app.connection() as connection, connection.channel() as channel:
        return int(channel.queue_declare(place.queue, passive=True).message_count)


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_garbage_harms_nobody(place: Place, workers: Workers, pool: str, tmp_path: Path) -> None:
    worker = workers.start(place.queue, pool=pool, FLOWC_WORKER_MAX_MESSAGE_SIZE=str(LIMIT))
    publisher = Publisher(place)
    garbage = all_garbage(tmp_path)
    good: list[str] = []
    sent: list[tuple[Garbage, str | None]] = []
    for one in garbage:
        good.append(place.send("r.early", len(good)))
        sent.append((one, publisher.publish(one)))
    good.append(place.send("r.early", len(good)))
    publisher.close()
    documents = place.wait(good, workers.logs)
    assert [documents[id_]["result"] for id_ in good] == list(range(len(good)))
    wait_for(lambda: len(place.documents(wanted)) == len(wanted) if (wanted := [i for g, i in sent if i and g.ends in (FAILURE, SUCCESS)]) else 1, workers.logs)
    assert worker.stop() == 0, worker.log()
    assert left(place) == 0
    log = worker.log()
    wrong = [problem for one, id_ in sent for problem in problems(place, log, one, id_)]
    assert wrong == []
    assert not (tmp_path / "unpickled").exists()
    assert not (tmp_path / "yaml").exists()
    assert "Traceback" not in log.replace("r.fails", "")


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
