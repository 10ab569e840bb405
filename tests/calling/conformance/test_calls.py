"""Calls, their results and failures, over every broker, result store and pool."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest

from flowc.exceptions import EncodeError, NotRegistered, TaskRevokedError, TimeLimitExceeded, WorkerLostError

from .waiting import DEADLINE, lines, wait_for

Combination = Any


def test_a_call_gives_its_result(combination: Combination) -> None:
    assert combination.tasks.add.delay(2, y=3).get(timeout=DEADLINE) == 5


def test_a_call_by_name(combination: Combination) -> None:
    assert combination.tasks.app.send_task("c.add", (["a"], ["b"])).get(timeout=DEADLINE) == ["a", "b"]


def test_what_json_carries_further(combination: Combination) -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=dt.UTC)
    assert combination.tasks.add.delay([moment, b"\0"], [None, 1.5]).get(timeout=DEADLINE) == [moment, b"\0", None, 1.5]


def test_a_task_knows_its_request(combination: Combination) -> None:
    seen = combination.tasks.who.apply_async((1,), {"k": 2}, task_id=f"who-{time.time_ns()}", headers={"tenant": "x"})
    value = seen.get(timeout=DEADLINE)
    assert value == {
        "id": seen.id, "root_id": seen.id, "parent_id": None, "retries": 0, "queue": combination.queue,
        "hostname": combination.worker.hostname, "direct": False, "headers": {"tenant": "x"}, "args": [1], "kwargs": {"k": 2},
    }  # fmt: skip


def test_a_failure_is_raised_as_its_class(combination: Combination) -> None:
    result = combination.tasks.fail.delay("bad")
    with pytest.raises(combination.tasks.Odd) as caught:
        result.get(timeout=DEADLINE)
    assert (caught.value.args, caught.value.number) == (("bad", 7), 7)
    assert (result.state, result.failed(), result.ready()) == ("FAILURE", True, True)
    assert "raise Odd" in result.traceback


@pytest.mark.parametrize(
    ("name", "args", "kind", "says"),
    [
        ("c.unwritable", (), EncodeError, "there is a set"),
        ("c.leave", (), Exception, "3"),
        ("c.nonsense", (), NotRegistered, "c.nonsense"),
        ("c.total", (1, 2, 3), TypeError, "positional argument"),
    ],
)
def test_whatever_goes_wrong_is_stored(combination: Combination, name: str, args: Any, kind: type, says: str) -> None:
    options = {} if name != "c.total" else {"task_id": f"wrong-{time.time_ns()}"}
    result = _unchecked(combination, name, args, **options)
    with pytest.raises(kind, match=says):
        result.get(timeout=DEADLINE)
    assert combination.tasks.add.delay(1, 1).get(timeout=DEADLINE) == 2


def _unchecked(combination: Combination, name: str, args: Any, **options: Any) -> Any:
    """Send a call without the check of its arguments."""
    from flowc.runtime.sending import Sending

    app = combination.tasks.app
    id_ = app.sender.send(Sending(name, args, {}, {"reply_to": app.backend.reply_to, **options} if app.backend.reply_to else options))
    return app.AsyncResult(id_)


def test_an_ignored_result_is_not_kept(combination: Combination, notes: Path) -> None:
    result = combination.tasks.ignored.delay(str(notes))
    lines(notes, 1)
    combination.tasks.add.delay(1, 1).get(timeout=DEADLINE)
    assert result.state == "PENDING"


def test_state_messages_come_in_order(combination: Combination) -> None:
    heard: list[Any] = []
    result = combination.tasks.progress.delay(3)
    assert result.get(on_message=heard.append, propagate=False, timeout=DEADLINE) == "done"
    assert [(m["status"], m["result"]) for m in heard] == [*(("PROGRESS", {"step": n}) for n in range(3)), ("SUCCESS", "done")]
    assert all({"task_id", "result", "children", "status", "traceback"} <= set(message) for message in heard)


def test_a_countdown_is_never_early(combination: Combination, notes: Path) -> None:
    sent = time.time()
    results = [combination.tasks.when.apply_async((str(notes),), countdown=0.3 - n / 20) for n in range(4)]
    began = [result.get(timeout=DEADLINE) for result in results]
    assert all(at >= sent + 0.3 - n / 20 for n, at in enumerate(began))


def test_an_eta_is_never_early(combination: Combination, notes: Path) -> None:
    eta = dt.datetime.now(dt.timezone(dt.timedelta(hours=5))) + dt.timedelta(milliseconds=251)
    assert combination.tasks.when.apply_async((str(notes),), eta=eta).get(timeout=DEADLINE) >= eta.timestamp()


def test_an_expired_call_is_revoked(combination: Combination, notes: Path) -> None:
    result = combination.tasks.when.apply_async((str(notes),), expires=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    with pytest.raises(TaskRevokedError, match="expired"):
        result.get(timeout=DEADLINE)
    assert result.state == "REVOKED"
    held = combination.tasks.when.apply_async((str(notes),), countdown=3600, expires=0.2)
    with pytest.raises(TaskRevokedError, match="expired"):
        held.get(timeout=DEADLINE)
    assert not notes.exists()


def test_a_held_call_is_revoked_at_once(combination: Combination, notes: Path) -> None:
    result = combination.tasks.when.apply_async((str(notes),), countdown=3600)
    result.revoke()
    with pytest.raises(TaskRevokedError, match="revoked"):
        result.get(timeout=DEADLINE)
    assert not notes.exists()


def test_a_call_that_waits_for_its_turn_is_revoked(combination: Combination, notes: Path) -> None:
    tasks, stop = combination.tasks, notes.with_name("stop")
    running = [tasks.until.delay(str(stop)) for _ in range(combination.worker.concurrency)]
    lines(Path(f"{stop}.begun"), len(running))
    waiting = tasks.when.delay(str(notes))
    waiting.revoke()
    if combination.pool != "solo":  # its loop runs the task, and hears of nothing meanwhile
        wait_for(lambda: waiting.id in combination.worker.revoked)
    else:
        time.sleep(0.3)
    stop.touch()
    with pytest.raises(TaskRevokedError, match="revoked"):
        waiting.get(timeout=DEADLINE)
    assert [result.get(timeout=DEADLINE) for result in running] == ["over"] * len(running)
    assert not notes.exists()


def test_late_acknowledgement(combination: Combination, notes: Path) -> None:
    assert combination.tasks.late.delay(str(notes)).get(timeout=DEADLINE) == "late"
    lines(notes, 1)


def test_reject_gives_the_message_back(combination: Combination, notes: Path) -> None:
    assert combination.tasks.reject.delay(str(notes)).get(timeout=DEADLINE) == "taken"
    lines(notes, 2)


def test_a_rejected_call_has_failed(combination: Combination) -> None:
    result = combination.tasks.refuse.delay()
    wait_for(result.ready)
    assert (result.state, "never" in str(result.result)) == ("FAILURE", True)


def test_an_extended_result_knows_its_call(combination: Combination) -> None:
    result = combination.tasks.add.delay(2, y=3)
    result.get(timeout=DEADLINE)
    assert (result.name, list(result.args), result.kwargs, result.retries) == ("c.add", [2], {"y": 3}, 0)
    assert (result.worker, result.queue) == (combination.worker.hostname, combination.queue)


def test_time_limits_where_they_are_kept(combination: Combination) -> None:
    if combination.pool != "processes":
        pytest.skip("processes alone can be stopped")
    with pytest.raises(TimeLimitExceeded, match=r"0\.3 s"):
        combination.tasks.hard.delay().get(timeout=DEADLINE)
    assert combination.tasks.soft.delay().get(timeout=DEADLINE) == "cleaned up"


def test_a_process_that_dies_costs_its_task_alone(combination: Combination) -> None:
    if combination.pool != "processes":
        pytest.skip("the task would end the tests")
    with pytest.raises(WorkerLostError, match="exit code 3"):
        combination.tasks.die.delay().get(timeout=DEADLINE)
    assert combination.tasks.add.delay(1, 1).get(timeout=DEADLINE) == 2


def test_a_running_task_is_terminated(combination: Combination, notes: Path) -> None:
    if combination.pool != "processes":
        pytest.skip("processes alone can be stopped")
    result = combination.tasks.until.delay(str(notes))
    lines(Path(f"{notes}.begun"), 1)
    result.revoke(terminate=True)
    with pytest.raises(TaskRevokedError, match="terminated"):
        result.get(timeout=DEADLINE)
