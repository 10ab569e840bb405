"""Mixed fleets: stock Celery workers and ours, side by side on one queue."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import celery
import pytest

import flowc

from ..stock import StockWorker
from .crowd import CALLS, CHAINS, CHORDS
from .monitors import wait_for
from .ours import OurWorker, run_client

SLOW = pytest.mark.soak


class Sociable(StockWorker):
    """A stock worker that talks to the others, as it does by default."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._words = [word for word in self._words if word not in ("--without-gossip", "--without-mingle")]


def asked(url: str, command: str, *hosts: str) -> dict[str, Any]:
    """What workers answer to Celery's own client."""
    app = celery.Celery("control", broker=url, set_as_current=False)
    with app.connection() as connection:
        answers = app.control.broadcast(command, destination=hosts, reply=True, timeout=30, limit=len(hosts), connection=connection)
    return {host: answer for one in answers for host, answer in one.items()}


@pytest.mark.parametrize(
    ("broker", "backend", "version", "pools"),
    [
        ("redis", "redis", None, ("prefork", "threads")),
        pytest.param("rabbitmq", "rpc", None, ("threads", "processes"), marks=SLOW),
        *(
            pytest.param(broker, backend, version, ("prefork", "processes"), marks=SLOW)
            for version in ("5.5", "5.6", "5.7")
            for broker, backend in (("redis", "redis"), ("rabbitmq", "redis"), ("rabbitmq", "rpc"))
        ),
    ],
)
def test_one_queue(
    broker: str, backend: str, version: str | None, pools: Any, request: pytest.FixtureRequest, redis_database: str, tmp_path: Path
) -> None:
    url = redis_database if broker == "redis" else request.getfixturevalue("rabbitmq_url")
    store = redis_database if backend == "redis" else "rpc://"
    name = uuid.uuid4().hex[:8]
    few = ("--prefetch-multiplier", "1")
    ours = OurWorker(
        url, store, queue=f"mixed-{name}", hostname=f"ours-{name}@here", folder=tmp_path / "ours", options=("-c", "2", "-P", pools[1], *few)
    )
    stock = Sociable(
        url, store, version=version, pool=pools[0], concurrency=2, queues=(ours.queue,), folder=tmp_path / "stock", options=few
    )
    client = flowc.App("client", broker=url, set_as_current=False)
    gone = f"gone-{name}"
    with client, ours:
        client.control.revoke(gone)
        with stock:
            assert gone in asked(url, "revoked", stock.hostname)[stock.hostname], "it has learned that from ours when it started"
            env = {} if backend == "rpc" else {"CLIENT_CHORDS": "1"}
            calls, chains, groups, chords = run_client(ours, "tests.fleet.wayback.crowd", version, **env)
            assert calls == list(range(CALLS))
            assert chains == [n + 3 for n in range(CHAINS)]
            assert groups == [[n + m for m in range(4)] for n in range(CHORDS)]
            assert chords == ([28] * CHORDS + [4 * n + 7 for n in range(CHORDS)] if env else [])
            stats = asked(url, "stats", ours.hostname, stock.hostname)
            shares = {host: sum(told["total"].values()) for host, told in stats.items()}
            assert all(share >= 10 for share in shares.values()), shares
            ours.stop()
            with OurWorker(url, store, queue=f"other-{name}", hostname=f"new-{name}@here", folder=tmp_path / "new") as new:
                wait_for(lambda: gone in asked(url, "revoked", new.hostname)[new.hostname])  # learned from the stock worker
            assert stock.running
