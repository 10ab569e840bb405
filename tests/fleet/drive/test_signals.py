"""Which fact ends a step, and what silence means."""

from __future__ import annotations

import pytest

from flowc.runtime.events import State
from flowc.runtime.fleet.facts import Alive, Fact, Lost, Raised, Returned, Seen
from flowc.runtime.fleet.signals import DETAILS, EXPIRY, EXPIRY_ANSWER, OVERDUE, RESULT, Over, Says, Signals

VALUE_ERROR = {"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"}
TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/venv/lib/python3.11/site-packages/celery/app/trace.py", line 564, in trace_task\n'
    "    R = retval = fun(*args, **kwargs)\n"
    "                 ^^^^^^^^^^^^^^^^^^^^\n"
    '  File "/srv/proj/tasks.py", line 3, in fail\n'
    '    raise ValueError("no")\n'
    "ValueError: no\n"
)


class Played:
    """Signals with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked: list[str] = []
        self.probed: list[str] = []
        self.signals = Signals(self.asked.append, self.probed.append)

    def sent(self, id_: str = "a", **options: float) -> None:
        self.signals.sent(id_, self.now, **options)

    def take(self, fact: Fact, after: float = 0.0) -> Over | Says | None:
        self.now += after
        return self.signals.take(fact, self.now)

    def silence(self, seconds: float) -> list[tuple[str, State, str | None]]:
        """What follows from so long a silence: deadline after deadline, as the run takes them."""
        until, ends = self.now + seconds, []
        while (wait := self.signals.wait(self.now)) is not None and self.now + wait <= until:
            self.now += wait
            ends += self.signals.due(self.now)
        self.now = until
        return [(end.task_id, end.state, str(end.failure)) for end in ends]


@pytest.fixture
def played() -> Played:
    return Played()


def over(outcome: Over | Says | None) -> Over:
    assert isinstance(outcome, Over)
    return outcome


def test_a_link_is_success_and_counts_once(played: Played) -> None:
    played.sent()
    assert over(played.take(Returned("a", [1]), after=2)) == Over("a", State.SUCCESS, [1], None, 100.0)
    assert played.take(Returned("a", [1])) is None
    assert played.take(Raised("a")) is None
    assert played.take(Lost("a", "gone", 3)) is None
    assert played.silence(1e6) == []
    assert len(played.signals) == 0


def test_what_was_never_sent_is_nobodys(played: Played) -> None:
    for fact in (Returned("a", 1), Raised("a"), Seen("a", "FAILURE"), Alive("a", "started"), Lost("a", "", 1)):
        assert played.take(fact) is None
    assert played.asked == []


def test_an_errback_waits_for_what_was_raised(played: Played) -> None:
    played.sent()
    assert played.take(Raised("a", "gen1@host")) is None
    assert played.asked == ["a"]
    assert played.take(Raised("a")) is None
    assert played.take(Returned("a", 1)) is None  # the first end counts
    ended = over(played.take(Seen("a", "FAILURE", VALUE_ERROR, TRACE, worker="w1@host")))
    assert ended.state is State.FAILURE
    assert ended.failure is not None
    assert (ended.failure.type, ended.failure.message, ended.failure.args) == ("ValueError", "no", ("no",))
    assert ended.failure.traceback.splitlines()[1:3] == ['  File "/srv/proj/tasks.py", line 3, in fail', '    raise ValueError("no")']
    assert "celery" not in ended.failure.traceback
    assert ended.worker == "w1@host"
    assert played.asked == ["a"]


def test_an_errback_that_nobody_explains_is_a_failure_all_the_same(played: Played) -> None:
    played.sent()
    played.take(Raised("a"))
    assert played.silence(DETAILS - 0.1) == []
    ((id_, state, text),) = played.silence(0.2)
    assert (id_, state) == ("a", State.FAILURE)
    assert text is not None
    assert "told nobody how" in text


def test_a_loss_after_an_errback_is_a_failure(played: Played) -> None:
    played.sent()
    played.take(Raised("a"))
    assert over(played.take(Lost("a", "gone", 1))).state is State.FAILURE


@pytest.mark.parametrize("source", ["backend", "rpc", "event"])
def test_a_failure_that_is_told_needs_no_errback(played: Played, source: str) -> None:
    played.sent()
    seen = Seen(
        "a", "FAILURE", {"exc_type": "NotRegistered", "exc_message": ["proj.nope"], "exc_module": "celery.exceptions"}, None, source
    )
    assert str(over(played.take(seen)).failure) == "NotRegistered: proj.nope"


def test_revoked(played: Played) -> None:
    played.sent()
    told = {"exc_type": "TaskRevokedError", "exc_message": ["expired"], "exc_module": "celery.exceptions"}
    ended = over(played.take(Seen("a", "REVOKED", told)))
    assert (ended.state, str(ended.failure)) == (State.REVOKED, "TaskRevokedError: expired")


def test_a_result_that_is_told_whole_needs_no_link(played: Played) -> None:
    played.sent()
    assert over(played.take(Seen("a", "SUCCESS", {"n": 1}))).result == {"n": 1}


def test_of_a_success_without_its_result_the_link_is_waited_for(played: Played) -> None:
    played.sent()
    played.sent("b")
    for id_ in "ab":
        assert played.take(Seen(id_, "SUCCESS", "'long…'", source="event", complete=False)) is None
    assert over(played.take(Returned("a", "long text"), after=RESULT - 1)).result == "long text"
    ((id_, state, text),) = played.silence(2)
    assert (id_, state) == ("b", State.LOST)
    assert text is not None
    assert "its result never came" in text


def test_states_are_told_once_each(played: Played) -> None:
    played.sent()
    assert played.take(Seen("a", "PROGRESS", {"n": 1})) == Says("a", "PROGRESS", {"n": 1})
    assert played.take(Seen("a", "PROGRESS", {"n": 1}, source="rpc")) is None
    assert played.take(Seen("a", "PROGRESS", {"n": 2})) == Says("a", "PROGRESS", {"n": 2})
    retry = played.take(Seen("a", "RETRY", VALUE_ERROR))
    assert isinstance(retry, Says)
    assert (retry.state, str(retry.failure)) == ("RETRY", "ValueError: no")
    for silent in ("PENDING", "RECEIVED", "STARTED"):
        assert played.take(Seen("a", silent)) is None


def test_a_loss(played: Played) -> None:
    played.sent()
    played.take(Alive("a", "started"), after=5)
    ended = over(played.take(Lost("a", "no worker knows it", 300.0)))
    assert (ended.state, str(ended.failure), ended.began) == (State.LOST, "StepLostError: no worker knows it", 105.0)


# ------------------------------------------------------------------------------------------------------------------- timeout
def test_a_timeout_without_any_sign_of_life_is_a_loss(played: Played) -> None:
    played.sent(timeout=10.0)
    assert played.silence(9.9) == []
    assert played.silence(0.2) == []
    assert played.probed == ["a"]
    assert played.silence(OVERDUE) == [("a", State.LOST, "StepLostError: nothing was heard of it in 10s (timeout), and no worker has it")]
    assert played.take(Returned("a", 1)) is None  # a later signal changes nothing


def test_a_timeout_of_a_step_that_a_worker_has_when_it_is_asked(played: Played) -> None:
    played.sent(timeout=10.0)
    played.silence(10.1)
    played.take(Alive("a", "started"))
    assert played.silence(OVERDUE) == [("a", State.FAILURE, "TimeoutError: no end within 10s")]


def test_a_result_that_comes_while_workers_are_asked_is_in_time(played: Played) -> None:
    played.sent(timeout=10.0)
    played.silence(10.1)
    assert over(played.take(Returned("a", 1))).state is State.SUCCESS


def test_a_timeout_counts_from_the_first_sign_of_the_start(played: Played) -> None:
    played.sent(timeout=10.0)
    played.take(Alive("a", "started"), after=8)
    played.take(Alive("a", "started"), after=4)
    assert played.silence(5.9) == []
    assert played.silence(0.2) == [("a", State.FAILURE, "TimeoutError: no end within 10s")]


def test_a_timeout_of_a_step_that_waits_counts_from_its_sending(played: Played) -> None:
    played.sent(timeout=10.0)
    played.take(Alive("a", "received"), after=8)
    assert played.silence(2.1) == [("a", State.FAILURE, "TimeoutError: no end within 10s")]


def test_a_timeout_does_not_count_while_the_step_waits_for_its_time(played: Played) -> None:
    played.sent(timeout=10.0, delay=100.0)
    assert played.silence(109) == []
    assert [end[1] for end in played.silence(2 + OVERDUE)] == [State.LOST]


def test_a_step_that_failed_in_time_has_not_timed_out(played: Played) -> None:
    played.sent(timeout=10.0)
    played.take(Raised("a"), after=9.9)
    ((_, state, text),) = played.silence(20)
    assert state is State.FAILURE
    assert text is not None
    assert "TimeoutError" not in text


# ------------------------------------------------------------------------------------------------------------------- expires
def test_a_step_past_its_expires_is_asked_for_and_then_revoked(played: Played) -> None:
    played.sent(expires=5.0)
    assert played.silence(5 + EXPIRY - 0.1) == []
    assert played.asked == []
    assert played.silence(0.2) == []
    assert played.asked == ["a"]
    assert played.silence(EXPIRY_ANSWER) == [("a", State.REVOKED, "TaskRevokedError: expired")]


def test_a_step_that_began_before_it_expired_runs_on(played: Played) -> None:
    played.sent(expires=5.0)
    played.sent("b", expires=5.0)
    played.take(Alive("a", "started"), after=1)
    played.silence(5 + EXPIRY)
    assert played.asked == ["b"]
    played.take(Alive("b", "started"))  # the answer
    assert played.silence(1e5) == []
    assert over(played.take(Returned("b", 2))).state is State.SUCCESS


# ------------------------------------------------------------------------------------------------------------------ failures
@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"exc_type": "KeyError", "exc_message": ["k"], "exc_module": "builtins"}, "KeyError: k"),
        ({"exc_type": "Boom", "exc_message": ["x", 3], "exc_module": "proj.tasks"}, "Boom: ('x', 3)"),
        ({"exc_type": "Boom", "exc_message": "x", "exc_module": None}, "Boom: x"),
        ({"exc_type": "Boom", "exc_message": [], "exc_module": "m"}, "Boom"),
        ({"exc_type": None}, "Exception"),
        ("ValueError('x')", "Exception: ValueError('x')"),
        (None, "Exception: None"),
        (ValueError("pickled"), "ValueError: pickled"),
    ],
)
def test_whatever_is_told_of_a_failure_it_is_one(played: Played, told: object, shown: str) -> None:
    played.sent()
    assert str(over(played.take(Seen("a", "FAILURE", told))).failure) == shown
