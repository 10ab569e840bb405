"""``result.get(on_message=…)`` of tasks that run on stock workers: rpc replies, Redis, a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flowc import App
from flowc.runtime.result import AsyncResult

from ..shared import SharedStock

DEADLINE = 60.0


@pytest.fixture(params=["stock_redis", "stock_rabbitmq", "stock_database"])
def stock(request: pytest.FixtureRequest) -> SharedStock:
    found: SharedStock = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def app(stock: SharedStock) -> Iterator[App]:
    made = App("states", broker=stock.broker, backend=stock.backend, set_as_current=False)
    yield made
    made.close()


def test_progress_is_heard_in_order(app: App, stock: SharedStock) -> None:
    heard: list[tuple[str, Any]] = []
    result = app.send_task("proj.progress", (3, 0.3), queue=stock.queue)
    assert result.get(timeout=DEADLINE, on_message=lambda message: heard.append((message["status"], message["result"]))) == 3
    steps = [("PROGRESS", {"current": step, "total": 3}) for step in (1, 2, 3)]
    assert heard[-1] == ("SUCCESS", 3)
    if stock.backend.startswith("db+"):  # who asks sees what is there just then
        assert heard[:-1] == [step for step in steps if step in heard]
        assert len(heard) > 1
    else:
        assert heard[:-1] == steps


def test_a_failure_is_the_exception_that_it_was(app: App, stock: SharedStock) -> None:
    heard: list[Any] = []
    result = app.send_task("proj.fail", ("no",), queue=stock.queue)
    with pytest.raises(ValueError, match="no"):
        result.get(timeout=DEADLINE, on_message=heard.append)
    assert [message["status"] for message in heard] == ["FAILURE"]
    assert isinstance(heard[0]["result"], ValueError)
    assert "ValueError" in (result.traceback or "")


def test_an_expired_call_is_revoked(app: App, stock: SharedStock) -> None:
    result = app.send_task("proj.add", (1, 2), queue=stock.queue, expires=-1)
    with pytest.raises(Exception, match="expired") as caught:
        result.get(timeout=DEADLINE)
    assert type(caught.value).__name__ == "TaskRevokedError"
    assert result.state == "REVOKED"


def test_results_of_many(app: App, stock: SharedStock) -> None:
    sent = [app.send_task("proj.echo", ({"n": number, "text": "ü"},), queue=stock.queue) for number in range(30)]
    assert [result.get(timeout=DEADLINE) for result in sent] == [{"n": number, "text": "ü"} for number in range(30)]
    if not stock.backend.startswith("rpc"):
        assert AsyncResult(sent[0].id, app=app).get(timeout=DEADLINE) == {"n": 0, "text": "ü"}
