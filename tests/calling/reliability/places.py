"""Where calls of one test go: a broker and a store for results, a queue of the test's own, and a client."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from flowc import App, group
from flowc.runtime.results.interface import READY_STATES

from .waiting import wait_for

BROKERS = ("redis", "rabbitmq", "sqlite")


class Place:
    """A client of a broker and a store.

    Args:
        broker: ``broker_url``.
        backend: ``result_backend``.
        settings: further ones.
    """

    def __init__(self, broker: str, backend: str, settings: Mapping[str, Any] | None = None) -> None:
        self.broker, self.backend = broker, backend
        self.queue = f"reliability-{uuid.uuid4().hex[:12]}"
        self.app = App("client", broker=broker, backend=backend, settings=settings, set_as_current=False)

    def send(self, task: str, *args: Any, **options: Any) -> str:
        """Call a task in the test's queue; its id."""
        return self.app.send_task(task, args, queue=self.queue, **options).id

    def send_many(self, task: str, arguments: Sequence[Sequence[Any]], **options: Any) -> list[str]:
        """Call a task once for each tuple of arguments, in few round trips; their ids."""
        calls = group(self.app.signature(task, args=tuple(args), queue=self.queue, **options) for args in arguments)
        return [result.id for result in calls.apply_async().results]

    def documents(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The final documents that there are."""
        return {id_: meta for id_, meta in self.app.backend.get_many(ids).items() if meta["status"] in READY_STATES}

    def wait(self, ids: Sequence[str], told: Any = lambda: "", deadline: float = 120.0) -> dict[str, Mapping[str, Any]]:
        """Wait until all have ended; their documents."""

        def all_of_them() -> dict[str, Mapping[str, Any]] | None:
            found = self.documents(ids)
            return found if len(found) == len(ids) else None

        def missing() -> str:
            found = self.documents(ids)
            return f"{len(ids) - len(found)} of {len(ids)} have not ended: {[id_ for id_ in ids if id_ not in found][:5]}\n{told()}"

        found = wait_for(all_of_them, missing, deadline, pause=0.05)
        assert found is not None
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.app.close()


class Ends:
    """Counts how often each task has ended in the store, as others are told of it. A context manager; it hears what happens inside."""

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._counts: Counter[str] = Counter()
        self._stop = threading.Event()
        self._there = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self) -> None:
        import redis

        with redis.Redis.from_url(self._backend) as client, client.pubsub() as heard:
            heard.psubscribe("celery-task-meta-*")
            while not self._stop.is_set():
                message = heard.get_message(timeout=0.1)
                if message is None:
                    continue
                if message["type"] == "psubscribe":
                    self._there.set()
                elif message["type"] == "pmessage":
                    # channels are the whole server's: other tests publish there what is no document
                    try:
                        document = json.loads(message["data"])
                    except ValueError:
                        continue
                    if isinstance(document, dict) and document.get("status") in READY_STATES:
                        self._counts[document["task_id"]] += 1

    def __enter__(self) -> Self:
        if self._backend.startswith("redis"):
            self._thread.start()
            assert self._there.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def of(self, ids: Iterable[str]) -> dict[str, int]:
        """How often each of them has ended."""
        if self._backend.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(self._backend.removeprefix("sqlite:///"))) as file:
                rows = file.execute("SELECT task_id, count(*) FROM flowc_states WHERE final GROUP BY task_id").fetchall()
            self._counts = Counter(dict(rows))
        return {id_: self._counts[id_] for id_ in ids}


def waiting(place: Place) -> int:
    """How many messages wait in the test's queue, taken by nobody."""
    if place.broker.startswith("redis"):
        import redis

        with redis.Redis.from_url(place.broker) as client:
            return sum(client.llen(key) for key in (place.queue, *(f"{place.queue}\x06\x16{step}" for step in (3, 6, 9))))
    with place.app.connection() as connection, connection.channel() as channel:
        return int(channel.queue_declare(place.queue, passive=True).message_count)


def held(place: Place) -> int:
    """How many messages somebody has taken and not acknowledged, where that can be asked; a database of Redis must be the test's own."""
    if place.broker.startswith("redis"):
        import redis

        with redis.Redis.from_url(place.broker) as client:
            return int(client.hlen("unacked"))
    if place.broker.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(place.broker.removeprefix("sqlite:///"))) as file:
            query = "SELECT count(*) FROM flowc_messages WHERE queue = ? AND consumer IS NOT NULL"
            return int(file.execute(query, (place.queue,)).fetchone()[0])
    return 0
