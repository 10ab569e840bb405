"""Row "retries of a task": by hand and by themselves; late acknowledgement, lost workers, time limits."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flowc
from flowc.exceptions import (
    MaxRetriesExceededError,
    Reject,
    Retry,
    SoftTimeLimitExceeded,
    TimeLimitExceeded,
    WorkerLostError,
)
from flowc.runtime import request as requests
from flowc.runtime.request import Context

from .proj import DEADLINE, PAIRS, Proj, project, unique


@pytest.fixture(scope="module")
def retrying(worked: Proj) -> Proj:
    seen = worked.seen

    @worked.task(bind=True, max_retries=2, default_retry_delay=0)
    def fails(self: Any, text: str, times: int) -> str:
        seen.append(self.request.retries)
        if self.request.retries < times:
            try:
                raise OSError(text)
            except OSError as exc:
                raise self.retry(exc=exc) from exc
        return text

    @worked.task(bind=True, max_retries=2)
    def gives_up(self: Any) -> None:
        raise self.retry(countdown=0)

    @worked.task(bind=True)
    def with_other_arguments(self: Any, x: int, y: int = 0) -> list[Any]:
        if self.request.retries == 0:
            raise self.retry(args=(x + 1,), kwargs={"y": 10}, countdown=0)
        return [x, y, self.request.id, self.request.retries]

    @worked.task(bind=True)
    def later(self: Any, **when: Any) -> str:
        if self.request.retries == 0:
            seen.append(dt.datetime.now(dt.UTC))
            eta = {"eta": dt.datetime.now(dt.UTC) + dt.timedelta(seconds=when["eta"])} if "eta" in when else when
            raise self.retry(**eta)
        seen.append(dt.datetime.now(dt.UTC))
        return "done"

    return worked


@pytest.fixture
def proj(retrying: Proj) -> Proj:
    retrying.seen.clear()
    return retrying


# ------------------------------------------------------------------------------------------------------------- self.retry
def test_retry_until_it_works(proj: Proj) -> None:
    result = proj.fails.delay("text", 2)
    assert result.get(timeout=DEADLINE) == "text"
    assert proj.seen == [0, 1, 2]


def test_retry_no_more_often_than_allowed(proj: Proj) -> None:
    with pytest.raises(OSError, match="text"):
        proj.fails.delay("text", 3).get(timeout=DEADLINE)
    assert proj.seen == [0, 1, 2]
    with pytest.raises(MaxRetriesExceededError, match="gives_up"):
        proj.gives_up.delay().get(timeout=DEADLINE)


def test_retry_with_other_arguments_under_the_same_id(proj: Proj) -> None:
    result = proj.with_other_arguments.delay(1)
    assert result.get(timeout=DEADLINE) == [2, 10, result.id, 1]


@pytest.mark.parametrize("when", ["countdown", "eta"])
def test_retry_at_a_time(proj: Proj, when: str) -> None:
    assert proj.later.delay(**{when: 0.3}).get(timeout=DEADLINE) == "done"
    first, second = proj.seen
    assert second - first >= dt.timedelta(seconds=0.3)


def test_the_state_is_retry_meanwhile(proj: Proj) -> None:
    messages: list[Any] = []
    assert proj.later.delay(countdown=0.5).get(timeout=DEADLINE, on_message=messages.append) == "done"
    assert [message["status"] for message in messages] == ["RETRY", "SUCCESS"]


def test_callbacks_come_after_the_last_try(proj: Proj) -> None:
    assert proj.fails.apply_async(("text", 1), link=proj.note.s(label="linked")).get(timeout=DEADLINE) == "text"
    assert proj.noted(3) == [0, 1, ("linked", "text")]
    result = proj.fails.apply_async(("text", 9), link_error=proj.failed.s())
    assert isinstance(result.get(timeout=DEADLINE, propagate=False), OSError)
    assert proj.noted(4) == [0, 1, 2, ("failed", result.id)]


def test_a_limit_for_one_retry(proj: Proj) -> None:
    @proj.task(bind=True, max_retries=None)
    def stubborn(self: Any, limit: int) -> None:
        proj.seen.append(self.request.retries)
        raise self.retry(countdown=0, max_retries=limit)

    with pytest.raises(MaxRetriesExceededError):
        stubborn.delay(4).get(timeout=DEADLINE)
    assert proj.seen == [0, 1, 2, 3, 4]


def test_no_limit(proj: Proj) -> None:
    @proj.task(bind=True, max_retries=None)
    def patient(self: Any) -> int:
        if self.request.retries < 10:
            raise self.retry(countdown=0)
        return int(self.request.retries)

    assert patient.delay().get(timeout=DEADLINE) == 10


# ----------------------------------------------------------------------------------------------------------- autoretry_for
def test_autoretry(proj: Proj) -> None:
    @proj.task(
        bind=True, autoretry_for=(OSError,), retry_kwargs={"max_retries": 2, "countdown": 0}, dont_autoretry_for=(FileNotFoundError,)
    )
    def moody(self: Any, kind: str, times: int) -> str:
        proj.seen.append(kind)
        if self.request.retries < times:
            raise {"os": OSError, "file": FileNotFoundError, "value": ValueError}[kind](kind)
        return kind

    assert moody.delay("os", 2).get(timeout=DEADLINE) == "os"
    assert proj.noted(3) == ["os"] * 3
    for kind, error, tries in (("os", OSError, 3), ("file", FileNotFoundError, 1), ("value", ValueError, 1)):
        with pytest.raises(error, match=kind):
            moody.delay(kind, 9).get(timeout=DEADLINE)
        assert proj.noted() == [kind] * tries


def test_backoff_and_jitter(idle: Proj, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits double from retry_backoff to retry_backoff_max; jitter takes any part of them. Nothing is waited for here."""
    waits: list[Any] = []

    def run(retries: int, **options: Any) -> Any:
        task = idle.app.task(name=unique("proj.backing"), autoretry_for=(OSError,), max_retries=None, **options)(fail)
        requests.push(
            Context(id="own", task=task.name, retries=retries, called_directly=False, resend=lambda wanted: waits.append(wanted.countdown))
        )
        try:
            with pytest.raises(Retry):
                task.run()
        finally:
            requests.pop()
        return waits.pop()

    def fail() -> None:
        raise OSError("down")

    assert [run(n, retry_backoff=True, retry_jitter=False) for n in range(4)] == [1, 2, 4, 8]
    assert [run(n, retry_backoff=5, retry_jitter=False) for n in range(3)] == [5, 10, 20]
    assert [run(n, retry_backoff=5, retry_backoff_max=12, retry_jitter=False) for n in range(3)] == [5, 10, 12]
    assert run(30, retry_backoff=True, retry_jitter=False) == 600
    jittered = [run(6, retry_backoff=True) for _ in range(100)]
    assert all(0 <= wait <= 64 for wait in jittered)
    assert len(set(jittered)) > 10


