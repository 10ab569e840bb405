"""Where settings come from, and which of them wins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from flowc import App
from flowc.runtime.configuration import Configuration
from flowc.runtime.configuration.environment import decoded
from flowc.runtime.errors import ImproperlyConfigured

Write = Callable[[str], str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    return tmp_path


@pytest.fixture
def project(folder: Path) -> Write:
    def write(text: str) -> str:
        path = folder / "pyproject.toml"
        path.write_text(f"[tool.flowc]\n{text}\n", encoding="utf-8")
        return str(path)

    return write


def test_the_newest_source_wins(project: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project('app = "proj"\nenv = ["X"]\ntask_serializer = "yaml"\ntask_compression = "gzip"\ntask_default_queue = "toml"')
    monkeypatch.setenv("FLOWC_TASK_COMPRESSION", "zlib")
    monkeypatch.setenv("FLOWC_TASK_DEFAULT_QUEUE", "variable")
    app = App("x", settings={"task_default_queue": "program"})
    conf = app.conf
    assert (conf.task_serializer, conf.task_compression, conf.task_default_queue, conf.task_track_started) == (
        "yaml",
        "zlib",
        "program",
        False,
    )
    app.config_from_object({"task_default_queue": "later"})
    assert [conf.origin(key) for key in ("task_serializer", "task_compression", "task_default_queue", "task_track_started")] == [
        f"[tool.flowc] of {path}",
        "FLOWC_TASK_COMPRESSION",
        "a mapping",
        "default",
    ]
    assert conf.task_default_queue == "later"


def test_tables_of_the_project_file(project: Write) -> None:
    project(
        'accept_content = ["json", "yaml"]\nresult_expires = 60\n[tool.flowc.task_routes]\n"proj.*" = "q"\n'
        "[tool.flowc.task_publish_retry_policy]\nmax_retries = 7"
    )
    conf = Configuration.load()
    assert conf.accept_content == ("json", "yaml")
    assert conf.result_expires == 60
    assert conf.task_routes == {"proj.*": "q"}
    assert conf.task_publish_retry_policy["max_retries"] == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task_serialiser = 1", "there is no setting 'task_serialiser'; did you mean 'task_serializer'?"),
        ("task_time_limit = '5'", "task_time_limit must be a number of seconds above 0, or None, not '5' ([tool.flowc] of"),
        ("broker_url = 'redis:hunter2'", "broker_url must be a URL"),
        ("x = ", "is not valid TOML"),
        ("BROKER_URL = 'x'", "'BROKER_URL' is the old name of the setting 'broker_url': write broker_url"),
    ],
)
def test_mistakes_in_the_project_file_name_it(project: Write, text: str, said: str) -> None:
    path = project(text)
    with pytest.raises(ImproperlyConfigured) as refused:
        Configuration.load()
    assert said in str(refused.value)
    assert path in str(refused.value)


def test_a_wrong_value_that_another_replaces_does_not_matter(project: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    project("task_time_limit = 'x'")
    monkeypatch.setenv("FLOWC_TASK_TIME_LIMIT", "5")
    assert Configuration.load().task_time_limit == 5


def test_without_a_current_folder_there_is_no_project_file(folder: Path) -> None:
    (folder / "in").rmdir()
    assert Configuration.load().broker_url == "memory://"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("BROKER_URL", "redis://localhost/1", "redis://localhost/1"),
        ("BROKER_URL", " redis://a;redis://b\n", "redis://a;redis://b"),
        ("TASK_SERIALIZER", "123", "123"),
        ("TASK_DEFAULT_QUEUE", "true", "true"),
        ("TASK_COMPRESSION", "null", None),
        ("TASK_TRACK_STARTED", "1", True),
        ("TASK_TRACK_STARTED", "true", True),
        ("TASK_TRACK_STARTED", "True", True),
        ("TASK_TRACK_STARTED", "YES", True),
        ("TASK_PUBLISH_RETRY", "0", False),
        ("TASK_PUBLISH_RETRY", "off", False),
        ("TASK_TIME_LIMIT", "2.5", 2.5),
        ("TASK_TIME_LIMIT", "None", None),
        ("RESULT_EXPIRES", "0", None),
        ("WORKER_CONCURRENCY", "8", 8),
        ("ACCEPT_CONTENT", "json, yaml", ("json", "yaml")),
        ("ACCEPT_CONTENT", "json", ("json",)),
        ("ACCEPT_CONTENT", '["json", "msgpack"]', ("json", "msgpack")),
        ("IMPORTS", "a,b,", ("a", "b")),
        ("IMPORTS", "1", ("1",)),
        ("TASK_QUEUES", "a,b", ("a", "b")),
        ("TASK_QUEUES", '{"a": {"routing_key": "k"}}', {"a": {"routing_key": "k"}}),
        ("TASK_ROUTES", '{"proj.*": "q"}', {"proj.*": "q"}),
        ("TASK_DEFAULT_DELIVERY_MODE", "transient", 1),
        ("BROKER_TRANSPORT_OPTIONS", '{"visibility_timeout": 60}', {"visibility_timeout": 60}),
        ("BROKER_USE_SSL", "true", True),
    ],
)
def test_environment_variables(monkeypatch: pytest.MonkeyPatch, variable: str, text: str, value: object) -> None:
    monkeypatch.setenv(f"FLOWC_{variable}", text)
    conf = Configuration.load()
    assert conf[variable.lower()] == value
    assert type(conf[variable.lower()]) is type(value)
    assert conf.origin(variable.lower()) == f"FLOWC_{variable}"


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("TASK_TIME_LIMIT", "soon", "task_time_limit must be a number of seconds above 0, or None, not 'soon' (FLOWC_TASK_TIME_LIMIT)"),
        ("WORKER_CONCURRENCY", "1.5", "not 1.5 (FLOWC_WORKER_CONCURRENCY)"),
        ("TASK_TRACK_STARTED", "maybe", "task_track_started must be true or false, not 'maybe'"),
        ("TASK_TRACK_STARTED", "2", "task_track_started must be true or false, not '2'"),
        ("TASK_ROUTES", "[" * 20_000, "task_routes"),
        ("BROKER_TRANSPORT_OPTIONS", "a=b", "broker_transport_options must be a table of options, not 'a=b'"),
        ("TASK_SERIALISER", "json", "environment variable FLOWC_TASK_SERIALISER: there is no setting 'task_serialiser'; did you mean"),
        ("Broker_url", "redis://h", "environment variable FLOWC_Broker_url"),
        ("APP", "proj", "environment variable FLOWC_APP: app is read from [tool.flowc]"),
        ("BEAT_SCHEDULE", "{}", "'beat_schedule' is a setting of Celery that flowc does not have"),
    ],
)
def test_variables_that_are_refused(monkeypatch: pytest.MonkeyPatch, variable: str, text: str, said: str) -> None:
    monkeypatch.setenv(f"FLOWC_{variable}", text)
    with pytest.raises(ImproperlyConfigured) as refused:
        Configuration.load()
    assert said in str(refused.value)


def test_empty_and_other_variables_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEBUG", "UPDATE", "SNAPSHOTS", "TEST_ANYTHING", "BENCH_N"):
        monkeypatch.setenv(f"FLOWC_{name}", "1")
    monkeypatch.setenv("FLOWC_BROKER_URL", " ")
    assert Configuration.load().origin("broker_url") == "default"


def test_no_text_breaks_the_reading_of_a_variable() -> None:
    for kind in Configuration.KINDS.values():
        for text in ("", "[", "{", "9" * 5_000, "\ud800", "[[1]]", "NaN", '"x"', "\x00"):
            decoded(text, kind)


class _Base:
    task_track_started = True


class _Settings(_Base):
    task_serializer = "yaml"
    result_expires = timedelta(seconds=5)
    CONSTANT = 3
    _private = 4

    def helper(self) -> None: ...

    @staticmethod
    def task_routes(name: str, *_: Any, **__: Any) -> str:
        return name


def test_objects_and_classes() -> None:
    for source in (
        _Settings,
        _Settings(),
        SimpleNamespace(task_serializer="yaml", result_expires=5, task_track_started=True, task_routes=None),
    ):
        conf = Configuration.load()
        conf.update_from(source)
        assert (conf.task_serializer, conf.result_expires, conf.task_track_started) == ("yaml", 5, True)
    conf.update_from(_Settings)
    assert conf.task_routes is _Settings.task_routes
    assert conf.origin("task_routes") == "class _Settings"


def test_modules_by_name_and_by_themselves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    name = "settings_of_a_test"
    text = "from __future__ import annotations\nimport os\nfrom datetime import timedelta\nHOUR = 3600\n_host = 'h'\n"
    (folder / f"{name}.py").write_text(
        text + "broker_url = f'redis://{_host}'\nresult_expires = timedelta(seconds=HOUR)\nclass Other:\n    task_acks_late = True\n"
    )
    try:
        conf = Configuration.load()
        conf.update_from(name)
        assert (conf.broker_url, conf.result_expires, conf.origin("broker_url")) == ("redis://h", 3600, f"module {name}")
        assert isinstance(sys.modules[name], ModuleType)
        conf.update_from(f"{name}:Other")
        assert conf.task_acks_late is True
        other = Configuration.load()
        other.update_from(sys.modules[name])
        assert other.broker_url == "redis://h"
        with pytest.raises(ImproperlyConfigured, match="the module has no 'Nothing'"):
            conf.update_from(f"{name}:Nothing")
    finally:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("no_such_module_here", "there is no module 'no_such_module_here'"),
        ("", "is no name of a module"),
        (SimpleNamespace(task_serialiser="json"), "an object of SimpleNamespace: there is no setting 'task_serialiser'"),
        (SimpleNamespace(CELERYD_CONCURRENCY=3), "'CELERYD_CONCURRENCY' is the old name of the setting 'worker_concurrency'"),
        ({"helper": len}, "a mapping: there is no setting 'helper'"),
        ({1: 2}, "a mapping: there is no setting '1'"),
        (
            SimpleNamespace(task_time_limit="x"),
            "task_time_limit must be a number of seconds above 0, or None, not 'x' (an object of SimpleNamespace)",
        ),
    ],
)
def test_sources_that_are_refused(source: object, said: str) -> None:
    conf = Configuration.load()
    with pytest.raises(ImproperlyConfigured) as refused:
        conf.update_from(source)
    assert said in str(refused.value)
    assert list(conf.items()) == list(Configuration.load().items())
