"""Flows submitted to a stock worker on RabbitMQ, with replies as results."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

import flowc

from ..shared import SharedStock

PATIENCE = 60


@pytest.fixture
def app(stock_rabbitmq: SharedStock) -> Iterator[flowc.App]:
    settings = {"task_default_queue": stock_rabbitmq.queue}
    with flowc.App("proj", broker=stock_rabbitmq.broker, backend="rpc://", settings=settings, set_as_current=False) as made:
        yield made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("proj.add(2, 2) -> proj.add(4) -> proj.mul(10)", 80),
        ("proj.add(2, 2) => proj.add(1, 1)", 2),
        ("[proj.add(i, i) for i in range(10)]", [2 * i for i in range(10)]),
        ("proj.add(1, 1) -> [proj.add(i) for i in range(4)]", [2, 3, 4, 5]),
        ("[proj.add(1, 1)] -> proj.echo", [2]),
        ("a = proj.add(1, 1)\nb = a -> proj.add(1)\nc = a -> proj.add(2) -> proj.add(1)\nd = a -> proj.add(3)\n[b, c, d]", [3, 5, 5]),
        ("proj.progress(3)", 3),
        ("x = proj.echo(2026-01-01) -> proj.call(2026-01-01T10:00:00Z)\nx[0] ", None),
    ],
)
def test_values(app: flowc.App, text: str, value: Any) -> None:
    result = flowc.loads(text).submit(app).wait(PATIENCE)
    assert result.ok, result
    assert value is None or result.value == value


def test_what_follows_a_failure_is_skipped(app: flowc.App) -> None:
    result = flowc.loads('x = proj.fail("x")\nx -> proj.add(1)\nx -> proj.add(2)\nx -> proj.add(3)').submit(app).wait(PATIENCE)
    assert [(step.id, str(step.state)) for step in result.steps] == [
        ("x", "FAILURE"), ("add#1", "SKIPPED"), ("add#2", "SKIPPED"), ("add#3", "SKIPPED"),
    ]  # fmt: skip
    assert result.exit_code == 4


def test_handlers_are_called(app: flowc.App, stock_rabbitmq: SharedStock) -> None:
    key = uuid.uuid4().hex
    text = f'(proj.echo(1) -> proj.fail) !> [proj.on_error(key="{key}"), proj.on_error_id(key="{key}")]'
    flowc.loads(text).submit(app).wait(PATIENCE)
    until = time.monotonic() + PATIENCE
    while len(stock_rabbitmq.calls(key)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert [call[0] for call in stock_rabbitmq.calls(key)] == ["on_error", "on_error_id"]


def test_options_arrive(app: flowc.App, stock_rabbitmq: SharedStock) -> None:
    options = '{shadow = "sh", headers = {tenant: "acme"}, time_limit = 60s, soft_time_limit = 50s, compression = "gzip", expires = 1h}'
    result = flowc.loads(f"a = proj.dump(1) {options}\nb = proj.echo(1) -> proj.dump {options}\n[a, b]").submit(app).wait(PATIENCE)
    for told in result.value:
        assert (told["args"], told["shadow"], told["headers"], told["timelimit"]) == ([1], "sh", {"tenant": "acme"}, [60, 50])
        assert told["delivery_info"]["routing_key"] == stock_rabbitmq.queue
        assert told["expires"] is not None


@pytest.mark.parametrize(
    "text", ["proj.echo(1) {expires = 2020-01-01T00:00:00Z}", "proj.echo(1) -> proj.echo {expires = 2020-01-01T00:00:00Z}"]
)
def test_an_expired_step_is_revoked_not_lost(app: flowc.App, text: str) -> None:
    """A stock client's message would be dropped by the broker, without a word to anybody."""
    result = flowc.loads(text).submit(app).wait(PATIENCE)
    assert str(result.steps[-1].state) == "REVOKED"


def test_an_exchange_of_its_own(app: flowc.App, stock_rabbitmq: SharedStock) -> None:
    route = f'{{exchange = "{stock_rabbitmq.queue}", routing_key = "{stock_rabbitmq.queue}"}}'
    told = flowc.loads(f"proj.echo(1) -> proj.dump {route}").submit(app).wait(PATIENCE).value
    assert told["delivery_info"]["exchange"] == stock_rabbitmq.queue


def test_joins_are_refused(app: flowc.App) -> None:
    with pytest.raises(flowc.SubmissionRefused, match=r"`tsum#1` waits for the group .*nobody counts") as refused:
        flowc.loads("[proj.add(1, 1), proj.add(2, 2)] -> proj.tsum").submit(app)
    assert [found.code for found in refused.value.obstacles] == ["F1020"]


def test_a_queue_that_was_declared_otherwise_is_used_as_it_is(stock_rabbitmq: SharedStock) -> None:
    """Fleets with quorum queues, priorities or limits declare them; who sends there need not know."""
    queue = f"quorum-{uuid.uuid4().hex}"
    with flowc.App("proj", broker=stock_rabbitmq.broker, set_as_current=False) as app, app.connection() as connection:
        channel = connection.default_channel
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        for _ in range(2):
            flowc.loads(f'proj.echo(1) {{queue = "{queue}"}}\nproj.echo(2) {{queue = "{queue}"}}').submit(app)
        until = time.monotonic() + PATIENCE
        while (count := channel.queue_declare(queue, passive=True).message_count) < 4 and time.monotonic() < until:
            time.sleep(0.05)  # quorum queues count late
        channel.queue_delete(queue)
        assert count == 4


def test_an_exchange_that_is_not_there(app: flowc.App) -> None:
    with pytest.raises(flowc.SubmissionFailed, match="no exchange 'nowhere'") as failed:
        flowc.loads('proj.echo(1) {exchange = "nowhere", routing_key = "x"}').submit(app)
    assert (failed.value.sent, len(failed.value.uncertain)) == ((), 1)
