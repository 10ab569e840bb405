"""kombu's connections as the settings ask for them, and how they are opened, thrown away and pooled.

A connection that waits for an answer has a limit of time everywhere: ``broker_connection_timeout`` to connect and to greet,
:data:`ANSWER` for what the broker does afterwards.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.util
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kombu import connection, pools, transport
from kombu.exceptions import OperationalError

from ..configuration.secrets import masked as masked_setting
from ..errors import ImproperlyConfigured

if TYPE_CHECKING:
    from ..configuration import Configuration

# kombu's functions have no types
_Connection: Any = connection.Connection
_ConnectionPool: Any = connection.ConnectionPool
_ProducerPool: Any = pools.ProducerPool

#: Seconds that a broker may take over a command, once the connection stands.
ANSWER = 30.0

#: Our own transport option (kombu's Redis transport passes over what it does not know): seconds for a command's answer.
PATIENCE = "flowc_answer_timeout"

#: Schemes of URLs whose driver is an extra of flowc.
_DRIVERS = {"redis": "redis", "rediss": "redis", "sentinel": "redis", "sentinels": "redis"}

_CREDENTIALS = re.compile(r"(?<=://)[^;]*@")


class Refused(OperationalError):
    """The broker answered, and will not have us: a wrong password, no such virtual host. Another try would end in the same way."""


class PoolOfConnections(_ConnectionPool):  # type: ignore[misc]
    """kombu's pool. After a fork the broker makes another: closing the parent's connections here would end them there."""

    close_after_fork = False


class PoolOfProducers(_ProducerPool):  # type: ignore[misc]
    """kombu's pool of producers, over :class:`PoolOfConnections`."""

    close_after_fork = False


def register_transports() -> None:
    """Let kombu know flowc's own transports."""
    if importlib.util.find_spec(f"{__package__}.sqlite_transport") is not None:
        importlib.import_module(f"{__package__}.sqlite_transport").register()


def make_connection(conf: Configuration, **overrides: Any) -> Any:
    """A kombu ``Connection`` to the broker of the settings, not yet established.

    Args:
        conf: the settings.
        overrides: arguments of kombu's ``Connection``.

    Raises:
        ImproperlyConfigured: the URL cannot be read, its scheme is not known, or its driver is not installed.
    """
    register_transports()
    url = overrides.pop("hostname", None) or conf.broker_url
    scheme = check_scheme(url)
    given = {
        "ssl": conf.broker_use_ssl,
        "connect_timeout": conf.broker_connection_timeout or 0,
        "transport_options": transport_options(conf, scheme),
        "heartbeat": 0,
        **overrides,
    }
    try:
        return _Connection(url, **given)
    except ImportError as exc:
        missing = f"the package {exc.name}" if exc.name else f"a package ({type(exc).__name__})"
        extra = _DRIVERS.get(scheme)
        how = f"; install it with  pip install 'flowc[{extra}]'" if extra else ""
        raise ImproperlyConfigured(f"broker_url: {scheme}:// needs {missing}, which is not installed{how}") from None
    except Exception as exc:  # the text of kombu's errors may quote parts of the URL
        raise ImproperlyConfigured(f"broker_url cannot be read as a URL: {masked(url)} ({type(exc).__name__})") from None


def transport_options(conf: Configuration, scheme: str) -> dict[str, Any]:
    """``broker_transport_options`` over those that flowc asks for."""
    timeout = conf.broker_connection_timeout
    options: dict[str, Any] = {}
    if scheme in _DRIVERS:
        options = {"socket_connect_timeout": timeout, "socket_timeout": timeout}
        if "socket_timeout" not in conf.broker_transport_options:
            options[PATIENCE] = ANSWER
    elif scheme in ("amqp", "amqps", "pyamqp"):
        options = {"confirm_publish": True}
    return {**options, **conf.broker_transport_options}


def check_scheme(url: str) -> str:
    """The scheme of a broker's URL.

    Raises:
        ImproperlyConfigured: it is not known, or its driver is not installed.
    """
    scheme = url.partition("://")[0].partition("+")[0]
    known: Mapping[str, Any] = transport.TRANSPORT_ALIASES
    if scheme not in known:
        near = difflib.get_close_matches(scheme, known, 1)
        raise ImproperlyConfigured(
            f"broker_url: no transport is called {scheme!r}; "
            + (f"did you mean {near[0]}://…?" if near else "there are memory://, sqlite://, redis://, amqp:// and those of kombu")
        )
    driver = _DRIVERS.get(scheme)
    if driver is not None and importlib.util.find_spec(driver) is None:
        raise ImproperlyConfigured(f"broker_url: {scheme}:// needs the package {driver}; install it with  pip install 'flowc[{driver}]'")
    return scheme


def masked(url: str) -> str:
    """A URL (or several, with semicolons between) without user and password, also without those in its query."""
    return str(masked_setting(_CREDENTIALS.sub("**@", url)))


def establish(conn: Any) -> None:
    """Connect, if it is not connected: each of its URLs is tried once, without a pause.

    Raises:
        Refused: the broker will not have us.
        Exception: whatever kombu's transport raises, of the last one tried.
    """
    if conn.connected:
        return
    tries = max(1, len(conn.alt or ()))
    for left in reversed(range(tries)):
        try:
            # kombu's own patience would wait for two seconds: retries are ours to count
            conn._connection_factory()
            return
        except Exception as exc:  # of any driver: the next URL is tried, and the last error raised
            refused = not may_pass(conn, exc) and isinstance(exc, (*conn.connection_errors, *conn.channel_errors))
            error = Refused(*operational(conn, exc, "cannot connect to").args) if refused else exc
            discard(conn)
            conn.maybe_switch_next()
            if not left:
                raise error from (exc if refused else exc.__cause__)


def discard(conn: Any) -> None:
    """Throw away what a connection holds open, without a word to the broker; it can be established again."""
    with contextlib.suppress(Exception):
        conn.collect()
    conn._default_channel = None
    conn._closed = False


def may_pass(conn: Any, exc: BaseException) -> bool:
    """Whether an exception of a connection is one that another try may not meet."""
    if isinstance(exc, Refused):
        return False
    if isinstance(exc, (OperationalError, OSError)):
        return True
    return isinstance(exc, (*conn.recoverable_connection_errors, *conn.recoverable_channel_errors))


def operational(conn: Any, exc: BaseException, doing: str) -> OperationalError:
    """What callers get when no retry is left: says which broker, and never its password."""
    said = str(exc) or type(exc).__name__
    for secret in (conn.password, conn.userid):
        if isinstance(secret, str) and len(secret) > 3 and secret != "guest":
            said = said.replace(secret, "**")
    return OperationalError(f"{doing} {place(conn)}: {said}")


def place(conn: Any) -> str:
    """A connection's broker, as it may be shown."""
    try:
        scheme = conn.transport.driver_type
    except Exception:  # a transport that cannot be loaded has no name
        scheme = "broker"
    if conn.hostname and "://" not in str(conn.hostname):
        return f"{scheme}://{conn.hostname}" + (f":{conn.port}" if conn.port else "")
    return masked(str(conn.hostname or scheme))
