"""``self.retry`` and ``autoretry_for``, as the guide to Celery's tasks describes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc import App, Task
from flowc.exceptions import Ignore, MaxRetriesExceededError, Reject, Retry
from flowc.runtime import request as requests
from flowc.runtime.request import Context, Resend
from flowc.runtime.retrying import backoff

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


@pytest.fixture
def app() -> App:
    return App("proj")


def served(task: Task, *args: Any, retries: int = 0, resend: Callable[[Resend], None] | None = None, **kwargs: Any) -> Any:
    """What a call of the task comes to in a worker: what it returned or raised, and what it asked to send again."""
    asked: list[Resend] = []
    context = Context(
        id="i",
        task=task.name,
        args=args,
        kwargs=kwargs,
        retries=retries,
        called_directly=False,
        resend=resend or asked.append,
        app=task.app,
    )
    requests.push(context)
    try:
        return task.run(*args, **kwargs), asked
    except Exception as exc:
        return exc, asked
    finally:
        requests.pop()


def test_a_retry_asks_for_the_same_call_once_more(app: App) -> None:
    @app.task(bind=True)
    def t(self: Task, x: int) -> None:
        raise self.retry()

    raised, asked = served(t, 1)
    assert type(raised) is Retry
    assert raised.when == 180
    assert asked == [Resend(1, None, None, 180.0, None, {})]
    raised, asked = served(t, 1, retries=2)
    assert asked[0].retries == 3


def test_when_to_try_again(app: App) -> None:
    @app.task(bind=True, default_retry_delay=7)
    def t(self: Task, **options: Any) -> None:
        self.retry(**options)

    assert served(t)[1][0].countdown == 7
    assert served(t, countdown=0)[1][0].countdown == 0
    (asked,) = served(t, eta=NOW)[1]
    assert (asked.eta, asked.countdown) == (NOW, None)
    assert served(t, queue="slow", expires=5)[1][0].options == {"queue": "slow", "expires": 5}
    assert served(t, retry_backoff=2, retry_jitter=False, retries=0)[1][0].countdown == 2
    assert str(served(t, countdown=5)[0]) == "Retry in 5s"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"contdown": 5}, TypeError, "did you mean 'countdown'"),
        ({"countdown": "5"}, TypeError, "seconds are a number"),
        ({"eta": NOW.replace(tzinfo=None)}, ValueError, "no time zone"),
        ({"eta": NOW, "countdown": 5}, ValueError, "give one of them"),
    ],
)
def test_options_of_a_retry_are_checked(app: App, options: Any, error: type[Exception], message: str) -> None:
    @app.task(bind=True)
    def t(self: Task) -> None:
        self.retry(**options)

    raised, asked = served(t)
    assert type(raised) is error
    assert message in str(raised)
    assert asked == []


def test_the_limit_is_kept(app: App) -> None:
    @app.task(bind=True, name="proj.t", max_retries=2)
    def t(self: Task, x: int, **options: Any) -> None:
        raise self.retry(**options)

    assert type(served(t, 5, retries=1)[0]) is Retry
    raised, asked = served(t, 5, retries=2)
    assert type(raised) is MaxRetriesExceededError
    assert str(raised) == "Can't retry proj.t[i] args:(5,) kwargs:{}"
    assert asked == []
    raised, asked = served(t, 5, retries=2, exc=KeyError("gone"))
    assert repr(raised) == "KeyError('gone')"
    assert type(served(t, 5, retries=2, exc=KeyError)[0]) is KeyError
    assert type(served(t, 5, retries=2, max_retries=3)[0]) is Retry
    assert type(served(t, 5, retries=0, max_retries=0)[0]) is MaxRetriesExceededError


def test_none_is_for_ever(app: App) -> None:
    @app.task(bind=True, max_retries=None)
    def t(self: Task) -> None:
        raise self.retry(countdown=0)

    assert served(t, retries=10**6)[1][0].retries == 10**6 + 1


def test_what_led_to_giving_up_is_the_cause(app: App) -> None:
    @app.task(bind=True, max_retries=0)
    def t(self: Task) -> None:
        try:
            raise OSError("down")
        except OSError:
            raise self.retry(exc=ValueError("no answer")) from None

    raised, _ = served(t)
    assert repr(raised) == "ValueError('no answer')"
    assert repr(raised.__cause__ or raised.__context__) == "OSError('down')"


def test_called_as_a_function_it_raises_what_there_is(app: App) -> None:
    @app.task(bind=True)
    def t(self: Task, exc: Any, handled: Any) -> None:
        try:
            if handled is not None:
                raise handled
        except OSError:
            raise self.retry(exc=exc) from None
        raise self.retry(exc=exc)

    with pytest.raises(ValueError, match="given"):
        t(ValueError("given"), None)
    with pytest.raises(ValueError, match="given"):
        t(ValueError("given"), OSError("handled"))
    with pytest.raises(OSError, match="handled"):
        t(None, OSError("handled"))
    with pytest.raises(Retry, match="can be retried"):
        t(None, None)


def test_without_throw_the_task_goes_on(app: App) -> None:
    @app.task(bind=True)
    def t(self: Task) -> str:
        made = self.retry(countdown=3, throw=False)
        return f"going on, {made}"

    assert served(t) == ("going on, Retry in 3s", [Resend(1, None, None, 3, None, {})])


def test_other_arguments_replace_those_for_the_same_parameters(app: App) -> None:
    @app.task(bind=True)
    def t(self: Task, a: int, b: int = 0, *, c: int = 0, again: Any = None) -> None:
        raise self.retry(**again)

    def asked(*args: Any, again: Any, **kwargs: Any) -> Any:
        (one,) = served(t, *args, again=again, **kwargs)[1]
        return one.args, one.kwargs

    assert asked(1, 2, again={}) == (None, None)
    assert asked(1, 2, again={"args": (5, 6), "kwargs": {}}) == ((5, 6), {})
    assert asked(1, c=3, b=2, again={"args": (5, 6)}) == ((5, 6), {"c": 3, "again": {"args": (5, 6)}})
    assert asked(1, 2, again={"kwargs": {"b": 7, "c": 8}}) == ((1, 7), {"c": 8})


def test_a_broker_that_is_gone_rejects_the_call(app: App) -> None:
    @app.task(bind=True)
    def t(self: Task) -> None:
        raise self.retry()

    def gone(_: Resend) -> None:
        raise ConnectionError("no broker")

    raised, _ = served(t, resend=gone)
    assert type(raised) is Reject
    assert (repr(raised.reason), raised.requeue) == ("ConnectionError('no broker')", False)


# -------------------------------------------------------------------------------------------------------------- autoretry
def failing(app: App, exc: BaseException, **options: Any) -> Task:
    def t(*_: Any) -> None:
        raise exc

    return app.task(name="t", **options)(t)


def test_what_is_named_is_tried_again(app: App) -> None:
    t = failing(app, ConnectionResetError("x"), autoretry_for=(ValueError, OSError))
    raised, asked = served(t)
    assert (type(raised), repr(raised.exc)) == (Retry, "ConnectionResetError('x')")
    assert asked == [Resend(1, None, None, 180.0, None, {})]
    assert repr(served(t, retries=3)[0]) == "ConnectionResetError('x')"
    with pytest.raises(ConnectionResetError):
        t()


@pytest.mark.parametrize("exc", [KeyError("x"), Ignore(), Reject("x"), Retry("x"), FileNotFoundError("x")])
def test_what_is_not_named_is_not(app: App, exc: Exception) -> None:
    t = failing(app, exc, autoretry_for=(OSError, Ignore, Reject, Retry), dont_autoretry_for=(FileNotFoundError,))
    assert served(t) == (exc, [])


def test_the_arguments_of_the_retry(app: App) -> None:
    t = failing(app, OSError(), autoretry_for=(OSError,), retry_kwargs={"max_retries": 5, "countdown": 2, "queue": "slow"})
    assert served(t)[1] == [Resend(1, None, None, 2, None, {"queue": "slow"})]
    assert type(served(t, retries=4)[0]) is Retry
    assert type(served(t, retries=5)[0]) is OSError


def test_the_wait_grows(app: App) -> None:
    steady = failing(app, OSError(), autoretry_for=(OSError,), retry_backoff=True, retry_jitter=False, max_retries=None)
    assert [served(steady, retries=n)[1][0].countdown for n in (0, 1, 2, 9, 10, 10_000)] == [1, 2, 4, 512, 600, 600]
    quick = failing(App(), OSError(), autoretry_for=(OSError,), retry_backoff=5, retry_backoff_max=30, max_retries=None)
    waits = {served(quick, retries=n)[1][0].countdown for n in range(20) for _ in range(30)}
    assert waits <= set(range(31))
    assert len(waits) > 15


@settings(deadline=None)
@given(st.floats(0.1, 1e3), st.integers(0, 10**6), st.integers(0, 10**5), st.booleans())
def test_a_wait_is_never_negative_nor_longer_than_the_longest(factor: float, retries: int, maximum: int, jitter: bool) -> None:
    assert 0 <= backoff(factor, retries, maximum, jitter=jitter) <= maximum


def test_a_retry_of_its_own_that_gave_up_is_not_tried_again(app: App) -> None:
    @app.task(bind=True, autoretry_for=(Exception,), max_retries=9)
    def t(self: Task, exc: Any = None) -> None:
        raise self.retry(exc=exc, max_retries=2)

    assert type(served(t, retries=1)[0]) is Retry
    assert type(served(t, retries=2)[0]) is MaxRetriesExceededError
    assert repr(served(t, retries=2, exc=KeyError("x"))[0]) == "KeyError('x')"
