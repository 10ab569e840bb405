"""What is refused before anything is sent, and what a failing broker leaves behind."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis
from kombu.exceptions import OperationalError

import flowc
from flowc.exceptions import EncodeError, ImproperlyConfigured
from flowc.runtime.broker.interface import Envelope, RetryPolicy
from flowc.runtime.fleet import submit as submitting


class Broken:
    """A publisher that takes so many messages, and then fails; of those under way it had some."""

    def __init__(self, good: int) -> None:
        self.good = good
        self.sent: list[Envelope] = []

    def publish_many(self, envelopes: Sequence[Envelope], retry: RetryPolicy, **_: Any) -> None:
        assert isinstance(envelopes, (deque, list))
        while envelopes:
            if len(self.sent) == self.good:
                raise OperationalError("redis://there: gone")
            assert isinstance(envelopes, deque)
            self.sent.append(envelopes.popleft())

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def app(redis_database: str) -> Iterator[flowc.App]:
    with flowc.App("proj", broker=redis_database, backend=redis_database, set_as_current=False) as made:
        yield made


def waiting(app: flowc.App) -> int:
    """How many messages stand in the queue."""
    with redis.Redis.from_url(app.conf.broker_url) as client:
        return int(client.llen("celery"))


# ------------------------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("x = t.a()\ny = t.b()\nt.c(x, y)", [3]),
        ("x = t.a()\nx -> t.b(1, _)", [2]),
        ("x = t.a()\nx -> t.b(_.id)\nt.c(x[0])", [2, 3]),
        ("t.a() ~> t.progress", [1]),
    ],
)
def test_what_no_message_can_carry_is_refused(app: flowc.App, text: str, places: list[int]) -> None:
    with pytest.raises(flowc.SubmissionRefused) as refused:
        flowc.loads(text).submit(app)
    assert [found.where.line for found in refused.value.obstacles] == places
    assert waiting(app) == 0


def test_joins_are_refused_without_results(redis_database: str) -> None:
    with flowc.App("proj", broker=redis_database, set_as_current=False) as app:
        with pytest.raises(flowc.SubmissionRefused, match="not rpc:// or none"):
            flowc.loads("[t.a(), t.b()] -> t.c").submit(app)
        flowc.loads("t.a() -> [t.b, t.c]").submit(app)
        assert waiting(app) == 1


def test_large_messages_are_refused(app: flowc.App) -> None:
    flow = flowc.loads('t.a(1)\nt.b("x" * 1000)\nt.c(1) -> t.d("y" * 2000)')
    with pytest.raises(flowc.SubmissionRefused) as refused:
        flow.submit(app, max_message=1_000)
    assert [found.steps for found in refused.value.obstacles] == [("b#1",), ("c#1",)]
    assert [found.code for found in refused.value.obstacles] == ["F1021", "F1021"]
    assert "--max-message" in str(refused.value)
    assert waiting(app) == 0
    assert flow.submit(app, max_message=10_000).messages == waiting(app) == 3


def test_large_messages_of_a_group_are_one_refusal(app: flowc.App) -> None:
    with pytest.raises(flowc.SubmissionRefused) as refused:
        flowc.loads("[t.a(i) for i in range(30)] -> t.b" + " -> t.c" * 20).submit(app, max_message=1_000)
    (found,) = refused.value.obstacles
    assert len(found.steps) == 30
    assert "and 29 more have up to" in found.reason


def test_compression_counts(app: flowc.App) -> None:
    submission = flowc.loads('t.b("x" * 10000) {compression = "gzip"}').submit(app, max_message=1_000)
    assert submission.bytes < 1_000


def test_tasks_that_the_application_lacks_are_refused(app: flowc.App) -> None:
    app.task(name="t.known")(lambda: None)
    flow = flowc.loads("t.known() -> t.unknown")
    with pytest.raises(flowc.UnknownTasks, match=r"t\.unknown"):
        flow.submit(app)
    assert waiting(app) == 0
    flow.submit(app, unregistered=True)
    assert waiting(app) == 1


def test_what_cannot_be_bound_is_refused_whole(app: flowc.App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "same")
    monkeypatch.setenv("B", "same")
    with pytest.raises(flowc.PlanError, match="same task_id"):
        flowc.loads('t.a() {task_id = env("A")}\nt.b() {task_id = env("B")}', env=("A", "B")).submit(app)
    with pytest.raises(flowc.PlanError, match="NOWHERE"):
        flowc.loads('t.a()\nt.b(secret("NOWHERE"))').submit(app)
    assert waiting(app) == 0


def test_what_cannot_be_written_is_told_with_its_step(app: flowc.App) -> None:
    with pytest.raises(EncodeError, match=r"^etl\.flow:2:1: step 'b#1': compression 'none' is not known; there are "):
        flowc.loads('t.a()\nt.b() {compression = "none"}', name="etl.flow").submit(app)
    assert waiting(app) == 0


# ------------------------------------------------------------------------------------------------------------------- failures
def test_a_broker_out_of_reach_is_told_without_its_password() -> None:
    with (
        flowc.App("proj", broker="redis://:geheim@127.0.0.1:1/0", settings={"task_publish_retry": False}, set_as_current=False) as app,
        pytest.raises(flowc.SubmissionFailed, match="Nothing was sent") as failed,
    ):
        flowc.loads("t.a() -> t.b\nt.c()").submit(app)
    assert "geheim" not in str(failed.value)
    assert (failed.value.sent, failed.value.uncertain, len(failed.value.unsent)) == ((), (), 2)


@pytest.mark.parametrize("backend", [None, "rpc://"])
def test_a_broker_that_refuses_is_a_mistake_in_the_settings(rabbitmq_url: str, backend: str | None) -> None:
    url = rabbitmq_url.replace("guest:guest@", "guest:geheim@")
    with (
        flowc.App("proj", broker=url, backend=backend, set_as_current=False) as app,
        pytest.raises(ImproperlyConfigured, match=r"^broker_url: cannot connect to amqp://.*refused") as failed,
    ):
        flowc.loads("t.a()").submit(app)
    assert "geheim" not in str(failed.value)


@pytest.mark.parametrize("good", [0, 1, 2, 3, 5, 6])
def test_what_was_sent_is_told(app: flowc.App, monkeypatch: pytest.MonkeyPatch, good: int) -> None:
    monkeypatch.setattr(submitting, "TOGETHER", 3)
    broken = Broken(good)
    app.broker.lend(broken)  # type: ignore[arg-type]
    with pytest.raises(flowc.SubmissionFailed) as failed:
        flowc.loads("[t.a(i) for i in range(7)]").submit(app)
    error = failed.value
    ids = [f"{error.run_id}.a#1[{i}]" for i in range(7)]
    everything = [*error.sent, *error.uncertain, *error.unsent]
    assert len(everything) == len(set(everything)) == len(ids)
    assert list(error.sent) == [envelope.headers["id"] for envelope in broken.sent]
    assert len(error.uncertain) == min(3 - good % 3, 7 - good)
    assert error.run_id in str(error)
    assert "delivery is uncertain" in str(error)


def test_many_bytes_are_built_twice_and_sent_once(app: flowc.App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "TOGETHER", 3)
    monkeypatch.setattr(submitting, "_KEPT", 300)
    submission = flowc.loads("[t.a(i) for i in range(10)]").submit(app)
    assert submission.messages == waiting(app) == 10
    with redis.Redis.from_url(app.conf.broker_url) as client:
        ids = {json.loads(text)["headers"]["id"] for text in client.lrange("celery", 0, -1)}
    assert ids == {step.task_id for step in submission.steps.values()}


def test_a_result_store_out_of_reach(redis_database: str) -> None:
    settings = {"result_backend_transport_options": {"retry_policy": {"max_retries": 0}}}
    with (
        flowc.App("proj", broker=redis_database, backend="redis://127.0.0.1:1/0", settings=settings, set_as_current=False) as app,
        pytest.raises(flowc.SubmissionFailed, match="Nothing was sent"),
    ):
        flowc.loads("[t.a(), t.b()] -> t.c").submit(app)
    with flowc.App("proj", broker=redis_database, set_as_current=False) as app:
        assert waiting(app) == 0


@pytest.mark.parametrize(
    "stored", [b'{"status": "SUCC', b"[[[", b"\x80\x04N.", b'{"status": "SUCCESS", "result": 1, "task_id": "another"}']
)
def test_a_result_that_cannot_be_read_is_how_its_step_failed(app: flowc.App, stored: bytes) -> None:
    submission = flowc.loads("a = t.a()\nb = t.b()\nb -> t.c").submit(app)
    good = '{"status": "SUCCESS", "result": 1, "traceback": null, "children": [], "task_id": "%s"}'
    with redis.Redis.from_url(app.conf.broker_url) as client:
        for id_, step in submission.steps.items():
            client.set(f"celery-task-meta-{step.task_id}", stored if id_ == "b" else good % step.task_id)
    result = submission.wait(timeout=60)
    assert [(step.id, str(step.state)) for step in result.steps] == [("a", "SUCCESS"), ("b", "FAILURE"), ("c#1", "SKIPPED")]
    assert "DecodeError" in str(result.steps[1].error)
    assert not result.timed_out
