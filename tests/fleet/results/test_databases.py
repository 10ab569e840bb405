"""A database of results shared with stock Celery: each side reads what the other stores, groups and arguments too."""

from __future__ import annotations

import json
import subprocess
import textwrap
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc import App, chord, group
from flowc.runtime.result import AsyncResult, GroupResult
from flowc.runtime.results.interface import Stored

from ..shared import SharedStock
from ..stock import ROOT, StockWorker
from ..versions import python_of
from .waiting import until

DEADLINE = 60.0

# Celery leaves connections to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"db+sqlite:///{tmp_path}/results.db"


@pytest.fixture
def app(url: str) -> Iterator[App]:
    made = App("ours", broker="memory://", backend=url, settings={"result_extended": True}, set_as_current=False)

    @made.task(name="proj.add")
    def add(x: int, y: int) -> int:
        return x + y

    @made.task(name="proj.tsum")
    def tsum(numbers: list[int]) -> int:
        return sum(numbers)

    yield made
    made.close()


@pytest.fixture
def peer(url: str) -> Iterator[Any]:
    """A client of stock Celery."""
    celery = pytest.importorskip("celery")
    made = celery.Celery("peer", broker="memory://", backend=url, set_as_current=False)
    made.conf.result_extended = True
    yield made
    made.close()


def keep(app: App, task: str, status: str, result: Any, **more: Any) -> None:
    app.backend.store([Stored({"task_id": task, "status": status, "result": result, "traceback": None, "children": [], **more})])


def unique() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_what_we_store_is_read_by_a_stock_client(app: App, peer: Any, first: str) -> None:
    if first == "theirs":
        peer.backend.get_state("x")  # makes the tables
    done, failed, busy = unique(), unique(), unique()
    keep(
        app, done, "SUCCESS", {"x": [1]}, children=[[["c", None], None]], name="proj.add", args=[1], kwargs={"y": 2}, worker="w", queue="q"
    )
    keep(app, failed, "FAILURE", {"exc_type": "KeyError", "exc_message": ["no"], "exc_module": "builtins"}, date_done=None)
    keep(app, busy, "PROGRESS", {"done": 1})
    result = peer.AsyncResult(done)
    assert result.get(timeout=DEADLINE) == {"x": [1]}
    assert (result.name, result.args, result.kwargs, result.worker, result.queue) == ("proj.add", [1], {"y": 2}, "w", "q")
    with pytest.raises(KeyError, match="no"):
        peer.AsyncResult(failed).get(timeout=DEADLINE)
    assert (peer.AsyncResult(busy).state, peer.AsyncResult(busy).info) == ("PROGRESS", {"done": 1})


def test_what_a_stock_worker_stores_is_read(app: App, peer: Any) -> None:
    done, failed, busy = unique(), unique(), unique()
    peer.backend.store_result(done, {"x": [1]}, "SUCCESS")
    peer.backend.store_result(failed, ValueError("no"), "FAILURE", traceback="Traceback …")
    peer.backend.store_result(busy, {"done": 1}, "PROGRESS")
    assert AsyncResult(done, app=app).get(timeout=DEADLINE) == {"x": [1]}
    assert AsyncResult(done, app=app).date_done is not None
    with pytest.raises(ValueError, match="no"):
        AsyncResult(failed, app=app).get(timeout=DEADLINE)
    assert AsyncResult(failed, app=app).traceback == "Traceback …"
    assert (AsyncResult(busy, app=app).state, AsyncResult(busy, app=app).info) == ("PROGRESS", {"done": 1})
    peer.backend.store_result(busy, 5, "SUCCESS")
    keep(app, busy, "SUCCESS", 6)
    assert AsyncResult(busy, app=app).get(timeout=DEADLINE) == 5


def test_a_stock_client_sees_what_becomes_of_a_task(app: App, peer: Any) -> None:
    task = unique()
    timer = threading.Timer(0.2, lambda: keep(app, task, "SUCCESS", 2))
    timer.start()
    assert peer.AsyncResult(task).get(timeout=DEADLINE, interval=0.05) == 2
    timer.join()


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_groups_go_both_ways(app: App, peer: Any, first: str) -> None:
    if first == "theirs":
        peer.backend.get_state("x")
    other = peer.GroupResult(unique(), [peer.AsyncResult("c"), peer.GroupResult(unique(), [peer.AsyncResult("d")])])
    saved = GroupResult(unique(), [AsyncResult("a", app=app), GroupResult("h", [AsyncResult("b", app=app)], app=app)], app=app)
    saved.save()
    theirs = peer.GroupResult.restore(saved.id)
    assert [result.id for result in theirs.results] == ["a", "h"]
    assert [result.id for result in theirs.results[1].results] == ["b"]
    other.save()
    ours = GroupResult.restore(other.id, app=app)
    assert ours is not None
    assert [result.id for result in ours] == ["c", other.results[1].id]


