"""The code that ``flowc export --to python`` writes, executed by Celery's own client on a stock worker: it gives what the flow gives."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

import flowc
from flowc.compiler.python_code import python_code

from ..proj import app as proj
from ..shared import SharedStock

ROOT = Path(__file__).parents[3]

#: Seconds that notes may take.
PATIENCE = 60

#: Flows whose value is that of the one thing they send, or of all of them in a list.
FLOWS = {
    "one step": "proj.call(1, [2.5, null, true], a={b: 'c'})",
    "a chain": "proj.add(2, 2) -> proj.add(16) -> proj.mul(3)",
    "a then": "proj.add(2, 2) => proj.add(3, 4)",
    "steps side by side": "[proj.add(1, 1), proj.add(2, 2)]",
    "a chord": "[proj.add(i, i) for i in [1, 2, 3]] -> proj.tsum",
    "a chord of chains": "[proj.add(i, i) -> proj.mul(10) for i in [1, 2, 3]] -> proj.tsum -> proj.add(1)",
    "a step, then a chord": "proj.add(1, 1) -> [proj.add(10), proj.mul(5)] -> proj.call -> proj.call(7)",
    "chords in a row": "proj.echo(1) -> [proj.add(1), proj.add(2)] -> [proj.call, proj.call(2)] -> proj.call -> proj.call",
    "a tree": "x = proj.add(1, 1)\n[x -> proj.add(1), x -> proj.mul(3) -> proj.add(4)]",
    "groups in a group": "[[proj.add(1, 1), proj.add(2, 2)], proj.add(3, 3)] -> proj.call",
    "chains of groups in a group": "[proj.echo(1) -> [proj.add(1), proj.add(2)] -> proj.call, proj.echo(5)] -> proj.call",
    "a group of one": "[proj.add(1, 1)] -> proj.call(2)",
    "a known member": "proj.add(1, 1) -> [proj.mul(2), 7, []] -> proj.call",
    "the start as a member": "x = proj.add(1, 1)\n[x, x -> proj.mul(4), x] -> proj.call",
    "an empty group": "proj.add(1, 1) -> [] -> proj.call(1)",
    "a group that only order follows": "[proj.add(1, 1), [proj.add(2, 2), proj.add(3, 3)]] => proj.call(9)",
    "handlers that are not called": "[proj.add(1, 1), proj.add(2, 2)] -> proj.tsum -> proj.add(1) !> proj.on_error",
    "many calls in one": "[map(proj.echo, [1, 2]), starmap(proj.add, [[1, 2]]), chunks(proj.add, zip([1, 2], [4, 5]), 1)] -> proj.call",
    "a sub-flow": "flow both(x):\n    proj.echo(x)\n    return proj.add(x, 1)\n\nproj.echo(1) -> both => proj.call(3)",
    "options": "proj.dump(1) {countdown = 50ms, expires = 1h, priority = 3, headers = {tenant: 'acme'}, shadow = 'x'} -> proj.call(2)",
}


#: Flows with the number of calls of a handler which notes under the key.
FAILING = {
    "a chain that fails": ("proj.echo(1) -> proj.fail -> proj.echo !> proj.on_error(key='{key}')", 1),
    "a header of which two fail": ("[proj.fail(1), proj.fail(2), proj.echo(3)] -> proj.call -> proj.call !> proj.on_error(key='{key}')", 1),
    "a header with handlers of its own": ("([proj.fail(1), proj.fail(2)] !> proj.on_error(key='{key}')) -> proj.call", 1),
    "a body": ("[proj.echo(1), proj.echo(2)] -> proj.fail !> proj.on_error(key='{key}')", 1),
    "a body after a header with handlers": ("([proj.echo(1), proj.echo(2)] !> proj.on_error(key='{key}')) -> proj.fail", 0),
    "each of a header": ("[proj.fail(1), proj.fail(2), proj.echo(3)] -> proj.call !> each proj.on_error(key='{key}')", 2),
    "a group in a group that fails": ("[[proj.fail(1), proj.echo(2)], proj.echo(3)] -> proj.call !> proj.on_error(key='{key}')", 1),
}


#: What hangs beside the way to a member.
BESIDE = """
x = proj.add(1, 1)
y = x -> proj.mul(5)
x -> proj.keep("{key}")
y -> proj.call -> proj.keep("{key}") -> [proj.echo, proj.call]
[y, proj.echo(3)] -> proj.call
"""


def exported(text: str) -> str:
    """The module that a flow becomes."""
    plan = flowc.loads(text).plan
    canvas = plan.canvas()
    assert canvas.whole, canvas.obstacles
    return python_code(plan, canvas, "test.flow")


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    """For each flow that notes something the key under which it does."""
    return {name: uuid.uuid4().hex for name in (*FAILING, "beside")}


@pytest.fixture(scope="module")
def values(stock_redis: SharedStock, keys: dict[str, str]) -> dict[str, Any]:
    """What Celery's client got for each flow. Those that fail are sent too."""
    flows = {**FLOWS, "beside": BESIDE, **{name: text for name, (text, _) in FAILING.items()}}
    given = {
        "broker": stock_redis.broker,
        "backend": stock_redis.backend,
        "queue": stock_redis.queue,
        "modules": {name: exported(text.replace("{key}", keys.get(name, ""))) for name, text in flows.items()},
        "wait": [*FLOWS, "beside"],
    }
    command = [sys.executable, "-m", "tests.fleet.export.client"]
    ran = subprocess.run(command, cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def noted(worker: SharedStock, key: str, count: int) -> list[Any]:
    """What was noted under a key, once there are so many."""
    until = time.monotonic() + PATIENCE
    while len(worker.calls(key)) < count and time.monotonic() < until:
        time.sleep(0.02)
    return worker.calls(key)


@pytest.mark.parametrize("name", FLOWS)
def test_the_code_gives_what_the_flow_gives(values: dict[str, Any], name: str) -> None:
    wanted = flowc.loads(FLOWS[name]).run(proj)
    assert wanted.ok, wanted
    got = values[name]
    if name == "options":
        assert got[0][0]["headers"]["tenant"] == "acme"
        assert got[0][0]["shadow"] == "x"
        assert got[0][1:] == [2]
    else:
        assert got == wanted.value


def test_the_code_calls_handlers_as_the_flow_does(values: dict[str, Any], keys: dict[str, str], stock_redis: SharedStock) -> None:
    wanted = {name: calls for name, (_, calls) in FAILING.items()}
    for name, calls in wanted.items():
        noted(stock_redis, keys[name], calls)
    time.sleep(0.5)  # for calls too many
    assert {name: len(stock_redis.calls(keys[name])) for name in wanted} == wanted


def test_what_hangs_beside_the_way_to_a_member_runs_too(values: dict[str, Any], keys: dict[str, str], stock_redis: SharedStock) -> None:
    assert values["beside"] == [[[10, 3]], {}]
    assert sorted(noted(stock_redis, keys["beside"], 2), key=str) == [2, [[10], {}]]
