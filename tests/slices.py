"""The part of a long list of cases that `make test` runs; `make soak` runs the others."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pytest


def every(count: int, cases: Iterable[Any], *, first: int = 0, always: Collection[Any] = (), never: Collection[Any] = ()) -> list[Any]:
    """The cases for a ``parametrize``: each of them, but marked `soak` unless it is one of every ``count``.

    Args:
        count: one of so many stays in `make test`.
        cases: the values, which are no tuples of several arguments, nor marked.
        first: the place of the first that stays.
        always: these stay whatever their place.
        never: these never do, such as those that take seconds.
    """
    return [
        case if case in always or (place % count == first and case not in never) else pytest.param(case, marks=pytest.mark.soak)
        for place, case in enumerate(cases)
    ]


#: How many times as many examples the property tests take that `make soak` runs again.
TIMES = int(os.environ.get("TIMES_AS_MANY", "1"))


def some(count: int) -> int:
    """The ``max_examples`` of a property whose examples take long: few in `make test`, many times as many in `make soak`."""
    return count * TIMES


def thin(items: Iterable[pytest.Item], fixture: str, keep: int, under: Path) -> None:
    """Mark tests `soak` that run over each value of a fixture, but for ``keep`` of its values, which are others from test to test.

    Args:
        items: what was collected, for a ``pytest_collection_modifyitems`` that comes first.
        fixture: the fixture's name.
        keep: so many of its values stay in `make test` for each test, and for each set of its other parameters.
        under: the file, or the folder, of the tests.
    """
    values: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is None or fixture not in callspec.params or not item.path.is_relative_to(under):
            continue
        if item.get_closest_marker("soak") is None:
            others = sorted((name, str(value)) for name, value in callspec.params.items() if name != fixture)
            values.setdefault((item.nodeid.partition("[")[0], str(others)), []).append(item)
    for number, same in enumerate(values.values()):
        kept = {(number + place * len(same) // keep) % len(same) for place in range(keep)}
        for place, item in enumerate(same):
            if place not in kept:
                item.add_marker(pytest.mark.soak)
