"""Virtual time: when steps begin and end, and what that decides. All of it passes in no time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import flowc
from flowc.runtime.errors import SoftTimeLimitExceeded, UsageError
from flowc.testing import FlowRun, now, run, sequence, sleep, takes, task

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR, DAY = 3600, 86_400


def flow(text: str, **given: Any) -> FlowRun:
    return run(flowc.loads(text), now=NOON, **given)


def began(ran: FlowRun) -> dict[str, float | None]:
    return {step.id: step.began for step in ran}


def test_countdowns_count_from_when_a_step_can_be_sent() -> None:
    ran = flow("a() {countdown = 2d} -> b {countdown = 90m}\nc()\n", stubs={"a": 1, "b": 2, "c": 3})
    assert began(ran) == {"a#1": 2 * DAY, "b#1": 2 * DAY + 1.5 * HOUR, "c#1": 0}
    assert ran.order == ["c#1", "a#1", "b#1"]
    assert ran.duration == 2 * DAY + 1.5 * HOUR


def test_an_eta_is_a_moment() -> None:
    ran = flow("a() {eta = now + 1h}\nb() {eta = 2026-11-24T12:00:00Z}\nc() {eta = 2020-01-01T00:00:00Z}", stubs={"a": 1, "b": 2, "c": 3})
    assert began(ran) == {"a#1": HOUR, "b#1": 2 * DAY, "c#1": 0}


def test_what_expires_is_revoked_when_it_does_and_calls_nobody() -> None:
    text = "(slow() => a() {expires = 1h} !> note) => c()\nslow() => b() {expires = 10m, countdown = 1h} -> c !> note\n"
    ran = flow(text, stubs={"slow": takes(600), "a": 1, "b": 2, "c": 3, "note": None})
    assert ran["a"].state == "SUCCESS"  # it counts from when it could be sent
    assert (ran["b"].state, ran["b"].calls, ran.skipped, ran.handlers) == ("REVOKED", (), ["c#2"], ())
    assert ran["b"].ended == 1200
    with pytest.raises(AssertionError, match=r"step b#1 was not called: it is REVOKED: TaskRevokedError: expired at"):
        _ = ran["b"].args


def test_steps_that_wait_for_a_place_may_expire() -> None:
    ran = flow("a()\nb() {expires = 1h}\nc() {expires = 3h}", stubs={"a": takes(2 * HOUR), "b": 1, "c": 2}, concurrency=1)
    assert (ran.states, ran["c"].began) == ({"a#1": "SUCCESS", "b#1": "REVOKED", "c#1": "SUCCESS"}, 2 * HOUR)


@pytest.mark.parametrize(("concurrency", "times"), [(None, [0, 0, 0, 0]), (1, [0, 60, 120, 180]), (3, [0, 0, 0, 60])])
def test_so_many_steps_run_at_once(concurrency: int | None, times: list[float]) -> None:
    ran = flow("[work(n) for n in [1, 2, 3, 4]] -> total", stubs={"work": takes(60, 5), "total": sum}, concurrency=concurrency)
    assert [call.at for call in ran.calls("work")] == times
    assert ran.value == 20


def test_steps_that_waited_for_their_time_wait_for_a_place_too() -> None:
    text = "[work(n) {countdown = 1h} for n in [1, 2, 3]]\nslow() {timeout = 1h} !> note"
    ran = flow(text, stubs={"work": takes(60), "slow": takes(DAY), "note": None}, concurrency=2)
    assert [call.at for call in ran.calls("work")] == [HOUR, HOUR, HOUR + 60]
    assert [call.at for call in ran.handlers] == [HOUR]
    ran = flow("a() {countdown = 1h, expires = 2h}\nb() {countdown = 1h}", stubs={"a": 1, "b": takes(5)}, concurrency=1)
    assert began(ran) == {"a#1": HOUR, "b#1": HOUR}
    ran = flow("b() {countdown = 1h}\na() {countdown = 1h, expires = 61m}", stubs={"a": 1, "b": takes(3600)}, concurrency=1)
    assert ran.states == {"b#1": "SUCCESS", "a#1": "REVOKED"}


def test_a_priority_overtakes_what_waits() -> None:
    ran = flow("a()\nb()\nc() {priority = 9}", stubs={"a": takes(1), "b": takes(1), "c": takes(1)}, concurrency=1)
    assert ran.order == ["c#1", "a#1", "b#1"]


# -------------------------------------------------------------------------------------------------------------------- retries
def test_retries_wait_as_long_as_they_can() -> None:
    stub = task(sequence(OSError, OSError("again"), lambda n: n + 1), autoretry_for=(OSError,), retry_backoff=60, max_retries=5)
    ran = flow("a(1) -> b", stubs={"a": stub, "b": lambda n: n})
    assert [(call.at, call.state, call.error, call.retries) for call in ran.calls("a")] == [
        (0, "RETRY", "OSError", 0),
        (60, "RETRY", "OSError: again", 1),
        (180, "SUCCESS", None, 2),
    ]
    assert (ran["a"].began, ran["a"].ended, ran["a"].retries, ran["b"].began, ran.value) == (0, 180, 2, 180, 2)


def test_retries_give_up_in_the_end() -> None:
    ran = flow("a() !> note", stubs={"a": task(autoretry_for=(OSError,), max_retries=2), "note": None}, fail={"a": OSError("no route")})
    assert [(call.at, call.state) for call in ran.calls("a")] == [(0, "RETRY"), (180, "RETRY"), (360, "FAILURE")]
    assert [(call.task, call.at) for call in ran.handlers] == [("note", 360)]


def test_the_applications_options_hold_for_stubs() -> None:
    ran = flow("a() !> note", app=application(), fail={"a": OSError("no route")})
    assert [call.at for call in ran.calls("a")] == [0, 180, 360]
    assert [(call.task, call.at) for call in ran.handlers] == [("note", 360)]


def test_retries_of_an_applications_own_tasks() -> None:
    ran = flow("b(3) -> a", app=application(), stubs={"a": lambda n: n})
    assert [(call.at, call.args) for call in ran.calls("b")] == [(0, (3,)), (HOUR, (2,)), (2 * HOUR, (1,)), (3 * HOUR, (0,))]
    assert ran.value == "done"


def test_an_application_is_left_as_it_is() -> None:
    app = application()
    assert app.tasks["c"].retry_jitter
    ran = flow("c()", app=app)
    assert [call.at for call in ran.calls("c")] == [0, 10, 30, 70]
    assert app.tasks["c"].retry_jitter


def application() -> flowc.App:
    app = flowc.App("real", set_as_current=False)

    @app.task(name="a", autoretry_for=(OSError,), max_retries=2)
    def a() -> None:
        raise AssertionError("the stub is called instead")

    @app.task(name="b", bind=True, max_retries=None)
    def b(self: Any, left: int) -> str:
        if left:
            raise self.retry(args=(left - 1,), countdown=HOUR)
        return "done"

    @app.task(name="c", autoretry_for=(ValueError,), retry_backoff=10)
    def c() -> None:
        raise ValueError

    @app.task(name="note")
    def note(request: Any, exc: Any, traceback: str) -> None:
        assert isinstance(exc, OSError)

    return app


# --------------------------------------------------------------------------------------------------------------------- limits
def test_a_timeout_ends_the_waiting_and_counts_all_attempts() -> None:
    again = task(ConnectionError, autoretry_for=(ConnectionError,), default_retry_delay=HOUR, max_retries=None)
    ran = flow(
        "a() {timeout = 1d} -> c !> note\nb() {timeout = 90m} !> note", stubs={"a": takes(2 * DAY), "b": again, "c": 1, "note": None}
    )
    assert {step.id: (step.state, step.ended) for step in ran} == {
        "a#1": ("FAILURE", DAY),
        "b#1": ("FAILURE", 1.5 * HOUR),
        "c#1": ("SKIPPED", None),
    }
    assert ran["a"].error == "TimeoutError: no end within 86400s"
    assert [(call.ended, call.state) for call in ran["a"].calls] == [(DAY, "FAILURE")]
    assert [call.at for call in ran["b"].calls] == [0, HOUR]
    assert [(call.step, call.at) for call in ran.handlers] == [("b#1", 1.5 * HOUR), ("a#1", DAY)]


def test_time_limits_are_kept_for_each_attempt() -> None:
    reached: list[str] = []

    def hard() -> None:
        sleep(50)
        reached.append("before")
        sleep(50)
        reached.append("after")

    def soft() -> str:
        try:
            sleep(dt.timedelta(hours=1))
        except SoftTimeLimitExceeded as exc:
            return str(exc)
        return "in time"

    text = "a() {time_limit = 60s}\nb() {soft_time_limit = 5m, time_limit = 10m}\nc() {time_limit = 60s}"
    ran = flow(text, stubs={"a": hard, "b": soft, "c": takes(60, "just in time")})
    assert (ran["a"].error, ran["a"].ended) == ("TimeLimitExceeded: ran longer than 60 s and was killed", 60)
    assert reached == ["before"]
    assert (ran["b"].result, ran["b"].ended) == ("ran longer than 300 s", 300)
    assert (ran["c"].result, ran["c"].ended) == ("just in time", 60)


# ---------------------------------------------------------------------------------------------------------------- inside tasks
def test_a_task_can_ask_the_time_and_let_it_pass() -> None:
    def a() -> list[str]:
        before = now()
        sleep(0.25)
        return [before.isoformat(), now().isoformat()]

    ran = flow("a() {countdown = 1h} -> b", stubs={"a": a, "b": lambda times: times})
    assert ran.value == ["2026-11-22T13:00:00+00:00", "2026-11-22T13:00:00.250000+00:00"]
    assert ran["b"].began == 3600.25


def test_states_are_told_when_the_task_comes_to_them() -> None:
    def work(self: Any) -> None:
        for percent in (50, 100):
            sleep(30)
            self.update_state(state="PROGRESS", meta=percent)

    ran = flow("work() ~> show", stubs={"work": task(work, bind=True), "show": None})
    assert [(heard.at, heard.state, heard.result) for heard in ran.heard] == [
        (30, "PROGRESS", 50),
        (60, "PROGRESS", 100),
        (60, "SUCCESS", None),
    ]
    assert [call.args[0]["status"] for call in ran.calls("show")] == ["PROGRESS", "PROGRESS", "SUCCESS"]
    assert ran.handlers == ()


def test_times_are_exact_to_the_microsecond() -> None:
    chain = " => ".join(f"a({n}) {{countdown = 100ms}}" for n in range(50))
    ran = run(flowc.loads(chain), stubs={"a": takes(0.000_001)})
    assert [call.at for call in ran.calls()] == [pytest.approx(0.1 * (n + 1) + 0.000_001 * n, abs=1e-9) for n in range(50)]


def test_there_is_no_virtual_time_elsewhere() -> None:
    with pytest.raises(RuntimeError, match="there is no virtual clock here"):
        sleep(1)
    ran = flow("a()\nb()\nc() ~> d", stubs={"a": lambda: sleep(-1), "b": takes(1e15), "c": 1, "d": lambda message: sleep(1)})
    assert [step.error for step in ran][:2] == [
        "ValueError: a time to let pass is not negative: -1",
        "ValueError: 1000000000000000.0 s from now lies past the year 9999",
    ]
    assert str(ran.result.handlers[0].failure) == "RuntimeError: virtual time passes inside of tasks and handlers only"


def test_the_start_is_a_moment() -> None:
    with pytest.raises(UsageError, match="has no time zone"):
        run(flowc.loads("a()"), stubs={"a": 1}, now=dt.datetime(2026, 1, 1))
    with pytest.raises(UsageError, match="concurrency of 0"):
        run(flowc.loads("a()"), stubs={"a": 1}, concurrency=0)
