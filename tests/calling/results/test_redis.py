"""Results in Redis: broken connections, hostile keys, and stock Celery on the other side."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc import App
from flowc.runtime.errors import BackendError, DecodeError
from flowc.runtime.errors import TimeoutError as ResultTimeout
from flowc.runtime.result import AsyncResult, ResultSet
from flowc.runtime.results import redis_hub

from ...servers.redis import RedisServer
from .proxy import Proxy
from .stores import DEADLINE, application, document, results, stored, take, tell, unique, until

QUICK: dict[str, Any] = {
    "result_backend_transport_options": {"retry_policy": {"interval_step": 0.01, "interval_max": 0.02, "max_retries": 500}}
}


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    with Proxy(redis_url) as made:
        yield made


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    import redis

    made = redis.Redis.from_url(redis_url)
    yield made
    made.close()


@pytest.fixture
def app(redis_url: str) -> Iterator[App]:
    with application(redis_url) as made:
        yield made


# ------------------------------------------------------------------------------------------------------ broken connections
def test_nothing_is_missed_and_nothing_comes_twice_over_a_broken_connection(redis_url: str, proxy: Proxy) -> None:
    task = unique()
    with application(redis_url) as worker, application(proxy.url, **QUICK) as caller, caller.backend.watch([task]) as watch:
        tell(worker, task, ("PROGRESS", 0), ("PROGRESS", 1))
        assert results(take(watch, 2)) == [0, 1]
        proxy.cut()
        tell(worker, task, ("PROGRESS", 2), ("PROGRESS", 3))
        assert watch.next(0.1) is None
        proxy.mend()
        assert results(take(watch, 2)) == [2, 3]
        proxy.drop()
        tell(worker, task, ("PROGRESS", 4))
        assert results(take(watch, 1)) == [4]
        proxy.drop()
        proxy.cut()
        tell(worker, task, ("PROGRESS", 5), ("SUCCESS", 6))
        proxy.mend()
        assert results(take(watch, 2)) == [5, 6]
        assert watch.next(0.05) is None


def test_connections_that_break_all_the_time_lose_no_state(redis_url: str, proxy: Proxy) -> None:
    tasks = [unique() for _ in range(30)]
    stop = threading.Event()

    def break_it() -> None:
        while not stop.wait(0.03):
            proxy.drop()

    def write(worker: App) -> None:
        for number in range(3):
            for task in tasks:
                tell(worker, task, ("PROGRESS", number))
            time.sleep(0.05)
        for task in tasks:
            tell(worker, task, ("SUCCESS", 3))

    breaker = threading.Thread(target=break_it)
    with application(redis_url) as worker, application(proxy.url, **QUICK) as caller:
        writer = threading.Thread(target=write, args=(worker,))
        breaker.start()
        writer.start()
        heard: dict[str, list[Any]] = {task: [] for task in tasks}
        group = ResultSet([AsyncResult(task, app=caller) for task in tasks])
        group.get(timeout=DEADLINE, on_message=lambda message: heard[message["task_id"]].append(message["result"]))
        stop.set()
        writer.join()
        breaker.join()
    assert heard == {task: [0, 1, 2, 3] for task in tasks}


def test_storing_goes_on_after_a_break_and_counts_no_false_duplicates(proxy: Proxy) -> None:
    with application(proxy.url, **QUICK) as worker:
        stop = threading.Event()

        def break_it() -> None:
            while not stop.wait(0.005):
                proxy.drop()

        breaker = threading.Thread(target=break_it)
        breaker.start()
        tasks = [unique() for _ in range(200)]
        refused = [state for task in tasks for state in tell(worker, task, ("SUCCESS", task))]
        stop.set()
        breaker.join()
        assert refused == []
        assert len(worker.backend.get_many(tasks)) == 200


def test_a_store_that_stays_away_is_reported_after_the_last_retry(proxy: Proxy) -> None:
    proxy.cut()
    options = {"retry_policy": {"max_retries": 2, "interval_step": 0.01, "interval_max": 0.01}}
    with application(proxy.url, result_backend_transport_options=options) as app:
        for use in (lambda: app.backend.get("x"), lambda: tell(app, "x", ("SUCCESS", 1)), lambda: AsyncResult("x", app=app).get()):
            with pytest.raises(BackendError, match=rf"redis://127.0.0.1:{proxy.port}/0 could not be reached"):
                use()
        proxy.mend()
        task = unique()
        tell(app, task, ("SUCCESS", 1))
        assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 1


def test_always_retry_is_as_long_as_it_says(proxy: Proxy) -> None:
    proxy.cut()
    settings: dict[str, Any] = {
        "result_backend_always_retry": True,
        "result_backend_max_retries": 3,
        "result_backend_base_sleep_between_retries_ms": 1,
    }
    with application(proxy.url, **settings) as app, pytest.raises(BackendError):
        app.backend.get("x")


def test_a_timeout_is_kept_while_the_store_is_away_or_silent(proxy: Proxy) -> None:
    with application(proxy.url, **QUICK) as app:
        task = unique()
        tell(app, task, ("PROGRESS", 1))
        proxy.stall()
        with pytest.raises(ResultTimeout):
            AsyncResult(task, app=app).get(timeout=0.1)
        proxy.cut()
        with pytest.raises(ResultTimeout):
            AsyncResult(task, app=app).get(timeout=0.1)
        proxy.mend()
        tell(app, task, ("SUCCESS", 1))
        assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 1


def test_an_end_between_asking_for_a_channel_and_getting_it_is_heard(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two connections have no common order: what is stored must be read after the server has confirmed the subscription."""
    import redis.client

    subscribe = redis.client.PubSub.subscribe
    asked = threading.Event()
    timers: list[threading.Timer] = []

    def late(self: Any, *channels: str) -> None:
        if "flowc-" in channels[0]:
            subscribe(self, *channels)
            return
        timers.append(threading.Timer(0.2, subscribe, (self, *channels)))
        timers[-1].start()
        asked.set()

    monkeypatch.setattr(redis.client.PubSub, "subscribe", late)
    for progress in (True, False):
        task = unique()
        asked.clear()
        with app.backend.watch([task], progress=progress) as watch:
            assert asked.wait(DEADLINE)
            time.sleep(0.05)
            tell(app, task, ("SUCCESS", 1))
            assert results(take(watch, 1)) == [1]
            assert watch.next(0.05) is None
    for timer in timers:
        timer.join()


