"""A broker of each kind, with a client and workers that can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .places import BROKERS, Place
from .workers import Workers


@pytest.fixture(params=BROKERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A client of each broker that several processes can share; results are kept in a file where the broker is one, else in Redis."""
    with _place(request, request.param, tmp_path) as made:
        yield made


@pytest.fixture
def redis_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The same with Redis alone."""
    with _place(request, "redis", tmp_path) as made:
        yield made


def _place(request: pytest.FixtureRequest, kind: str, folder: Path) -> Place:
    if kind == "sqlite":
        return Place(f"sqlite:///{folder}/broker.db", f"sqlite:///{folder}/results.db")
    database = str(request.getfixturevalue("redis_database"))
    return Place(database if kind == "redis" else str(request.getfixturevalue("rabbitmq_url")), database)


@pytest.fixture
def workers(place: Place, tmp_path: Path) -> Iterator[Workers]:
    """Workers of that broker; what is left of them in the end is killed."""
    with Workers(tmp_path, place.broker, place.backend) as made:
        yield made


@pytest.fixture
def redis_workers(redis_place: Place, tmp_path: Path) -> Iterator[Workers]:
    """Workers of ``redis_place``."""
    with Workers(tmp_path, redis_place.broker, redis_place.backend) as made:
        yield made
