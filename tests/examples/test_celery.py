"""The Celery project among the examples: its flows here, on its own stock workers, and its stubs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..fleet.stock import StockWorker
from .conftest import EXAMPLES

REPORT = '"#sales: monday: 62 in all, best: pot"\n'
READY = "bucket-ada, mail to ada@example.org"
NOWHERE = {"SHOP_BROKER": "redis://127.0.0.1:1/0", "SHOP_RESULTS": "redis://127.0.0.1:1/1"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The project, alone in a folder."""
    return shutil.copytree(EXAMPLES / "celery", tmp_path / "shop")


def flowc(shop: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in the project's folder."""
    environment = {**os.environ, **NOWHERE, **variables}
    return subprocess.run(
        [sys.executable, "-m", "flowc", *words], cwd=shop, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=100
    )


def test_the_flows_run_here_without_a_broker(shop: Path) -> None:
    nightly = flowc(shop, "run", "nightly.flow", "-p", "day=monday")
    assert (nightly.returncode, nightly.stdout) == (0, REPORT), nightly.stderr
    signup = flowc(shop, "run", "signup.flow", "-p", "name=ada")
    assert (signup.returncode, signup.stdout) == (0, f'"{READY}"\n'), signup.stderr


def test_the_stubs_are_up_to_date(shop: Path) -> None:
    fresh = flowc(shop, "stubs", "--app", "shop.celery_app:app", "-o", "tasks.flow", "--check")
    assert fresh.returncode == 0, fresh.stdout
    tasks = shop / "shop/sales.py"
    tasks.write_text(tasks.read_text().replace('channel: str = "#sales"', 'channel: str = "#shop"'))
    drifted = flowc(shop, "stubs", "--app", "shop.celery_app:app", "-o", "tasks.flow", "--check")
    assert drifted.returncode == 1
    assert '-task shop.sales.publish(line: str, channel: str = "#sales")' in drifted.stdout


def test_the_flows_run_on_the_projects_workers(shop: Path, redis_database: str, tmp_path: Path) -> None:
    urls = {"SHOP_BROKER": redis_database, "SHOP_RESULTS": redis_database}
    environment = {**urls, "PYTHONPATH": str(shop)}
    worker = StockWorker(
        redis_database, redis_database, folder=tmp_path / "worker", queues=("celery", "reports"), application="shop.celery_app:app",
        env=environment,
    )  # fmt: skip
    with worker:
        driven = flowc(shop, "run", "nightly.flow", "-p", "day=monday", "--celery", "shop.celery_app:app", **urls)
        assert (driven.returncode, driven.stdout) == (0, REPORT), driven.stderr
        submitted = flowc(
            shop,
            "submit",
            "signup.flow",
            "-p",
            "name=ada",
            "--celery",
            "shop.celery_app:app",
            "--wait",
            "--timeout",
            "60",
            "--json",
            **urls,
        )
        assert submitted.returncode == 0, submitted.stderr
        assert json.loads(submitted.stdout)["value"] == READY, submitted.stdout
        refused = flowc(shop, "submit", "nightly.flow", "-p", "day=monday", "--celery", "shop.celery_app:app", **urls)
        assert refused.returncode == 1
        assert "flowc run nightly.flow --celery shop.celery_app:app" in refused.stderr + refused.stdout
