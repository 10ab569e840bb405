"""Row "calling": three ways to call a task, the same for its signatures, and mistakes that are found before anything is sent."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest

import flowc
from flowc import App, AsyncResult, group, signature
from flowc.exceptions import EncodeError, ImproperlyConfigured

from .proj import DEADLINE, Proj, depth, unique


def test_calling_it_runs_it_in_this_process(proj: Proj) -> None:
    assert proj.add(2, 2) == 4
    assert proj.thread() == proj.thread.s()() == threading.current_thread().name
    assert proj.thread.delay().get(timeout=DEADLINE) != threading.current_thread().name


def test_delay_takes_the_arguments_of_the_function(proj: Proj) -> None:
    assert proj.echo.delay(1, 2, kwarg1="x", kwarg2="y").get(timeout=DEADLINE) == [[1, 2], {"kwarg1": "x", "kwarg2": "y"}]


def test_apply_async_takes_lists_of_arguments_and_options(proj: Proj) -> None:
    assert proj.echo.apply_async((1,), {"kwarg": "x"}).get(timeout=DEADLINE) == [[1], {"kwarg": "x"}]
    assert proj.echo.apply_async(args=[1, 2], kwargs={"a": 3}, countdown=0.1).get(timeout=DEADLINE) == [[1, 2], {"a": 3}]
    assert proj.echo.apply_async().get(timeout=DEADLINE) == [[], {}]


def test_the_first_options_can_be_given_by_position(proj: Proj) -> None:
    own = str(uuid.uuid4())
    result = proj.add.apply_async((2, 2), None, own, None, proj.note.s("link"), proj.note.s("link_error"), "shadow")
    assert (result.id, result.get(timeout=DEADLINE)) == (own, 4)
    assert proj.noted() == [("link", 4)]


def test_the_cheat_sheet(proj: Proj) -> None:
    now = dt.datetime.now(dt.UTC)
    results = [
        proj.add.apply_async((2, 2), countdown=0.1),
        proj.add.apply_async((2, 2), eta=now + dt.timedelta(seconds=0.1)),
        proj.add.apply_async((2, 2), countdown=0.1, expires=120),
        proj.add.apply_async((2, 2), expires=now + dt.timedelta(days=2)),
        proj.add.apply_async((2, 2), task_id=unique("my_own_task_id")),
    ]
    assert [result.get(timeout=DEADLINE) for result in results] == [4] * 5
    assert results[-1].id.startswith("my_own_task_id")
    assert proj.app.AsyncResult(results[0].id).id == results[0].id


def test_a_task_is_called_by_its_name_where_it_is_not_registered(proj: Proj) -> None:
    settings = {"task_default_queue": proj.queue}
    if proj.broker == "memory":
        assert proj.app.send_task("proj.add", (2, 2)).get(timeout=DEADLINE) == 4
        return
    with App("elsewhere", broker=proj.urls[0], backend=proj.urls[1], settings=settings, set_as_current=False) as other:
        assert "proj.add" not in other.tasks
        assert other.send_task("proj.add", (2,), {"y": 3}).get(timeout=DEADLINE) == 5
        assert other.signature("proj.add", (2,)).delay(2).get(timeout=DEADLINE) == 4
        assert isinstance(signature("proj.add", args=(2, 2), app=other).apply_async(), AsyncResult)


def test_signatures_are_called_in_the_same_ways(proj: Proj) -> None:
    for made in (
        proj.echo.s(1, a=2),
        proj.echo.si(1, a=2),
        proj.echo.signature((1,), {"a": 2}),
        proj.echo.signature(args=(1,), kwargs={"a": 2}),
    ):
        assert made() == [[1], {"a": 2}]
        assert made.delay().get(timeout=DEADLINE) == [[1], {"a": 2}]
        assert made.apply_async().get(timeout=DEADLINE) == [[1], {"a": 2}]
        assert made.apply().get() == [[1], {"a": 2}]
    assert (~proj.add.s(2, 2)) == 4


def test_partial_arguments_come_first(proj: Proj) -> None:
    half = proj.echo.s("own", a="own", b="own")
    expected = [["call", "own"], {"a": "own", "b": "call", "c": "call"}]
    assert half("call", b="call", c="call") == expected
    assert half.delay("call", b="call", c="call").get(timeout=DEADLINE) == expected
    assert half.apply_async(("call",), {"b": "call", "c": "call"}).get(timeout=DEADLINE) == expected
    assert half.clone(("call",), {"b": "call", "c": "call"}).delay().get(timeout=DEADLINE) == expected
    assert half.delay().get(timeout=DEADLINE) == [["own"], {"a": "own", "b": "own"}]  # nothing of it stays


def test_the_newest_option_wins(proj: Proj) -> None:
    first, second, third = (unique("id") for _ in range(3))
    made = proj.add.signature((2, 2), task_id=first, shadow="kept")
    assert made.set(task_id=second).options == {"task_id": second, "shadow": "kept"}
    assert made.apply_async(task_id=third).id == third
    assert made.clone(task_id=third).options == {"task_id": third, "shadow": "kept"}
    assert made.options["task_id"] == second
    assert made.apply_async().get(timeout=DEADLINE) == 4


def test_immutable_signatures_take_options_alone(proj: Proj) -> None:
    made = proj.echo.si("own", a="own")
    assert made.immutable
    own = unique("id")
    result = made.apply_async(("call",), {"a": "call", "b": "call"}, task_id=own)
    assert (result.id, result.get(timeout=DEADLINE)) == (own, [["own"], {"a": "own"}])
    assert made.clone(("call",)).args == ("own",)
    assert proj.add.s(2).set(immutable=True).immutable
    result = proj.add.apply_async((2, 2), link=proj.note.si("unchanged"))
    assert result.get(timeout=DEADLINE) == 4
    assert proj.noted() == [("note", "unchanged")]


def test_clones_share_nothing(proj: Proj) -> None:
    made = proj.echo.s([1], a=1)
    other = made.clone()
    other.kwargs["a"] = 2
    other.set(countdown=1)
    other.link(proj.note.s())
    assert (made.kwargs, made.options) == ({"a": 1}, {})


def test_signatures_are_linked(proj: Proj) -> None:
    made = proj.divide.s(4, 2)
    made.link(proj.note.s(label="linked"))
    made.link_error(proj.failed.s())
    assert made.delay().get(timeout=DEADLINE) == 2
    assert proj.noted() == [("linked", 2)]
    failing = proj.divide.s(4, 0).on_error(proj.failed.s())
    result = failing.delay()
    assert isinstance(result.get(timeout=DEADLINE, propagate=False), ZeroDivisionError)
    assert proj.noted() == [("failed", result.id)]


BAD_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"countdwon": 10}, "countdown"),
    ({"serialiser": "json"}, "serializer"),
    ({"priorty": 1}, "priority"),
    ({"countdown": "soon"}, "countdown"),
    ({"expires": "tomorrow"}, "expires"),
    ({"priority": 256}, "priority"),
    ({"priority": "high"}, "priority"),
    ({"retry_policy": {"max_retires": 3}}, "max_retries"),
    ({"link": "proj.note"}, "link"),
    ({"serializer": "morse"}, "morse"),
    ({"compression": "squeeze"}, "squeeze"),
    ({"eta": dt.datetime(2030, 1, 1)}, "time zone"),
]


def test_bad_options_are_refused_before_anything_is_sent(idle: Proj) -> None:
    queue = unique()
    idle.add.apply_async((2, 2), queue=queue)
    for options, named in BAD_OPTIONS:
        for call in (idle.add.apply_async, idle.add.s().apply_async):
            with pytest.raises((TypeError, ValueError, EncodeError, ImproperlyConfigured), match=named):
                call((2, 2), queue=queue, **options)
    assert depth(idle.app, queue) == 1


BAD_ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((2,), {}),
    ((2, 2, 2), {}),
    ((2, 2), {"z": 1}),
    ((2, 2), {"y": 1}),
    ((), {}),
]


def test_arguments_that_do_not_fit_are_refused_before_anything_is_sent(idle: Proj) -> None:
    queue = unique()
    idle.add.apply_async((2, 2), queue=queue)
    routed = idle.app.task(name=unique("proj.routed"), queue=queue)(lambda x, y: x + y)
    for args, kwargs in BAD_ARGUMENTS:
        for call in (
            lambda a, k: routed.delay(*a, **k),
            lambda a, k: routed.apply_async(a, k),
            lambda a, k: routed.s(*a, **k).delay(),
            lambda a, k: idle.app.send_task(routed.name, a, k),
        ):
            with pytest.raises(TypeError):
                call(args, kwargs)
    with pytest.raises(TypeError):
        routed.apply_async("22")
    assert depth(idle.app, queue) == 1


def test_a_group_with_one_mistake_is_not_sent_at_all(idle: Proj) -> None:
    queue = unique()
    idle.add.apply_async((2, 2), queue=queue)
    with pytest.raises(TypeError):
        group(idle.add.s(1, 1), idle.add.s(2, 2), idle.add.s(3)).apply_async(queue=queue)
    assert depth(idle.app, queue) == 1


def test_headers_reach_the_task(proj: Proj) -> None:
    named = proj.app.task(name=unique("proj.named"), bind=True)(lambda self: [self.request.headers["tenant"], self.request.shadow])
    assert named.apply_async(headers={"tenant": "x"}, shadow="other").get(timeout=DEADLINE) == ["x", "other"]


def test_a_task_may_ask_not_to_be_checked(proj: Proj) -> None:
    loose = proj.app.task(name=unique("proj.loose"), typing=False)(lambda x: x)
    assert isinstance(loose.delay().get(timeout=DEADLINE, propagate=False), TypeError)


# ------------------------------------------------------------------------------------------------------------------- flows
def test_calls_in_a_flow(here: Proj) -> None:
    assert flowc.loads("add(2, y=2)", app=here.app).run(here.app).value == 4
    assert flowc.loads("echo(1, a=2) -> echo(3)", app=here.app).run(here.app).value == [[[[1], {"a": 2}], 3], {}]
    assert flowc.loads("add(2, 2) => echo(3)", app=here.app).run(here.app).value == [[3], {}]


@pytest.mark.parametrize("text", ["add(2)", "add(2, 2, 2)", "add(2, 2, z=1)", "add(2, 2) {countdwon = 1}", "add(2, 2) {priority = 256}"])
def test_mistakes_in_a_flow_are_found_before_it_runs(text: str, here: Proj) -> None:
    with pytest.raises(flowc.FlowError):
        flowc.loads(text, app=here.app)
