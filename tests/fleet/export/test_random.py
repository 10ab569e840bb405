"""Random flows, exported and executed by Celery's own client: they give what the flow gives, and call the handlers that it calls."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import flowc
from flowc.compiler.plan import Canvas
from flowc.compiler.python_code import python_code

from ..differential.growing import Tree, handlers, text, trees
from ..noting import FOLDER, recorded
from ..proj import app as proj
from ..shared import SharedStock

ROOT = Path(__file__).parents[3]
PATIENCE = 30


def test_random_flows(stock_redis: SharedStock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(stock_redis, tmp_path, monkeypatch, 15)


@pytest.mark.soak
def test_many_random_flows(stock_redis: SharedStock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(stock_redis, tmp_path, monkeypatch, 400)


def compare(stock: SharedStock, folder: Path, monkeypatch: pytest.MonkeyPatch, examples: int) -> None:
    """Run so many flows here, and all of them at once there."""
    monkeypatch.setenv(FOLDER, str(folder))
    modules, wanted, calls, canvases = {}, {}, {}, {}
    for name, (tree, key) in grown(examples).items():
        flow = flowc.loads(f"({text(tree, key)}) -> proj.call\n")
        canvases[name] = canvas = flow.plan.canvas()
        modules[name] = python_code(flow.plan, canvas, "test.flow")
        result = flow.run(proj)
        if result.ok:
            wanted[name] = result.value
        calls[name] = {f"{key}{number}": len(recorded(f"{key}{number}", folder)) for number in handlers(tree)}
    assert got(stock, modules, list(wanted)) == wanted
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and any(len(stock.calls(key)) < count for told in calls.values() for key, count in told.items()):
        time.sleep(0.05)
    time.sleep(0.5)  # for calls too many
    for name, told in calls.items():
        check(canvases[name], told, {key: len(stock.calls(key)) for key in told})


def grown(examples: int) -> dict[str, tuple[Tree, str]]:
    """Random flows by name, with the key of their notes."""
    found: list[Tree] = []

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(trees(most=12))
    def collect(tree: Tree) -> None:
        found.append(tree)

    collect()
    return {str(number): (tree, uuid.uuid4().hex) for number, tree in enumerate(found)}


def got(stock: SharedStock, modules: dict[str, str], wait: list[str]) -> dict[str, Any]:
    """What Celery's client got."""
    given = {"broker": stock.broker, "backend": stock.backend, "queue": stock.queue, "modules": modules, "wait": wait}
    command = [sys.executable, "-m", "tests.fleet.export.client"]
    ran = subprocess.run(command, cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    values: dict[str, Any] = json.loads(ran.stdout)
    return values


def check(canvas: Canvas, wanted: dict[str, int], called: dict[str, int]) -> None:
    """Handlers are called as often; where a remark says so, perhaps more often."""
    if canvas.remarks:
        assert all(count <= called[key] and bool(count) == bool(called[key]) for key, count in wanted.items())
    else:
        assert called == wanted
