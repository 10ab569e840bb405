"""Waiting with a deadline that only something broken reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds.
DEADLINE = 60.0


def wait_for(what: Callable[[], T]) -> T:
    """What ``what`` gives, as soon as that is true."""
    until = time.monotonic() + DEADLINE
    while not (found := what()):
        assert time.monotonic() < until, "has not come true"
        time.sleep(0.01)
    return found


def lines(path: Path, count: int) -> list[str]:
    """The lines of a file, as soon as there are so many."""

    def there() -> Any:
        found = path.read_text().splitlines() if path.exists() else []
        return found if len(found) >= count else None

    found: list[str] = wait_for(there)
    assert len(found) == count
    return found
