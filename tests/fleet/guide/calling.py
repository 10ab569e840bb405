"""The examples of "Calling Tasks" in Celery's user guide. Waits are shorter here."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any

import pytest

import flowc
from flowc.runtime.sending import PriorityWarning

from .example import DEADLINE, Example, Project, got, with_children

NUMBERS = [(2, 2), (4, 4), (8, 8), (16, 16)]


def _later(**span: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(**span)


def _linked(p: Project, **options: Any) -> Any:
    """The value of a call, and those of its callbacks."""
    return with_children(p.add.apply_async((2, 2), **options))


def _failed(result: Any) -> None:
    with pytest.raises(ValueError, match="no"):
        got(result)


def _own_publisher(p: Project) -> Any:
    results = []
    with p.add.app.pool.acquire(block=True) as connection, p.add.get_publisher(connection) as publisher:
        for i, j in NUMBERS:
            results.append(p.add.apply_async((i, j), publisher=publisher))
    return [got(result) for result in results]


def _hello(p: Project) -> Any:
    told: list[dict[str, Any]] = []
    value = p.hello.apply_async(args=(1, 1)).get(on_message=told.append, propagate=False, timeout=DEADLINE)
    assert told[-1]["status"] == "SUCCESS"
    assert [message["result"] for message in told] == [{"progress": 50}, {"progress": 90}, "hello world: 2"]
    return value


def _with_priority(p: Project) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriorityWarning)  # in memory, there are none
        return got(p.add.apply_async((2, 2), priority=9))


def _by_name(p: Project) -> Any:
    return got(p.app.send_task("proj.add", (2, 2)))


CALLING = [
    # Basics
    Example(
        "arguments", "proj.call(1, 2, kwarg1='x', kwarg2='y')", [[1, 2], {"kwarg1": "x", "kwarg2": "y"}],
        lambda p: got(p.call.delay(1, 2, kwarg1="x", kwarg2="y")),
    ),
    Example(
        "apply_async", "proj.call(1, 2, kwarg1='x', kwarg2='y')", [[1, 2], {"kwarg1": "x", "kwarg2": "y"}],
        lambda p: got(p.call.apply_async(args=[1, 2], kwargs={"kwarg1": "x", "kwarg2": "y"})),
    ),
    Example(
        "signature", "proj.call(1, 2, kwarg1='x', kwarg2='y')", [[1, 2], {"kwarg1": "x", "kwarg2": "y"}],
        lambda p: got(p.call.s(1, 2, kwarg1="x", kwarg2="y").apply_async()),
    ),
    Example("by name", "proj.add(2, 2)", 4, _by_name),
    Example("sheet: countdown", "proj.add(2, 2) {countdown = 0.1}", 4, lambda p: got(p.add.apply_async((2, 2), countdown=0.1))),
    Example("sheet: eta", "proj.add(2, 2) {eta = now + 100ms}", 4, lambda p: got(p.add.apply_async((2, 2), eta=_later(seconds=0.1)))),
    Example(
        "sheet: countdown and expires", "proj.add(2, 2) {countdown = 0.1, expires = 2m}", 4,
        lambda p: got(p.add.apply_async((2, 2), countdown=0.1, expires=120)),
    ),
    Example(
        "sheet: expires", "proj.add(2, 2) {expires = now + 2d}", 4, lambda p: got(p.add.apply_async((2, 2), expires=_later(days=2))),
    ),
    Example(
        "sheet: task id", "proj.add(2, 2) {task_id = 'my-own-KEY'}", 4,
        lambda p: got(p.app.AsyncResult(p.add.apply_async((2, 2), task_id=f"own-{p.key}").id)),
    ),
    # Linking
    Example("link", "proj.add(2, 2) -> proj.add(16)", 20, lambda p: _linked(p, link=p.add.s(16))[1]),
    Example(
        "error handler", "proj.fail('no') !> proj.on_error('KEY')", None,
        lambda p: _failed(p.fail.apply_async(("no",), link_error=p.on_error.s(key=p.key))),
        states={"proj.fail": "FAILURE"}, notes=[["on_error", "ID", "ValueError", "no"]],
    ),
    Example(
        "error handler that is not needed", "proj.add(2, 2) !> proj.on_error('KEY')", 4,
        lambda p: got(p.add.apply_async((2, 2), link_error=p.on_error.s(key=p.key))), notes=[],
    ),
    Example(
        "handler by id", "proj.fail('no') !> proj.on_error_id(key='KEY')", None,
        lambda p: _failed(p.app.send_task("proj.fail", ("no",), link_error=p.on_error_id.s(key=p.key))),
        states={"proj.fail": "FAILURE"}, notes=[["on_error_id", "ID"]],
    ),
    Example(
        "links", "a = proj.add(2, 2)\n[a, a -> proj.add(16), a -> proj.keep('KEY')]", [4, 20, 4],
        lambda p: _linked(p, link=[p.add.s(16), p.keep.s(p.key)]), notes=[4],
    ),
    # On message
    Example("on message", "proj.hello(1, 1) ~> heard", "hello world: 2", _hello, carried=False),
    # ETA and countdown, expiration
    Example("countdown", "proj.add(2, 2) {countdown = 300ms}", 4, lambda p: got(p.add.apply_async((2, 2), countdown=0.3))),
    Example("expires in seconds", "proj.add(10, 10) {expires = 60}", 20, lambda p: got(p.add.apply_async((10, 10), expires=60))),
    Example(
        "expires at a moment", "proj.add(10, 10) {expires = now + 1d}", 20,
        lambda p: got(p.add.apply_async((10, 10), {}, expires=_later(days=1))),
    ),
    # Sending again
    Example("no retry", "proj.add(2, 2) {retry = false}", 4, lambda p: got(p.add.apply_async((2, 2), retry=False))),
    Example(
        "retry errors", "proj.add(2, 2) {retry = true, retry_policy = {max_retries: 3}}", 4,
        lambda p: got(p.add.apply_async((2, 2), retry=True, retry_policy={"max_retries": 3, "retry_errors": (TimeoutError,)})),
    ),
    Example(
        "retry policy",
        "proj.add(2, 2) {retry = true, retry_policy = {max_retries: 3, interval_start: 0, interval_step: 0.2, interval_max: 0.2}}", 4,
        lambda p: got(p.add.apply_async((2, 2), retry=True, retry_policy={
            "max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2, "retry_errors": None,
        })),
    ),
    # Serializers, compression, connections
    Example("serializer", "proj.add(10, 10) {serializer = 'json'}", 20, lambda p: got(p.add.apply_async((10, 10), serializer="json"))),
    Example("compression", "proj.add(2, 2) {compression = 'zlib'}", 4, lambda p: got(p.add.apply_async((2, 2), compression="zlib"))),
    Example("publisher", "[proj.add(i, j) for i, j in [[2, 2], [4, 4], [8, 8], [16, 16]]]", [4, 8, 16, 32], _own_publisher),
    Example(
        "group", "numbers = [[2, 2], [4, 4], [8, 8], [16, 16]]\n[proj.add(i, j) for i, j in numbers]", [4, 8, 16, 32],
        lambda p: got(flowc.group(p.add.s(i, j) for i, j in NUMBERS).apply_async()),
    ),
    # Routing, results
    Example("queue", "proj.add(2, 2) {queue = 'QUEUE'}", 4, lambda p: got(p.add.apply_async((2, 2), queue=p.queue))),
    Example(
        "ignored", "proj.add(1, 2) {ignore_result = true} => proj.echo(null)", None,
        lambda p: got(p.add.apply_async((1, 2), ignore_result=True)),
    ),
    Example("not ignored", "proj.add(1, 2) {ignore_result = false}", 3, lambda p: got(p.add.apply_async((1, 2), ignore_result=False))),
    Example(
        "headers", "proj.header('periodic_task_name') {headers = {periodic_task_name: 'task_name'}}", "task_name",
        lambda p: got(p.header.apply_async(("periodic_task_name",), headers={"periodic_task_name": "task_name"})),
    ),
    Example(
        "exchange and routing key", "proj.add(2, 2) {exchange = 'QUEUE', routing_key = 'QUEUE'}", 4,
        lambda p: got(p.add.apply_async((2, 2), exchange=p.queue, routing_key=p.queue)),
    ),
    Example("priority", "proj.add(2, 2) {priority = 9}", 4, _with_priority),
]  # fmt: skip