@pytest.mark.parametrize("idle", PAIRS[:1], indirect=True, scope="module")
def test_backoff_is_waited_for(proj: Proj) -> None:
    @proj.task(autoretry_for=(OSError,), retry_backoff=True, retry_jitter=False, max_retries=1)
    def backs_off() -> None:
        proj.seen.append(time.monotonic())
        raise OSError("down")

    with pytest.raises(OSError, match="down"):
        backs_off.delay().get(timeout=DEADLINE)
    first, second = proj.seen
    assert second - first >= 1


def test_called_directly_there_is_no_retry(proj: Proj) -> None:
    with pytest.raises(OSError, match="text"):
        proj.fails("text", 1)
    assert proj.seen == [0]


# ------------------------------------------------------------------------------- acknowledgement, lost workers, time limits
@pytest.fixture(scope="module")
def processes(idle: Proj, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proj]:
    """A worker with processes: they can be killed. What ran is in a file."""
    log = tmp_path_factory.mktemp("processes") / "log"
    with project(idle.broker, idle.store, idle.urls) as made:
        made.__dict__["log"] = log
        _dangerous_tasks(made, log)
        with made.app.embedded_worker([made.queue], pool="processes", concurrency=1):
            yield made


def _dangerous_tasks(made: Proj, log: Path) -> None:
    def count() -> int:
        with log.open("a") as file:
            file.write("ran\n")
        return len(log.read_text().splitlines())

    @made.task(acks_late=True, reject_on_worker_lost=True)
    def dies_once() -> int:
        if (times := count()) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return times

    @made.task(acks_late=True)
    def dies() -> None:
        count()
        os.kill(os.getpid(), signal.SIGKILL)

    @made.task()
    def sleeps() -> str:
        count()
        time.sleep(60)
        return "slept"

    @made.task()
    def cleans_up() -> str:
        try:
            time.sleep(60)
        except SoftTimeLimitExceeded:
            return "cleaned up"
        return "slept"