def test_closing_the_backend_ends_the_wait_of_others(app: App) -> None:
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            AsyncResult(unique(), app=app).get(timeout=DEADLINE)
        except BackendError as exc:
            caught.append(exc)

    backend: Any = app.backend
    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: backend._hub._watches)
    backend.close()
    thread.join()
    assert "closed" in str(caught[0])


def test_subscriptions_that_nobody_needs_are_given_up(app: App, client: Any) -> None:
    backend: Any = app.backend
    for _ in range(3):
        tasks = [unique() for _ in range(300)]
        with app.backend.watch(tasks) as watch:
            app.backend.store([stored(app, task, "SUCCESS", 1) for task in tasks])
            take(watch, 300)
    until(lambda: len(backend._hub._subscription.subscribed) <= 300)
    with app.backend.watch([unique()]) as watch:
        assert watch.next(0.05) is None
    assert client.pubsub_channels(f"celery-task-meta-{tasks[0]}") in ([], [f"celery-task-meta-{tasks[0]}".encode()])


def test_the_thread_ends_when_nobody_waits_and_begins_anew(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_hub, "_QUIET", 0.05)
    backend: Any = app.backend
    for _ in range(2):
        task = unique()
        tell(app, task, ("SUCCESS", 1))
        assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 1
        until(lambda: backend._hub._thread is None)


