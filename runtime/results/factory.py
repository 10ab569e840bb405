"""Which backend ``result_backend`` means."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..configuration.secrets import shown
from ..errors import ImproperlyConfigured
from .interface import Backend
from .settings import RetryIntervals, Settings, read_settings

if TYPE_CHECKING:
    from ..app import App

_REDIS = ("redis", "rediss", "redis+socket", "socket", "unix")
_MEMORY = ("memory", "cache+memory")
_SQLITE = ("sqlite",)
_KNOWN = (*_MEMORY, *_SQLITE, "redis", "rediss", "redis+socket", "rpc", "db+postgresql", "db+mysql", "db+sqlite", "disabled")


def make_backend(app: App, *, retry: RetryIntervals | None = None) -> Backend:
    """The result backend of an application.

    None set: in this process's memory if its broker is there too, else none at all. ``retry``: how often what fails is tried again, instead
    of what the settings say.

    Raises:
        ImproperlyConfigured: the scheme is not known, the URL is malformed, or a package that it needs is not installed.
    """
    conf = app.conf
    url = getattr(conf, "result_backend", None)
    settings = read_settings(conf) if retry is None else replace(read_settings(conf), retry=retry)
    if not url:
        url = "cache+memory://" if _embedded(conf) else "disabled://"
    scheme, separator, _ = url.partition("://")
    if not re.fullmatch(r"[\w.+-]*", scheme):  # what stands there may be a password
        raise ImproperlyConfigured(f"result_backend must be a URL such as redis://localhost:6379/1, not {shown(url, 'result_backend')}")
    scheme = scheme.lower()
    if not separator:  # Celery's short form: "rpc", "redis"
        url = f"{scheme}://"
    return _make(app, scheme, url, settings)


def _make(app: App, scheme: str, url: str, settings: Settings) -> Backend:
    backend: Backend
    if scheme in _MEMORY:
        from .memory import MemoryBackend

        backend = MemoryBackend(settings, url)
    elif scheme in _REDIS:
        from .redis import RedisBackend

        backend = RedisBackend(settings, url, app.conf)
    elif scheme in _SQLITE:
        from .sqlite import SQLiteBackend

        backend = SQLiteBackend(settings, url)
    elif scheme.startswith("db+"):
        backend = _database(settings, url, app.conf)
    elif scheme == "rpc":
        from .rpc import RPCBackend

        backend = RPCBackend(settings, app)
    elif scheme == "disabled":
        from .disabled import DisabledBackend

        backend = DisabledBackend()
    else:
        raise ImproperlyConfigured(_unknown(scheme))
    return backend


def _database(settings: Settings, url: str, conf: object) -> Backend:
    try:
        from .sqlalchemy import SQLAlchemyBackend
    except ImportError as missing:
        if (missing.name or "").partition(".")[0] != "sqlalchemy":
            raise
        raise ImproperlyConfigured("result_backend: a database needs SQLAlchemy: pip install 'flowc[sqlalchemy]'") from None
    return SQLAlchemyBackend(settings, url, conf)


def _embedded(conf: object) -> bool:
    broker: Any = getattr(conf, "broker_url", None)
    return not broker or str(broker).startswith("memory://")


def _unknown(scheme: str) -> str:
    import difflib

    near = difflib.get_close_matches(scheme, _KNOWN, 1)
    guess = f"; did you mean {near[0]}://?" if near else ""
    known = ", ".join(f"{name}://" for name in _KNOWN)
    return f"result_backend: results cannot be kept in {scheme[:50]}://{guess or '.'} There are {known}"
