"""Fixtures of all tests: the servers, and a visible word where one is missing."""

from __future__ import annotations

import itertools
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .servers.redis import RESERVED, ask
from .servers.server import ServerMissing
from .servers.shared import close_run, open_run, shared_url

# How long examples take depends on what else the machine does.
settings.register_profile("flowc", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("flowc")

#: Databases of the shared redis-server that each process of a run has for itself, one test after the other.
_OWN_DATABASES = 512
_NUMBERS = itertools.count()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run's servers, in its first process."""
    if not _is_worker(config):
        open_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run's servers, in its first process: the others are gone by now."""
    if not _is_worker(config):
        close_run()


def _excuse(missing: ServerMissing) -> None:
    """Skip a test for want of a server; where everything must be there, fail it."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(f"{_MISSING} {missing}")


_MISSING = "no server:"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Skip tests whose fixtures miss a server."""
    try:
        return (yield)
    except ServerMissing as missing:
        _excuse(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Skip tests that miss a server."""
    try:
        return (yield)
    except ServerMissing as missing:
        _excuse(missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the end how many tests were left out for want of a server."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if _MISSING in told:
            reason = told.partition(_MISSING)[2].strip()
            reasons[reason] = reasons.get(reason, 0) + 1
    if reasons:
        terminalreporter.section("servers are missing", red=True)
        for reason, count in reasons.items():
            terminalreporter.line(f"{count} tests were not run: {reason}", red=True)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """``redis://127.0.0.1:PORT/0``, of a server for the whole run: tests take names of keys and queues that no other takes."""
    return shared_url("redis")


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    """``amqp://guest:guest@127.0.0.1:PORT//``, of a server for the whole run: tests take names of queues that no other takes."""
    return shared_url("rabbitmq")


@pytest.fixture
def redis_database(redis_url: str) -> Iterator[str]:
    """``redis://127.0.0.1:PORT/N``: a database of the test's own, empty at first. Channels (PUBLISH) are the server's all the same."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    number = 1 + (worker * _OWN_DATABASES + next(_NUMBERS) % _OWN_DATABASES) % (RESERVED[0] - 1)
    server = redis_url.rpartition("/")[0]
    port = int(server.rpartition(":")[2])
    ask(port, "FLUSHDB", database=number)
    yield f"{server}/{number}"
    ask(port, "FLUSHDB", database=number)


@pytest.fixture(params=["memory", "sqlite", "redis", "rabbitmq"])
def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A broker of each kind in turn. In memory, it is this process's own; Redis and RabbitMQ are shared by the whole run."""
    match request.param:
        case "memory":
            return "memory://"
        case "sqlite":
            return f"sqlite:///{tmp_path}/broker.db"
        case kind:
            return str(request.getfixturevalue(f"{kind}_url"))


@pytest.fixture(params=["memory", "sqlite", "redis", "rpc"])
def result_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of results of each kind in turn. Redis is shared by the whole run; "rpc" goes through the broker."""
    match request.param:
        case "memory":
            return "cache+memory://"
        case "sqlite":
            return f"sqlite:///{tmp_path}/results.db"
        case "redis":
            return str(request.getfixturevalue("redis_url"))
        case _:
            return "rpc://"
