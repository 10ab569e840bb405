"""A minute in which workers, the broker and the store of results go and come back at random: what was accepted ends, once."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from flowc import chain, chord
from flowc.runtime.results.interface import READY_STATES

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from ...servers.server import Server
from .places import Place
from .test_outages import PATIENT
from .waiting import wait_for
from .workers import Worker, Workers

SECONDS = 60.0
ALIVE = 3


class Producer:
    """A thread that calls in every way: plain, later, with a callback, with retries, chains and chords.

    Attributes:
        ids: of every call that was accepted, and of what must follow from it.
        keys: what must have run to its end.
    """

    def __init__(self, place: Place) -> None:
        self.ids: list[str] = []
        self.keys: set[str] = set()
        self.failed: BaseException | None = None
        self._app, self._queue = place.app, place.queue
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _work(self, key: str, **options: Any) -> Any:
        return self._app.signature("r.work", args=(key, 0.005), queue=self._queue, immutable=True, **options)

    def _one(self, number: int) -> tuple[Sequence[str], Sequence[str]]:
        """Call; ids and keys."""
        patient: dict[str, Any] = {"retry": True, "retry_policy": PATIENT}
        how, key = number % 12, f"k{number}"
        if how == 0:
            done = chain(*(self._work(f"{key}-{step}") for step in range(3))).apply_async(**patient)
            ids = []
            while done is not None:
                ids.append(done.id)
                done = done.parent
            return ids, [f"{key}-{step}" for step in range(3)]
        if how == 1:
            body = chord([self._work(f"{key}-{part}") for part in range(4)], self._work(f"{key}-body")).apply_async(**patient)
            return [body.id, *(result.id for result in body.parent.results)], [f"{key}-{part}" for part in (0, 1, 2, 3, "body")]
        if how == 2:
            return [self._app.send_task("r.tries", (key, 3), queue=self._queue, **patient).id], [key]
        options: dict[str, Any] = {"countdown": 2.0} if how == 3 else {"link": self._work(f"{key}-link")} if how == 4 else {}
        keys = [key, f"{key}-link"] if how == 4 else [key]
        return [self._app.send_task("r.work", (key, 0.005), queue=self._queue, **patient, **options).id], keys

    def _run(self) -> None:
        try:
            for number in range(1 << 30):
                if self._stop.is_set():
                    return
                ids, keys = self._one(number)
                self.ids += ids
                self.keys.update(keys)
                time.sleep(0.004)
        except BaseException as exc:
            self.failed = exc

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(120)


class FirstEnds:
    """Looks at the store again and again, and remembers each task's first final document."""

    def __init__(self, store: Server, producer: Producer) -> None:
        self.found: dict[str, Mapping[str, Any]] = {}
        self._store, self._producer = store, producer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def look(self) -> int:
        """Look now; how many have not ended."""
        import redis

        missing = [id_ for id_ in list(self._producer.ids) if id_ not in self.found]
        with contextlib.closing(redis.Redis.from_url(self._store.url)) as client:
            for at in range(0, len(missing), 1000):
                some = missing[at : at + 1000]
                for id_, text in zip(some, client.mget([f"celery-task-meta-{id_}" for id_ in some]), strict=True):
                    document = json.loads(text) if text else {"status": None}
                    if document["status"] in READY_STATES:
                        self.found[id_] = document
        return len(self._producer.ids) - len(self.found)

    def _run(self) -> None:
        while not self._stop.wait(0.3):
            with contextlib.suppress(Exception):  # it is away
                self.look()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)


class Chaos:
    """What may happen, one thing at a time."""

    def __init__(self, draw: random.Random, place: Place, workers: Workers, broker: Server | None, store: Server) -> None:
        self._draw, self._place, self._workers, self._broker, self._store = draw, place, workers, broker, store
        self.alive: list[Worker] = []
        self.happened: list[str] = []
        for _ in range(ALIVE):
            self._start()
        for worker in self.alive:
            worker.wait_ready()

    def _start(self) -> None:
        pool = self._draw.choice(("threads", "processes", "solo"))
        self.alive.append(self._workers.start(self._place.queue, pool=pool, concurrency=self._draw.randrange(1, 5), ready=False))

    def _worker(self) -> Worker:
        return self.alive[self._draw.randrange(len(self.alive))]

    def kill_worker(self) -> None:
        victim = self._worker()
        victim.kill()
        self.alive.remove(victim)
        self._start()

    def stop_worker(self) -> None:
        victim = self._worker()
        victim.process.send_signal(self._draw.choice((signal.SIGTERM, signal.SIGINT)))
        if self._draw.random() < 0.5:
            time.sleep(self._draw.random())
            victim.process.terminate()
        self.alive.remove(victim)
        self._start()

    def pause_worker(self) -> None:
        victim = self._worker()
        victim.signal(signal.SIGSTOP)
        time.sleep(self._draw.random() * 3)
        victim.signal(signal.SIGCONT)

    def _away(self, server: Server) -> None:
        how = self._draw.choice((server.kill, server.stop, server.pause))
        how()
        time.sleep(self._draw.random() * 3)
        (server.resume if how == server.pause else server.start)()

    def broker_away(self) -> None:
        if self._broker is not None:
            self._away(self._broker)

    def store_away(self) -> None:
        self._away(self._store)

    def go_on(self, seconds: float) -> None:
        """Let things happen for so many seconds."""
        ways: Sequence[Callable[[], None]] = (
            self.kill_worker, self.kill_worker, self.stop_worker, self.pause_worker, self.broker_away, self.store_away,
        )  # fmt: skip
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            way = self._draw.choice(ways)
            self.happened.append(way.__name__)
            way()
            time.sleep(self._draw.random() * 3)


@contextlib.contextmanager
def broker_of(kind: str, folder: Path) -> Iterator[tuple[str, Server | None]]:
    """A broker's URL, and the server if it is one."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/broker.db", None
    else:
        with (RedisServer if kind == "redis" else RabbitServer)(folder / "b") as server:
            yield server.url, server


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["redis", "rabbitmq", "sqlite"])
def test_chaos(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with (
        RedisServer(tmp_path / "s") as store,
        broker_of(kind, tmp_path) as (url, broker),
        Place(url, store.url) as place,
        Workers(tmp_path, url, store.url) as workers,
    ):
        chaos = Chaos(random.Random(seed), place, workers, broker, store)
        producer = Producer(place)
        with FirstEnds(store, producer) as ends:
            with producer:
                chaos.go_on(SECONDS)
            assert producer.failed is None, producer.failed
            print(len(producer.ids), "calls;", ", ".join(chaos.happened))
            wait_for(lambda: ends.look() == 0, lambda: f"{ends.look()} have not ended\n{workers.logs()}", deadline=180, pause=0.5)
        missing = producer.keys - set(workers.ledger.count("end"))
        wait_for(lambda: producer.keys <= set(workers.ledger.count("end")), lambda: f"{missing}\n{workers.logs()}")
        documents = place.documents(producer.ids)
        assert {id_: document["status"] for id_, document in documents.items() if document["status"] != "SUCCESS"} == {}
        assert documents == ends.found
        print(len(workers.ledger.repeated()), "of", len(producer.keys), "have begun more than once")
        for worker in chaos.alive:
            assert worker.wait_ready().stop() == 0, worker.log()
        for worker in workers.all:
            if worker.process.poll() is None:
                worker.process.terminate()
                worker.end()
            assert "Traceback" not in worker.log(), worker.log()
        assert workers.processes() == []
