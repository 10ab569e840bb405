"""The part of a long list of cases that `make test` runs; `make soak` runs the others."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
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
