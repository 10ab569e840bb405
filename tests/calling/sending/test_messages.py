"""What stands in a message, and which of the options, task attributes and settings counts."""

from __future__ import annotations

import datetime as dt
import os
import warnings
from typing import Any

import pytest

from flowc.runtime import request as requests
from flowc.runtime.errors import EncodeError
from flowc.runtime.request import Context
from flowc.runtime.sending import PriorityWarning, Sending

from .reading import application, name, send, take

UTC = dt.UTC


def sent(*args: Any, settings: dict[str, Any] | None = None, task_options: dict[str, Any] | None = None, **options: Any) -> Any:
    """The message of one call, as a plain consumer gets it."""
    queue = name()
    with application(task_default_queue=queue, **(settings or {})) as app:
        task = None
        if task_options is not None:
            task = app.task(name=f"proj.{queue}", **task_options)(lambda *a, **k: None)
        send(app, *args, task=task, **options)
        (message,) = take("memory://", options.get("queue") or queue, 1)
    return message


def test_a_message_has_all_of_protocol_2() -> None:
    message = sent(2, 2, task_id="T")
    assert message.headers == {
        "lang": "py", "task": "proj.add", "id": "T", "shadow": None, "eta": None, "expires": None, "group": None, "group_index": None,
        "retries": 0, "timelimit": (None, None), "root_id": "T", "parent_id": None, "argsrepr": "(2, 2)", "kwargsrepr": "{}",
        "origin": message.headers["origin"], "ignore_result": False, "replaced_task_nesting": 0, "stamped_headers": None, "stamps": {},
    }  # fmt: skip
    assert message.headers["origin"].startswith(f"gen{os.getpid()}@")
    assert message.payload == [[2, 2], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    properties = message.properties
    assert (properties["correlation_id"], properties["reply_to"], properties["delivery_mode"]) == ("T", "", 2)
    assert "expiration" not in properties
    assert (message.content_type, message.content_encoding) == ("application/json", "utf-8")


def test_options_become_headers() -> None:
    message = sent(
        1, 2, task_id="T", group_id="G", group_index=3, parent_id="P", root_id="R", shadow="other", retries=2, time_limit=60,
        soft_time_limit=50, ignore_result=True, replaced_task_nesting=1, argsrepr="(…)", kwargsrepr="{…}",
        headers={"tenant": "x", "id": "evil"},
    )  # fmt: skip
    expected = {
        "id": "T", "group": "G", "group_index": 3, "parent_id": "P", "root_id": "R", "shadow": "other", "retries": 2, "timelimit": (60, 50),
        "ignore_result": True, "replaced_task_nesting": 1, "argsrepr": "(…)", "kwargsrepr": "{…}", "tenant": "x",
    }  # fmt: skip
    assert {key: message.headers[key] for key in expected} == expected


def test_signatures_are_embedded() -> None:
    link: dict[str, Any] = {"task": "proj.log", "args": [], "kwargs": {}, "options": {}, "subtask_type": None, "immutable": False}
    (_, _, one) = sent(1, 2, link=link, link_error=[link, link], chain=[link], chord=link).payload
    assert one == {"callbacks": [link], "errbacks": [link, link], "chain": [link], "chord": link}


def test_a_countdown_becomes_an_eta_in_utc_and_no_moment_too_early() -> None:
    before = dt.datetime.now(UTC)
    eta = dt.datetime.fromisoformat(sent(countdown=1.25).headers["eta"])
    assert eta.utcoffset() == dt.timedelta(0)
    assert dt.timedelta(seconds=1.25) <= eta - before < dt.timedelta(seconds=60)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (dt.datetime(2030, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), "2030-01-02T03:04:05.678000+00:00"),
        (dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2030-01-02T01:04:05+00:00"),
        (dt.datetime(2030, 1, 2, 3, 4, 5), "2030-01-02T03:04:05+00:00"),
        ("2030-01-02T03:04:05.678+00:00", "2030-01-02T03:04:05.678+00:00"),
    ],
)
def test_moments_travel_in_utc(given: Any, expected: str) -> None:
    message = sent(eta=given, expires=given)
    assert (message.headers["eta"], message.headers["expires"]) == (expected, expected)


def test_a_moment_without_a_zone_is_in_that_of_the_settings() -> None:
    message = sent(eta=dt.datetime(2030, 1, 2, 12), settings={"timezone": "Asia/Tokyo"})
    assert message.headers["eta"] == "2030-01-02T03:00:00+00:00"


def test_expires_is_a_header_alone() -> None:
    message = sent(expires=60)
    assert dt.datetime.fromisoformat(message.headers["expires"]) > dt.datetime.now(UTC)
    assert "expiration" not in message.properties


@pytest.mark.parametrize(
    "options", [{"countdown": 1e12}, {"expires": 1e12}, {"eta": dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=5)))}]
)
def test_a_time_beyond_all_calendars_is_refused(options: dict[str, Any]) -> None:
    with application(task_default_queue=name()) as app, pytest.raises(EncodeError):
        send(app, **options)


TYPES = {
    "application/x-yaml": "yaml", "application/x-python-serialize": "pickle", "application/x-msgpack": "msgpack",
    "application/x-gzip": "gzip", "application/x-bz2": "bzip2", "application/x-lzma": "lzma",
}  # fmt: skip


