"""Flows that stock workers of every version, broker and pool have to run, and what they come to. ``KEY`` stands for a key of notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Program:
    """A flow and its outcome.

    Attributes:
        name: what it shows.
        text: the flow; its last statement's value is ``value``.
        value: None for a flow that fails.
        states: how steps end that do not succeed, by task.
        notes: what stands under ``KEY`` in the end, in any order; None if nobody looks.
        carried: whether messages can carry it: it is submitted too.
        counted: whether workers have to count results for that: submitted only where the backend can, else refused.
        untold: why rpc does not tell how it ends, so that it is not submitted there.
        slow: whether it has to wait for seconds.
        pools: the only pools that can do it.
    """

    name: str
    text: str
    value: Any = None
    states: Mapping[str, str] = field(default_factory=dict)
    notes: list[Any] | None = None
    carried: bool = True
    counted: bool = False
    untold: str | None = None
    slow: bool = False
    pools: tuple[str, ...] = ("prefork", "threads", "solo")

    @property
    def ok(self) -> bool:
        """Whether every step succeeds."""
        return not self.states


PROGRAMS = [
    Program("one step", "proj.add(2, 2)", 4),
    Program("chain", "proj.add(2, 2) -> proj.add(4) -> proj.mul(10)", 80),
    Program("then", "proj.add(2, 2) => proj.echo('fixed')", "fixed"),
    Program("literal", "5 -> proj.add(3)", 8),
    Program("links", "a = proj.add(1, 1)\nb = a -> proj.add(1)\nc = a -> proj.add(2)\n[b, c]", [3, 4]),
    Program("group", "[proj.add(i, i) for i in range(5)]", [0, 2, 4, 6, 8]),
    Program("step to group", "proj.add(1, 1) -> [proj.add(1), proj.mul(4) -> proj.add(1)]", [3, 9]),
    Program("join", "[proj.add(i, i) for i in range(10)] -> proj.tsum", 90, counted=True),
    Program("join in a chain", "proj.add(1, 1) -> [proj.add(i) for i in range(4)] -> proj.tsum -> proj.mul(2)", 28, counted=True),
    Program("joins in a join", "[[proj.add(1, 1), proj.add(2, 2)] -> proj.tsum, proj.add(5, 5)] -> proj.tsum", 16, counted=True),
    Program("group to group", "[proj.add(1, 1), proj.add(2, 2)] -> [proj.tsum, proj.echo]", [6, [2, 4]], counted=True),
    Program("map", "map(proj.tsum, [[1, 2], [3, 4]])", [3, 7]),
    Program("options", "proj.echo(1) {countdown = 0.2, expires = 2m, priority = 3, headers = {tenant: 'x'}} -> proj.add(1)", 2),
    Program("serializers", "proj.echo({a: [1, 2.5, null, 'é']}) {serializer = 'json', compression = 'gzip'}", {"a": [1, 2.5, None, "é"]}),
    Program("dates", "proj.echo(2026-11-22)", dt.date(2026, 11, 22)),
    Program("retries", "proj.retrying('KEY', 2, 'done') -> proj.echo", "done", notes=[0, 1, 2]),
    Program("autoretry", "proj.autoretrying('KEY', 1, 'done')", "done"),
    Program(
        "replace", "proj.replaced(2, 3) -> proj.add(1)", 6,
        untold="the task that replaces another replies to its worker, for Celery's own clients too",
    ),
    Program("progress", "proj.progress(3) -> proj.add(1)", 4),
    Program("failure", "proj.fail('no') -> proj.add(1)", states={"proj.fail": "FAILURE", "proj.add": "SKIPPED"}),
    Program("own exception", "proj.boom('no', 3)", states={"proj.boom": "FAILURE"}),
    Program(
        "three-argument handler", "proj.fail('no') -> proj.add(1) !> proj.on_error('KEY')",
        states={"proj.fail": "FAILURE", "proj.add": "SKIPPED"}, notes=[["on_error", "ID", "ValueError", "no"]],
    ),
    Program(
        "one-argument handler",
        "task proj.on_error_id(task_id: str, *, key: str? = null); task proj.fail(message)\nproj.fail(1) !> proj.on_error_id(key='KEY')",
        states={"proj.fail": "FAILURE"}, notes=[["on_error_id", "ID"]],
    ),
    Program("no handler without failure", "proj.add(1, 1) !> proj.on_error('KEY')", 2, notes=[]),
    Program("member fails", "[proj.add(1, 1), proj.fail('no')]", states={"proj.fail": "FAILURE"}),
    Program(
        "join is skipped", "[proj.add(1, 1), proj.fail('no')] -> proj.tsum",
        states={"proj.fail": "FAILURE", "proj.tsum": "SKIPPED"}, counted=True,
    ),
    Program("bad arguments", "proj.add(1)", states={"proj.add": "FAILURE"}),
    Program("cannot be serialized", "proj.unserialisable", states={"proj.unserialisable": "FAILURE"}),
    Program(
        "expired", "proj.echo(1) {countdown = 1, expires = 0.2} -> proj.add(1)",
        states={"proj.echo": "REVOKED", "proj.add": "SKIPPED"}, slow=True,
    ),
    Program("soft time limit", "proj.sleep(60) {soft_time_limit = 1}", states={"proj.sleep": "FAILURE"}, pools=("prefork",)),
    Program("hard time limit", "proj.sleep(60) {time_limit = 1}", states={"proj.sleep": "FAILURE"}, pools=("prefork",)),
    Program("process killed", "proj.kill -> proj.add(1)", states={"proj.kill": "FAILURE", "proj.add": "SKIPPED"}, pools=("prefork",)),
    # what only a driven run can do
    Program("diamond", "a = proj.add(1, 1)\nb = a -> proj.add(1)\nc = a -> proj.add(2)\nproj.add(b, c)", 7, carried=False),
    Program("arguments from steps", "proj.add(proj.mul(2, 3), proj.mul(4, 5))", 26, carried=False),
    Program("placeholder", "proj.add(1, 1) -> proj.call(1, data=_)", [[1], {"data": 2}], carried=False),
    Program("reach-in", "a = proj.echo({n: [1, 2]})\nproj.add(a.n[0], a.n[1])", 3, carried=False),
    Program("two joins", "a = [proj.add(1, 1), proj.add(2, 2)]\n[a -> proj.tsum, a -> proj.echo] -> proj.echo", [6, [2, 4]], carried=False),
    Program("large result", "proj.big(300000) -> proj.nothing", None, carried=False),
]  # fmt: skip
