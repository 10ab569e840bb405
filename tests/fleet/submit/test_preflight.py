"""``flowc submit``: what is looked at before and after a flow is sent: queues without readers, a result store that is away, stubs."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from flowc import App, loads
from flowc.cli import result_store
from flowc.runtime.fleet import awaiting, suspecting
from flowc.runtime.outcome import Noted, RunEvent

from ...cli.conftest import Flowc
from ..shared import SharedStock


@pytest.fixture
def fleet(stock_redis: SharedStock) -> tuple[str, ...]:
    return ("--broker", stock_redis.broker, "--backend", stock_redis.backend)


def write(here: Path, text: str) -> str:
    here.joinpath("a.flow").write_text(text)
    return "a.flow"


# ------------------------------------------------------------------------------------------------------------------- readers
def test_a_queue_that_no_worker_reads(flowc: Flowc, here: Path, fleet: tuple[str, ...]) -> None:
    text = 'x = proj.add(1, 2) {queue = "celeri"}\nx -> proj.add(1) {queue = "elsewhere"} -> proj.add(2)\n'
    ran = flowc("submit", write(here, text), *fleet)
    assert ran.code == 0
    assert ran.err.count("no worker reads") == 2
    assert "note: no worker reads the queue 'celeri', where step x goes; did you mean 'celery'?\n" in ran.err
    assert "note: no worker reads the queue 'elsewhere', where step add#1 goes; workers read 'celery'\n" in ran.err
    ran = flowc("submit", "a.flow", *fleet, "--json")
    assert [note.partition(",")[0] for note in json.loads(ran.out)["notes"]] == [
        "no worker reads the queue 'celeri'", "no worker reads the queue 'elsewhere'",
    ]  # fmt: skip
    assert "no worker" not in flowc("submit", "a.flow", *fleet, "--no-preflight").err


def test_a_queue_that_is_read_is_nothing_to_speak_of(flowc: Flowc, here: Path, fleet: tuple[str, ...]) -> None:
    assert "note:" not in flowc("submit", write(here, "proj.add(1, 2) -> proj.add(1)\n"), *fleet).err


def test_where_no_worker_is(flowc: Flowc, here: Path, redis_database: str) -> None:
    ran = flowc("submit", write(here, "proj.add(1, 2)\n"), "--broker", redis_database)
    assert (ran.code, "note: no worker is there: what was sent waits until one comes\n" in ran.err) == (0, True)


def test_where_the_broker_does_not_know_who_listens(flowc: Flowc, here: Path) -> None:
    ran = flowc("submit", write(here, "proj.add(1, 2)\n"), "--broker", "sqlite:///b.db")
    assert (ran.code, "note:" in ran.err) == (0, False)


def test_nobody_is_there_while_it_is_waited_for(redis_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspecting, "QUIET", 0.1)
    monkeypatch.setattr(awaiting, "_PAUSE", 0.05)
    told: list[RunEvent] = []
    with App("waits", broker=redis_database, backend=redis_database, set_as_current=False) as app:
        result = loads("proj.add(1, 2)").submit(app).wait(0.5, told.append)
    assert result.timed_out
    assert [event.text for event in told if isinstance(event, Noted)] == ["no worker answers: what is out waits until one does"]


def test_a_worker_that_is_busy_may_read_it(flowc: Flowc, here: Path, redis_database: str) -> None:
    with redis.Redis.from_url(redis_database) as client, client.pubsub() as deaf:
        deaf.subscribe(f"/{redis_database.rpartition('/')[2]}.celery.pidbox")
        assert deaf.get_message(timeout=30)
        ran = flowc("submit", write(here, "proj.add(1, 2)\n"), "--broker", redis_database)
    assert (ran.code, "note:" in ran.err) == (0, False)


def test_on_rabbitmq_the_broker_knows(flowc: Flowc, here: Path, stock_rabbitmq: SharedStock) -> None:
    unread = f"unread-{uuid.uuid4().hex}"
    text = f'proj.add(1, 2) {{queue = "{unread}"}}\nproj.add(1, 2) {{queue = "{stock_rabbitmq.queue}"}}\n'
    ran = flowc("submit", write(here, text), "--broker", stock_rabbitmq.broker)
    assert ran.code == 0
    assert [line for line in ran.err.splitlines() if "no worker" in line] == [
        f"note: no worker reads the queue '{unread}', where step add#1 goes"
    ]


# -------------------------------------------------------------------------------------------------------------- result stores
@pytest.fixture
def strange() -> Iterator[tuple[str, list[bytes]]]:
    """A server that is no Redis: the URL, and what it answers (nothing, unless it is told to)."""
    answers: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(1)
                if answers:
                    connection.sendall(answers[0])
                connection.recv(1_000_000)
                over.wait(0 if answers else 30)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0", answers
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(30)


def test_a_store_that_does_not_answer(
    flowc: Flowc, here: Path, redis_database: str, strange: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_store, "PATIENCE", 0.2)
    ran = flowc("submit", write(here, "proj.add(1, 2)\n"), "--broker", redis_database, "--backend", strange[0], "--wait")
    assert ran.code == 5
    assert f"the result store {strange[0]} does not answer, so nothing was sent" in ran.err
    with redis.Redis.from_url(redis_database) as client:
        assert client.keys() == []


def test_a_store_that_is_none(flowc: Flowc, here: Path, redis_database: str, strange: tuple[str, list[bytes]]) -> None:
    strange[1].append(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    ran = flowc("submit", write(here, "proj.add(1, 2)\n"), "--broker", redis_database, "--backend", strange[0], "--wait")
    assert ran.code == 5
    assert f"the result store {strange[0]} refuses: Protocol Error" in ran.err


# -------------------------------------------------------------------------------------------------------------------- stubs
PROJECT = '[tool.flowc]\napp = "nowhere_at_all:app"\nstubs = ["tasks.flow"]\n'


def test_with_stubs_the_application_is_not_imported(flowc: Flowc, here: Path, redis_database: str) -> None:
    here.joinpath("pyproject.toml").write_text(PROJECT)
    here.joinpath("tasks.flow").write_text('task proj.add(x: int, y: int) -> int {queue = "sums"}\n')
    ran = flowc("submit", write(here, "proj.add(1, 2)\n"), "--broker", redis_database)
    assert ran.code == 0
    assert "note: stubs declare the tasks, so nowhere_at_all:app is not imported: its settings and routes do not count" in ran.err
    with redis.Redis.from_url(redis_database) as client:
        assert client.llen("sums") == 1
    ran = flowc("submit", write(here, "proj.ad(1, 2)\n"), "--broker", redis_database)
    assert (ran.code, "there is no task `proj.ad`" in ran.err) == (1, True)


def test_without_a_broker_it_is(flowc: Flowc, here: Path) -> None:
    here.joinpath("pyproject.toml").write_text(PROJECT)
    here.joinpath("tasks.flow").write_text("task proj.add(x: int, y: int) -> int\n")
    ran = flowc("submit", write(here, "proj.add(1, 2)\n"))
    assert (ran.code, "no module is named 'nowhere_at_all'" in ran.err) == (2, True)
    here.joinpath("pyproject.toml").write_text(f'{PROJECT}broker_url = "redis://127.0.0.1:1/0"\n')
    assert flowc("submit", "a.flow").code == 5
