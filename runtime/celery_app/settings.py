"""The settings of a Celery application as flowc's: by the same names, where both have them.

Only what the application sets itself is taken over; for the rest flowc's sources hold. Source: "Configuration and defaults" of Celery's
documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..configuration.names import NAMES
from .queues import queues_of
from .recognising import CELERY

#: Settings that say something to Celery's own workers alone, or that have done their work when an application is adopted.
_NOT_TAKEN = frozenset({"imports", "include", "worker_pool", "worker_max_message_size"})

#: Content types that ``accept_content`` may have, and the serializers' names.
_SERIALIZERS = {
    "application/json": "json",
    "application/x-python-serialize": "pickle",
    "application/x-yaml": "yaml",
    "application/x-msgpack": "msgpack",
    "text/plain": "raw",
    "application/data": "raw",
}

#: Parts of a broker's address that may stand beside ``broker_url``.
_ADDRESS = ("broker_host", "broker_port", "broker_user", "broker_password", "broker_vhost", "broker_transport")

#: What messages call the source of these settings.
ORIGIN = "the Celery application"

_POOLS = {"prefork": "processes", "processes": "processes", "threads": "threads", "solo": "solo"}


@dataclass(frozen=True, slots=True)
class Settings:
    """``values``: flowc's settings. ``problems``: what stands against sending to where the Celery application sends, a sentence each."""

    values: Mapping[str, Any]
    problems: tuple[str, ...] = ()


def settings_of(celery_app: Any) -> Settings:
    """The settings of a Celery application, in which reading them raises whatever the user's configuration raises."""
    conf = celery_app.conf
    values: dict[str, Any] = {}
    for name in NAMES:
        if name not in _NOT_TAKEN and (value := _own(conf, name)) is not None:
            values[name] = _FORMS.get(name, _as_it_is)(value)
    for name, value in (("broker_url", _broker_url(celery_app)), ("result_backend", _result_backend(celery_app))):
        values.pop(name, None)
        if value is not None:
            values[name] = value
    if (zone := conf.timezone) is not None:  # Django's, too
        values["timezone"] = zone
    values.update(queues_of(celery_app))
    if (pool := _POOLS.get(conf.get("worker_pool"))) is not None and conf.get("worker_pool") != CELERY.defaults.get("worker_pool"):
        values["worker_pool"] = pool
    return Settings(values, tuple(_problems(celery_app, values)))


def _own(conf: Any, name: str) -> Any:
    """What an application sets; None for a setting that it leaves as it is."""
    value = conf.get(name)
    default = CELERY.defaults.get(name)
    if value is default or value is None:
        return None
    try:
        return None if value == default else value
    except Exception:  # a value of the user's own
        return value


def _as_it_is(value: Any) -> Any:
    return value


# ------------------------------------------------------------------------------------------------------------------- forms
def _serializers(value: Any) -> Any:
    if isinstance(value, Collection) and not isinstance(value, str):
        return tuple(dict.fromkeys(_SERIALIZERS.get(one, one) for one in value))
    return (_SERIALIZERS.get(value, value),)


def _routes(value: Any) -> Any:
    """Routers may be objects with ``route_for_task``; flowc takes functions."""
    if isinstance(value, (list, tuple)):
        return [_router(one) for one in value]
    return _router(value)


def _router(value: Any) -> Any:
    if callable(value) or not hasattr(value, "route_for_task"):
        return value
    return lambda name, args, kwargs, options, task=None, **_: value.route_for_task(name, args, kwargs)


def _count(value: Any) -> Any:
    """Celery writes "no end" as infinity."""
    if isinstance(value, float):
        return None if value == float("inf") else int(value)
    return value


def _concurrency(value: Any) -> Any:
    return value if isinstance(value, int) and value > 0 else None


_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "accept_content": _serializers,
    "result_accept_content": _serializers,
    "task_routes": _routes,
    "result_backend_max_retries": _count,
    "broker_heartbeat": _count,
    "broker_connection_max_retries": _count,
    "worker_concurrency": _concurrency,
}


# --------------------------------------------------------------------------------------------------------------- addresses
def _broker_url(celery_app: Any) -> Any:
    """Where the application sends; None where it does not say."""
    conf = celery_app.conf
    if any(conf.get(part) is not None for part in _ADDRESS):
        return celery_app.connection_for_write().as_uri(include_password=True)
    return conf.broker_write_url


def _result_backend(celery_app: Any) -> Any:
    conf = celery_app.conf
    backend = celery_app.backend_cls or conf.result_backend
    if not isinstance(backend, str):
        return backend
    if backend == "redis" and conf.get("redis_host") is not None:
        return f"redis://{conf.get('redis_host')}:{conf.get('redis_port') or 6379}/{conf.get('redis_db') or 0}"
    if backend in ("database", "db") and conf.get("database_url"):
        return f"db+{conf.get('database_url')}"
    if backend == "cache" and conf.get("cache_backend"):
        return f"cache+{conf.get('cache_backend')}"
    return backend


# ---------------------------------------------------------------------------------------------------------------- problems
def _problems(celery_app: Any, values: dict[str, Any]) -> list[str]:
    """What flowc would have to know to send as the application does, and cannot; such settings are taken out."""
    conf = celery_app.conf
    found = []
    login = conf.get("broker_login_method")
    if login not in (None, "PLAIN", "AMQPLAIN"):
        found.append(_problem("broker_login_method", f"{login!r}: flowc logs in with user and password"))
    if "auth" in (conf.get("task_serializer"), conf.get("result_serializer")):
        found.append(_problem("task_serializer", "'auth': flowc does not sign messages"))
    if not isinstance(values.get("result_backend", ""), str):
        del values["result_backend"]
        found.append(_problem("result_backend", "a class: flowc needs the URL of a store that it knows, such as redis://localhost:6379/1"))
    return found


def _problem(name: str, words: str) -> str:
    return f"the Celery application's {name} is {words}"


def valid(found: Settings) -> Settings:
    """The settings without those whose values flowc refuses; each of these is a problem, but for those of workers."""
    from ..configuration import Configuration
    from ..errors import ImproperlyConfigured

    values, problems = {}, list(found.problems)
    for name, value in found.values.items():
        try:
            Configuration.check({name: value}, ORIGIN)
        except ImproperlyConfigured as wrong:
            if not name.startswith("worker_"):
                problems.append(str(wrong))
        else:
            values[name] = value
    return Settings(values, tuple(problems))
