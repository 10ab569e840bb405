"""How a Redis store is reached: the URL and the settings as arguments of redis-py's connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ImproperlyConfigured

_MISSING = "results in Redis need a package that is not installed: pip install 'flowc[redis]'"

_MALFORMED = "result_backend: the URL of the Redis store is malformed; it looks like redis://:password@host:6379/0"

#: Celery's names of what redis-py calls otherwise.
_CERT_REQS = {"CERT_REQUIRED": "required", "CERT_OPTIONAL": "optional", "CERT_NONE": "none"}


def import_redis() -> Any:
    """redis-py.

    Raises:
        ImproperlyConfigured: it is not installed.
    """
    try:
        import redis
    except ImportError:
        raise ImproperlyConfigured(_MISSING) from None
    return redis


def connection_arguments(url: str, conf: object) -> dict[str, Any]:
    """The arguments of redis-py's ``ConnectionPool``, without any retry of its own.

    Args:
        url: ``redis://``, ``rediss://`` (TLS), or ``redis+socket://``, ``socket://``, ``unix://`` with the socket's path.
        conf: has the ``redis_…`` settings; what the URL says goes before them.

    Raises:
        ImproperlyConfigured: redis-py is not installed, or the URL is malformed. The URL is not shown: it may hold a password.
    """
    redis = import_redis()
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    scheme, separator, rest = url.partition("://")
    if scheme in ("redis+socket", "socket", "unix"):
        rest = rest.replace("virtual_host=", "db=")
        scheme = "unix"
    try:
        given: dict[str, Any] = redis.connection.parse_url(scheme + separator + rest)
    except ValueError:
        raise ImproperlyConfigured(_MALFORMED) from None
    arguments = _from_settings(conf, redis)
    arguments.update(given)
    if scheme == "unix":
        for name in ("socket_keepalive", "socket_connect_timeout"):
            arguments.pop(name, None)
    reqs = arguments.get("ssl_cert_reqs")
    if isinstance(reqs, str):
        arguments["ssl_cert_reqs"] = _CERT_REQS.get(reqs, reqs)
    arguments["retry"] = Retry(NoBackoff(), 0)
    arguments["decode_responses"] = False
    return arguments


def shown(arguments: Mapping[str, Any]) -> str:
    """The store's URL as it may be shown: without user and password."""
    if "path" in arguments:
        return f"unix://{arguments['path']}"
    credentials = "**@" if arguments.get("password") or arguments.get("username") else ""
    return f"redis://{credentials}{arguments.get('host', 'localhost')}:{arguments.get('port', 6379)}/{arguments.get('db', 0)}"


def _from_settings(conf: object, redis: Any) -> dict[str, Any]:
    def setting(name: str) -> Any:
        return getattr(conf, name, None)

    found = {
        "username": setting("redis_username"),
        "password": setting("redis_password"),
        "max_connections": setting("redis_max_connections"),
        "socket_timeout": setting("redis_socket_timeout"),
        "socket_connect_timeout": setting("redis_socket_connect_timeout"),
        "socket_keepalive": setting("redis_socket_keepalive") or None,
    }
    arguments = {name: value for name, value in found.items() if value is not None}
    tls = setting("redis_backend_use_ssl")
    if tls:
        arguments["connection_class"] = redis.SSLConnection
        if isinstance(tls, Mapping):
            arguments.update(tls)
    return arguments
