"""Results in a database by way of SQLAlchemy: what every backend promises, in both forms in which stock workers keep results."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import sqlite3
import sys
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flowc import App
from flowc.runtime.errors import BackendError, ContentDisallowed, DecodeError, ImproperlyConfigured
from flowc.runtime.result import AsyncResult, GroupResult

from .stores import DEADLINE, application, document, failure, results, stored, take, tell, unique, until
from .test_conformance import (  # noqa: F401 - they run here, with the fixtures below
    test_a_chord_can_grow,
    test_a_chord_is_completed_once_with_its_parts_in_order,
    test_a_chords_size_may_become_known_late,
    test_a_newer_state_replaces_an_older_one,
    test_a_packed_part_comes_back_as_its_value,
    test_a_part_that_comes_twice_counts_once_and_its_first_value_stays,
    test_a_task_that_is_named_twice_is_watched_once,
    test_a_value_that_is_packed_already_goes_in_as_it_is,
    test_a_watch_for_ends_alone_gets_no_others,
    test_a_watch_gives_up_after_its_time,
    test_each_of_many_watches_gets_its_own,
    test_ends_that_come_at_once_from_many_threads_are_one,
    test_groups_are_saved_loaded_and_removed,
    test_many_are_read_at_once,
    test_nothing_is_known_of_a_task_at_first,
    test_only_the_part_that_completed_a_chord_may_do_so_again,
    test_parts_from_many_threads_complete_a_chord_once,
    test_results_expire,
    test_results_without_an_expiry_stay,
    test_the_backend_works_on_after_it_was_closed,
    test_the_first_end_of_a_task_stays,
    test_what_cannot_be_carried_is_refused_and_nothing_is_kept,
    test_what_is_forgotten_is_gone_and_can_be_told_anew,
    test_what_only_kombus_json_carries_comes_back,
)

#: The table as stock workers of 5.7 make it; ``children`` tells that one has been there.
NEWER = """
CREATE TABLE celery_taskmeta (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, task_id VARCHAR(155) UNIQUE, status VARCHAR(50), result BLOB, date_done DATETIME,
    traceback TEXT, children BLOB, name VARCHAR(155), args BLOB, kwargs BLOB, worker VARCHAR(155), retries INTEGER, queue VARCHAR(155))
"""


@pytest.fixture(params=["pickled", "serialized"])
def result_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database in which results are kept as Celery keeps them until 5.6, or from 5.7 on."""
    path = tmp_path / "results.db"
    if request.param == "serialized":
        connection = sqlite3.connect(path)
        connection.execute(NEWER)
        connection.close()
    return f"db+sqlite:///{path}"


@pytest.fixture
def app(result_url: str) -> Iterator[App]:
    with application(result_url, result_extended=True) as made:
        yield made


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[App]:
    with application(f"db+sqlite:///{tmp_path}/kept.db") as made:
        yield made


def rows(tmp_path: Path, question: str = "SELECT * FROM celery_taskmeta") -> list[dict[str, Any]]:
    connection = sqlite3.connect(tmp_path / "results.db")
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(question)]
    finally:
        connection.close()


# ------------------------------------------------------------------------------------------------------------------ documents
def test_a_document_comes_back_but_for_what_the_table_has_no_place_for(app: App) -> None:
    task = unique()
    value = {"a": [1, 2.5, None, True, "ü"]}
    more = {"name": "proj.add", "args": [1], "kwargs": {"x": 2}, "retries": 3, "worker": "w@h", "queue": "fast"}
    meta = document(task, "SUCCESS", value, parent_id="p", group_id="g", **more)
    meta["children"] = [[["c", None], None]]
    app.backend.store([stored(app, task, "SUCCESS")._replace(meta=meta)])
    kept = {key: item for key, item in meta.items() if key not in ("parent_id", "group_id")}
    assert app.backend.get(task) == kept
    failed = unique()
    tell(app, failed, ("FAILURE", failure("KeyError", "no")))
    with pytest.raises(KeyError, match="no"):
        AsyncResult(failed, app=app).get(timeout=DEADLINE)


