"""A broker, or a store of results, is away for a while and comes back with its data: nothing that was accepted is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from ...servers.server import Server
from .places import Ends, Place
from .waiting import wait_for
from .workers import Workers

SERVERS: dict[str, Callable[[Path], Server]] = {"redis": RedisServer, "rabbitmq": RabbitServer}

#: A producer's that does not give up.
PATIENT = {"max_retries": None, "interval_start": 0.05, "interval_step": 0.05, "interval_max": 0.5}

TASKS = 400
FEW = 150


class Producer:
    """A thread that goes on calling, whatever happens to the broker; a context manager that ends it.

    Attributes:
        accepted: the ids of calls that were taken, by their keys.
    """

    def __init__(self, place: Place) -> None:
        self.accepted: dict[str, str] = {}
        self.failed: BaseException | None = None
        self._place = place
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        number = 0
        try:
            while not self._stop.is_set():
                number += 1
                key = str(number)
                options: dict[str, Any] = {"countdown": 1.0} if number % 10 == 1 else {}
                if number % 10 == 2:
                    options["link"] = self._place.app.signature("r.work", args=(f"after-{key}",), queue=self._place.queue, immutable=True)
                self.accepted[key] = self._place.send("r.work", key, 0.005, retry=True, retry_policy=PATIENT, **options)
                time.sleep(0.002)
        except BaseException as exc:
            self.failed = exc

    def wait(self, number: int) -> None:
        """Wait until so many calls were accepted."""
        wait_for(lambda: len(self.accepted) >= number or self.failed is not None)
        if self.failed is not None:
            raise self.failed

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A broker of the test's own, which keeps its data."""
    with SERVERS[request.param](tmp_path / "b") as made:
        yield made


def broker_goes_and_comes(server: Server, folder: Path, store: str, pool: str, orderly: bool, seconds: float, tasks: int = TASKS) -> None:
    with Place(server.url, store) as place, Workers(folder, server.url, store) as workers, Ends(store) as ends:
        both = [workers.start(place.queue, pool=pool) for _ in range(2)]
        with Producer(place) as producer:
            producer.wait(tasks // 3)
            (server.stop if orderly else server.kill)()
            time.sleep(seconds)
            server.start()
            producer.wait(len(producer.accepted) + tasks)
        ids = producer.accepted
        documents = place.wait(list(ids.values()), workers.logs)
        assert {(documents[id_]["status"], documents[id_]["result"]) for id_ in ids.values()} == {("SUCCESS", key) for key in ids}
        wanted = {*ids, *(f"after-{key}" for key in ids if int(key) % 10 == 2)}
        wait_for(lambda: set(workers.ledger.count("end")) == wanted, workers.logs)
        assert {id_: times for id_, times in ends.of(ids.values()).items() if times != 1} == {}
        for worker in both:
            assert "the connection to the broker was lost" in worker.log()
            assert "connected to the broker again" in worker.log()
            assert worker.stop() == 0
        # what a worker had begun when the broker went may have come to the other one
        assert len(workers.ledger.repeated()) <= 2 * 4 * 5


def test_redis_is_away_for_a_moment(redis_database: str, tmp_path: Path) -> None:
    with RedisServer(tmp_path / "b") as server:
        broker_goes_and_comes(server, tmp_path, redis_database, "threads", False, 1, FEW)


@pytest.mark.soak
def test_rabbitmq_is_away_for_a_moment(redis_database: str, tmp_path: Path) -> None:
    with RabbitServer(tmp_path / "b") as server:
        broker_goes_and_comes(server, tmp_path, redis_database, "threads", False, 2)


@pytest.mark.soak
@pytest.mark.parametrize("orderly", [False, True], ids=["killed", "stopped"])
@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_broker_is_away_for_ten_seconds(server: Server, redis_database: str, tmp_path: Path, pool: str, orderly: bool) -> None:
    broker_goes_and_comes(server, tmp_path, redis_database, pool, orderly, 10)


def store_goes_and_comes(
    place: Place, store: Server, workers: Workers, pool: str, orderly: bool, seconds: float, tasks: int = TASKS
) -> None:
    worker = workers.start(place.queue, pool=pool)
    ids = place.send_many("r.work", [(number, 0.005) for number in range(tasks)])
    wait_for(lambda: workers.ledger.number("end") > tasks // 4, workers.logs)
    (store.stop if orderly else store.kill)()
    time.sleep(seconds)
    store.start()
    documents = place.wait(ids, workers.logs)
    assert [(documents[id_]["status"], documents[id_]["result"]) for id_ in ids] == [("SUCCESS", n) for n in range(tasks)]
    assert workers.ledger.repeated() == {}
    assert worker.stop() == 0


def test_store_is_away_for_a_moment(redis_database: str, tmp_path: Path) -> None:
    with (
        RedisServer(tmp_path / "s") as store,
        Place(redis_database, store.url) as place,
        Workers(tmp_path, redis_database, store.url) as workers,
    ):
        store_goes_and_comes(place, store, workers, "threads", False, 1, FEW)


@pytest.mark.soak
@pytest.mark.parametrize("orderly", [False, True], ids=["killed", "stopped"])
@pytest.mark.parametrize("pool", ["threads", "processes", "solo"])
@pytest.mark.parametrize("kind", ["redis", "rabbitmq", "sqlite"])
def test_store_is_away_for_ten_seconds(request: pytest.FixtureRequest, tmp_path: Path, kind: str, pool: str, orderly: bool) -> None:
    broker = f"sqlite:///{tmp_path}/broker.db" if kind == "sqlite" else str(request.getfixturevalue(f"{kind}_url"))
    with RedisServer(tmp_path / "s") as store, Place(broker, store.url) as place, Workers(tmp_path, broker, store.url) as workers:
        store_goes_and_comes(place, store, workers, pool, orderly, 10)


@pytest.mark.parametrize("pool", ["threads", pytest.param("processes", marks=pytest.mark.soak)])
def test_leaving_at_once_while_the_store_is_away(redis_database: str, tmp_path: Path, pool: str) -> None:
    with (
        RedisServer(tmp_path / "s") as store,
        Place(redis_database, store.url) as place,
        Workers(tmp_path, redis_database, store.url) as workers,
    ):
        worker = workers.start(place.queue, pool=pool)
        store.kill()
        id_ = place.app.send_task("r.work", ("key",), queue=place.queue).id
        wait_for(lambda: workers.ledger.count("end")["key"], workers.logs)
        worker.process.terminate()
        wait_for(lambda: "stopping" in worker.log(), worker.log)
        time.sleep(0.5)
        assert worker.process.poll() is None  # its message is not acknowledged before its result is kept
        worker.process.terminate()
        worker.end()
        store.start()
        again = workers.start(place.queue, pool=pool)
        assert place.wait([id_], workers.logs)[id_]["result"] == "key"
        assert workers.ledger.workers("end") == {"key": [worker.number, again.number]}
