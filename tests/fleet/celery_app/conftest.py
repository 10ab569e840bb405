"""Which tests of Celery applications `make test` runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...slices import thin


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each run, and each worker, is a process of its own: one of the pools for each test. `make soak` has the others."""
    for fixture in ("pool", "worker"):
        thin(items, fixture, 1, Path(__file__).parent)
