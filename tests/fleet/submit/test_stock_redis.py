"""Flows submitted to a stock worker on Redis: what it makes of messages that carry themselves."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any

import pytest

import flowc
from flowc.runtime.fleet import awaiting, suspecting
from flowc.runtime.outcome import RunEvent, RunResult, StepEnded, StepTold

from ..shared import SharedStock
from ..watch.listening import QUICK

#: Seconds that a run may take before its test gives up.
PATIENCE = 60


@pytest.fixture
def app(stock_redis: SharedStock) -> Iterator[flowc.App]:
    with flowc.App("proj", broker=stock_redis.broker, backend=stock_redis.backend, set_as_current=False) as made:
        yield made


Ran = Callable[[str], RunResult]


@pytest.fixture
def ran(app: flowc.App) -> Ran:
    """Submit a flow, and wait for its end."""

    def run(text: str) -> RunResult:
        result = flowc.loads(dedent(text)).submit(app).wait(PATIENCE)
        assert not result.timed_out, result
        return result

    return run


@pytest.fixture
def key() -> str:
    """A key of notes that no other test has."""
    return uuid.uuid4().hex


def states(result: RunResult) -> dict[str, str]:
    return {step.id: str(step.state) for step in result.steps}


def noted(worker: SharedStock, key: str, count: int) -> list[Any]:
    """What was noted under a key, once there are so many, and no more come."""
    until = time.monotonic() + PATIENCE
    while len(worker.calls(key)) < count and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.1)
    return worker.calls(key)


# -------------------------------------------------------------------------------------------------------------------- values
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("proj.add(2, 2)", 4),
        ("proj.add(2, 2) -> proj.add(16)", 20),
        ("proj.add(2, 2) -> proj.add(4) -> proj.add(8) -> proj.mul(10)", 160),
        ("proj.add(2, 2) => proj.add(1, 1)", 2),
        ("[proj.add(i, i) for i in range(10)]", [2 * i for i in range(10)]),
        ("[proj.add(i, i) for i in range(10)] -> proj.tsum", 90),
        ("[proj.add(1, 1), proj.add(2, 2)] => proj.add(5, 5)", 10),
        ("proj.add(1, 1) -> [proj.add(i) for i in range(4)]", [2, 3, 4, 5]),
        ("proj.add(1, 1) -> [proj.add(i) for i in range(4)] -> proj.tsum -> proj.mul(2)", 28),
        ("proj.add(1, 1) => [proj.add(i, i) for i in range(4)] -> proj.tsum -> proj.mul(2)", 24),
        ("[proj.add(1, 1) -> proj.add(1), proj.add(2, 2)] -> proj.tsum", 7),
        ("[proj.add(1, 1), proj.add(2, 2)] -> [proj.tsum, proj.tsum] -> proj.tsum", 12),
        ("[[proj.add(1, 1), proj.add(2, 2)] -> proj.tsum, proj.add(5, 5)] -> proj.tsum -> proj.add(1)", 17),
        ("proj.add(0, 0) -> [[proj.add(1), proj.add(2)] -> proj.tsum -> proj.add(1), proj.add(5)] -> proj.tsum", 9),
        ("[[proj.add(1, 1), proj.add(2, 2)], [proj.add(3, 3)]] -> proj.echo", [[2, 4], [6]]),
        ("[proj.add(1, 1)] -> proj.echo", [2]),
        ("[] -> proj.echo", []),
        ("[1, 2] -> proj.tsum", 3),
        ("x = proj.echo(1) -> proj.call(2, k=3)\nx", [[1, 2], {"k": 3}]),
        ("a = proj.add(1, 1)\nb = a -> proj.add(1)\nc = a -> proj.add(2)\nd = a -> proj.add(3)\n[b, c, d]", [3, 4, 5]),
        (
            """
            a = proj.add(1, 1)
            g = a -> [proj.add(1), proj.add(2)] -> proj.tsum
            h = a -> [proj.add(1), proj.add(3)] -> proj.tsum -> proj.add(1)
            b = a -> proj.add(10)
            c = a -> proj.add(20) -> proj.add(1)
            [g, h, b, c]
            """,
            [7, 9, 12, 23],
        ),
        ("map(proj.tsum, [[1, 2], [3]])", [3, 3]),
        ("starmap(proj.add, [[1, 2], [3, 4]])", [3, 7]),
        ("chunks(proj.add, [[i, i] for i in range(5)], 2)", [[0, 2], [4, 6], [8]]),
    ],
)
def test_values(ran: Ran, text: str, value: Any) -> None:
    result = ran(text)
    assert result.ok, result
    assert result.value == value


def test_a_long_chain(ran: Ran) -> None:
    assert ran("proj.add(0, 0)" + " -> proj.add(1)" * 150).value == 150


def test_twenty_groups_in_a_row(ran: Ran) -> None:
    assert ran("[proj.add(1, 0), proj.add(1, 0)] -> proj.tsum" + " -> [proj.add(0), proj.mul(1)] -> proj.tsum" * 20).value == 2**21


def test_the_handle_of_the_value(app: flowc.App) -> None:
    one = flowc.loads("proj.add(2, 2) -> proj.add(16)").submit(app)
    group = flowc.loads("[proj.add(i, i) for i in range(3)]").submit(app)
    nested = flowc.loads("[[proj.add(1, 1), proj.add(2, 2)], proj.add(3, 3)]").submit(app)
    assert one.result.get(timeout=PATIENCE) == 20
    assert one.result.id == one.steps["add#2"].task_id
    assert group.result.get(timeout=PATIENCE) == [0, 2, 4]
    assert nested.result.get(timeout=PATIENCE) == [[2, 4], 6]
    assert flowc.loads("proj.add(1, 1)\n1").submit(app).result is None


# ------------------------------------------------------------------------------------------------------------------ failures
@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ('proj.fail("x") -> proj.add(1) -> proj.add(2)', {"fail#1": "FAILURE", "add#1": "SKIPPED", "add#2": "SKIPPED"}),
        (
            'g = [proj.fail("x"), proj.add(1, 1)]\ng -> proj.tsum -> proj.add(1)',
            {"g[0]": "FAILURE", "g[1]": "SUCCESS", "tsum#1": "SKIPPED", "add#1": "SKIPPED"},
        ),
        (
            'o = [[proj.fail("x"), proj.add(1, 1)] -> proj.tsum, proj.add(1, 1)]\no -> proj.echo -> proj.add(1)',
            {
                "o[0].fail#1": "FAILURE",
                "o[0].add#1": "SUCCESS",
                "o[0]": "SKIPPED",
                "o[1]": "SUCCESS",
                "echo#1": "SKIPPED",
                "add#1": "SKIPPED",
            },
        ),
        (
            "x = proj.add(1, 1)\nf = x -> proj.fail\ny = x -> proj.add(5)\nf -> proj.add(1)",
            {"x": "SUCCESS", "f": "FAILURE", "y": "SUCCESS", "add#1": "SKIPPED"},
        ),
        ("proj.unknown(1) -> proj.add(1)", {"unknown#1": "FAILURE", "add#1": "SKIPPED"}),
        ("proj.echo(1) {expires = 2020-01-01T00:00:00Z} -> proj.add(1)", {"echo#1": "REVOKED", "add#1": "SKIPPED"}),
        (
            "proj.echo(1) -> proj.echo {expires = 2020-01-01T00:00:00Z} -> proj.add(1)",
            {"echo#1": "SUCCESS", "echo#2": "REVOKED", "add#1": "SKIPPED"},
        ),
    ],
)
def test_what_follows_a_failure_is_skipped(ran: Ran, text: str, ended: dict[str, str]) -> None:
    result = ran(text)
    assert (result.ok, result.exit_code) == (False, 4)
    found = states(result)
    assert found == ended


def test_a_failure_is_shown_as_it_was(ran: Ran) -> None:
    (step,) = ran('proj.boom("bang", 3)').steps
    assert step.failure is not None
    assert (step.failure.type, step.failure.args) == ("Boom", ("bang", 3))
    assert "raise Boom" in (step.traceback or "")


# ------------------------------------------------------------------------------------------------------------------ handlers
@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('proj.fail("x") !> proj.on_error(key=K)', [["on_error", "fail#1"]]),
        ('proj.fail("x") !> proj.on_error_id(key=K)', [["on_error_id", "fail#1"]]),
        ('proj.fail("x") !> [proj.on_error(key=K), proj.on_error_id(key=K)]', [["on_error", "fail#1"], ["on_error_id", "fail#1"]]),
        ("(proj.echo(1) -> proj.fail -> proj.add(1)) !> proj.on_error(key=K)", [["on_error", "fail#1"]]),
        ("(proj.echo(1) -> [proj.fail, proj.echo] -> proj.tsum) !> proj.on_error(key=K)", [["on_error", "tsum#1"]]),
        ("([proj.echo(1) -> proj.fail, proj.echo(2)] -> proj.tsum) !> proj.on_error_id(key=K)", [["on_error_id", "tsum#1"]]),
        (
            '([proj.fail("a"), proj.fail("b")] -> proj.tsum) !> each proj.on_error(key=K)',
            [["on_error", "fail#1"], ["on_error", "fail#2"]],
        ),
    ],
)
def test_handlers_are_called(ran: Ran, stock_redis: SharedStock, key: str, text: str, calls: list[list[str]]) -> None:
    assert not ran(text.replace("K)", f'"{key}")')).ok
    found = [[call[0], call[1].rpartition(".")[2]] for call in noted(stock_redis, key, len(calls))]
    assert sorted(found) == calls


# ------------------------------------------------------------------------------------------------------------------- options
def test_options_arrive(ran: Ran, app: flowc.App) -> None:
    options = """{shadow = "sh", headers = {tenant: "acme"}, time_limit = 60s, soft_time_limit = 50s, priority = 3,
    compression = "gzip", expires = 2099-01-01T00:00:00Z}"""
    first, later = ran(f"a = proj.dump(1) {options}\nb = proj.echo(1) -> proj.dump {options}\n[a, b]").value
    for told in (first, later):
        assert told["args"] == [1]
        assert (told["shadow"], told["headers"], told["timelimit"]) == ("sh", {"tenant": "acme"}, [60, 50])
        assert told["expires"] == "2099-01-01T00:00:00+00:00"
        assert told["delivery_info"]["priority"] == 3
        assert told["root_id"] == first["root_id"]
    assert later["parent_id"] == f"{first['root_id']}.b.echo#1"


@pytest.mark.parametrize("option", ["countdown = 1s", "eta = now + 1s"])
def test_later_steps_wait_for_their_time(ran: Ran, option: str) -> None:
    began = time.monotonic()
    assert ran(f"proj.echo(1) -> proj.echo {{{option}}}").value == 1
    assert time.monotonic() - began > 0.9


def test_steps_go_to_their_queues(stock_redis: SharedStock) -> None:
    """The queue of the second step is read by nobody; routes of the settings count for steps inside messages."""
    queue = f"nobody-{uuid.uuid4().hex}"
    settings = {"task_routes": {"proj.mul": queue}}
    with flowc.App("proj", broker=stock_redis.broker, backend=stock_redis.backend, settings=settings, set_as_current=False) as app:
        submission = flowc.loads("proj.echo(1) -> proj.mul(2)").submit(app)
        result = submission.wait(1.0)
        assert (result.timed_out, result.exit_code, result.abandoned) == (True, 6, ("mul#1",))
        assert states(result) == {"echo#1": "SUCCESS", "mul#1": "STARTED"}
        with app.connection() as connection:
            message = connection.SimpleQueue(queue).get(timeout=PATIENCE)
            assert message.headers["id"] == submission.steps["mul#1"].task_id
            message.ack()


# ------------------------------------------------------------------------------------------------------------------- waiting
def test_events_while_waiting(app: flowc.App) -> None:
    seen: list[RunEvent] = []
    result = flowc.loads("proj.progress(3, 0.05) -> proj.add(1)").submit(app).wait(PATIENCE, seen.append)
    assert result.value == 4
    assert [(event.state, event.meta) for event in seen if isinstance(event, StepTold) and event.state == "PROGRESS"][-1][1] == {
        "current": 3, "total": 3,
    }  # fmt: skip
    assert [event.step.id for event in seen if isinstance(event, StepEnded)] == ["progress#1", "add#1"]


def test_what_is_not_kept_is_not_waited_for(ran: Ran) -> None:
    inner = ran("proj.echo(1) {ignore_result = true} => proj.echo(2)")
    assert (inner.ok, inner.value, states(inner)) == (True, 2, {"echo#1": "SUCCESS", "echo#2": "SUCCESS"})
    leaf = ran("x = proj.echo(1)\nx -> proj.nothing {ignore_result = true}\nx")
    assert (leaf.ok, leaf.value, leaf.exit_code) == (True, 1, 0)
    assert any("nothing#1" in text for text in leaf.notes)


def test_waiting_twice_and_after_the_end(app: flowc.App) -> None:
    submission = flowc.loads("proj.fail(1) -> proj.add(1)").submit(app)
    first, second = submission.wait(PATIENCE), submission.wait(PATIENCE)
    assert states(first) == states(second) == {"fail#1": "FAILURE", "add#1": "SKIPPED"}


# ------------------------------------------------------------------------------------------------------------------- silence
@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Callable[[flowc.Submission], RunResult]:
    """Wait, but not for long where nothing is heard."""
    monkeypatch.setattr(suspecting, "QUIET", 0.3)
    monkeypatch.setattr(awaiting, "_PAUSE", 0.1)
    monkeypatch.setattr(awaiting, "_SETTLED", 0.3)
    return lambda submission: awaiting.wait(submission, PATIENCE, None, patience=QUICK)


def test_a_step_that_ends_without_a_word_is_lost(app: flowc.App, impatient: Callable[[flowc.Submission], RunResult]) -> None:
    result = impatient(flowc.loads("proj.echo(1) => proj.ignore() => proj.add(1, 1)").submit(app))
    assert states(result) == {"echo#1": "SUCCESS", "ignore#1": "LOST", "add#1": "SKIPPED"}
    assert (result.timed_out, result.exit_code) == (False, 4)
    assert "StepLostError" in (result.steps[1].error or "")


def test_a_slow_step_is_not_lost(app: flowc.App, impatient: Callable[[flowc.Submission], RunResult]) -> None:
    result = impatient(flowc.loads("proj.sleep(4, 1) -> proj.add(1)").submit(app))
    assert result.value == 2


def test_later_results_prove_what_a_task_does_not_keep(app: flowc.App, impatient: Callable[[flowc.Submission], RunResult]) -> None:
    """The task itself, on the worker, ignores its results: here nobody knows that."""
    result = impatient(flowc.loads("proj.ignored(1) -> proj.add(1) -> proj.ignored -> proj.add(1)").submit(app))
    assert (result.ok, result.value) == (True, 3)
    assert set(states(result).values()) == {"SUCCESS"}