def test_rows_are_those_of_celery(app: App, result_url: str, tmp_path: Path) -> None:
    task = unique()
    tell(app, task, ("SUCCESS", {"x": 1}))
    (row,) = rows(tmp_path)
    assert (row["task_id"], row["status"]) == (task, "SUCCESS")
    assert dt.datetime.fromisoformat(row["date_done"]).tzinfo is None
    if "children" in row:
        assert row["result"] == b'{"x": 1}'
    else:
        assert pickle.loads(row["result"]) == {"x": 1}


def test_without_result_extended_its_columns_are_not_needed(tmp_path: Path) -> None:
    with application(f"db+sqlite:///{tmp_path}/results.db") as app:
        task = unique()
        app.backend.store([stored(app, task, "SUCCESS", 1, name="proj.add", args=[1])])
        assert "name" not in (app.backend.get(task) or {})
    assert "name" not in rows(tmp_path)[0]


def test_names_and_schemas_of_tables(tmp_path: Path) -> None:
    names = {"task": "my_tasks", "group": "my_groups"}
    with application(f"db+sqlite:///{tmp_path}/results.db", database_table_names=names) as app:
        tell(app, unique(), ("SUCCESS", 1))
        app.backend.save_group("g", {"result": [["g", None], []]})
    assert rows(tmp_path, "SELECT count(*) AS n FROM my_tasks") == rows(tmp_path, "SELECT count(*) AS n FROM my_groups") == [{"n": 1}]
    schemas = {"task": "nowhere", "group": "nowhere"}
    with (
        application(f"db+sqlite:///{tmp_path}/results.db", database_table_schemas=schemas) as app,
        pytest.raises(BackendError, match="nowhere"),
    ):
        tell(app, unique(), ("SUCCESS", 1))


def test_the_column_of_a_newer_worker_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.runtime.results.sqlalchemy_database._LOOK_AGAIN", 0.0)
    with application(f"db+sqlite:///{tmp_path}/results.db") as app:
        first, second = unique(), unique()
        app.backend.store([stored(app, first, "SUCCESS", {"x": 1}, children=[[["c", None], None]])])
        connection = sqlite3.connect(tmp_path / "results.db")
        connection.execute("ALTER TABLE celery_taskmeta ADD COLUMN children BLOB")
        connection.close()
        app.backend.store([stored(app, second, "SUCCESS", {"x": 2}, children=[[["d", None], None]])])
        assert [row["result"][:1] for row in rows(tmp_path)] == [b"\x80", b"{"]
        found = app.backend.get_many([first, second])
        assert [meta["result"]["x"] for meta in found.values()] == [1, 2]
        assert [meta["children"][0][0][0] for meta in found.values()] == ["c", "d"]


@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack", "pickle"])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_every_serializer(result_url: str, serializer: str, compression: str | None) -> None:
    with application(result_url, result_serializer=serializer, result_accept_content=[serializer], result_compression=compression) as app:
        values: list[Any] = [{"a": [1, "ü"]}, {}, [], None, "", 0]
        for value in values:
            task = unique()
            tell(app, task, ("SUCCESS", value))
            meta = app.backend.get(task)
            assert meta is not None
            assert meta["result"] == value


def test_what_is_too_large_is_neither_written_nor_read(result_url: str) -> None:
    task = unique()
    with application(result_url, worker_max_message_size=1000) as small, application(result_url) as app:
        with pytest.raises(Exception, match="more than worker_max_message_size allows"):
            tell(small, task, ("SUCCESS", "x" * 1000))
        tell(app, task, ("SUCCESS", "x" * 1000))
        with pytest.raises(DecodeError, match="more than worker_max_message_size allows"):
            small.backend.get(task)