@pytest.fixture
def dangerous(processes: Proj) -> Proj:
    processes.log.write_text("")
    return processes


def ran(proj: Proj) -> int:
    return len(proj.log.read_text().splitlines())


def test_a_task_whose_process_dies_comes_again_if_it_asks_so(dangerous: Proj) -> None:
    assert dangerous.dies_once.delay().get(timeout=DEADLINE) == 2


def test_else_it_has_failed(dangerous: Proj) -> None:
    with pytest.raises(WorkerLostError):
        dangerous.dies.delay().get(timeout=DEADLINE)
    assert ran(dangerous) == 1
    assert dangerous.add.delay(2, 2).get(timeout=DEADLINE) == 4


def test_the_hard_limit_kills(dangerous: Proj) -> None:
    result = dangerous.sleeps.apply_async(time_limit=0.3)
    with pytest.raises(TimeLimitExceeded):
        result.get(timeout=DEADLINE)
    assert (result.state, ran(dangerous)) == ("FAILURE", 1)
    assert dangerous.add.delay(2, 2).get(timeout=DEADLINE) == 4


def test_the_soft_limit_can_be_caught(dangerous: Proj) -> None:
    assert dangerous.cleans_up.apply_async(soft_time_limit=0.2, time_limit=30).get(timeout=DEADLINE) == "cleaned up"
    with pytest.raises(SoftTimeLimitExceeded):
        dangerous.sleeps.apply_async(soft_time_limit=0.2).get(timeout=DEADLINE)


def test_late_acknowledgement_gives_back(idle: Proj) -> None:
    """With acks_late a message is acknowledged at the end of its task: a worker that leaves at once gives it back."""
    with project(idle.broker, idle.store, idle.urls) as proj:
        go: list[bool] = []

        @proj.task(acks_late=True)
        def holds() -> str:
            proj.seen.append("began")
            while not go:
                time.sleep(0.01)
            return "done"

        result = holds.delay()
        with proj.app.embedded_worker() as worker:
            proj.noted()
            worker.stop(now=True)
        go.append(True)
        with proj.app.embedded_worker():
            assert result.get(timeout=DEADLINE) == "done"
        assert proj.seen == ["began"]


def test_reject_gives_back_too(proj: Proj, caplog: pytest.LogCaptureFixture) -> None:
    @proj.task(bind=True, acks_late=True)
    def picky(self: Any) -> str:
        proj.seen.append("ran")
        if len(proj.seen) == 1:
            raise Reject("not now", requeue=True)
        return "done"

    with caplog.at_level(logging.CRITICAL, logger="flowc"):
        assert picky.delay().get(timeout=DEADLINE) == "done"
    assert proj.seen == ["ran", "ran"]


# ------------------------------------------------------------------------------------------------------------------- flows
@pytest.mark.parametrize("pool", ["threads", "processes", "solo"])
def test_retries_in_flows(here: Proj, pool: str) -> None:
    @here.task(bind=True, max_retries=3)
    def fails(self: Any, times: int) -> int:
        if self.request.retries < times:
            raise self.retry(countdown=0.05)
        return int(self.request.retries)

    @here.task(autoretry_for=(OSError,), retry_kwargs={"max_retries": 1, "countdown": 0})
    def moody() -> None:
        raise OSError("down")

    assert flowc.loads("fails(2) -> add(10)", app=here.app).run(here.app, pool=pool).value == 12
    result = flowc.loads("[fails(4), moody()] -> add(1)", app=here.app).run(here.app, pool=pool)
    assert sorted(str(step.error).split(":")[0] for step in result.failed) == ["MaxRetriesExceededError", "OSError"]


def test_limits_in_flows(here: Proj) -> None:
    @here.task()
    def sleeps() -> None:
        time.sleep(60)

    hard = flowc.loads("sleeps() {time_limit = 300ms}", app=here.app).run(here.app, pool="processes")
    assert "TimeLimitExceeded" in str(hard.failed[0].error)
    soft = flowc.loads("sleeps() {soft_time_limit = 300ms}", app=here.app).run(here.app, pool="processes")
    assert "SoftTimeLimitExceeded" in str(soft.failed[0].error)
