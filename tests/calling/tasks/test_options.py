"""Options of calls and of ``@app.task``: what is unknown or cannot be is refused at once, with what to do instead."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from flowc import App, Task, signature
from flowc.runtime.calling.call_options import FOREIGN, OPTIONS

from .recording import Recorder

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


@pytest.fixture
def app() -> App:
    return App("proj")


@pytest.fixture
def sent(app: App) -> Recorder:
    return Recorder(app)


@pytest.fixture
def t(app: App) -> Task:
    return app.task(name="t")(lambda *args, **kwargs: None)


GOOD: dict[str, list[Any]] = {
    "countdown": [0, 1, 2.5, -1],
    "eta": [NOW],
    "expires": [10, 0.5, NOW, -1],
    "retry": [True, False],
    "retry_policy": [{}, {"max_retries": None, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2, "retry_errors": (OSError,)}],
    "serializer": ["json"],
    "compression": ["zlib"],
    "headers": [{}, {"tenant": 1}],
    "delivery_mode": [1, 2, "transient", "persistent"],
    "mandatory": [True],
    "queue": ["q"],
    "exchange": ["x", ""],
    "routing_key": ["a.b", ""],
    "priority": [0, 9, 255],
    "time_limit": [1, 0.5],
    "soft_time_limit": [10],
    "ignore_result": [True, False],
    "link": [{"task": "cb"}, [{"task": "cb"}], []],
    "link_error": [{"task": "cb"}],
    "add_to_parent": [False],
    "task_id": ["my-id"],
    "shadow": ["other"],
    "root_id": ["r"],
    "parent_id": ["p"],
    "group_id": ["g"],
    "group_index": [0, 3],
    "retries": [0, 2],
    "replaced_task_nesting": [1],
    "stamped_headers": [[], ["tenant"], ("tenant", "day")],
    "argsrepr": ["(…)"],
    "kwargsrepr": [""],
    "reply_to": [""],
    "chain": [[{"task": "next"}], None],
    "chord": [{"task": "body"}],
    "connection": [object()],
    "producer": [object()],
    "publisher": [object()],
}


def test_every_option_has_an_example() -> None:
    assert GOOD.keys() == OPTIONS.keys()


@pytest.mark.parametrize(("option", "value"), [(option, value) for option, values in GOOD.items() for value in [*values, None]])
def test_every_option_is_taken_with_what_fits_it(t: Task, sent: Recorder, option: str, value: Any) -> None:
    t.apply_async((), **{option: value})
    assert option in sent.last.options or value is None


@pytest.mark.parametrize(
    ("option", "value", "error", "message"),
    [
        ("countdown", "10", TypeError, "seconds are a number"),
        ("countdown", True, TypeError, "seconds are a number"),
        ("countdown", float("nan"), ValueError, "finite"),
        ("countdown", dt.timedelta(minutes=2), TypeError, "write countdown=120"),
        ("eta", 10, TypeError, "give countdown"),
        ("eta", "2026-11-22T10:00", TypeError, "a datetime is needed"),
        ("eta", dt.datetime(2026, 1, 1), ValueError, "has no time zone.*timezone.utc"),
        ("expires", dt.datetime(2026, 1, 1), ValueError, "has no time zone"),
        ("expires", "soon", TypeError, "seconds are a number"),
        ("retry", 1, TypeError, "True or False"),
        ("retry_policy", {"max_retrys": 3}, TypeError, "did you mean 'max_retries'"),
        ("retry_policy", {"max_retries": -1}, ValueError, "negative"),
        ("retry_policy", {"interval_start": "1"}, TypeError, r"retry_policy\['interval_start'\]"),
        ("retry_policy", {"interval_max": -0.5}, ValueError, "not negative"),
        ("retry_policy", {"retry_errors": OSError}, TypeError, r"=\(OSError,\)"),
        ("retry_policy", 3, TypeError, "a mapping is needed"),
        ("serializer", 5, TypeError, "a text is needed"),
        ("serializer", "", ValueError, "empty"),
        ("headers", {1: 2}, TypeError, "its keys are texts"),
        ("headers", [("a", 1)], TypeError, "a mapping is needed"),
        ("delivery_mode", 3, ValueError, "1 or 'transient'"),
        ("queue", 5, TypeError, "kombu's Queue"),
        ("queue", "", ValueError, "empty"),
        ("priority", 256, ValueError, "0 to 255"),
        ("priority", -1, ValueError, "0 to 255"),
        ("priority", 2.0, TypeError, "an integer"),
        ("priority", True, TypeError, "an integer"),
        ("time_limit", 0, ValueError, "more than 0"),
        ("link", "proj.cb", TypeError, "takes a signature"),
        ("link", [{"nothing": 1}], TypeError, "takes a signature"),
        ("task_id", 5, TypeError, "a text is needed"),
        ("task_id", "", ValueError, "empty"),
    ],
)
def test_what_does_not_fit_is_refused(t: Task, sent: Recorder, option: str, value: Any, error: type[Exception], message: str) -> None:
    for call in (t.apply_async, t.s().apply_async, (t.s() | t.s()).apply_async, signature("t").apply_async):
        with pytest.raises(error, match=message):
            call((), **{option: value})
    assert sent.sent == []


def test_unknown_options_are_refused_with_the_nearest(t: Task, sent: Recorder, app: App) -> None:
    for call in (t.apply_async, t.apply, t.s().apply_async, t.s().clone, lambda **o: t.s().set(**o), lambda **o: t.signature((), {}, o)):
        with pytest.raises(TypeError, match="no option 'contdown'; did you mean 'countdown'"):
            call(contdown=5)
    with pytest.raises(TypeError, match="no option 'xyzzy'"):
        app.send_task("t", xyzzy=1)
    with pytest.raises(TypeError, match="no option 'contdown'"):
        signature("t", contdown=5)
    assert sent.sent == []


def test_a_task_instead_of_its_signature_is_explained(t: Task, sent: Recorder) -> None:
    with pytest.raises(TypeError, match=r"write it as a signature: task\.s"):
        t.apply_async((), link=t)


def test_contradictions_are_refused(app: App, t: Task, sent: Recorder) -> None:
    with pytest.raises(ValueError, match="countdown and eta"):
        t.apply_async((), countdown=1, eta=NOW)
    with pytest.raises(ValueError, match="soft_time_limit=9 is above time_limit=5"):
        t.apply_async((), soft_time_limit=9, time_limit=5)
    limited = app.task(name="limited", time_limit=5)(lambda: None)
    with pytest.raises(ValueError, match="soft_time_limit=9 is above time_limit=5"):
        limited.apply_async((), soft_time_limit=9)
    limited.apply_async((), soft_time_limit=9, time_limit=10)
    assert len(sent.sent) == 1


def test_options_that_celerys_signatures_have_are_let_through(t: Task, sent: Recorder) -> None:
    stamped = {"stamped_headers": ["tenant"], "tenant": "acme"}
    signature({"task": "t", "options": {**dict.fromkeys(FOREIGN), **stamped, "declare": []}}).apply_async()
    assert len(sent.sent) == 1


def test_a_shadow_may_be_worked_out(app: App, sent: Recorder) -> None:
    made = app.task(name="t", shadow_name=lambda task, args, kwargs, options: f"{task.name}-{args[0]}-{options['queue']}")(lambda x: x)
    made.apply_async((5,), queue="q")
    assert sent.last.options["shadow"] == "t-5-q"
    made.apply_async((5,), shadow="mine")
    assert sent.last.options["shadow"] == "mine"


# --------------------------------------------------------------------------------------------------------------- @app.task
def test_a_task_has_celerys_defaults(t: Task) -> None:
    names = "max_retries default_retry_delay autoretry_for dont_autoretry_for retry_kwargs retry_backoff retry_backoff_max retry_jitter"
    assert [getattr(t, name) for name in names.split()] == [3, 180, (), (), {}, False, 600, True]
    settings = ("acks_late", "acks_on_failure_or_timeout", "reject_on_worker_lost", "track_started", "store_errors_even_if_ignored")
    assert [getattr(t, name) for name in settings] == [False, True, False, False, False]
    assert (t.serializer, t.compression, t.ignore_result, t.time_limit, t.soft_time_limit) == ("json", None, False, None, None)
    assert (t.throws, t.typing, t.trail, t.queue, t.priority, t.expires) == ((), True, True, None, None, None)


def test_settings_stand_where_a_task_says_nothing() -> None:
    app = App(settings={"task_acks_late": True, "task_serializer": "pickle", "task_time_limit": 9})
    one = app.task(name="one")(lambda: None)
    two = app.task(name="two", acks_late=False, serializer="yaml", time_limit=3)(lambda: None)
    assert (one.acks_late, one.serializer, one.time_limit) == (True, "pickle", 9)
    assert (two.acks_late, two.serializer, two.time_limit) == (False, "yaml", 3)


def test_attributes_can_be_set_later(app: App, sent: Recorder, t: Task) -> None:
    before = t.options
    t.queue, t.ignore_result, t.acks_late, t.max_retries = "other", True, True, None
    assert dict(t.options) == {"queue": "other", "ignore_result": True}
    assert t.options is not before
    assert (t.queue, t.acks_late, t.max_retries) == ("other", True, None)
    t.queue = None
    assert dict(t.options) == {"ignore_result": True}
    with pytest.raises(ValueError, match="0 to 255"):
        t.priority = 300


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"max_retrys": 3}, TypeError, r"@app\.task of t: there is no option 'max_retrys'; did you mean 'max_retries'\?"),
        ({"rate_limit": "10/m"}, TypeError, "no option 'rate_limit': give the task a queue of its own"),
        ({"countdown": 5}, TypeError, r"it belongs to a call: task\.apply_async\(countdown=…\)"),
        ({"max_retries": -1}, ValueError, "negative"),
        ({"max_retries": "3"}, TypeError, "an integer"),
        ({"autoretry_for": ValueError}, TypeError, r"write autoretry_for=\(ValueError,\)"),
        ({"autoretry_for": ("ValueError",)}, TypeError, "exception classes"),
        ({"retry_kwargs": {"max_retry": 3}}, TypeError, "did you mean 'max_retries'"),
        ({"retry_kwargs": {"countdown": "5"}}, TypeError, r"retry_kwargs\['countdown'\]"),
        ({"retry_backoff": -2}, ValueError, "negative"),
        ({"acks_late": "yes"}, TypeError, "True or False"),
        ({"priority": 300}, ValueError, "0 to 255"),
        ({"time_limit": 5, "soft_time_limit": 9}, ValueError, "above time_limit"),
        ({"shadow_name": "x"}, TypeError, "a function"),
    ],
)
def test_wrong_options_of_a_task_are_refused(app: App, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        app.task(name="t", **options)(lambda: None)
    assert "t" not in app.tasks


def test_options_of_the_decorator_are_those_of_its_calls(app: App) -> None:
    made = app.task(name="t", queue="q", expires=5, max_retries=9, acks_late=True)(lambda: None)
    assert dict(made.options) == {"queue": "q", "expires": 5}
    assert (made.max_retries, made.acks_late) == (9, True)