# ------------------------------------------------------------------------------------------------------------------- watching
def test_a_watch_gives_each_state_that_it_sees(app: App) -> None:
    task = unique()
    with app.backend.watch([task]) as watch:
        assert watch.next(0) is None
        for state in (("STARTED", None), ("PROGRESS", 1), ("PROGRESS", 2), ("SUCCESS", 3)):
            tell(app, task, state)
            assert results(take(watch, 1)) == [state[1]]
        assert watch.next(0.05) is None
    with app.backend.watch([task]) as watch:
        assert results(take(watch, 1)) == [3]


def test_states_of_a_whole_store_at_once_leave_the_last(app: App) -> None:
    first, second = unique(), unique()
    states = [stored(app, first, "PROGRESS", 1), stored(app, second, "PROGRESS", 2), stored(app, first, "SUCCESS", 3)]
    late = stored(app, first, "PROGRESS", 4)
    assert app.backend.store([*states, late]) == [late]
    assert results(list(app.backend.get_many([first, second]).values())) == [3, 2]


def test_what_another_process_stores_is_seen(result_url: str) -> None:
    """Another application of this process has other connections, and wakes nobody here."""
    task = unique()
    with application(result_url) as app, application(result_url) as other:
        timer = threading.Timer(0.1, lambda: tell(other, task, ("SUCCESS", 1)))
        timer.start()
        assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 1
        timer.join()


def test_a_task_that_is_watched_is_asked_for_less_and_less(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    found = app.backend.found  # type: ignore[attr-defined]

    def counting(*args: Any, **kwargs: Any) -> Any:
        asked.append(1)
        return found(*args, **kwargs)

    monkeypatch.setattr(app.backend, "found", counting)
    with app.backend.watch([unique() for _ in range(1200)]) as watch:
        assert watch.next(0.5) is None
    assert 1 <= len(asked) < 20


# ---------------------------------------------------------------------------------------------------------------------- groups
def test_groups_of_results(app: App, tmp_path: Path) -> None:
    members = [AsyncResult("a", app=app, parent=AsyncResult("p", app=app)), GroupResult("h", [AsyncResult("é", app=app)], app=app)]
    group = GroupResult(unique(), members, app=app)
    group.save()
    group.save()
    restored = GroupResult.restore(group.id, app=app)
    assert restored is not None
    assert [result.id for result in restored] == ["a", "h"]
    assert restored.results[0].parent is not None
    (row,) = rows(tmp_path, "SELECT * FROM celery_tasksetmeta")
    assert (row["result"][:1] == b"\x80") == (b"celery.result" in row["result"])


# -------------------------------------------------------------------------------------------------------------- what is refused
class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/flowc-must-not-exist",)


def put(tmp_path: Path, app: App, data: bytes) -> str:
    """A row with any bytes as its result."""
    task = unique()
    app.backend.get(task)  # makes the table
    connection = sqlite3.connect(tmp_path / "results.db")
    connection.execute("INSERT INTO celery_taskmeta (task_id, status, result) VALUES (?, 'SUCCESS', ?)", (task, data))
    connection.commit()
    connection.close()
    return task


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_that_names_code_is_refused(app: App, tmp_path: Path, protocol: int) -> None:
    for value in (Evil(), [Evil()], {"x": {1: Evil()}}, print, Path("x"), threading.Lock, sys.exit):
        task = put(tmp_path, app, pickle.dumps(value, protocol))
        with pytest.raises(ContentDisallowed, match=r"holds more than plain data \(.+\).*add 'pickle' to result_accept_content"):
            app.backend.get(task)
        with pytest.raises(ContentDisallowed), app.backend.watch([task]) as watch:
            watch.next(DEADLINE)
    assert not Path("/tmp/flowc-must-not-exist").exists()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_data_is_read_from_pickles(app: App, tmp_path: Path, protocol: int) -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    value = [
        None, True, 1, 2**90, 1.5, 1j, "ü", b"\xff", bytearray(b"x"), (1, (2,)), {1, 2}, frozenset({3}), {"a": {2: [3]}},
        dt.date(2026, 1, 2), dt.time(3, 4), dt.timedelta(5, 6), dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 2, tzinfo=zone), dt.datetime(2026, 1, 2, tzinfo=ZoneInfo("Europe/Paris")),
        Decimal("1.10"), uuid.UUID(int=7), uuid.uuid1(),
    ]  # fmt: skip
    meta = app.backend.get(put(tmp_path, app, pickle.dumps(value, protocol)))
    assert meta is not None
    assert meta["result"] == value


