"""Results as messages: the reply queue, what comes on it from strangers, and brokers that go away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from flowc import App
from flowc.runtime.errors import BackendError, ContentDisallowed, DecodeError
from flowc.runtime.errors import TimeoutError as ResultTimeout
from flowc.runtime.result import AsyncResult, ResultSet
from flowc.runtime.results.interface import Stored

from .proxy import Proxy
from .stores import DEADLINE, application, document, failure, results, stored, take, tell, unique, until

QUICK: dict[str, Any] = {
    "result_backend_transport_options": {"retry_policy": {"interval_step": 0.02, "interval_max": 0.05, "max_retries": 500}}
}


@pytest.fixture
def app(broker_url: str) -> Iterator[App]:
    with application("rpc://", broker_url) as made:
        yield made


def send(app: App, body: Any, task: str | None = None, **properties: Any) -> None:
    """A message to the application's reply queue, as anybody may send it."""
    with app.connection() as connection:
        given = {"content_type": "application/json", "content_encoding": "utf-8", **properties}
        connection.Producer().publish(body, routing_key=app.backend.reply_to, correlation_id=task, **given)


def test_each_process_has_one_reply_queue(app: App) -> None:
    assert app.backend.reply_to
    assert app.backend.reply_to == app.backend.reply_to
    first = app.backend.reply_to
    app.backend.close()
    assert app.backend.reply_to != first


def test_replies_wait_until_somebody_asks(app: App) -> None:
    tasks = [unique() for _ in range(20)]
    app.backend.store([stored(app, task, "SUCCESS", number) for number, task in enumerate(tasks)])
    group = ResultSet([AsyncResult(task, app=app) for task in tasks])
    until(group.ready)
    assert group.get(timeout=0) == list(range(20))


def test_what_nobody_wants_is_not_sent(app: App) -> None:
    task = unique()
    assert app.backend.store([Stored(document(task, "SUCCESS", 1), None, task), Stored(document(task, "SUCCESS", 1), "", task)]) == []
    assert not AsyncResult(task, app=app).ready()


def test_a_reply_to_nowhere_is_lost_without_harm(app: App) -> None:
    task = unique()
    app.backend.store([Stored(document(unique(), "SUCCESS", 1), unique(), None), stored(app, task, "SUCCESS", 2)])
    assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 2


def test_another_applications_results_are_not_seen_and_it_is_said(app: App, broker_url: str) -> None:
    task = unique()
    with application("rpc://", broker_url) as other:
        tell(other, task, ("SUCCESS", 1))
        assert AsyncResult(task, app=other).get(timeout=DEADLINE) == 1
        with pytest.raises(ResultTimeout, match=r"rpc:// shows only the results of calls that this process has sent"):
            AsyncResult(task, app=app).get(timeout=0.05)


@pytest.mark.parametrize("body", [b"garbage", b"{}", b"[]", b'{"status": "SUCCESS"}', b"[" * 100_000, b"\xff"])
def test_a_reply_that_cannot_be_read_is_told_to_whom_it_is_for(app: App, body: bytes) -> None:
    task, other = unique(), unique()
    send(app, body, task)
    tell(app, other, ("SUCCESS", 1))
    assert AsyncResult(other, app=app).get(timeout=DEADLINE) == 1
    with pytest.raises(DecodeError, match=task):
        AsyncResult(task, app=app).get(timeout=DEADLINE)


def test_replies_for_nobody_are_dropped(app: App, caplog: pytest.LogCaptureFixture) -> None:
    task = unique()
    send(app, json.dumps(document(task, "SUCCESS", 1)).encode())
    tell(app, task, ("SUCCESS", 2))
    assert AsyncResult(task, app=app).get(timeout=DEADLINE) == 2
    said = [record.getMessage() for record in caplog.records if record.name.startswith("flowc")]
    assert [line for line in said if "a reply was dropped: it names no call" in line]


def test_replies_of_refused_types_are_told_to_whom_they_are_for(app: App) -> None:
    pickled, packed = unique(), unique()
    send(app, b"\x80\x04N.", pickled, content_type="application/x-python-serialize", content_encoding="binary")
    send(app, b"not gzip", packed, headers={"compression": "application/x-gzip"})
    with pytest.raises(ContentDisallowed, match=f"{pickled}.*pickle.*result_accept_content"):
        AsyncResult(pickled, app=app).get(timeout=DEADLINE)
    with pytest.raises(DecodeError, match="cannot be read"):
        AsyncResult(packed, app=app).get(timeout=DEADLINE)