@pytest.mark.parametrize(
    ("option", "setting", "values", "read"),
    [
        ("serializer", "task_serializer", ("yaml", "pickle", "msgpack"), lambda message: TYPES[message.content_type]),
        ("compression", "task_compression", ("gzip", "bzip2", "lzma"), lambda message: TYPES[message.headers["compression"]]),
        ("delivery_mode", "task_default_delivery_mode", (1, 2, 1), lambda message: message.properties["delivery_mode"]),
        ("ignore_result", "task_ignore_result", (True, False, True), lambda message: message.headers["ignore_result"]),
    ],
)
def test_the_call_comes_before_its_task_and_that_before_the_settings(option: str, setting: str, values: tuple[Any, ...], read: Any) -> None:
    call, task, default = values
    assert read(sent(settings={setting: default})) == default
    assert read(sent(settings={setting: default}, task_options={option: task})) == task
    assert read(sent(settings={setting: default}, task_options={option: task}, **{option: call})) == call
    assert read(sent(settings={setting: default}, task_options={option: task}, **{option: None})) == task


def test_limits_and_expiry_of_a_task_stand_until_the_call_clears_them() -> None:
    own = {"time_limit": 60, "soft_time_limit": 50, "expires": 30}
    message = sent(task_options=own)
    assert message.headers["timelimit"] == (60, 50)
    assert message.headers["expires"] is not None
    cleared = sent(task_options=own, time_limit=None, soft_time_limit=None, expires=None)
    assert (cleared.headers["timelimit"], cleared.headers["expires"]) == ((None, None), None)


@pytest.mark.parametrize(("mode", "number"), [("transient", 1), ("persistent", 2), (1, 1), (2, 2)])
def test_delivery_modes_have_names(mode: Any, number: int) -> None:
    assert sent(delivery_mode=mode).properties["delivery_mode"] == number


def test_a_call_inside_a_task_knows_its_parent_and_its_root() -> None:
    requests.push(Context(id="parent", root_id="root", called_directly=False))
    try:
        inside = sent()
        named = sent(root_id="other", parent_id="else")
    finally:
        requests.pop()
    assert (inside.headers["root_id"], inside.headers["parent_id"]) == ("root", "parent")
    assert (named.headers["root_id"], named.headers["parent_id"]) == ("other", "else")


def test_a_task_that_another_calls_as_a_function_hides_no_parent() -> None:
    requests.push(Context(id="parent", root_id="root", called_directly=False))
    requests.push(Context())
    try:
        message = sent()
    finally:
        requests.pop()
        requests.pop()
    assert (message.headers["root_id"], message.headers["parent_id"]) == ("root", "parent")


def test_settings_may_change_between_calls() -> None:
    queue, other = name(), name()
    with application(task_default_queue=queue) as app:
        send(app)
        app.conf.task_serializer = "yaml"
        app.conf.task_routes = {"proj.*": other}
        send(app)
    assert [message.content_type for message in take("memory://", queue, 1) + take("memory://", other, 1)] == [
        "application/json", "application/x-yaml",
    ]  # fmt: skip


def test_a_task_called_as_a_function_is_no_parent() -> None:
    requests.push(Context())
    try:
        message = sent(task_id="T")
    finally:
        requests.pop()
    assert (message.headers["root_id"], message.headers["parent_id"]) == ("T", None)


def test_priority_is_inherited_where_the_settings_say_so() -> None:
    requests.push(Context(id="p", delivery_info={"priority": 7}, called_directly=False))
    try:
        assert sent(settings={"task_inherit_parent_priority": True}).properties["priority"] == 7
        assert sent().properties["priority"] == 0
    finally:
        requests.pop()


def test_replies_go_where_the_backend_says_unless_the_result_is_ignored() -> None:
    queue = name()
    with application(task_default_queue=queue) as app:
        app._made["backend"].reply_to = "replies"
        send(app)
        send(app, ignore_result=True)
        send(app, reply_to="mine")
        assert [message.properties["reply_to"] for message in take("memory://", queue, 3)] == ["replies", "", "mine"]


def test_long_arguments_are_shown_briefly() -> None:
    headers = sent(["x" * 100_000], {str(n): n for n in range(10_000)}).headers
    assert len(headers["argsrepr"]) < 1100


def test_messages_share_nothing() -> None:
    queue = name()
    with application(task_default_queue=queue) as app:
        ids = [send(app, n, n) for n in range(3)]
        messages = take("memory://", queue, 3)
    assert [message.headers["id"] for message in messages] == ids
    assert len({message.delivery_tag for message in messages}) == 3
    assert [message.headers["root_id"] for message in messages] == ids
    assert [message.properties["correlation_id"] for message in messages] == ids


def test_many_calls_keep_their_order_and_their_own_options() -> None:
    queue, other = name(), name()
    with application(task_default_queue=queue) as app:
        calls = [
            Sending("proj.add", (n, n), {}, {"group_id": "G", "group_index": n} | ({"queue": other} if n % 3 == 0 else {}))
            for n in range(9)
        ]
        ids = app.sender.send_many(calls)
        there = take("memory://", queue, 6)
        elsewhere = take("memory://", other, 3)
    assert [message.headers["group_index"] for message in there] == [1, 2, 4, 5, 7, 8]
    assert [message.headers["id"] for message in elsewhere] == [ids[0], ids[3], ids[6]]


def test_a_call_that_cannot_be_encoded_lets_none_of_its_group_leave() -> None:
    queue = name()
    with application(task_default_queue=queue) as app:
        with pytest.raises(EncodeError, match="object"):
            app.sender.send_many([Sending("proj.add", (1,), {}, {}), Sending("proj.add", (object(),), {}, {})])
        assert take("memory://", queue, 1, seconds=0.1) == []


def test_priority_where_there_is_none_gets_one_warning() -> None:
    with application(task_default_queue=name()) as app:
        with pytest.warns(PriorityWarning, match="memory"):
            send(app, priority=5)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            send(app, priority=5)