def test_a_connection_that_falls_silent_is_replaced(redis_url: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a server is gone without a word: no packet says that the connection is dead."""
    monkeypatch.setattr(redis_hub, "_QUIET", 0.05)
    task = unique()
    settings = {"redis_socket_timeout": 0.2, **QUICK}
    with application(redis_url) as worker, application(proxy.url, **settings) as caller, caller.backend.watch([task]) as watch:
        assert watch.next(0.2) is None
        proxy.stall()
        tell(worker, task, ("PROGRESS", 1))
        assert watch.next(0.2) is None
        proxy.forget()
        assert results(take(watch, 1)) == [1]
        tell(worker, task, ("SUCCESS", 2))
        assert results(take(watch, 1)) == [2]


def test_a_server_that_is_restarted(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, application(server.url, **QUICK) as app:
        task = unique()
        with app.backend.watch([task]) as watch:
            assert watch.next(0.05) is None
            server.stop()
            assert watch.next(0.2) is None
            server.start()
            tell(app, task, ("PROGRESS", 1), ("SUCCESS", 2))
            assert results(take(watch, 2)) == [1, 2]


# -------------------------------------------------------------------------------------------------------------- documents
def test_keys_are_celerys_and_go_by_themselves(redis_url: str, client: Any) -> None:
    task, group = unique(), unique()
    with application(redis_url, result_expires=100) as app:
        tell(app, task, ("PROGRESS", 1), ("SUCCESS", 2))
        app.backend.save_group(group, {"result": [[group, None], []]})
        app.backend.open_chord(group, 2)
        app.backend.chord_part(group, 0, document(task, "SUCCESS", 2))
    keys = [f"celery-task-meta-{task}", f"celery-task-meta-{task}.states", f"celery-taskset-meta-{group}"]
    keys += [f"celery-taskset-meta-{group}{part}" for part in (".j", ".s", ".d")]
    for key in keys:
        assert 90 < client.ttl(key) <= 100, key
    kept = json.loads(client.get(keys[0]))
    assert kept == document(task, "SUCCESS", 2, date_done=kept["date_done"])


def test_a_global_prefix_keeps_applications_apart(redis_url: str, client: Any) -> None:
    task = unique()
    with application(redis_url, result_backend_transport_options={"global_keyprefix": "mine"}) as mine, application(redis_url) as other:
        tell(mine, task, ("SUCCESS", 1))
        assert AsyncResult(task, app=mine).get(timeout=DEADLINE) == 1
        assert not AsyncResult(task, app=other).ready()
        assert client.exists(f"mine_celery-task-meta-{task}")
        mine.backend.forget([task])
        assert not client.exists(f"mine_celery-task-meta-{task}")


HOSTILE = [
    b"", b"garbage", b"{}", b"[]", b"null", b'{"status": "SUCCESS"}', b'{"status": 5, "result": 1}', b'{"status": "SUCCESS", "result": ',
    b'{"task_id": "other", "status": "SUCCESS", "result": 1}', b"\xff\xfe", b"[" * 100_000,
    b"\x00celery-compressed\x00application/x-gzip\x00no", b'\x80\x04\x95c__builtin__\neval\n.',
]  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE)
def test_a_hostile_document_is_a_decodeerror_and_no_more(app: App, client: Any, data: bytes) -> None:
    task, good = unique(), unique()
    key = f"celery-task-meta-{task}"
    client.set(key, data, ex=60)
    tell(app, good, ("SUCCESS", 1))
    result = AsyncResult(task, app=app)
    for ask in (result.ready, lambda: result.get(timeout=DEADLINE), lambda: result.get(timeout=DEADLINE, on_message=print)):
        with pytest.raises(DecodeError, match=task):
            ask()
    assert AsyncResult(good, app=app).get(timeout=DEADLINE) == 1
    assert tell(app, task, ("SUCCESS", 2)) == []
    assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 2


@pytest.mark.parametrize("data", HOSTILE)
def test_a_hostile_message_is_a_decodeerror_and_the_others_go_on(app: App, client: Any, data: bytes) -> None:
    task, other = unique(), unique()
    with app.backend.watch([task]) as watch, app.backend.watch([other]) as second:
        assert watch.next(0.05) is None
        client.publish(f"celery-task-meta-{task}", data)
        with pytest.raises(DecodeError):
            watch.next(DEADLINE)
        tell(app, other, ("SUCCESS", 1))
        assert results(take(second, 1)) == [1]


def test_a_key_of_another_kind_is_a_backenderror(app: App, client: Any) -> None:
    task = unique()
    client.rpush(f"celery-task-meta-{task}", "x")
    for ask in (
        lambda: tell(app, task, ("SUCCESS", 1)),
        lambda: AsyncResult(task, app=app).get(timeout=DEADLINE),
    ):
        with pytest.raises(BackendError, match=r"refuses: .*WRONGTYPE"):
            ask()
    client.delete(f"celery-task-meta-{task}")
    tell(app, task, ("SUCCESS", 1))
    assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 1


def test_hostile_parts_of_a_chord_are_a_decodeerror(app: App, client: Any) -> None:
    group = unique()
    app.backend.open_chord(group, 2)
    client.zadd(f"celery-taskset-meta-{group}.j", {b"garbage": 0})
    with pytest.raises(DecodeError, match=group):
        app.backend.chord_part(group, 1, document("b", "SUCCESS", 1))


def test_an_end_in_another_form_is_an_end_too(app: App, client: Any) -> None:
    task = unique()
    client.set(f"celery-task-meta-{task}", json.dumps({"task_id": task, "result": 1, "status": "SUCCESS"}), ex=60)
    assert len(tell(app, task, ("SUCCESS", 2))) == 1
    client.set(f"celery-task-meta-{task}", json.dumps({"task_id": task, "result": 1, "status": "PROGRESS"}), ex=60)
    assert tell(app, task, ("SUCCESS", 2)) == []
    assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 2