@pytest.mark.parametrize("serializer", ["yaml", "msgpack", "pickle"])
def test_replies_in_other_serializers_are_read_where_they_are_accepted(broker_url: str, serializer: str) -> None:
    with application("rpc://", broker_url, result_accept_content=["json", serializer]) as app:
        with application("rpc://", broker_url, result_serializer=serializer) as worker:
            task = unique()
            worker.backend.store([Stored(document(task, "SUCCESS", {"x": [1]}), app.backend.reply_to, task)])
        assert AsyncResult(task, app=app).get(timeout=DEADLINE) == {"x": [1]}


# ----------------------------------------------------------------------------------------------------- brokers that go away
@pytest.fixture(params=["redis", "rabbitmq"])
def server(request: pytest.FixtureRequest) -> str:
    """The URL of a broker that is a server."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def test_the_queue_goes_with_the_backend(server: str) -> None:
    with application("rpc://", server) as app:
        queue = app.backend.reply_to
        app.backend.close()
        with app.connection() as connection, pytest.raises(Exception) as caught:
            connection.default_channel.queue_declare(queue=queue, passive=True)
        assert isinstance(caught.value, (*connection.channel_errors, *connection.connection_errors))


def test_no_reply_is_lost_or_doubled_over_a_broken_connection(server: str) -> None:
    task = unique()
    with Proxy(server) as proxy, application("rpc://", proxy.url, **QUICK) as caller, application("rpc://", server) as worker:
        queue = caller.backend.reply_to

        def told(*states: tuple[str, Any]) -> None:
            worker.backend.store([Stored(document(task, status, result), queue, task) for status, result in states])

        with caller.backend.watch([task]) as watch:
            told(("PROGRESS", 0))
            assert results(take(watch, 1)) == [0]
            proxy.drop()
            told(("PROGRESS", 1), ("PROGRESS", 2))
            assert results(take(watch, 2)) == [1, 2]
            proxy.cut()
            told(("PROGRESS", 3), ("SUCCESS", 4))
            proxy.mend()
            assert results(take(watch, 2)) == [3, 4]


def test_a_broker_that_stays_away_is_reported(server: str) -> None:
    options = {"retry_policy": {"max_retries": 2, "interval_step": 0.01, "interval_max": 0.01}}
    with (
        Proxy(server) as proxy,
        application("rpc://", proxy.url, result_backend_transport_options=options, broker_connection_timeout=1) as app,
    ):
        assert app.backend.reply_to
        task = unique()
        result = AsyncResult(task, app=app)
        proxy.cut()
        with pytest.raises(BackendError, match="could not be reached"):
            result.get(timeout=DEADLINE)
        proxy.mend()
        tell(app, task, ("SUCCESS", 1))
        assert result.get(timeout=DEADLINE) == 1


# ------------------------------------------------------------------------------------------------------------ stock Celery
@pytest.fixture
def peer(server: str) -> Iterator[Any]:
    celery = pytest.importorskip("celery")
    made = celery.Celery("peer", broker=server, backend="rpc://", set_as_current=False)
    yield made
    made.close()


class Request:
    """What Celery asks of a request."""

    def __init__(self, task: str, reply_to: str | None) -> None:
        self.id = self.correlation_id = task
        self.reply_to = reply_to
        self.children: list[Any] = []


def test_what_a_stock_worker_replies_is_heard(server: str, peer: Any) -> None:
    with application("rpc://", server) as app:
        task, failed = unique(), unique()
        for number in (1, 2):
            peer.backend.store_result(task, {"done": number}, "PROGRESS", request=Request(task, app.backend.reply_to))
        peer.backend.store_result(task, 3, "SUCCESS", request=Request(task, app.backend.reply_to))
        peer.backend.store_result(failed, KeyError("x"), "FAILURE", request=Request(failed, app.backend.reply_to))
        heard: list[Any] = []
        assert AsyncResult(task, app=app).get(timeout=DEADLINE, on_message=lambda message: heard.append(message["result"])) == 3
        assert heard == [{"done": 1}, {"done": 2}, 3]
        with pytest.raises(KeyError):
            AsyncResult(failed, app=app).get(timeout=DEADLINE)


def test_what_we_reply_is_heard_by_stock_celery(server: str, peer: Any) -> None:
    with application("rpc://", server) as worker, peer.connection() as connection:
        task, failed = unique(), unique()
        peer.backend.binding(connection.default_channel).declare()
        worker.backend.store([
            Stored(document(task, "PROGRESS", {"done": 1}), peer.backend.oid, task),
            Stored(document(task, "SUCCESS", 3), peer.backend.oid, task),
            Stored(document(failed, "FAILURE", failure("KeyError", "x")), peer.backend.oid, failed),
        ])  # fmt: skip
        assert peer.AsyncResult(task).get(timeout=DEADLINE) == 3
        with pytest.raises(KeyError):
            peer.AsyncResult(failed).get(timeout=DEADLINE)
        peer.backend.result_consumer.stop()
