"""Over what the guide is tried: each broker, with result stores that go with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...slices import thin
from .proj import PAIRS, Proj, project


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two of the pairs for each test: `make soak` has the others."""
    thin(items, "idle", 2, Path(__file__).parent)


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    """What the module's application is set to besides; a module may have its own."""
    return {}


def _url(name: str, folder: Path, request: pytest.FixtureRequest) -> str:
    match name:
        case "redis" | "rabbitmq":
            found: str = request.getfixturevalue(f"{name}_url")
            return found
        case "sqlite":
            return f"sqlite:///{folder}.db"
    return "rpc://" if name == "rpc" else "memory://"


@pytest.fixture(scope="module", params=PAIRS)
def idle(request: pytest.FixtureRequest, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proj]:
    """The application over one pair of broker and result store, without any worker."""
    broker, store = request.param.split("+")
    folder = tmp_path_factory.mktemp("guide")
    urls = _url(broker, folder / "broker", request), _url(store, folder / "results", request).replace("memory://", "cache+memory://")
    with project(broker, store, urls, **settings) as made:
        yield made


@pytest.fixture(scope="module")
def worked(idle: Proj) -> Iterator[Proj]:
    """The same, while a worker reads its default queue."""
    with idle.app.embedded_worker([idle.queue], concurrency=4):
        yield idle


@pytest.fixture
def proj(worked: Proj) -> Proj:
    """The same, with nothing noted yet."""
    worked.seen.clear()
    return worked


@pytest.fixture
def here() -> Iterator[Proj]:
    """The application in memory, for flows: they bring a worker of their own."""
    with project("memory", "memory", ("memory://", "cache+memory://")) as made:
        yield made
