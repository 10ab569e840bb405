"""The calls whose messages are compared: written once, made by Celery's own client and by flowc. Knows neither of them.

``CALLS``: what a client sends. ``STARTS``: a call that a worker runs, whose own messages (callbacks, next steps, errbacks, retries, calls
from within) go to the queue ``held``. ``STAMPED`` and ``OLD``: what flowc does not write, but has to read.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from typing import Any

#: The queues that a project of these calls uses; ``golden`` is the default, and the one that a worker reads.
DEFAULT, OTHER, HELD = "golden", "other", "held"
QUEUES = (DEFAULT, OTHER, HELD)

#: Settings of the project.
SETTINGS: dict[str, Any] = {
    "task_default_queue": DEFAULT,
    "accept_content": ["json", "yaml", "msgpack", "pickle"],
    "timezone": "UTC",
}

_ETA = dt.datetime(2037, 1, 2, 3, 4, 5, 678900, tzinfo=dt.UTC)
_EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))


class Project:
    """A project under one of the two libraries: ``lib`` has ``signature``, ``chain``, ``group`` and ``chord``; the tasks are attributes."""

    def __init__(self, app: Any, lib: Any) -> None:
        self.app = app
        self.lib = lib
        own = {"shared": False} if lib.__name__ == "celery" else {}  # Celery gives a task to every application of the process
        for function in (add, mul, tsum, echo, call, fail):
            setattr(self, function.__name__, app.task(name=f"proj.{function.__name__}", **own)(function))
        self.ignored = app.task(name="proj.ignored", ignore_result=True, **own)(ignored)
        self.limited = app.task(name="proj.limited", time_limit=30, soft_time_limit=20, priority=4, serializer="json", **own)(limited)
        self.again = app.task(name="proj.again", bind=True, max_retries=3, **own)(again)
        self.caller = app.task(name="proj.caller", bind=True, **own)(caller)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def add(x: Any, y: Any) -> Any:
    return x + y


def mul(x: Any, y: Any) -> Any:
    return x * y


def tsum(numbers: Any) -> Any:
    return sum(numbers)


def echo(x: Any = None) -> Any:
    return x


def call(*args: Any, **kwargs: Any) -> Any:
    return None


def fail(message: str = "failed") -> None:
    raise ValueError(message)


def ignored(x: Any = None) -> None:
    pass


def limited(x: Any = None) -> Any:
    return x


def again(self: Any, *args: Any, **options: Any) -> None:
    raise self.retry(queue=HELD, **options)


def caller(self: Any, count: int = 1) -> None:
    for number in range(count):
        self.app.tasks["proj.add"].apply_async((number, number), queue=HELD)


def _linked(p: Project, **options: Any) -> Any:
    return p.echo.s().set(queue=HELD, **options)


CALLS: dict[str, Callable[[Project], Any]] = {
    # arguments
    "plain": lambda p: p.add.delay(2, 2),
    "no-arguments": lambda p: p.call.delay(),
    "named": lambda p: p.add.apply_async(kwargs={"x": 2, "y": 3}),
    "both": lambda p: p.call.apply_async((1, 2.5, "é", None, True), {"k": [1, {"deep": "x"}]}),
    "by-name": lambda p: p.app.send_task("other.task", (1,), {"y": 2}),
    "rich-json": lambda p: p.call.delay(_ETA, _ETA.date(), decimal.Decimal("1.50"), uuid.UUID(int=7), (1, 2)),
    "long-arguments": lambda p: p.call.delay("x" * 3000, list(range(500)), {str(n): n for n in range(100)}),
    "nested-arguments": lambda p: p.call.delay([[[[[[1]]]]]], {"a": {"b": {"c": {"d": {"e": 1}}}}}),
    # times
    "countdown": lambda p: p.add.apply_async((2, 2), countdown=1000),
    "eta": lambda p: p.add.apply_async((2, 2), eta=_ETA),
    "eta-elsewhere": lambda p: p.add.apply_async((2, 2), eta=_ETA.astimezone(_EAST)),
    "expires": lambda p: p.add.apply_async((2, 2), expires=60000),
    "expires-moment": lambda p: p.add.apply_async((2, 2), expires=dt.datetime.now(dt.UTC) + dt.timedelta(days=1)),
    "countdown-and-expires": lambda p: p.add.apply_async((2, 2), countdown=1500.5, expires=7000.5),
    # options
    "priority": lambda p: p.add.apply_async((2, 2), priority=5),
    "priority-0": lambda p: p.add.apply_async((2, 2), priority=0),
    "time-limits": lambda p: p.add.apply_async((2, 2), time_limit=60, soft_time_limit=50),
    "time-limit": lambda p: p.add.apply_async((2, 2), time_limit=60),
    "headers": lambda p: p.add.apply_async((2, 2), headers={"tenant": "acme", "deep": {"a": [1]}}),
    "shadow": lambda p: p.add.apply_async((2, 2), shadow="addition"),
    "task-id": lambda p: p.add.apply_async((2, 2), task_id="my-own.id/1"),
    "ids": lambda p: p.add.apply_async((2, 2), root_id="root", parent_id="parent", group_id="group", group_index=3),
    "retries": lambda p: p.add.apply_async((2, 2), retries=2),
    "stamped-headers": lambda p: p.add.apply_async((2, 2), stamped_headers=["tenant", "day"], tenant="acme", day=["mon", "tue"]),
    "replaced-nesting": lambda p: p.add.apply_async((2, 2), replaced_task_nesting=2),
    "ignore-result": lambda p: p.add.apply_async((2, 2), ignore_result=True),
    "ignored-by-task": lambda p: p.ignored.delay(1),
    "options-of-task": lambda p: p.limited.delay(1),
    "options-over-task": lambda p: p.limited.apply_async((1,), time_limit=60, priority=7),
    "reprs": lambda p: p.add.apply_async((2, 2), argsrepr="(<secret>)", kwargsrepr="{<secret>}"),
    "reply-to": lambda p: p.add.apply_async((2, 2), reply_to="my-replies"),
    "transient": lambda p: p.add.apply_async((2, 2), delivery_mode="transient"),
    "queue": lambda p: p.add.apply_async((2, 2), queue=OTHER),
    "routing-key": lambda p: p.add.apply_async((2, 2), exchange=OTHER, routing_key=OTHER),
    "retry-policy": lambda p: p.add.apply_async((2, 2), retry=True, retry_policy={"max_retries": 3, "interval_start": 0}),
    # bodies
    "yaml": lambda p: p.call.apply_async((1, "é", [None, 2.5]), {"k": True}, serializer="yaml"),
    "msgpack": lambda p: p.call.apply_async((1, "é", [None, 2.5]), {"k": True}, serializer="msgpack"),
    "pickle": lambda p: p.call.apply_async((1, "é", {1, 2}, _ETA), {"k": True}, serializer="pickle"),
    "gzip": lambda p: p.call.apply_async(("x" * 500,), compression="gzip"),
    "bzip2-yaml": lambda p: p.call.apply_async(("x" * 500,), compression="bzip2", serializer="yaml"),
    # links
    "link": lambda p: p.add.apply_async((2, 2), link=p.mul.s(8)),
    "link-options": lambda p: p.add.apply_async((2, 2), link=p.mul.s(8).set(queue=OTHER, countdown=3000, task_id="next", priority=2)),
    "links": lambda p: p.add.apply_async((2, 2), link=[p.mul.s(8), p.echo.si("fixed")]),
    "link-error": lambda p: p.add.apply_async((2, 2), link_error=p.echo.s()),
    "link-and-errors": lambda p: p.add.apply_async((2, 2), link=p.mul.s(y=8), link_error=[p.echo.s(), p.call.si(1)]),
    "link-of-link": lambda p: p.add.apply_async((2, 2), link=_with_link(p.mul.s(8), p.echo.s())),
    "link-chain": lambda p: p.add.apply_async((2, 2), link=p.lib.chain(p.mul.s(8), p.echo.s())),
    "link-group": lambda p: p.add.apply_async((2, 2), link=p.lib.group(p.mul.s(8), p.echo.s())),
    "signature": lambda p: p.add.signature((2,), options={"countdown": 1000}, immutable=False).apply_async((3,), priority=3),
    "signature-by-name": lambda p: p.lib.signature("proj.add", args=(2, 2), kwargs={}, app=p.app).delay(),
    # chains
    "chain": lambda p: p.lib.chain(p.add.s(2, 2), p.mul.s(8)).apply_async(),
    "chain-of-three": lambda p: (p.add.s(2, 2) | p.mul.s(8) | p.echo.si("end").set(priority=3)).apply_async(),
    "chain-links": lambda p: p.lib.chain(p.add.s(2, 2), p.mul.s(8)).apply_async(link=p.echo.s(), link_error=p.call.s()),
    "chain-arguments": lambda p: p.lib.chain(p.add.s(2), p.mul.s(8)).apply_async((3,), priority=6),
    "chain-ids": lambda p: p.lib.chain(p.add.s(2, 2).set(task_id="one"), p.mul.s(8).set(task_id="two")).apply_async(),
    "chain-on-error": lambda p: p.lib.chain(p.add.s(2, 2), p.mul.s(8)).on_error(p.call.s()).apply_async(),
    "chain-of-chains": lambda p: p.lib.chain(p.lib.chain(p.add.s(2, 2), p.mul.s(8)), p.lib.chain(p.echo.s(), p.mul.s(2))).apply_async(),
    "chain-to-group": lambda p: p.lib.chain(p.add.s(2, 2), p.lib.group(p.mul.s(8), p.mul.s(9))).apply_async(),
    "chain-to-chord": lambda p: p.lib.chain(p.add.s(2, 2), p.lib.group(p.mul.s(8), p.mul.s(9)), p.tsum.s()).apply_async(),
    # groups
    "group": lambda p: p.lib.group(p.add.s(n, n) for n in range(3)).apply_async(),
    "group-options": lambda p: p.lib.group(p.add.s(n, n) for n in range(2)).apply_async(priority=4, expires=60000),
    "group-arguments": lambda p: p.lib.group(p.add.s(1), p.mul.s(2)).apply_async((5,)),
    "group-of-chains": lambda p: p.lib.group(p.lib.chain(p.add.s(1, 1), p.mul.s(2)), p.add.s(3, 3)).apply_async(),
    "group-in-group": lambda p: p.lib.group(p.add.s(1, 1), p.lib.group(p.add.s(2, 2), p.add.s(3, 3))).apply_async(),
    # chords
    "chord": lambda p: p.lib.chord([p.add.s(n, n) for n in range(3)], p.tsum.s()).apply_async(),
    "chord-called": lambda p: p.lib.chord(p.add.s(n, n) for n in range(2))(p.tsum.s()),
    "chord-body": lambda p: p.lib.chord([p.add.s(1, 1), p.add.s(2, 2)], p.tsum.s().set(queue=OTHER, task_id="body"))(),
    "chord-errors": lambda p: p.lib.chord([p.add.s(1, 1), p.add.s(2, 2)], p.tsum.s().on_error(p.call.s())).apply_async(),
    "chord-of-chains": lambda p: p.lib.chord([p.lib.chain(p.add.s(1, 1), p.mul.s(2)), p.add.s(3, 3)], p.tsum.s()).apply_async(),
    "chord-to-task": lambda p: (p.lib.group(p.add.s(1, 1), p.add.s(2, 2)) | p.tsum.s() | p.mul.s(2)).apply_async(),
    # sequences
    "map": lambda p: p.tsum.map([(1, 2), (3, 4)]).apply_async(),
    "starmap": lambda p: p.add.starmap([(1, 2), (3, 4)]).apply_async(),
    "chunks": lambda p: p.add.chunks([(1, 2), (3, 4), (5, 6)], 2).apply_async(),
}

STARTS: dict[str, Callable[[Project], Any]] = {
    "callback": lambda p: p.add.apply_async((2, 2), link=_linked(p)),
    "callback-options": lambda p: p.add.apply_async((2, 2), link=_linked(p, priority=3, headers={"k": "v"}, task_id="mine", time_limit=9)),
    "callback-immutable": lambda p: p.add.apply_async((2, 2), link=p.echo.si("fixed").set(queue=HELD)),
    "callbacks": lambda p: p.add.apply_async((2, 2), link=[_linked(p), p.call.s(k=1).set(queue=HELD)]),
    "callback-of-callback": lambda p: p.add.apply_async((2, 2), link=_with_link(_linked(p), p.call.s())),
    "errback": lambda p: p.fail.apply_async(link_error=p.echo.s().set(queue=HELD)),
    "errback-unknown": lambda p: p.fail.apply_async(
        link_error={
            "task": "flow.failed", "args": [], "kwargs": {"run": "R"}, "subtask_type": None, "immutable": False,
            "options": {"exchange": HELD, "routing_key": HELD, "declare": [], "serializer": "json", "ignore_result": True, "task_id": "E"},
        }
    ),
    "link-unknown": lambda p: p.add.apply_async(
        (2, 2),
        root_id="R",
        link={
            "task": "flow.advance", "args": [], "kwargs": {"run": "R"}, "subtask_type": None, "immutable": False,
            "options": {"exchange": HELD, "routing_key": HELD, "declare": [], "serializer": "json", "ignore_result": True, "task_id": "A"},
        },
    ),
    "next-of-chain": lambda p: p.lib.chain(p.add.s(2, 2), _linked(p)).apply_async(),
    "rest-of-chain": lambda p: p.lib.chain(p.add.s(2, 2), _linked(p), p.call.s(), p.mul.s(2)).apply_async(),
    "group-of-chain": lambda p: p.lib.chain(p.add.s(2, 2), p.lib.group(_linked(p), p.call.s(k=1).set(queue=HELD))).apply_async(),
    "body-of-chord": lambda p: p.lib.chord([p.add.s(1, 1), p.add.s(2, 2)], p.tsum.s().set(queue=HELD)).apply_async(),
    "retry": lambda p: p.again.apply_async((1,), {"countdown": 500}, priority=3, headers={"k": "v"}, time_limit=60),
    "retry-with-links": lambda p: p.again.apply_async((), {"countdown": 0}, link=p.echo.s(), link_error=p.call.s(), shadow="other"),
    "retry-with-stamps": lambda p: p.again.apply_async((), {"countdown": 0}, stamped_headers=["tenant"], tenant="acme"),
    "from-within": lambda p: p.caller.apply_async((2,), root_id="R"),
}  # fmt: skip

#: What Celery alone can say, in protocol 2.
STAMPED: dict[str, Callable[[Project], Any]] = {
    "stamped": lambda p: _stamped(p.add.s(2, 2)).apply_async(),
    "stamped-link": lambda p: _stamped(_with_link(p.add.s(2, 2), p.mul.s(8))).apply_async(),
    "stamped-chain": lambda p: _stamped(p.lib.chain(p.add.s(2, 2), p.mul.s(8))).apply_async(),
}

#: What Celery also writes in protocol 1.
OLD = (
    "plain", "named", "both", "countdown", "expires", "time-limits", "headers", "task-id", "retries", "yaml", "pickle", "gzip", "link",
    "link-error", "chain", "group", "chord",
)  # fmt: skip


def _stamped(signature: Any) -> Any:
    signature.stamp(monitor="m-1", tenant="acme")
    return signature


def _with_link(signature: Any, callback: Any) -> Any:
    signature.link(callback)
    return signature
