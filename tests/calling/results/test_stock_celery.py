"""Results shared with stock Celery: each side reads what the other stores, and both count the parts of one chord."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from flowc import App
from flowc.runtime.result import AsyncResult, GroupResult

from .stores import DEADLINE, application, document, failure, results, stored, take, tell, unique

# stock Celery over redis-py 8; and it leaves sockets open
pytestmark = [
    pytest.mark.filterwarnings("ignore:Call to deprecated setex"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def app(redis_url: str) -> Iterator[App]:
    with application(redis_url) as made:
        yield made


@pytest.fixture
def peer(redis_url: str) -> Iterator[Any]:
    celery = pytest.importorskip("celery")
    made = celery.Celery("peer", broker="memory://", backend=redis_url, set_as_current=False)
    yield made
    gc.collect()  # results of Celery's unsubscribe when they go, over a connection that is opened for it
    made.backend.result_consumer.stop()
    store = made.backend.client
    made.close()
    del made
    gc.collect()
    store.connection_pool.disconnect()


def test_what_stock_celery_stores_is_read(app: App, peer: Any) -> None:
    first, second, third = unique(), unique(), unique()
    peer.backend.store_result(first, {"x": [1]}, "SUCCESS")
    peer.backend.store_result(second, ValueError("no"), "FAILURE", traceback="Traceback …")
    peer.backend.store_result(third, {"done": 1}, "PROGRESS")
    assert AsyncResult(first, app=app).get(timeout=DEADLINE) == {"x": [1]}
    with pytest.raises(ValueError, match="no"):
        AsyncResult(second, app=app).get(timeout=DEADLINE)
    assert AsyncResult(second, app=app).traceback == "Traceback …"
    assert AsyncResult(second, app=app).date_done is not None
    assert (AsyncResult(third, app=app).state, AsyncResult(third, app=app).info) == ("PROGRESS", {"done": 1})


def test_the_states_of_a_stock_worker_are_heard_in_order(app: App, peer: Any) -> None:
    task = unique()
    peer.backend.store_result(task, {"done": 0}, "PROGRESS")
    with app.backend.watch([task]) as watch:
        assert results(take(watch, 1)) == [{"done": 0}]
        for done in (1, 2, 2):
            peer.backend.store_result(task, {"done": done}, "PROGRESS")
        peer.backend.store_result(task, 5, "SUCCESS")
        assert results(take(watch, 4)) == [{"done": 1}, {"done": 2}, {"done": 2}, 5]


def test_what_we_store_is_read_by_stock_celery(app: App, peer: Any) -> None:
    first, second, third = unique(), unique(), unique()
    app.backend.store([
        stored(app, first, "SUCCESS", {"x": [1]}, children=[[["c", None], None]]),
        stored(app, second, "FAILURE", failure("KeyError", "no"), traceback="Traceback …"),
        stored(app, third, "REVOKED", failure("TaskRevokedError", "expired", module="celery.exceptions")),
    ])  # fmt: skip
    result = peer.AsyncResult(first)
    assert result.get(timeout=DEADLINE) == {"x": [1]}
    assert [child.id for child in result.children] == ["c"]
    with pytest.raises(KeyError, match="no"):
        peer.AsyncResult(second).get(timeout=DEADLINE)
    assert peer.AsyncResult(second).traceback == "Traceback …"
    with pytest.raises(Exception, match="expired") as caught:
        peer.AsyncResult(third).get(timeout=DEADLINE)
    assert type(caught.value).__name__ == "TaskRevokedError"


def test_stock_celery_hears_what_we_store(app: App, peer: Any) -> None:
    task, heard = unique(), []
    timer = threading.Timer(0.1, lambda: tell(app, task, ("PROGRESS", 1), ("SUCCESS", 2)))
    timer.start()
    assert peer.AsyncResult(task).get(timeout=DEADLINE, on_message=lambda message: heard.append(message["status"])) == 2
    timer.join()
    assert heard[-2:] == ["PROGRESS", "SUCCESS"]


def test_groups_go_both_ways(app: App, peer: Any) -> None:
    group = GroupResult(unique(), [AsyncResult("a", app=app), AsyncResult("b", app=app)], app=app)
    group.save()
    theirs = peer.GroupResult.restore(group.id)
    assert [result.id for result in theirs.results] == ["a", "b"]
    other = peer.GroupResult(unique(), [peer.AsyncResult("c")])
    other.save()
    ours = GroupResult.restore(other.id, app=app)
    assert ours is not None
    assert [result.id for result in ours] == ["c"]


def test_results_compressed_by_stock_celery_are_read(app: App, peer: Any) -> None:
    peer.conf.result_compression = "gzip"
    task = unique()
    peer.backend.store_result(task, "x" * 1000, "SUCCESS")
    if peer.backend.client.get(f"celery-task-meta-{task}").startswith(b"{"):
        pytest.skip("this Celery does not compress results")
    assert AsyncResult(task, app=app).get(timeout=DEADLINE) == "x" * 1000
    assert len(tell(app, task, ("SUCCESS", 2))) == 1


def _body(values: Any) -> None: ...


class Request:
    def __init__(self, task: str, group: str, index: int, chord: Any = None) -> None:
        self.id, self.group, self.group_index, self.chord = task, group, index, chord
        self.children: list[Any] = []


def test_a_chord_is_counted_by_both_sides_together(app: App, peer: Any) -> None:
    called: list[Any] = []
    sent = unique()
    body = peer.task(_body, name="body")
    body.apply_async = lambda args, kwargs, **options: called.append(args)
    group = unique()
    app.backend.open_chord(group, 3)
    signature = body.s().set(task_id=sent)
    assert app.backend.chord_part(group, 1, document("b", "SUCCESS", "ours")) is None
    peer.backend.on_chord_part_return(Request("a", group, 0, signature), "SUCCESS", "theirs")
    peer.backend.on_chord_part_return(Request("a", group, 0, signature), "SUCCESS", "again")
    found = app.backend.chord_part(group, 2, document("c", "SUCCESS", "last"))
    assert [meta["result"] for meta in found or ()] == ["theirs", "ours", "last"]
    app.backend.close_chord(group)
    peer.backend.on_chord_part_return(Request("a", group, 0, signature), "SUCCESS", "late")
    assert called == []


def test_stock_celery_completes_a_chord_of_which_we_brought_parts(app: App, peer: Any) -> None:
    called: list[Any] = []
    body = peer.task(_body, name="body")
    body.apply_async = lambda args, kwargs, **options: called.append(args)
    group = unique()
    peer.backend.set_chord_size(group, 2)
    assert app.backend.chord_part(group, 0, document("a", "SUCCESS", {"x": 1})) is None
    peer.backend.on_chord_part_return(Request("b", group, 1, body.s()), "SUCCESS", 2)
    assert called == [([{"x": 1}, 2],)]
    assert app.backend.chord_part(group, 0, document("a", "SUCCESS", {"x": 1})) is None
