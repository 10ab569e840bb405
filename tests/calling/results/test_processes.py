"""Results between processes: told in one, heard in another; forks; and processes that are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc import App
from flowc.runtime.result import AsyncResult, ResultSet

from .stores import DEADLINE, application, results, take, tell, unique, until

TELLER = str(Path(__file__).with_name("teller.py"))


@pytest.fixture(params=["sqlite", "redis", "rpc over sqlite", "rpc over redis", "rpc over rabbitmq"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A broker and a result store that several processes see."""
    match request.param:
        case "sqlite":
            return "memory://", f"sqlite:///{tmp_path}/results.db"
        case "redis":
            return "memory://", request.getfixturevalue("redis_url")
        case "rpc over sqlite":
            return f"sqlite:///{tmp_path}/broker.db", "rpc://"
        case rpc:
            return request.getfixturevalue(f"{rpc.removeprefix('rpc over ')}_url"), "rpc://"


@pytest.fixture
def app(shared: tuple[str, str]) -> Iterator[App]:
    with application(shared[1], shared[0]) as made:
        yield made


class Tellers:
    """Processes that tell states; those that still run in the end are killed."""

    def __init__(self, app: App, broker: str, url: str) -> None:
        self._app, self._broker, self._url = app, broker, url
        self._all: list[subprocess.Popen[str]] = []

    def __call__(self, tasks: list[str], *, count: int = 0, value: str = "done") -> subprocess.Popen[str]:
        command = [sys.executable, TELLER, self._broker, self._url, self._app.backend.reply_to or "-", str(count), value, *tasks]
        made = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._all.append(made)
        return made

    def close(self) -> None:
        for one in self._all:
            one.kill()
            one.communicate()


@pytest.fixture
def teller(app: App, shared: tuple[str, str]) -> Iterator[Tellers]:
    made = Tellers(app, *shared)
    yield made
    made.close()


def test_states_of_another_process_are_heard_in_order(app: App, teller: Tellers) -> None:
    task = unique()
    with app.backend.watch([task]) as watch:
        teller([task], count=40)
        assert results(take(watch, 41)) == [*range(40), "done"]
    assert AsyncResult(task, app=app).state == "SUCCESS"


def test_states_that_were_told_before_anybody_listened_are_heard(app: App, teller: Tellers) -> None:
    task = unique()
    process = teller([task], count=3)
    assert process.communicate(timeout=DEADLINE)[0] == "told\n0\n"
    heard: list[Any] = []
    assert AsyncResult(task, app=app).get(timeout=DEADLINE, on_message=lambda message: heard.append(message["result"])) == "done"
    assert heard == [0, 1, 2, "done"]


def test_of_two_processes_the_first_end_stays(app: App, teller: Tellers) -> None:
    tasks = [unique() for _ in range(20)]
    processes = [teller(tasks, value=value) for value in ("one", "two")]
    refused = [int(process.communicate(timeout=DEADLINE)[0].split()[1]) for process in processes]
    values = ResultSet([AsyncResult(task, app=app) for task in tasks]).get(timeout=DEADLINE)
    assert set(values) <= {"one", "two"}
    if app.backend.keeps_groups:
        assert sum(refused) == len(tasks)
        assert refused[0] == values.count("two")
    assert values == ResultSet([AsyncResult(task, app=app) for task in tasks]).get(timeout=DEADLINE)


def test_a_writer_that_is_killed_leaves_a_store_that_works(app: App, teller: Tellers) -> None:
    task, other = unique(), unique()
    process = teller([task], count=1_000_000)
    with app.backend.watch([task]) as watch:
        assert results(take(watch, 5)) == list(range(5))
        process.kill()
        process.wait()
    tell(app, other, ("SUCCESS", 1))
    assert AsyncResult(other, app=app).get(timeout=DEADLINE) == 1