def test_whoever_trusts_pickles_reads_all_of_them(result_url: str, tmp_path: Path) -> None:
    with application(result_url, result_accept_content=["json", "pickle"]) as app:
        meta = app.backend.get(put(tmp_path, app, pickle.dumps(Path("x"), 4)))
        assert meta is not None
        assert meta["result"] == Path("x")


@pytest.mark.parametrize("data", [b"\x80\x04x.", b"\x80\x04\x95" + b"\xff" * 8 + b".", b"{", b"", b"\x80\x02cuuid\nUUID\n(tR."])
def test_what_is_damaged_is_said_to_be(app: App, tmp_path: Path, data: bytes) -> None:
    task = put(tmp_path, app, data)
    with pytest.raises(DecodeError, match=task):
        app.backend.get(task)


# ------------------------------------------------------------------------------------------------------------- configuration
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("db+sqlite://", "db\\+sqlite needs the path of a file"),
        ("db+sqlite:///:memory:", "db\\+sqlite needs the path of a file"),
        ("db+nothing://host/x", "SQLAlchemy knows no database 'nothing'"),
        ("db+oracle+nodriver://user:secret@host/x", "knows no database|needs the Python package"),
        ("db+://user:secret@host", "must be a URL"),
        ("db+postgresql://user:secret@host:port/x", "must be a URL"),
    ],
)
def test_urls_that_are_none(url: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said) as caught, application(url) as app:
        repr(app.backend)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with (
        pytest.raises(ImproperlyConfigured, match=r"db\+postgresql\+psycopg2://\*\*@h/x needs the Python package 'psycopg2'"),
        application("db+postgresql+psycopg2://user:secret@h/x") as app,
    ):
        repr(app.backend)


def test_options_of_the_engine(tmp_path: Path) -> None:
    url = f"db+sqlite:///{tmp_path}/results.db"
    with (
        application(url, database_engine_options={"nonsense": 1}) as app,
        pytest.raises(ImproperlyConfigured, match=r"database_engine_options: .*nonsense"),
    ):
        repr(app.backend)
    for settings in ({"database_short_lived_sessions": True}, {"database_engine_options": {"pool_size": 1, "max_overflow": 0}}):
        with application(url, **settings) as app:
            task = unique()
            tell(app, task, ("SUCCESS", 1))
            assert AsyncResult(task, app=app).get() == 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for name in [name for name in sys.modules if name.startswith("flowc.runtime.results.sqlalchemy")]:
        monkeypatch.delitem(sys.modules, name)
    with application("db+sqlite:///x.db") as app, pytest.raises(ImproperlyConfigured, match=r"pip install 'flowc\[sqlalchemy\]'"):
        repr(app.backend)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database at all, but a text " * 100)
    (tmp_path / "folder.db").mkdir()
    for name in ("text.db", "folder.db", "nowhere/x.db"):
        with application(f"db+sqlite:///{tmp_path}/{name}") as app, pytest.raises(BackendError, match=name):
            app.backend.get("x")


def test_reading_settings_costs_no_connection() -> None:
    with application("db+sqlite:///nowhere/at/all.db") as app:
        assert app.backend.url == "db+sqlite:///nowhere/at/all.db"
        assert app.backend.reply_to is None


def test_a_file_is_used_by_processes_that_fork(result_url: str) -> None:
    with application(result_url) as app:
        task = unique()
        tell(app, unique(), ("SUCCESS", 1))
        child = os.fork()
        if not child:
            os._exit(len(tell(app, task, ("SUCCESS", 2))) + 7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert until(lambda: app.backend.get(task))["result"] == 2
