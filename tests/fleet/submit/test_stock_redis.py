"""Flows submitted to a stock worker on Redis: what it makes of messages that carry themselves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flowc
from flowc.runtime.outcome import RunResult

from ..shared import SharedStock

#: Seconds that a run may take before its test gives up.
PATIENCE = 60


@pytest.fixture
def app(stock_redis: SharedStock) -> Iterator[flowc.App]:
    with flowc.App("proj", broker=stock_redis.broker, backend=stock_redis.backend, set_as_current=False) as made:
        yield made


Ran = Callable[[str], RunResult]


@pytest.fixture
def ran(app: flowc.App) -> Ran:
    """Submit a flow, and wait for its end."""

    def run(text: str) -> RunResult:
        return flowc.loads(text).submit(app).wait(PATIENCE)

    return run


@pytest.fixture
def key() -> str:
    """A key of notes that no other test has."""
    return uuid.uuid4().hex


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("proj.add(2, 2)", 4),
        ("proj.add(2, 2) -> proj.add(16)", 20),
        ("proj.add(2, 2) -> proj.add(4) -> proj.add(8) -> proj.mul(10)", 160),
        ("proj.add(2, 2) => proj.add(1, 1)", 2),
        ("[proj.add(i, i) for i in range(10)]", [2 * i for i in range(10)]),
        ("[proj.add(i, i) for i in range(10)] -> proj.tsum", 90),
        ("proj.add(1, 1) -> [proj.add(i) for i in range(4)]", [2, 3, 4, 5]),
        ("proj.add(1, 1) -> [proj.add(i) for i in range(4)] -> proj.tsum -> proj.mul(2)", 28),
        ("[proj.add(1, 1) -> proj.add(1), proj.add(2, 2)] -> proj.tsum", 7),
        ("[proj.add(1, 1), proj.add(2, 2)] -> [proj.tsum, proj.tsum] -> proj.tsum", 12),
        ("[[proj.add(1, 1), proj.add(2, 2)] -> proj.tsum, proj.add(5, 5)] -> proj.tsum -> proj.add(1)", 17),
        ("proj.add(0, 0) -> [[proj.add(1), proj.add(2)] -> proj.tsum -> proj.add(1), proj.add(5)] -> proj.tsum", 9),
        ("[[proj.add(1, 1), proj.add(2, 2)], [proj.add(3, 3)]] -> proj.echo", [[2, 4], [6]]),
        ("[proj.add(1, 1)] -> proj.echo", [2]),
        ("[] -> proj.echo", []),
        ("[1, 2] -> proj.tsum", 3),
        ("a = proj.add(1, 1)\nb = a -> proj.add(1)\nc = a -> proj.add(2)\nd = a -> proj.add(3)\n[b, c, d]", [3, 4, 5]),
    ],
)
def test_values(ran: Ran, text: str, value: Any) -> None:
    result = ran(text)
    assert result.ok, result
    assert result.value == value
