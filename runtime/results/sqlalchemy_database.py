"""The database behind ``db+…``: its engine, its tables, and what becomes of its errors."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc as errors
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import NullPool

from .. import forks, sqlite_gate
from ..errors import BackendError, ImproperlyConfigured
from .settings import RetryIntervals
from .sqlalchemy_tables import EXTENDED, Tables, as_found, make_tables

Answer = TypeVar("Answer")

#: Seconds to wait for another process that writes to a SQLite file.
_BUSY = 30.0
#: Seconds after which it is looked again which columns there are: a stock worker of a newer version may have added one.
_LOOK_AGAIN = 30.0
#: How often tables are made anew when another process makes them at the same moment.
_MOST_TRIES = 10


class Database:
    """Connections to one database, made when they are first needed.

    Args:
        url: as SQLAlchemy has it, ``postgresql://user:password@host/name``.
        conf: the settings ``database_…`` and ``result_extended``.
        retry: how often what failed for the connection's sake is tried again.

    Raises:
        ImproperlyConfigured: the URL is malformed, its driver is not installed, or an option is wrong.
    """

    def __init__(self, url: str, conf: object, retry: RetryIntervals) -> None:
        self._url = _parsed(url)
        self.url = f"db+{shown(self._url)}"
        self._retry = retry
        self._options = _engine_options(self._url, conf)
        names, schemas = _names(conf, "database_table_names"), _names(conf, "database_table_schemas")
        self.tables: Tables = make_tables(names, schemas, bool(getattr(conf, "result_extended", False)))
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine = self._new_engine()
        self._start()
        forks.watch(self)
        if self.is_sqlite:
            sqlite_gate.watch(self)

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._ready: set[str] = set()
        self._missed: dict[str, float] = {}
        self._tasks: sa.Table | None = None
        self._looked = 0.0

    def _new_engine(self) -> Engine:
        try:
            return sa.create_engine(self._url, **self._options)
        except errors.NoSuchModuleError:
            raise ImproperlyConfigured(f"result_backend: SQLAlchemy knows no database {self._url.drivername[:50]!r}") from None
        except ImportError as missing:
            package = getattr(missing, "name", None) or str(missing)
            raise ImproperlyConfigured(f"result_backend: {self.url} needs the Python package {package!r}: install it") from None
        except (TypeError, ValueError, errors.ArgumentError) as wrong:
            raise ImproperlyConfigured(f"database_engine_options: {wrong}") from None

    # ----------------------------------------------------------------------------------------------------------- transactions
    def run(self, ask: Callable[[Connection], Answer]) -> Answer:
        """What a transaction gives; it is begun anew, after pauses, while the connection fails.

        Raises:
            BackendError: every retry is used up, or the database refuses.
        """
        pauses = self._retry.pauses()
        while True:
            try:
                with self._passing(), self.engine.begin() as connection:
                    return ask(connection)
            except (errors.OperationalError, errors.InterfaceError, errors.TimeoutError, errors.DisconnectionError) as exc:
                pause = None if self._is_hopeless(exc) else next(pauses, None)
                if pause is None:
                    raise BackendError(f"the result store {self.url} could not be reached: {_reason(exc)}") from None
                time.sleep(pause)
            except errors.SQLAlchemyError as exc:
                raise BackendError(f"the result store {self.url} refuses: {_reason(exc)}") from None

    def _passing(self) -> contextlib.AbstractContextManager[None]:
        return sqlite_gate.passing() if self.is_sqlite else contextlib.nullcontext()

    def _is_hopeless(self, exc: errors.SQLAlchemyError) -> bool:
        """Whether trying again could not help: a SQLite file that is not locked will be no better."""
        return self.is_sqlite and "locked" not in str(exc) and "busy" not in str(exc)

    # ----------------------------------------------------------------------------------------------------------------- tables
    def tasks(self) -> sa.Table:
        """Celery's table of tasks, with the columns that it has. It is made if it is not there."""
        table = self._tasks
        if table is not None and time.monotonic() - self._looked < _LOOK_AGAIN:
            return table
        with self._lock:
            wanted = self.tables.tasks
            self._make("tasks", wanted)
            found = self.run(lambda connection: {c["name"] for c in sa.inspect(connection).get_columns(wanted.name, wanted.schema)})
            self._tasks = table = as_found(wanted, frozenset(found) - (frozenset() if "name" in wanted.columns else frozenset(EXTENDED)))
            self._looked = time.monotonic()
            return table

    def is_pickled(self) -> bool:
        """Whether the others in this database keep results as pickles: no stock worker of 5.7 or newer has been there."""
        return "children" not in self.tasks().columns

    def made(self, name: str) -> sa.Table:
        """Another table; it is made if it is not there."""
        table: sa.Table = getattr(self.tables, name)
        if name not in self._ready:
            with self._lock:
                self._make(name, table)
        return table

    def has(self, name: str) -> bool:
        """Whether another table is there."""
        if name in self._ready:
            return True
        table: sa.Table = getattr(self.tables, name)
        if time.monotonic() - self._missed.get(name, float("-inf")) < _LOOK_AGAIN:
            return False
        if self._is_there(table):
            self._ready.add(name)
            return True
        self._missed[name] = time.monotonic()
        return False

    def _is_there(self, table: sa.Table) -> bool:
        return self.run(lambda connection: sa.inspect(connection).has_table(table.name, table.schema))

    def _make(self, name: str, table: sa.Table) -> None:
        if name in self._ready:
            return
        for attempt in range(_MOST_TRIES):
            try:
                self.run(lambda connection: table.metadata.create_all(connection, [table]))
                break
            except BackendError:  # another process may have made it between our look and our making
                if attempt == _MOST_TRIES - 1 or not self._is_there(table):
                    raise
                time.sleep(0.01 * 2**attempt)
        self._ready.add(name)

    # ---------------------------------------------------------------------------------------------------------------- the end
    def close(self) -> None:
        """Close the connections that nobody uses now."""
        self.engine.dispose()

    def rest(self) -> None:
        """The process forks: no SQLite file is open then."""
        self.engine.dispose()

    def forked(self) -> None:
        """In the child: connections of its own; those of the parent are left alone."""
        self.engine.dispose(close=False)
        self._lock = threading.Lock()


