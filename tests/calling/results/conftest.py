"""Which tests of results `make test` runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...slices import thin


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes are slow to start: two of the stores for each test. `make soak` has the others."""
    thin(items, "shared", 2, Path(__file__).with_name("test_processes.py"))
