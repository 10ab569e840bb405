"""The object that holds the settings: reading, changing, refusing."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from flowc import App
from flowc.runtime.configuration import Configuration
from flowc.runtime.errors import ImproperlyConfigured


@pytest.fixture(autouse=True)
def _nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def conf() -> Configuration:
    return Configuration.load()


def test_defaults_are_celerys(conf: Configuration) -> None:
    from celery.app.defaults import DEFAULTS  # the peer

    ours = {
        "broker_url": "memory://",  # Celery: amqp on localhost
        "broker_connection_retry_on_startup": True,  # Celery: as broker_connection_retry, with a warning
        "accept_content": ("json",),
        "result_expires": 86_400.0,
        "result_persistent": False,
        "result_backend_max_retries": None,  # Celery: infinity
        "task_publish_retry_policy": {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},  # the guide's
        "task_reject_on_worker_lost": False,
        "worker_pool": "threads",  # Celery: prefork
    }
    for key in conf:
        if key in ours:
            assert conf[key] == ours[key], key
        elif key in DEFAULTS:
            assert conf[key] == DEFAULTS[key], key
        else:
            assert key == "worker_max_message_size"
    assert conf.worker_max_message_size == 64 * 1024 * 1024


def test_the_list_of_names_is_that_of_the_settings() -> None:
    assert sorted(Configuration.KEYS) == sorted(Configuration.model_fields)


def test_attribute_and_item_are_the_same(conf: Configuration) -> None:
    conf.task_serializer = "yaml"
    assert conf["task_serializer"] == conf.task_serializer == conf.get("task_serializer") == "yaml"
    conf["task_serializer"] = "json"
    assert conf.task_serializer == "json"
    assert dict(conf)["task_serializer"] == "json"
    assert "task_serializer" in conf
    assert "task_serialiser" not in conf
    assert list(conf) == list(conf.KEYS) == list(conf.keys())
    assert len(conf) == len(conf.items()) == len(conf.values())
    assert conf.get("task_serialiser", 7) == 7


def test_reading_is_a_plain_attribute(conf: Configuration) -> None:
    assert conf.__dict__["broker_url"] == "memory://"
    assert "__getattribute__" not in {name for cls in Configuration.__mro__[:-1] for name in vars(cls)}


def test_update_changes_all_or_nothing(conf: Configuration) -> None:
    conf.update({"task_serializer": "yaml"}, task_track_started=True)
    assert (conf.task_serializer, conf.task_track_started) == ("yaml", True)
    with pytest.raises(ImproperlyConfigured):
        conf.update(task_serializer="msgpack", task_time_limit=-1)
    assert conf.task_serializer == "yaml"
    assert conf.origin("task_serializer") == "conf.update"


def test_two_configurations_share_nothing(conf: Configuration) -> None:
    other = Configuration.load()
    conf.broker_transport_options["visibility_timeout"] = 5
    conf.task_publish_retry_policy["max_retries"] = 9
    assert other.broker_transport_options == Configuration.load().broker_transport_options == {}
    assert other.task_publish_retry_policy["max_retries"] == 3


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("result_expires", timedelta(hours=1), 3600.0),
        ("result_expires", 90, 90.0),
        ("result_expires", 0, None),
        ("result_expires", None, None),
        ("accept_content", ["json", "pickle"], ("json", "pickle")),
        ("accept_content", {"yaml", "json"}, ("json", "yaml")),
        ("task_default_delivery_mode", "transient", 1),
        ("task_default_delivery_mode", "persistent", 2),
        ("broker_url", ["redis://a", "redis://b"], "redis://a;redis://b"),
        ("broker_url", "amqp://guest:guest@localhost//", "amqp://guest:guest@localhost//"),
        (
            "task_publish_retry_policy",
            {"max_retries": None},
            {"max_retries": None, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
        ),
        ("task_queues", ["a", {"name": "b"}], ("a", {"name": "b"})),
        ("task_queues", {"a": {}}, {"a": {}}),
        ("task_routes", {"proj.*": "q"}, {"proj.*": "q"}),
        ("task_routes", [("proj.*", {"queue": "q"}), len], (("proj.*", {"queue": "q"}), len)),
        ("task_routes", "proj.routers.Router", "proj.routers.Router"),
        ("timezone", "Europe/Paris", "Europe/Paris"),
        ("task_time_limit", 2, 2.0),
        ("broker_use_ssl", {"ca_certs": "ca.pem"}, {"ca_certs": "ca.pem"}),
    ],
)
def test_values_that_are_taken(conf: Configuration, key: str, given: Any, kept: Any) -> None:
    conf[key] = given
    assert conf[key] == kept
    assert type(conf[key]) is type(kept)


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("task_serializer", 1, "task_serializer must be a name (text), not 1"),
        ("task_serializer", "", "task_serializer must be a name (text), not ''"),
        ("task_track_started", "yes", "task_track_started must be true or false, not 'yes'"),
        ("task_track_started", 1, "must be true or false, not 1"),
        ("worker_concurrency", 0, "worker_concurrency must be a whole number, 1 or more, or None, not 0"),
        ("worker_concurrency", "4", "not '4'"),
        ("worker_concurrency", True, "not True"),
        ("worker_pool", "thread", 'worker_pool must be "threads", "processes" or "solo", not \'thread\''),
        ("task_default_priority", 256, "must be a whole number from 0 to 255, or None, not 256"),
        ("task_time_limit", float("nan"), "must be a number of seconds above 0, or None, not nan"),
        ("task_time_limit", float("inf"), "not inf"),
        ("result_expires", -1, "result_expires must be a number of seconds, a timedelta, or None for never, not -1"),
        ("result_expires", timedelta(-1), "result_expires must be"),
        ("result_expires", False, "result_expires must be"),
        ("accept_content", "json", "accept_content must be a list of names, not 'json'"),
        ("accept_content", ["json", 1], "accept_content must be"),
        ("broker_url", "localhost", "broker_url must be a URL such as redis://localhost:6379/0, or a list of them, not 'localhost'"),
        ("broker_url", None, "broker_url must be"),
        ("broker_url", [], "broker_url must be"),
        ("timezone", "Mars/Olympus", "timezone must be a time zone such as Europe/Paris"),
        ("timezone", "../../etc/passwd", "timezone must be"),
        ("timezone", 1, "timezone must be"),
        ("task_publish_retry_policy", {"max_retry": 1}, "task_publish_retry_policy must be a table of max_retries, interval_start"),
        ("task_publish_retry_policy", {"interval_max": -1}, "task_publish_retry_policy must be"),
        ("task_publish_retry_policy", {"max_retries": 1.5}, "task_publish_retry_policy must be"),
        ("task_publish_retry_policy", {"interval_step": None}, "task_publish_retry_policy must be"),
        ("task_publish_retry_policy", 3, "task_publish_retry_policy must be"),
        ("task_routes", 3, "task_routes must be a table from tasks' names"),
        ("task_routes", [3], "task_routes must be"),
        ("task_queues", "a", "task_queues must be a list of queues"),
        ("task_queues", [{}], "task_queues must be"),
        ("task_default_exchange_type", "headerz", "task_default_exchange_type must be"),
        ("task_default_delivery_mode", "lost", "task_default_delivery_mode must be"),
        ("broker_transport_options", [], "broker_transport_options must be a table of options, not []"),
        ("worker_max_message_size", 0, "worker_max_message_size must be a whole number, 1 or more, not 0"),
    ],
)
def test_values_that_are_refused(conf: Configuration, key: str, given: Any, said: str) -> None:
    before = conf[key]
    with pytest.raises(ImproperlyConfigured) as refused:
        conf[key] = given
    assert said in str(refused.value)
    assert str(refused.value).endswith("(assigned)")
    assert conf[key] == before
    assert conf.origin(key) == "default"


def test_several_mistakes_are_told_at_once(conf: Configuration) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        conf.update(task_time_limit=-1, task_serializer=3)
    assert "task_time_limit" in str(refused.value)
    assert "task_serializer" in str(refused.value)


def test_names_that_are_no_settings(conf: Configuration) -> None:
    with pytest.raises(AttributeError, match=r"no setting 'task_serialiser'; did you mean 'task_serializer'\?"):
        _ = conf.task_serialiser  # type: ignore[attr-defined]
    with pytest.raises(KeyError, match="no setting 'brokerurl'"):
        conf["brokerurl"]
    with pytest.raises(KeyError, match="no setting 'brokerurl'"):
        conf.origin("brokerurl")
    with pytest.raises(ImproperlyConfigured, match="assigned: there is no setting 'task_serialiser'"):
        conf.task_serialiser = "json"  # type: ignore[attr-defined]
    assert not hasattr(conf, "zzz")


def test_app_takes_settings_and_refuses_them_when_they_are_first_read() -> None:
    assert App("x", broker="redis://h", backend="rpc://", settings={"task_track_started": True}).conf.origin("broker_url") == "App(…)"
    app = App("x", settings={"task_serialiser": "json"})
    with pytest.raises(ImproperlyConfigured, match=r"^App\(…\): there is no setting 'task_serialiser'"):
        _ = app.conf


def test_passwords_never_show(conf: Configuration) -> None:
    conf.update(
        broker_url="amqp://me:hunter2@h//;amqp://me:hunt@er2@h2//",
        result_backend="redis://:hunter2@h/0?password=hunter2",
        redis_password="hunter2",
        broker_transport_options={"sentinel_kwargs": {"password": "hunter2"}, "master_name": "m"},
    )
    for text in (repr(conf), str(conf), f"{conf}"):
        assert "hunter2" not in text
        assert "er2" not in text
        assert "me:***@h" in text
        assert "'master_name': 'm'" in text
    for values in ({"broker_url": "me:hunter2@h"}, {"redis_password": ["hunter2"]}, {"broker_url": ["redis://:hunter2@h", 3]}):
        with pytest.raises(ImproperlyConfigured) as refused:
            conf.update(values)
        assert "hunter2" not in str(refused.value)


def test_time_zone(conf: Configuration) -> None:
    assert conf.tzinfo is UTC
    conf.timezone = "Europe/Paris"
    assert str(conf.tzinfo) == "Europe/Paris"
    conf.timezone = timezone(timedelta(hours=2))
    assert conf.tzinfo == timezone(timedelta(hours=2))
    conf.update(timezone=None, enable_utc=False)
    assert conf.tzinfo is not None


def test_it_can_be_pickled_and_copied(conf: Configuration) -> None:
    conf.update(task_serializer="yaml")
    for twin in (pickle.loads(pickle.dumps(conf)), copy.deepcopy(conf)):
        assert twin == conf
        assert twin.origin("task_serializer") == "conf.update"
        assert twin.task_serializer == "yaml"


def test_importing_it_costs_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from flowc import App; App('x', settings={'task_serialiser': 1}); import flowc.cli.config;"
        "print({'pydantic', 'kombu', 'tomllib'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