def test_chords_of_our_workers(app: App) -> None:
    with app.embedded_worker():
        header = group(app.signature("proj.add", (n, n)) for n in range(4))
        assert chord(header, app.signature("proj.tsum")).apply_async().get(timeout=DEADLINE) == 12


def test_our_worker_serves_stock_clients(url: str, redis_database: str, app: App) -> None:
    celery = pytest.importorskip("celery")
    app.conf.update({"broker_url": redis_database})
    peer = celery.Celery("peer", broker=redis_database, backend=url, set_as_current=False)
    try:
        with app.embedded_worker():
            assert peer.send_task("proj.add", (2, 2)).get(timeout=DEADLINE, interval=0.05) == 4
            with pytest.raises(TypeError):
                peer.send_task("proj.tsum", (2,)).get(timeout=DEADLINE, interval=0.05)
    finally:
        peer.close()


def test_our_worker_completes_chords_of_stock_clients(url: str, redis_database: str, app: App) -> None:
    celery = pytest.importorskip("celery")
    app.conf.update({"broker_url": redis_database})
    peer = celery.Celery("peer", broker=redis_database, backend=url, set_as_current=False)
    add, tsum = (peer.signature(f"proj.{name}", app=peer) for name in ("add", "tsum"))
    try:
        with app.embedded_worker():

            def called(header: list[Any], body: Any) -> Any:
                return celery.chord(header, body, app=peer).apply_async(interval=0.1)

            parts = [add.clone((number, number)) for number in range(3)]
            nested = celery.group([celery.chain(parts[1], add.clone((5,)), app=peer), parts[2]], app=peer)
            flat, deep, failed = called(parts, tsum), called([nested], tsum), called([*parts, tsum.clone((3,))], tsum)
            assert flat.get(timeout=DEADLINE, interval=0.05) == 6
            assert deep.get(timeout=DEADLINE, interval=0.05) == 11
            until(lambda: failed.state == "FAILURE")
            assert type(failed.result).__name__ == "ChordError"
            assert "raised TypeError" in str(failed.result)
    finally:
        peer.close()


def test_arguments_are_kept_with_extended_results(stock_database: SharedStock) -> None:
    settings = {"result_extended": True}
    with App("ours", broker=stock_database.broker, backend=stock_database.backend, settings=settings, set_as_current=False) as app:
        result = app.send_task("proj.add", (1,), {"y": 2}, queue=stock_database.queue)
        assert result.get(timeout=DEADLINE) == 3
        assert (result.name, result.args, result.kwargs) == ("proj.add", [1], {"y": 2})
        assert (result.worker, result.queue) == (stock_database.hostname, stock_database.queue)


# ------------------------------------------------------------------------------------------------------------- other versions
READ = """
    import json, sys
    from celery import Celery
    from celery.result import AsyncResult, GroupResult
    url, done, failed, group = sys.argv[1:]
    app = Celery(broker="memory://", backend=url)
    value = AsyncResult(done).get(timeout=30)
    try:
        AsyncResult(failed).get(timeout=30)
    except KeyError as exc:
        print(json.dumps([value, repr(exc), [r.id for r in GroupResult.restore(group).results]]))
    GroupResult("of-" + group, [AsyncResult("x"), AsyncResult("y", parent=AsyncResult("z"))]).save()
"""


@pytest.mark.soak
@pytest.mark.parametrize("version", ["5.5", "5.6", "5.7"])
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_every_version(version: str, first: str, url: str, redis_database: str, tmp_path: Path) -> None:
    app = App("ours", broker=redis_database, backend=url, set_as_current=False)
    worker = StockWorker(redis_database, url, folder=tmp_path / "w", version=version)
    if first == "ours":
        keep(app, unique(), "SUCCESS", 1)
    with app, worker:
        heard: list[Any] = []
        result = app.send_task("proj.progress", (2, 0.5), queue=worker.queue)
        assert result.get(timeout=DEADLINE, on_message=lambda message: heard.append(message["status"])) == 2
        assert heard[-1] == "SUCCESS"
        assert set(heard) == {"PROGRESS", "SUCCESS"}
        with pytest.raises(ValueError, match="no"):
            app.send_task("proj.fail", ("no",), queue=worker.queue).get(timeout=DEADLINE)
        done, failed = unique(), unique()
        keep(app, done, "SUCCESS", {"x": [1, "ü"]})
        keep(app, failed, "FAILURE", {"exc_type": "KeyError", "exc_message": ["no"], "exc_module": "builtins"})
        saved = GroupResult(unique(), [AsyncResult("a", app=app), AsyncResult("b", app=app)], app=app)
        saved.save()
        command = [str(python_of(version)), "-W", "ignore", "-c", textwrap.dedent(READ), url, done, failed, saved.id]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        assert json.loads(ran.stdout) == [{"x": [1, "ü"]}, "KeyError('no')", ["a", "b"]]
        theirs = GroupResult.restore(f"of-{saved.id}", app=app)
        assert theirs is not None
        assert [member.id for member in theirs] == ["x", "y"]
