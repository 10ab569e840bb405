"""Which tests of Celery applications `make test` runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...slices import thin


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each run is a process of its own: one of the pools for each test. `make soak` has the others."""
    thin(items, "pool", 1, Path(__file__).with_name("test_run.py"))
