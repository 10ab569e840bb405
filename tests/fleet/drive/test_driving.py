"""Driven runs on a played fleet: what is sent, when, and what the run makes of what it is told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from kombu.exceptions import OperationalError

import flowc
from flowc.runtime.errors import UnknownTasks, UsageError
from flowc.runtime.fleet.facts import Alive, Fact, Lost, Raised, Returned, Seen
from flowc.runtime.fleet.links import RAISED, RETURNED
from flowc.runtime.fleet.watching import Fleet
from flowc.runtime.outcome import HandlerCalled, Noted, RunResult, StepTold, Stopping

from .scripted import Message, ScriptedFleet

VALUE_ERROR = {"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"}

TASKS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "total": sum,
    "echo": lambda *args, **kwargs: [list(args), kwargs] if kwargs else list(args),
    "value": lambda x: x,
}


def computed(message: Message) -> Iterable[Fact]:
    """As a worker with these tasks: ``fail`` fails, ``lose`` is lost, handlers (``on_…``) return."""
    match message.task:
        case "fail":
            return [Raised(message.id), Seen(message.id, "FAILURE", VALUE_ERROR, "ValueError: no\n")]
        case "lose":
            return [Lost(message.id, "nobody knows it", 9.0)]
        case "revoke":
            return [Seen(message.id, "REVOKED", "revoked")]
        case "never":
            return []
        case name if name.startswith("on_"):
            return [Returned(message.id, None)]
        case name:
            return [Returned(message.id, TASKS[name](*message.args, **message.kwargs))]


def states(result: RunResult) -> dict[str, str]:
    return {step.id: str(step.state) for step in result.steps}


def played(text: str, fleet: ScriptedFleet | None = None, app: flowc.App | None = None, **options: Any) -> tuple[RunResult, ScriptedFleet]:
    fleet = fleet or ScriptedFleet(computed)
    return fleet.drive(flowc.loads(text).plan, app, **options), fleet


# ------------------------------------------------------------------------------------------------------------------ messages
def test_a_message_is_flat_and_says_where_to_report() -> None:
    result, fleet = played('x = add(1, 2) {queue = "q1", priority = 3, time_limit = 60, soft_time_limit = 50, headers = {a: 1}}\n')
    assert (result.value, result.ok) == (3, True)
    assert "the broker (memory) has no priorities: every call is served in its turn" in result.notes
    (message,) = fleet.sent
    headers, properties = message.envelope.headers, message.envelope.properties
    run_id = headers["root_id"]
    assert headers["id"] == f"{run_id}.x"
    assert (headers["retries"], headers["parent_id"], headers["ignore_result"]) == (0, None, True)
    assert type(headers["retries"]) is int
    assert (list(headers["timelimit"]), headers["a"]) == ([60, 50], 1)
    assert (properties["reply_to"], properties["priority"], properties["correlation_id"]) == (f"flowc.{run_id}", 3, headers["id"])
    assert "expiration" not in properties
    assert message.envelope.destination.routing_key == "q1"
    assert (message.args, message.kwargs) == ([1, 2], {})
    assert (message.embed["chain"], message.embed["chord"]) == (None, None)
    for key, task, end in (("callbacks", RETURNED, "ok"), ("errbacks", RAISED, "failed")):
        (link,) = message.embed[key]
        assert (link["task"], link["args"], link["kwargs"], link["immutable"], link["subtask_type"]) == (task, [], {}, False, None)
        options = link["options"]
        assert options["routing_key"] == run_id
        assert options["exchange"]
        assert options["declare"] == []
        assert "queue" not in options
        assert (options["serializer"], options["ignore_result"], options["retry"]) == ("json", True, True)
        assert options["task_id"] == f"{run_id}.x:{end}"
        assert options["retry_policy"]["max_retries"] > 10


def test_each_step_leaves_when_it_can_and_all_of_them_together() -> None:
    text = "a = [add(0, i) for i in range(300)] -> total\n[a -> add(i) for i in range(20)] -> total\n"
    result, fleet = played(text)
    assert result.value == sum(sum(range(300)) + i for i in range(20))
    assert fleet.batches == [300, 1, 20, 1]
    assert [m.task for m in fleet.sent if m.task == "total"] == ["total"] * 2


def test_placeholders_reach_ins_and_names() -> None:
    text = 'r = value({a: [1, 2], "b c": 3})\ns = r -> echo(1, data=_, k=_.a[1])\necho(s, r["b c"], x=r.a[0])\n'
    result, _ = played(text)
    assert result.value == [[[[1], {"data": {"a": [1, 2], "b c": 3}, "k": 2}], 3], {"x": 1}]


def test_a_reach_in_that_leads_nowhere_fails_its_step_here() -> None:
    result, fleet = played("r = value({a: 1})\nadd(r.b, 1)\n")
    assert states(result) == {"r": "SUCCESS", "add#1": "FAILURE"}
    assert [m.task for m in fleet.sent] == ["value"]


def test_arguments_that_cannot_be_carried_fail_their_step_alone() -> None:
    fleet = ScriptedFleet(lambda m: [Returned(m.id, {1, 2})] if m.task == "value" else computed(m))
    result, _ = played("a = value(1)\nadd(1, 2)\necho(a)\n", fleet)
    assert states(result) == {"a": "SUCCESS", "add#1": "SUCCESS", "echo#1": "FAILURE"}
    assert "cannot be carried" in str(result.failed[0].error)


def test_own_task_ids_and_names_too_long_for_a_broker() -> None:
    name = "n" * 300
    result, fleet = played(f'{name} = add(1, 2)\nadd({name}, 1) {{task_id = "mine"}}\n')
    assert result.value == 4
    first, second = fleet.sent
    assert second.id == "mine"
    assert len(first.id) <= 230
    assert first.id.startswith(first.envelope.headers["root_id"])


def test_no_more_are_out_than_the_window() -> None:
    out: list[int] = []

    def answered(message: Message) -> Iterable[Fact]:
        out.append(len(fleet.sent) - len(out))
        return computed(message)

    fleet = ScriptedFleet(answered)
    result, _ = played("[add(0, i) for i in range(50)] -> total\n", fleet, window=7)
    assert result.ok
    assert max(fleet.batches) == 7
    with pytest.raises(UsageError, match="window"):
        played("add(1, 2)\n", window=0)


# ------------------------------------------------------------------------------------------------------------------ failures
def test_a_failure_skips_what_needs_it_and_calls_its_handlers_once() -> None:
    text = '([fail(1), fail(2), add(1, 1)] -> total) !> [on_error("etl"), on_other]\nadd(2, 2)\n'
    result, fleet = played(text)
    assert states(result) == {
        "fail#1": "FAILURE", "fail#2": "FAILURE", "add#1": "SUCCESS", "total#1": "SKIPPED", "add#2": "SUCCESS",
    }  # fmt: skip
    handlers = [m for m in fleet.sent if m.task.startswith("on_")]
    assert [(m.task, len(m.args)) for m in handlers] == [("on_error", 4), ("on_other", 3)]
    request, exc, traceback, own = handlers[0].args
    assert request == {"id": f"{handlers[0].envelope.headers['root_id']}.fail#1", "task": "fail", "args": [1], "kwargs": {}}
    assert exc == {"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"}
    assert (traceback, own) == ("ValueError: no\n", "etl")
    assert [(h.id, h.step, h.ok) for h in result.handlers] == [("on_error#1", "fail#1", True), ("on_other#1", "fail#1", True)]
    assert result.exit_code == 4


def test_a_handler_that_is_known_to_take_one_argument_gets_the_id() -> None:
    app = flowc.App("played", broker="memory://", backend="disabled://", set_as_current=False)
    app.task(name="on_id")(lambda task_id, *, key=None: None)
    app.task(name="on_three")(lambda request, exc, traceback: None)
    _, fleet = played('fail(1) !> [on_id(key="k"), on_three]\n', app=app)
    first, second = fleet.sent[1:]
    assert (first.args, first.kwargs) == ([fleet.sent[0].id], {"key": "k"})
    assert len(second.args) == 3


def test_a_handler_that_is_declared_to_take_one_argument_gets_the_id() -> None:
    _, fleet = played('task on_id(task_id: str, *, key: str = "")\ntask fail(x)\ntask on_other\nfail(1) !> [on_id(key="k"), on_other]\n')
    first, second = fleet.sent[1:]
    assert (first.args, first.kwargs) == ([fleet.sent[0].id], {"key": "k"})
    assert len(second.args) == 3


def test_a_handler_that_fails_or_is_lost_is_reported_and_the_next_one_is_called() -> None:
    def script(message: Message) -> Iterable[Fact]:
        if message.task == "on_first":
            return [Raised(message.id), Seen(message.id, "FAILURE", VALUE_ERROR)]
        return [Lost(message.id, "gone", 1.0)] if message.task == "on_second" else computed(message)

    result, fleet = played("fail(1) !> [on_first, on_second, on_third]\n", ScriptedFleet(script))
    assert [m.task for m in fleet.sent] == ["fail", "on_first", "on_second", "on_third"]
    assert [(h.id, None if h.failure is None else h.failure.type) for h in result.handlers] == [
        ("on_first#1", "ValueError"), ("on_second#1", "StepLostError"), ("on_third#1", None),
    ]  # fmt: skip
    assert [e.handler.id for e in fleet.events if isinstance(e, HandlerCalled)] == ["on_first#1", "on_second#1", "on_third#1"]


def test_a_lost_step_calls_handlers_and_fails_the_run() -> None:
    result, fleet = played("(lose(1) -> add(1)) !> on_error\n")
    assert states(result) == {"lose#1": "LOST", "add#1": "SKIPPED"}
    assert fleet.sent[1].args[1]["exc_type"] == "StepLostError"
    assert result.exit_code == 4
    assert [m.task for m in fleet.sent] == ["lose", "on_error"]  # and is never sent again


def test_a_revoked_step_calls_none() -> None:
    result, fleet = played("(revoke(1) -> add(1)) !> on_error\n")
    assert states(result) == {"revoke#1": "REVOKED", "add#1": "SKIPPED"}
    assert [m.task for m in fleet.sent] == ["revoke"]


def test_secrets_reach_the_worker_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cret!")
    fleet = ScriptedFleet(
        lambda m: [Seen(m.id, "FAILURE", {**VALUE_ERROR, "exc_message": ["s3cret! is wrong"]})] if m.task == "fail" else computed(m)
    )
    result, _ = played(
        'fail(secret("TOKEN"), {k: secret("TOKEN")}) {headers = {t: secret("TOKEN")}, shadow = secret("TOKEN")} !> on_error\n',
        fleet,
        secrets={"TOKEN": "s3cret!"},
    )
    step, handler = fleet.sent
    assert step.args[0] == "s3cret!"
    assert "s3cret!" not in str(step.envelope.headers)
    assert "s3cret!" not in str(handler.envelope)
    assert "s3cret!" not in str((result.steps, result.handlers, fleet.events))


# ------------------------------------------------------------------------------------------------------------ what is learned
def test_progress_is_told_and_listeners_are_called_here() -> None:
    heard: list[dict[str, Any]] = []
    app = flowc.App("played", broker="memory://", backend="disabled://", set_as_current=False)
    app.task(name="show")(heard.append)

    def script(message: Message) -> Iterable[Fact]:
        yield Alive(message.id, "started")
        yield Seen(message.id, "PROGRESS", {"n": 1})
        yield Seen(message.id, "PROGRESS", {"n": 1})
        yield from computed(message)

    result, fleet = played("add(1, 2) ~> show\n", ScriptedFleet(script), app)
    assert result.ok
    assert [(m["status"], m["result"]) for m in heard] == [("PROGRESS", {"n": 1}), ("SUCCESS", 3)]
    assert heard[0]["task_id"] == fleet.sent[0].id
    assert [e.meta for e in fleet.events if isinstance(e, StepTold)] == [{"n": 1}]


def test_a_listener_without_an_application_is_refused_before_anything_is_sent() -> None:
    fleet = ScriptedFleet(computed)
    with pytest.raises(UnknownTasks, match="listener"):
        played("add(1, 2) ~> show\n", fleet)
    assert fleet.sent == []


def test_tasks_that_no_worker_has_are_refused_before_anything_is_sent() -> None:
    have = Fleet({"w1": frozenset({"proj.add"}), "w2": frozenset({"proj.add", "on_error"})}, {})
    fleet = ScriptedFleet(computed, fleet=have)
    with pytest.raises(UnknownTasks) as refused:
        played("proj.add(1, 2) -> proj.ad(1) !> on_errors\n", fleet)
    first, second = refused.value.problems
    assert "<string>:1:19: step ad#1: none of the 2 workers that answered has a task 'proj.ad'; did you mean 'proj.add'?" in first
    assert "did you mean 'on_error'?" in second
    assert fleet.sent == []
    result, _ = played("add(1, 2)\n", fleet, preflight=False)
    assert result.ok


def test_queues_that_nobody_reads_and_fleets_that_do_not_answer_are_spoken_of() -> None:
    have = Fleet({"w1": frozenset({"add"})}, {"w1": frozenset({"celery"})})
    result, fleet = played('add(1, 2)\nadd(1, 2) {queue = "far"}\n', ScriptedFleet(computed, fleet=have))
    assert result.notes == ("no worker reads the queue 'far', where step add#2 goes; workers read 'celery'",)
    assert [e.text for e in fleet.events if isinstance(e, Noted)] == list(result.notes)
    result, _ = played('add(1, 2) {queue = "celer"}\n', ScriptedFleet(computed, fleet=have))
    assert result.notes == ("no worker reads the queue 'celer', where step add#1 goes; did you mean 'celery'?",)
    result, _ = played("add(1, 2)\n")
    assert result.ok
    assert result.notes == ("no worker has answered: the steps wait in their queues until one comes",)


# ----------------------------------------------------------------------------------------------------------------- the broker
def test_the_run_goes_on_when_the_broker_was_away() -> None:
    fleet = ScriptedFleet(computed)
    fleet.broken.extend([(1, OperationalError("away")), (0, OperationalError("away"))])
    result, _ = played("[add(0, i) for i in range(3)] -> total\n", fleet)
    assert result.value == 3
    assert [m.task for m in fleet.sent] == ["add", "add", "add", "total"]


def test_a_step_that_wants_no_retry_fails_when_the_broker_is_away() -> None:
    fleet = ScriptedFleet(computed)
    fleet.broken.append((0, OperationalError("away")))
    result, _ = played("add(1, 2) {retry = false}\nadd(2, 2)\n", fleet)
    assert states(result) == {"add#1": "FAILURE", "add#2": "SUCCESS"}
    assert "away" in str(result.failed[0].error)


# --------------------------------------------------------------------------------------------------------------------- stopping
def interrupted(text: str, times: int) -> tuple[RunResult, ScriptedFleet]:
    def script(message: Message) -> Iterable[Fact]:
        if message.task == "never":
            for n in range(times):
                threading.Timer(0.1 + n * 0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            if times == 1:
                fleet.later(0.5, Returned(message.id, 1))
            return []
        return computed(message)

    fleet = ScriptedFleet(script)
    return played(text, fleet)


def test_an_interrupt_lets_what_is_out_end_and_sends_no_more() -> None:
    result, fleet = interrupted("never(1) -> add(1)\n", 1)
    assert states(result) == {"never#1": "SUCCESS", "add#1": "PENDING"}
    assert (result.exit_code, result.abandoned) == (130, ())
    (stopping,) = [e for e in fleet.events if isinstance(e, Stopping)]
    assert (stopping.running, stopping.elsewhere) == (("never#1",), True)


def test_a_second_interrupt_leaves_at_once_and_says_what_is_out() -> None:
    result, _ = interrupted("never(1) -> add(1)\n", 2)
    assert states(result) == {"never#1": "STARTED", "add#1": "PENDING"}
    assert (result.exit_code, result.abandoned, result.ok) == (130, ("never#1",), False)


@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_before_anything_was_sent_is_enough(times: int) -> None:
    def looking() -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGTERM)

    fleet = ScriptedFleet(computed, fleet=Fleet({"w1": frozenset()}, {}))  # which has not all answered: no reason to refuse
    fleet.looking = looking
    result, _ = played("add(1, 1)\n", fleet)
    assert states(result) == {"add#1": "PENDING"}
    assert (result.exit_code, result.notes, fleet.sent) == (143, ("SIGTERM: nothing was sent",), [])
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_run_has_its_time() -> None:
    result, _ = played("never(1) -> add(1)\nadd(1, 1)\n", timeout=0.2)
    assert states(result) == {"never#1": "STARTED", "add#1": "PENDING", "add#2": "SUCCESS"}
    assert (result.exit_code, result.timed_out, result.abandoned) == (6, True, ("never#1",))
    result, _ = played("add(1, 1)\n", timeout=60)
    assert (result.exit_code, result.timed_out) == (0, False)
