"""How often errbacks are called on each version of Celery, for flows that are submitted and exported: what docs/celery.md says of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

import flowc
from flowc.compiler.python_code import python_code

from ..stock import StockWorker

ROOT = Path(__file__).parents[3]
PATIENCE = 60

ONCE = "!> proj.on_error(key='{key}')"

#: Flows with the calls of their handler on 5.5, 5.6 and 5.7.
CALLS = {
    f"[proj.fail(1), proj.fail(2), proj.echo(3)] -> proj.call -> proj.call {ONCE}": (1, 1, 1),
    f"([proj.fail(1), proj.fail(2)] {ONCE}) -> proj.call": (1, 1, 1),
    f"x = proj.echo(1)\n[x -> proj.fail, x -> proj.echo] -> (proj.call {ONCE})": (0, 0, 0),
    "[proj.fail(1), proj.fail(2), proj.echo(3)] -> proj.call !> each proj.on_error(key='{key}')": (2, 2, 2),
    f"[proj.fail(1) -> proj.echo -> proj.echo, proj.echo(1)] -> proj.call {ONCE}": (1, 1, 1),
    f"proj.echo(1) -> [proj.fail, proj.echo] -> [proj.echo, proj.call] -> proj.call {ONCE}": (1, 1, 1),
    f"proj.echo(1) -> [proj.call, proj.echo] -> [proj.fail, proj.call] -> proj.call {ONCE}": (1, 1, 1),
    f"[[proj.fail(1), proj.echo(2)], proj.echo(3)] -> proj.call {ONCE}": (1, 1, 1),
    f"[[proj.echo(1), proj.echo(2)], proj.fail(3)] -> proj.call {ONCE}": (1, 1, 1),
    f"[[proj.fail(1), proj.echo(2)], proj.fail(3)] -> proj.call {ONCE}": (1, 1, 1),
    f"[[proj.echo(1), proj.echo(2)] -> proj.fail, proj.echo(3)] -> proj.call {ONCE}": (1, 1, 1),
    f"[[proj.fail(1), proj.echo(2)] -> proj.call, proj.echo(3)] -> proj.call {ONCE}": (1, 1, 2),
    f"[proj.fail(1) -> [proj.echo, proj.echo], proj.echo(3)] -> proj.call {ONCE}": (1, 1, 2),
}


@pytest.mark.soak
@pytest.mark.parametrize(("column", "version"), [*enumerate(["5.5", "5.6", "5.7"])])
def test_how_often_handlers_are_called(redis_database: str, tmp_path: Path, column: int, version: str) -> None:
    keys = {(how, text): uuid.uuid4().hex for how in ("submitted", "exported") for text in CALLS}
    with StockWorker(redis_database, redis_database, folder=tmp_path / "w", version=version) as worker:
        with flowc.App("proj", broker=redis_database, backend=redis_database, set_as_current=False) as app:
            for text in CALLS:
                flowc.loads(text.replace("{key}", keys["submitted", text])).submit(app)
        modules = {str(number): code(text.replace("{key}", keys["exported", text])) for number, text in enumerate(CALLS)}
        given = {"broker": redis_database, "backend": redis_database, "queue": "celery", "modules": modules, "wait": []}
        subprocess.run([sys.executable, "-m", "tests.fleet.export.client"], cwd=ROOT, input=json.dumps(given), text=True, check=True)
        wanted = {(how, text): calls[column] for text, calls in CALLS.items() for how in ("submitted", "exported")}
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and any(len(worker.calls(keys[one])) < calls for one, calls in wanted.items()):
            time.sleep(0.1)
        time.sleep(2)  # for calls too many
        assert {one: len(worker.calls(key)) for one, key in keys.items()} == wanted


def code(text: str) -> str:
    plan = flowc.loads(text).plan
    return python_code(plan, plan.canvas(), "test.flow")


@pytest.mark.parametrize("text", CALLS)
def test_where_a_version_calls_twice_a_remark_says_so(text: str) -> None:
    remarked = bool(flowc.loads(text.replace("{key}", "k")).plan.canvas().remarks)
    assert remarked or max(CALLS[text]) == 1 or " each " in text or max(CALLS[text]) == 0
