"""A Celery application's settings as flowc's: where calls go, in which form, and where their results are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from celery import Celery
from kombu.entity import Exchange, Queue

from flowc.runtime.app import App
from flowc.runtime.celery_app import adopt
from flowc.runtime.errors import ImproperlyConfigured, QueueNotFound


def made(**settings: Any) -> App:
    app = Celery("proj", set_as_current=False)
    app.conf.update(settings)
    return adopt(app)


def way(app: App, name: str, **options: Any) -> tuple[str, str]:
    """Exchange and routing key of a call."""
    destination = app.sender.router.route(options, name).destination
    return destination.exchange, destination.routing_key


def test_nothing_set() -> None:
    """What a Celery application leaves as it is, flowc's own sources say."""
    conf = made().conf
    assert [key for key in conf if conf.origin(key) == "the Celery application"] == []
    assert conf.broker_url == "memory://"


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"broker_url": "redis://h/1", "result_backend": "redis://h/2"}, {"broker_url": "redis://h/1", "result_backend": "redis://h/2"}),
        ({"broker_url": ["amqp://a//", "amqp://b//"]}, {"broker_url": "amqp://a//;amqp://b//"}),
        ({"broker_url": "redis://r/1", "broker_read_url": "redis://r/2", "broker_write_url": "redis://w/1"}, {"broker_url": "redis://w/1"}),
        (
            {"broker_host": "h", "broker_user": "me", "broker_password": "p@ss", "broker_vhost": "v", "broker_transport": "amqp"},
            {"broker_url": "amqp://me:p%40ss@h:5672/v"},
        ),
        ({"broker_transport_options": {"visibility_timeout": 9}}, {"broker_transport_options": {"visibility_timeout": 9}}),
        ({"broker_use_ssl": {"ca_certs": "x"}, "broker_heartbeat": 9.0}, {"broker_use_ssl": {"ca_certs": "x"}, "broker_heartbeat": 9}),
        ({"result_backend": "rpc", "result_persistent": True}, {"result_backend": "rpc", "result_persistent": True}),
        ({"result_backend": "redis", "redis_host": "h", "redis_db": 3}, {"result_backend": "redis://h:6379/3"}),
        ({"result_backend": "database", "database_url": "sqlite:///x.db"}, {"result_backend": "db+sqlite:///x.db"}),
        ({"result_expires": dt.timedelta(hours=1), "result_extended": True}, {"result_expires": 3600.0, "result_extended": True}),
        ({"redis_password": "pw", "redis_socket_timeout": 3.0}, {"redis_password": "pw", "redis_socket_timeout": 3.0}),
        ({"task_serializer": "pickle", "task_compression": "gzip"}, {"task_serializer": "pickle", "task_compression": "gzip"}),
        (
            {"accept_content": ["application/json", "pickle"], "result_accept_content": {"application/x-python-serialize"}},
            {"accept_content": ("json", "pickle"), "result_accept_content": ("pickle",)},
        ),
        ({"task_publish_retry": False}, {"task_publish_retry": False}),
        ({"task_publish_retry_policy": {"max_retries": 7}}, {"task_publish_retry_policy": {
            "max_retries": 7, "interval_start": 0.0, "interval_step": 0.2, "interval_max": 0.2}}),
        ({"task_default_priority": 5, "task_queue_max_priority": 9}, {"task_default_priority": 5, "task_queue_max_priority": 9}),
        ({"task_default_delivery_mode": "transient"}, {"task_default_delivery_mode": 1}),
        ({"task_ignore_result": True, "task_time_limit": 30}, {"task_ignore_result": True, "task_time_limit": 30}),
        ({"timezone": "Europe/Paris", "enable_utc": False}, {"timezone": "Europe/Paris", "enable_utc": False}),
        ({"worker_pool": "prefork", "worker_concurrency": 3}, {"worker_pool": "threads", "worker_concurrency": 3}),
        ({"worker_pool": "solo", "worker_concurrency": "auto"}, {"worker_pool": "solo", "worker_concurrency": None}),
        ({"worker_prefetch_multiplier": 1}, {"worker_prefetch_multiplier": 1}),
        ({"beat_schedule": {}, "worker_hijack_root_logger": False, "mongodb_backend_settings": {}, "my_own": 3}, {}),
    ],
)  # fmt: skip
def test_taken_over(settings: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """By the same names; what is a worker's, a scheduler's or the user's own is left out."""
    conf = made(**settings).conf
    assert {key: conf[key] for key in found} == found


def test_old_names_and_prefixes() -> None:
    """Settings in capitals, and with a namespace, as Django's."""

    class Old:
        BROKER_URL = "redis://old/1"
        CELERY_RESULT_BACKEND = "redis://old/2"
        CELERY_DEFAULT_QUEUE = "old"
        CELERY_TASK_SERIALIZER = "pickle"

    old = Celery("old", set_as_current=False)
    old.config_from_object(Old)
    conf = adopt(old).conf
    assert (conf.broker_url, conf.result_backend) == ("redis://old/1", "redis://old/2")
    assert (conf.task_default_queue, conf.task_serializer) == ("old", "pickle")

    class New:
        DJANGO_BROKER_URL = "redis://new/1"
        DJANGO_TASK_ROUTES = {"a": "q"}  # noqa: RUF012
        TIME_ZONE = "Europe/Rome"

    new = Celery("new", set_as_current=False)
    new.config_from_object(New, namespace="DJANGO")
    conf = adopt(new).conf
    assert (conf.broker_url, conf.task_routes, conf.timezone) == ("redis://new/1", {"a": "q"}, "Europe/Rome")


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery's own variables hold as they do for Celery."""
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://env/1")
    monkeypatch.setenv("CELERY_RESULT_BACKEND", "redis://env/2")
    conf = made(broker_url="redis://h/1").conf
    assert (conf.broker_url, conf.result_backend) == ("redis://env/1", "redis://env/2")


# ------------------------------------------------------------------------------------------------------------------- routes
class Router:
    """A router that is an object."""

    def route_for_task(self, task: str, args: Any = None, kwargs: Any = None) -> Any:
        return {"queue": "of_object"} if task == "proj.object" else None


def router(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **_: Any) -> Any:
    return "of_function" if name == "proj.function" else None


def test_routes() -> None:
    """Tables, globs, functions, objects, classes, names of functions."""
    app = made(task_routes=[Router(), router, f"{__name__}.router", {"proj.a": "q_a", "feeds.*": {"queue": "feeds", "priority": 3}}])
    assert [way(app, f"proj.{name}") for name in ("object", "function", "a", "else")] == [
        ("", "of_object"), ("", "of_function"), ("", "q_a"), ("", "celery"),
    ]  # fmt: skip
    assert way(app, "feeds.fetch") == ("", "feeds")
    assert app.sender.router.route({}, "feeds.fetch").options["priority"] == 3
    assert way(made(task_routes=Router), "proj.object") == ("", "of_object")


def test_queues() -> None:
    """kombu's queues, the default queue with its exchange and key, and queues that may not be made."""
    topic = Exchange("news", type="topic")
    app = made(
        task_queues=[Queue("low", topic, routing_key="news.low"), Queue("main", Exchange("main"), routing_key="main")],
        task_default_queue="main", task_default_exchange="main", task_default_routing_key="main", task_create_missing_queues=False,
    )  # fmt: skip
    assert way(app, "proj.x") == ("", "main")
    assert way(app, "proj.x", queue="low") == ("news", "news.low")
    with pytest.raises(QueueNotFound, match="did you mean 'low'"):
        way(app, "proj.x", queue="lwo")


def test_queues_of_tasks() -> None:
    """A task's own queue."""
    peer = Celery("proj", set_as_current=False)

    def slow() -> None:
        pass

    peer.task(slow, name="proj.slow", queue="slow", shared=False)
    with pytest.warns(match="task attribute"):
        app = adopt(peer)
    assert dict(app.tasks["proj.slow"].options) == {"queue": "slow"}


def test_quorum_queues() -> None:
    """Queues that are made in another way than a name tells."""
    app = made(task_default_queue_type="quorum", task_create_missing_queue_type="quorum")
    for name in ("celery", "another"):
        assert app.broker.queues[name].extra == {"queue_arguments": {"x-queue-type": "quorum"}}


def test_exchanges_of_missing_queues() -> None:
    """Exchanges that are made in another way are declared in Celery's way, or not at all."""
    app = made(task_create_missing_queue_exchange_type="topic", task_routes={"proj.a": {"queue": "qa"}})
    assert {queue.name: queue.exchange.type for queue in app.conf.task_queues or ()} == {"celery": "direct", "qa": "topic"}
    with pytest.raises(QueueNotFound):
        way(app, "proj.a", queue="another")


# ----------------------------------------------------------------------------------------------------------------- problems
class Backend:
    """A class of the user's own for results."""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"broker_login_method": "EXTERNAL"}, "broker_login_method is 'EXTERNAL'"),
        ({"task_serializer": "auth"}, "task_serializer is 'auth': flowc does not sign messages"),
        ({"result_backend": Backend}, "result_backend is a class"),
        ({"task_routes": 3}, "task_routes must be "),
        ({"task_default_queue": 3, "broker_pool_limit": -1}, "task_default_queue must be "),
        ({"broker_url": "no url with secret:pw@host"}, "broker_url must be a URL"),
    ],
)
def test_cannot_be_taken_over(settings: Mapping[str, Any], said: str) -> None:
    """What flowc must know to send as the application does, and cannot: an error that names it, when it is needed."""
    app = made(**{"broker_url": "redis://:geheim@127.0.0.1:1/0", **settings})
    assert app.conf.task_serializer
    for what in ("broker", "sender", "backend", "control"):
        with pytest.raises(ImproperlyConfigured) as caught:
            getattr(app, what)
        assert said in str(caught.value)
        assert "geheim" not in str(caught.value)
        assert "pw" not in str(caught.value)


def test_foreign_store() -> None:
    """A store that flowc does not know is named when it is needed, and not before."""
    app = made(result_backend="mongodb://me:geheim@h/db")
    with pytest.raises(ImproperlyConfigured, match="results cannot be kept in mongodb://") as caught:
        app.backend.get("x")
    assert "geheim" not in str(caught.value)


def test_passwords_are_not_shown() -> None:
    """Not in the settings' text."""
    app = made(broker_url="redis://:geheim@h/0", redis_password="geheim", result_backend="redis://:geheim@h/1")
    assert "geheim" not in f"{app.conf!r} {app!r}"


def test_overriding() -> None:
    """Settings can be changed afterwards, as by ``--broker``."""
    app = made(broker_url="redis://h/0")
    app.conf.update(broker_url="redis://other/0")
    assert app.conf.broker_url == "redis://other/0"
