"""A stock Celery worker runs what is sent, in every form, and obeys what is commanded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu.connection import Connection

from flowc.runtime.app import App
from flowc.runtime.sending import Sending

from .reading import application, name

ROOT = Path(__file__).parents[3]


class Peer:
    """The worker, and the documents in which it says how tasks ended."""

    def __init__(self, app: App, documents: Any) -> None:
        self.app = app
        self._documents = documents

    def send(self, *args: Any, **options: Any) -> str:
        (id_,) = self.app.sender.send_many([Sending("proj.echo", args, {"k": 1}, options)]) if options.pop("many", False) else (
            self.app.sender.send(Sending("proj.echo", args, {"k": 1}, options)),
        )  # fmt: skip
        return id_

    def end(self, id_: str) -> dict[str, Any]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            text = self._documents.get(f"celery-task-meta-{id_}")
            if text is not None:
                found: dict[str, Any] = json.loads(text)
                if found["status"] in ("SUCCESS", "FAILURE", "REVOKED"):
                    return found
            time.sleep(0.02)
        raise AssertionError(f"the stock worker never ended {id_}")


@pytest.fixture(scope="module", params=["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
def peer(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Peer]:
    url, queue = str(request.getfixturevalue(f"{request.param}_url")), name()
    env = {**os.environ, "PEER_BROKER": url, "PEER_RESULTS": redis_url, "PEER_QUEUE": queue, "PYTHONPATH": str(ROOT), "C_FORCE_ROOT": "1"}
    words = [
        "celery",
        "-A",
        "tests.calling.sending.stock_worker",
        "worker",
        "-P",
        "threads",
        "-c",
        "2",
        "-n",
        name("peer"),
        "--without-mingle",
    ]
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *words], env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with application(url, task_default_queue=queue, task_queue_max_priority=10) as app, Connection(redis_url) as connection:
            yield Peer(app, connection.default_channel.client)
    finally:
        worker.terminate()
        worker.wait(60)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack", "pickle"])
@pytest.mark.parametrize("compression", [None, "gzip", "bzip2", "lzma", "brotli", "zstd"])
def test_it_reads_every_serializer_and_compression(peer: Peer, serializer: str, compression: str | None, many: bool) -> None:
    args = ("é", [1, 2.5, None, True], {"deep": {"er": "x" * 500}})
    ended = peer.end(peer.send(*args, serializer=serializer, compression=compression, many=many))
    assert (ended["status"], ended["result"]["args"], ended["result"]["kwargs"]) == ("SUCCESS", list(args), {"k": 1})


def test_it_knows_what_the_headers_say(peer: Peer) -> None:
    id_ = name("id")
    link: dict[str, Any] = {
        "task": "proj.echo",
        "args": [],
        "kwargs": {},
        "options": {"task_id": f"{id_}.next"},
        "subtask_type": None,
        "immutable": False,
    }
    options = {
        "task_id": id_, "root_id": "R", "parent_id": "P", "group_id": "G", "retries": 2, "time_limit": 60, "soft_time_limit": 50,
        "headers": {"tenant": "x"}, "link": link, "priority": 3, "expires": 600, "countdown": 0.1,
        "shadow": "other", "delivery_mode": "transient",
    }  # fmt: skip
    told = peer.end(peer.send(1, **options))["result"]
    eta = told["request"].pop("eta")
    assert eta.endswith("+00:00")
    assert told["request"] == {
        "id": id_, "root_id": "R", "parent_id": "P", "group": "G", "retries": 2, "timelimit": [60, 50], "correlation_id": id_,
    }  # fmt: skip
    assert told["tenant"] == "x"
    assert peer.end(f"{id_}.next")["result"]["request"]["parent_id"] == id_


def test_it_revokes_what_expired(peer: Peer) -> None:
    assert peer.end(peer.send(1, expires=0.001, countdown=0.5))["status"] == "REVOKED"


def test_it_revokes_on_command(peer: Peer) -> None:
    first, second = peer.send(1, countdown=5), peer.send(2, countdown=5)
    untouched = peer.send(3, countdown=1)
    peer.app.control.revoke([first, second])
    assert peer.end(untouched)["status"] == "SUCCESS"
    assert [peer.end(id_)["status"] for id_ in (first, second)] == ["REVOKED", "REVOKED"]


def test_a_group_arrives(peer: Peer) -> None:
    ids = peer.app.sender.send_many([Sending("proj.echo", (n,), {}, {"group_id": "G", "group_index": n}) for n in range(300)])
    assert [peer.end(id_)["result"]["args"] for id_ in ids] == [[n] for n in range(300)]
