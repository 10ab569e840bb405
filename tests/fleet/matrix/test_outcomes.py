"""What can become of a step, on the other versions of Celery: those that say less of how it ended."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from ..outcomes.rows import Place, Row, common, key
from ..stock import StockWorker
from ..versions import VERSIONS, main_version

pytestmark = pytest.mark.soak

OTHERS = [version for version in VERSIONS if version != main_version()]


def on_prefork(*, counts: bool) -> dict[str, Row]:
    """What only child processes can do."""
    return {
        "unpicklable": Row("unpicklable", (), "FAILURE", "Unpicklable|Pickl|lambda"),
        "replaced_by_group": Row("replaced_by_group", (1,), *(("SUCCESS", r"^\[2, 3\]$") if counts else ("FAILURE", None))),
        "exit": Row("exit", (), "FAILURE", "WorkerLostError"),
        "kill": Row("kill", (), "FAILURE", "WorkerLostError"),
        "die_once": Row("die_once", (key(), "ok"), "SUCCESS", "^'ok'$"),
        "die_late": Row("die_late", (key(),), "FAILURE", "WorkerLostError"),
        "hard_limit": Row("sleep", (60.0,), "FAILURE", "TimeLimitExceeded", {"time_limit": 0.5}),
        "soft_limit": Row("sleep", (60.0,), "FAILURE", "SoftTimeLimitExceeded", {"soft_time_limit": 0.5}),
        # 5.5 and 5.6 fail to keep such an end in any result backend, and then tell nobody
        "system_exit": Row("system_exit", (), "LOST", "StepLostError"),
        "interrupt": Row("interrupt", (), "LOST", "StepLostError"),
    }


def less_told(rows: Mapping[str, Row]) -> dict[str, Row]:
    """5.5 and 5.6 tell nobody that a task was rejected."""
    return {**rows, "rejected": Row("reject", (), "LOST", "StepLostError")}


@pytest.mark.parametrize("pool", ["prefork", "threads"])
@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
@pytest.mark.parametrize("version", OTHERS)
def test_every_outcome(
    version: str, broker: str, pool: Literal["prefork", "threads"], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    counts = broker == "redis"
    url = str(request.getfixturevalue("redis_database" if counts else "rabbitmq_url"))
    queue, revoked = f"outcomes-{uuid.uuid4().hex}", f"revoked-{uuid.uuid4()}"
    with StockWorker(
        url, url if counts else "rpc://", folder=tmp_path / "w", version=version, pool=pool, queues=(queue,), options=["-c", "6"],
        application="tests.fleet.outcomes.tasks",
    ) as worker:  # fmt: skip
        place = Place(url, worker.backend, queue)
        place.revoke(revoked)
        rows = less_told(common()) | (on_prefork(counts=counts) if pool == "prefork" else {})
        rows["revoked"] = Row("echo", (), "REVOKED", "revoked", {"task_id": revoked})
        rows["too_long"] = Row("sleep", (9.0,), "FAILURE", "TimeoutError", {"timeout": 4.0})
        place.check(rows)
        assert worker.running
