"""The same tasks here and on a stock worker: the same request, the same results, the same failures."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

import flowc

from ..clients import stock_client
from ..proj import app as proj
from ..shared import SharedStock


@pytest.fixture
def client(stock_redis: SharedStock) -> Iterator[Celery]:
    """A stock client of the shared worker."""
    with stock_client(stock_redis.broker, stock_redis.backend, queue=stock_redis.queue) as made:
        yield made


def here(text: str) -> Any:
    result = flowc.loads(text, app=proj).run(proj)
    return result.value if result.ok else str(result.failed[0].failure)


def test_request(client: Celery) -> None:
    """``self.request``, but for what tells the call."""
    there = client.send_task(
        "proj.dump", (1, "a"), {"key": [2]}, headers={"mark": "m"}, time_limit=90, soft_time_limit=80, ignore_result=False
    ).get(30)
    ours = here('proj.dump(1, "a", key=[2]) {headers = {mark: "m"}, time_limit = 90, soft_time_limit = 80}')
    for name in ("id", "root_id", "correlation_id", "reply_to"):
        assert isinstance(ours.pop(name), str) or name == "reply_to"
        there.pop(name)
    assert ours == there


@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("retrying(KEY, 2, 5)", (2, 5)),
        ("autoretrying(KEY, 2, [1])", (2, [1])),
        ("replaced(3, 4)", (3, 4)),
        ("progress(3)", (3,)),
        ("scale([1.0, 2.0], offset=1)", ([1.0, 2.0], 2.0)),
        ("boom()", ()),
        ("fail_if(3, 3)", (3, 3)),
        ("retrying(KEY, 9)", (9,)),
        ("unserialisable()", ()),
    ],
)
def test_ends(client: Celery, call: str, args: tuple[Any, ...]) -> None:
    """Results, and the types of exceptions."""
    name, _, rest = call.partition("(")
    key = (uuid.uuid4().hex,) if "KEY" in rest else ()
    kwargs = {"offset": 1} if name == "scale" else {}
    result = client.send_task(f"proj.{name}", (*key, *args), kwargs)
    found = result.get(30, propagate=False)
    there = type(found).__name__ if isinstance(found, BaseException) else found
    ours = here("proj." + call.replace("KEY", f'"{uuid.uuid4().hex}"'))
    assert (ours.partition(":")[0] if isinstance(found, BaseException) else ours) == there