# ------------------------------------------------------------------------------------------------------------------ forks
def in_a_fork(do: Any) -> None:
    """Run something in a forked child; fails if that fails."""
    child = os.fork()
    if not child:
        try:
            do()
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    deadline = threading.Timer(DEADLINE, os.kill, (child, signal.SIGKILL))
    deadline.start()
    _, status = os.waitpid(child, 0)
    deadline.cancel()
    assert status == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_and_its_parent_both_go_on(app: App) -> None:
    """The parent waits in another thread while it forks; the child has connections, threads and locks of its own."""
    before, task, second = unique(), unique(), unique()
    tell(app, before, ("SUCCESS", 0))
    assert AsyncResult(before, app=app).get(timeout=DEADLINE) == 0
    parents_queue = app.backend.reply_to
    got: list[Any] = []
    waiting = threading.Thread(target=lambda: got.append(AsyncResult(task, app=app).get(timeout=DEADLINE)))
    waiting.start()

    def child() -> None:
        own = unique()
        if parents_queue is not None:
            assert app.backend.reply_to != parents_queue
        tell(app, own, ("PROGRESS", 1), ("SUCCESS", 2))
        heard: list[Any] = []
        assert AsyncResult(own, app=app).get(timeout=DEADLINE, on_message=lambda message: heard.append(message["result"])) == 2
        assert heard == [1, 2]
        app.close()

    in_a_fork(child)
    in_a_fork(child)
    tell(app, task, ("SUCCESS", 3))
    waiting.join()
    assert got == [3]
    tell(app, second, ("SUCCESS", 4))
    assert AsyncResult(second, app=app).get(timeout=DEADLINE) == 4


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forks_while_threads_are_inside_sqlite(tmp_path: Path) -> None:
    """A child inherits SQLite's mutexes as they were, also for connections of its own."""
    with application(f"sqlite:///{tmp_path}/r.db") as app:
        stop = threading.Event()

        def once() -> None:
            task = unique()
            tell(app, task, ("SUCCESS", 1))
            assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 1

        def work() -> None:
            while not stop.is_set():
                once()

        once()  # forking while a thread imports is Python's own trap
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(15):
                in_a_fork(once)
        finally:
            stop.set()
            for thread in threads:
                thread.join()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_memory_is_copied_into_a_child() -> None:
    with application("cache+memory://") as app:
        task, other = unique(), unique()
        tell(app, task, ("SUCCESS", 1))

        def child() -> None:
            assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 1
            tell(app, other, ("SUCCESS", 2))
            assert AsyncResult(other, app=app).get(timeout=DEADLINE) == 2

        in_a_fork(child)
        assert not AsyncResult(other, app=app).ready()


# ----------------------------------------------------------------------------------------------------------------- SQLite
def test_a_file_that_several_open_at_once_is_made_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fresh.db"
    tasks = [unique() for _ in range(4)]
    command = [sys.executable, TELLER, "memory://", url, "-", "1", "x"]
    processes = [subprocess.Popen([*command, task], stdout=subprocess.PIPE, text=True) for task in tasks]
    assert [process.communicate(timeout=DEADLINE)[0] for process in processes] == ["told\n0\n"] * 4
    with application(url) as app:
        assert ResultSet([AsyncResult(task, app=app) for task in tasks]).get(timeout=0) == ["x"] * 4


def test_a_path_may_have_any_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a b#ü"
    folder.mkdir()
    with application(f"sqlite:///{tmp_path}/a%20b%23ü/r.db") as app:
        task = unique()
        tell(app, task, ("SUCCESS", 1))
        assert AsyncResult(task, app=app).get() == 1
        assert (folder / "r.db").exists()


def test_old_rows_go_by_themselves(tmp_path: Path) -> None:
    with application(f"sqlite:///{tmp_path}/r.db", result_expires=0.05) as app:
        for _ in range(20):
            app.backend.store([state for _ in range(60) for state in _progress(unique())])
            last = unique()
            tell(app, last, ("SUCCESS", 1))
            time.sleep(0.01)  # so that the first are old before the last are stored
        until(lambda: app.backend.get(last) is None)
        tell(app, unique(), ("SUCCESS", 1))
        count = "SELECT count(*) FROM flowc_states"
        connection = sqlite3.connect(tmp_path / "r.db")
        assert connection.execute(count).fetchone()[0] < 20 * 61
        until(lambda: app.backend.expire() or connection.execute(count).fetchone()[0] == 0)
        connection.close()


def _progress(task: str) -> Any:
    from flowc.runtime.results.interface import Stored

    from .stores import document

    return [Stored(document(task, "PROGRESS", 1))]


def test_states_of_one_task_do_not_grow_without_end(tmp_path: Path) -> None:
    from flowc.runtime.results.interface import MOST_STATES

    with application(f"sqlite:///{tmp_path}/r.db") as app:
        task = unique()
        for _ in range(30):
            app.backend.store(_progress(task) * 100)
        connection = sqlite3.connect(tmp_path / "r.db")
        assert MOST_STATES <= connection.execute("SELECT count(*) FROM flowc_states").fetchone()[0] <= MOST_STATES + 600
        connection.close()
