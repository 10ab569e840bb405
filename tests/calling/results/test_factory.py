"""Which backend a URL means, and what is said of one that means none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flowc import App
from flowc.runtime.errors import BackendError, ImproperlyConfigured
from flowc.runtime.result import AsyncResult

from .stores import application, stored, unique


def kind(**given: Any) -> str:
    with App("factory", set_as_current=False, **given) as app:
        return type(app.backend).__name__


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://", "MemoryBackend"),
        ("cache+memory://", "MemoryBackend"),
        ("sqlite:///results.db", "SQLiteBackend"),
        ("db+sqlite:////tmp/results.db", "SQLAlchemyBackend"),
        ("redis://", "RedisBackend"),
        ("redis", "RedisBackend"),
        ("rediss://localhost/1?ssl_cert_reqs=CERT_NONE", "RedisBackend"),
        ("redis+socket:///tmp/redis.sock?virtual_host=3", "RedisBackend"),
        ("rpc://", "RPCBackend"),
        ("rpc", "RPCBackend"),
        ("disabled://", "DisabledBackend"),
    ],
)
def test_urls_and_their_backends(url: str, expected: str) -> None:
    assert kind(backend=url) == expected


def test_without_a_backend_results_are_in_memory_if_the_broker_is() -> None:
    assert kind() == "MemoryBackend"
    assert kind(broker="memory://") == "MemoryBackend"
    assert kind(broker="redis://localhost") == "DisabledBackend"


def test_an_unknown_scheme_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"kept in reddis://; did you mean redis://\? There are .*sqlite://.*rpc://"):
        kind(backend="reddis://localhost")
    with pytest.raises(ImproperlyConfigured, match=r"mongodb://"):
        kind(backend="mongodb://user:secret@host")


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:secret@host:port/0",
        "redis://:secret@[::1",
        "redis//:secret@host",
        "redis:secret@host",
        "mongodb://user:secret@host",
        "redis://host/0?password=secret&x=%",
    ],
)
def test_a_password_is_never_shown(url: str) -> None:
    try:
        with application(url) as app:
            said = repr(app.backend)
    except ImproperlyConfigured as exc:
        said = str(exc)
    assert "secret" not in said


def test_a_password_is_not_shown_where_a_server_is_not_reached() -> None:
    options = {"retry_policy": {"max_retries": 0}}
    with application("redis://:secret@127.0.0.1:1/0", result_backend_transport_options=options) as app:
        assert "secret" not in repr(app.backend)
        with pytest.raises(BackendError, match=r"redis://\*\*@127.0.0.1:1/0 could not be reached") as caught:
            app.backend.get("x")
        assert "secret" not in str(caught.value)
        with pytest.raises(BackendError) as caught:
            AsyncResult("x", app=app).get(timeout=30)
        assert "secret" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install 'flowc\[redis\]'"):
        kind(backend="redis://")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///x.db?mode=ro"])
def test_sqlite_needs_a_file(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="sqlite needs the path of a file"):
        kind(backend=url)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database at all, but a text " * 100)
    (tmp_path / "folder.db").mkdir()
    for url in (f"sqlite:///{tmp_path}/text.db", f"sqlite:///{tmp_path}/folder.db", f"sqlite:///{tmp_path}/nowhere/x.db"):
        with application(url) as app:
            for use in (app.backend.get, lambda task, app=app: AsyncResult(task, app=app).get(timeout=30)):
                with pytest.raises(BackendError, match=url.replace("sqlite:///", "")):
                    use("x")


def test_without_a_backend_asking_for_a_result_says_what_to_do() -> None:
    with application("disabled://") as app:
        result = AsyncResult(unique(), app=app)
        for ask in (result.get, result.ready, result.forget, lambda: result.state):
            with pytest.raises(NotImplementedError, match="result_backend is not set"):
                ask()
        with pytest.raises(NotImplementedError, match="a chord needs a result backend"):
            app.backend.open_chord("g", 1)
        assert app.backend.store([stored(app, result.id, "SUCCESS", 1)]) == []
        assert (app.backend.reply_to, app.backend.keeps_groups) == (None, False)


def test_rpc_keeps_no_groups() -> None:
    with application("rpc://") as app:
        for use in (
            lambda: app.backend.save_group("g", {"result": []}),
            lambda: app.backend.load_group("g"),
            lambda: app.backend.open_chord("g", 2),
            lambda: app.backend.chord_part("g", 0, {}),
        ):
            with pytest.raises(NotImplementedError, match="rpc:// keeps no groups and counts no chords"):
                use()


def test_applications_in_one_process_share_what_is_in_memory() -> None:
    task = unique()
    with application("cache+memory://") as first, application("cache+memory://") as second, application("cache+memory://other") as third:
        first.backend.store([stored(first, task, "SUCCESS", 1)])
        assert AsyncResult(task, app=second).get() == 1
        assert not AsyncResult(task, app=third).ready()


def test_reading_settings_costs_no_connection() -> None:
    with application("redis://127.0.0.1:1/0") as app:
        assert app.backend.reply_to is None
    with application("sqlite:///nowhere/at/all.db") as app:
        assert app.backend.url == "sqlite:///nowhere/at/all.db"
