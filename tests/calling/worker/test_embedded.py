"""A worker for as long as a block lasts, and what may be asked of one."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc import App
from flowc.runtime.broker.control import make_mailbox
from flowc.runtime.errors import ConnectionLost, UsageError
from flowc.runtime.worker.revoked import Revoked
from flowc.runtime.worker.service import WorkerService

from .scripted import DEADLINE, wait_for


@pytest.fixture
def app() -> Iterator[App]:
    queue = f"embedded-{uuid.uuid4().hex[:8]}"
    made = App("embedded", broker="memory://", settings={"task_default_queue": queue}, set_as_current=False)
    made.task(name="add")(lambda x, y: x + y)
    with made:
        yield made


def test_it_serves_the_block_alone(app: App) -> None:
    before = threading.active_count()
    with app.embedded_worker(concurrency=2) as worker:
        assert app.tasks["add"].delay(1, 2).get(timeout=DEADLINE) == 3
        assert worker.ready.is_set()
    wait_for(lambda: threading.active_count() == before)
    late = app.tasks["add"].delay(1, 2)
    assert late.state == "PENDING"
    with app.embedded_worker():
        assert late.get(timeout=DEADLINE) == 3


def test_it_stops_when_the_block_raises(app: App) -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), app.embedded_worker():
        _ = 1 // 0
    wait_for(lambda: threading.active_count() == before)


def test_it_stops_in_order(app: App) -> None:
    begun, go, done = threading.Event(), threading.Event(), []

    @app.task(name="slow")
    def slow() -> None:
        begun.set()
        assert go.wait(DEADLINE)
        done.append(True)

    with app.embedded_worker():
        slow.delay()
        assert begun.wait(DEADLINE)
        threading.Timer(0.05, go.set).start()
    assert done == [True]


def test_several_at_once(app: App) -> None:
    with app.embedded_worker(concurrency=1) as one, app.embedded_worker(concurrency=1) as other:
        assert one.hostname != other.hostname
        assert [app.tasks["add"].delay(n, n).get(timeout=DEADLINE) for n in range(20)] == [2 * n for n in range(20)]


def test_what_it_reads() -> None:
    made = App("reads", settings={"task_routes": {"a.*": "feeds", "b.*": {"queue": "video"}}}, set_as_current=False)
    with made:
        assert WorkerService(made).queues == ["celery", "feeds", "video"]
        assert WorkerService(made, exclude_queues=["feeds"]).queues == ["celery", "video"]
        assert WorkerService(made, ["x", "y"]).queues == ["x", "y"]
        with pytest.raises(UsageError, match="no queue is left"):
            WorkerService(made, ["x"], exclude_queues=["x"])


def test_what_cannot_be_served_is_said_at_once(app: App, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no pool 'gevent'"), app.embedded_worker(pool="gevent"):
        pass
    with pytest.raises(UsageError, match="concurrency of 0"), app.embedded_worker(concurrency=0):
        pass
    settings = {"broker_connection_retry_on_startup": False}
    with (
        App("away", broker="redis://:secret@127.0.0.1:1/0", settings=settings, set_as_current=False) as away,
        pytest.raises(ConnectionLost, match=r"127\.0\.0\.1:1") as caught,
        away.embedded_worker(),
    ):
        pass
    assert "secret" not in str(caught.value)


def ask(app: App, command: str, **arguments: Any) -> Any:
    """Ask all workers, as ``celery inspect`` does; their answers by name."""
    with app.connection() as connection:
        connection.transport.polling_interval = 0.01
        answers = make_mailbox(app.conf)(connection)._broadcast(command, arguments, reply=True, timeout=2, limit=1)
    return {name: answer for one in answers for name, answer in one.items()}


def test_it_answers_as_celery_does(app: App) -> None:
    go, begun = threading.Event(), threading.Event()

    @app.task(name="slow")
    def slow() -> None:
        begun.set()
        assert go.wait(DEADLINE)

    with app.embedded_worker(concurrency=1) as worker:
        try:
            running, waiting = slow.delay(), app.tasks["add"].delay(1, 1)
            held = app.tasks["add"].apply_async((2, 2), countdown=3600)
            assert begun.wait(DEADLINE)
            wait_for(lambda: worker.scheduled() and len(worker.calls) == 2)
            name = worker.hostname
            assert ask(app, "ping") == {name: {"ok": "pong"}}
            assert [call["id"] for call in ask(app, "active")[name]] == [running.id]
            assert [call["id"] for call in ask(app, "reserved")[name]] == [waiting.id]
            assert [call["request"]["id"] for call in ask(app, "scheduled")[name]] == [held.id]
            assert ask(app, "registered")[name] == sorted(name for name in app.tasks if not name.startswith("celery."))
            assert [(queue["name"], queue["exchange"]["type"]) for queue in ask(app, "active_queues")[name]] == [
                (app.conf.task_default_queue, "direct")
            ]
            assert ask(app, "query_task", ids=[running.id])[name][running.id][0] == "active"
            assert ask(app, "stats")[name]["pid"] == os.getpid()
            assert "no command" in ask(app, "dance")[name]["error"]
            app.control.broadcast("dance", {})
            app.control.broadcast("revoke", {"nonsense": 1})
            app.control.broadcast("ping", {}, destination=["somebody else"])
            assert ask(app, "ping") == {name: {"ok": "pong"}}
            app.control.revoke([held.id])
            wait_for(lambda: held.state == "REVOKED")
            assert ask(app, "revoked")[name] == [held.id]
        finally:
            go.set()
        app.control.broadcast("shutdown", {})
        wait_for(lambda: not any(thread.name == "flowc-worker" for thread in threading.enumerate()))


def test_revoked_ids_are_bounded() -> None:
    now = [0.0]
    revoked = Revoked(most=3, seconds=10, clock=lambda: now[0])
    revoked.add(["a", "b", "c"])
    revoked.add(["a", "d"])
    assert [id_ in revoked for id_ in "abcd"] == [True, False, True, True]
    now[0] = 11
    assert ["a" in revoked, len(revoked)] == [False, 2]


def test_a_child_is_given_the_settings_of_its_parent(tmp_path: Path) -> None:
    """The pool of processes starts afresh here, where threads run already; it must not lose what the program has set."""
    import sys

    (tmp_path / f"settings_app_{os.getpid()}.py").write_text(
        "from flowc import App\napp = App('x', set_as_current=False)\n"
        "@app.task(name='ask')\ndef ask():\n    return [app.conf.result_extended, app.conf.task_default_queue]\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        made = __import__(f"settings_app_{os.getpid()}").app
        made.conf.update(result_extended=True, task_default_queue="of-the-test")
        with made, made.embedded_worker(pool="processes", concurrency=1):
            assert made.tasks["ask"].delay().get(timeout=DEADLINE) == [True, "of-the-test"]
    finally:
        sys.path.remove(str(tmp_path))