def _parsed(url: str) -> URL:
    try:
        parsed = sa.make_url(url)
    except (errors.ArgumentError, ValueError, TypeError):  # what stands there may be a password
        raise ImproperlyConfigured(
            "result_backend: what follows db+ must be a URL of SQLAlchemy's, such as db+postgresql://user:password@host/name"
        ) from None
    if parsed.get_backend_name() == "sqlite" and (not parsed.database or parsed.database == ":memory:"):
        raise ImproperlyConfigured("result_backend: db+sqlite needs the path of a file; for results in memory there is cache+memory://")
    return parsed


def shown(url: URL) -> str:
    """A database's URL as it may be shown: without user and password."""
    credentials = "**@" if url.username or url.password else ""
    port = f":{url.port}" if url.port else ""
    return f"{url.drivername}://{credentials}{url.host or ''}{port}/{url.database or ''}"


def _engine_options(url: URL, conf: object) -> dict[str, Any]:
    given = getattr(conf, "database_engine_options", None)
    options: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {}
    if getattr(conf, "database_short_lived_sessions", False):
        options = {name: value for name, value in options.items() if not name.startswith("pool") and name != "max_overflow"}
        options["poolclass"] = NullPool
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": _BUSY, **options.get("connect_args", {})}
    return options


def _names(conf: object, setting: str) -> Mapping[str, str]:
    found = getattr(conf, setting, None)
    return found if isinstance(found, Mapping) else {}


def _reason(exc: errors.SQLAlchemyError) -> str:
    """What the driver says, without the statement and its values."""
    original = getattr(exc, "orig", None)
    said = str(original if original is not None else exc).strip().splitlines()
    return said[0][:500] if said else type(original or exc).__name__


def insert_new(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row, if none has its key; whether it was inserted. The transaction goes on in either case."""
    dialect = connection.dialect.name
    statement: Any = table.insert().values(**row)
    if dialect == "sqlite":
        statement = statement.prefix_with("OR IGNORE")
    elif dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        statement = insert(table).values(**row).on_conflict_do_nothing()
    else:
        try:
            with connection.begin_nested():
                connection.execute(statement)
        except errors.IntegrityError:
            return False
        return True
    return connection.execute(statement).rowcount > 0
