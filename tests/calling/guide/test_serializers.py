"""Row "serializers": json, pickle, yaml, msgpack and others; who decides; and what is accepted."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import kombu.serialization
import kombu.utils.json
import pytest

import flowc
from flowc.exceptions import ContentDisallowed, EncodeError

from .proj import DEADLINE, PAIRS, Proj, project, unique, until, waiting

TYPES = {
    "json": "application/json",
    "pickle": "application/x-python-serialize",
    "yaml": "application/x-yaml",
    "msgpack": "application/x-msgpack",
    "shouted": "application/x-shouted",
}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"accept_content": list(TYPES), "result_accept_content": list(TYPES)}


@pytest.fixture(scope="module", autouse=True)
def shouted() -> Iterator[list[Any]]:
    """A serializer of our own. What it wrote is in the list."""
    written: list[Any] = []

    def dumps(value: Any) -> str:
        written.append(value)
        return json.dumps(value) + "!"

    def loads(data: str | bytes) -> Any:
        return json.loads(data[:-1])

    register: Any = kombu.serialization.register
    register("shouted", dumps, loads, TYPES["shouted"], "utf-8")
    yield written
    kombu.serialization.unregister("shouted")


@pytest.mark.parametrize("name", TYPES)
def test_each_of_them_carries_a_call(proj: Proj, name: str) -> None:
    assert proj.add.apply_async(("é", "-b"), serializer=name).get(timeout=DEADLINE) == "é-b"
    assert flowc.group(proj.add.s(n, n) for n in range(3)).apply_async(serializer=name).get(timeout=DEADLINE) == [0, 2, 4]


def test_the_message_says_what_it_is_in(idle: Proj) -> None:
    for name, content_type in TYPES.items():
        queue = unique()
        idle.add.apply_async((2, 2), serializer=name, queue=queue)
        assert waiting(idle.app, queue).content_type == content_type


def test_the_option_comes_before_the_task_and_the_task_before_the_setting(idle: Proj) -> None:
    tasks = idle.app.task(name=unique("proj.own"), serializer="msgpack")(lambda x: x)
    queue = unique()
    idle.app.conf.task_serializer = "yaml"
    idle.app.close()  # what was read of the settings is forgotten
    try:
        for call, expected in (
            (lambda: tasks.apply_async((1,), queue=queue, serializer="pickle"), "pickle"),
            (lambda: tasks.apply_async((1,), queue=queue), "msgpack"),
            (lambda: idle.add.apply_async((1, 1), queue=queue), "yaml"),
        ):
            call()
            assert waiting(idle.app, queue).content_type == TYPES[expected]
    finally:
        idle.app.conf.task_serializer = "json"
        idle.app.close()
    idle.add.apply_async((1, 1), queue=queue)
    assert waiting(idle.app, queue).content_type == TYPES["json"]


def test_an_unknown_one_is_refused_and_the_known_are_named(proj: Proj) -> None:
    with pytest.raises(EncodeError, match=r"morse.*json.*msgpack"):
        proj.add.apply_async((2, 2), serializer="morse")
    with pytest.raises(EncodeError, match="did you mean 'yaml'"):
        proj.add.apply_async((2, 2), serializer="yml")


# ----------------------------------------------------------------------------------------------------------- what json carries
RICH = {
    "datetime": dt.datetime(2026, 11, 22, 10, 30, 0, 123000, tzinfo=dt.UTC),
    "date": dt.date(2026, 11, 22),
    "time": dt.time(10, 30),
    "decimal": Decimal("3.10"),
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "bytes": b"\x00\xff binary",
    "tuple": (1, 2),
    "keys": {1: "one"},
    "text": "é \N{SNOWMAN}",
    "large": 1 << 80,
}


@pytest.mark.parametrize("name", RICH)
def test_what_json_cannot_carry_goes_as_kombu_writes_it(proj: Proj, name: str) -> None:
    value = RICH[name]
    expected = kombu.utils.json.loads(kombu.utils.json.dumps([[value], {}]))
    assert proj.echo.delay(value).get(timeout=DEADLINE) == expected
    ((came, _),) = [expected]
    assert type(proj.note.delay(value).get(timeout=DEADLINE)) is type(came[0])
    assert type(proj.noted()[0][1]) is type(came[0])


def test_what_nothing_can_carry_is_refused_here(proj: Proj) -> None:
    for serializer in ("json", "msgpack", "yaml"):
        with pytest.raises(EncodeError):
            proj.note.apply_async((object(),), serializer=serializer)
    with pytest.raises(EncodeError, match="Thread"):
        proj.note.delay({"a": [threading.Thread()]})
    assert proj.seen == []


def test_pickle_carries_more(proj: Proj) -> None:
    proj.note.apply_async(({1: (2, 3)},), serializer="pickle", ignore_result=True)
    assert proj.noted() == [("note", {1: (2, 3)})]


# ------------------------------------------------------------------------------------------------------------ what is accepted
@pytest.fixture(scope="module")
def careful(idle: Proj) -> Iterator[Proj]:
    """An application as it is by default: it accepts JSON alone."""
    with project(idle.broker, idle.store, idle.urls) as made, made.app.embedded_worker([made.queue]):
        assert list(made.app.conf.accept_content) == ["json"]
        yield made


def test_pickle_is_off_by_default_and_the_error_names_the_setting(careful: Proj, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="flowc"):
        result = careful.note.apply_async(("ran",), serializer="pickle")
        with pytest.raises(ContentDisallowed, match=r"pickle.*accept_content"):
            result.get(timeout=DEADLINE)
        assert (result.state, careful.seen) == ("FAILURE", [])
        until(lambda: "accept_content" in caplog.text)
    with pytest.raises(ContentDisallowed, match="accept_content must have 'yaml'"):
        careful.add.apply_async((2, 2), serializer="yaml").get(timeout=DEADLINE)
    assert careful.add.delay(2, 2).get(timeout=DEADLINE) == 4


@pytest.mark.parametrize("idle", PAIRS[1:], indirect=True, scope="module")
def test_who_waits_refuses_results_that_it_does_not_accept(idle: Proj) -> None:
    trusting = {"accept_content": ["json", "pickle"], "result_serializer": "pickle", "task_default_queue": unique()}
    with project(idle.broker, idle.store, idle.urls, **trusting) as worker, worker.app.embedded_worker([worker.queue]):
        assert worker.add.delay(2, 2).get(timeout=DEADLINE) == 4
        # A reply says what it is in. A stored result does not, as in Celery: it is read as what this side writes.
        own = {} if idle.store == "rpc" else {"result_serializer": "pickle"}
        with project(idle.broker, idle.store, idle.urls, task_default_queue=worker.queue, **own) as client:
            result = client.add.delay(2, 2)
            with pytest.raises(ContentDisallowed, match=r"pickle.*result_accept_content"):
                result.get(timeout=DEADLINE)


# ------------------------------------------------------------------------------------------------------------------- flows
@pytest.mark.parametrize("name", ["json", "pickle", "yaml", "msgpack"])
def test_serializers_in_flows(here: Proj, name: str) -> None:
    assert flowc.loads(f"add('a', 'b') {{serializer = '{name}'}}", app=here.app).run(here.app).value == "ab"


def test_a_flow_chooses_in_the_same_order(here: Proj, shouted: list[Any]) -> None:
    here.app.task(name="proj.plain", serializer="json")(lambda x: x)
    here.app.task(name="proj.loud", serializer="shouted")(lambda x: x)
    for text, written in (("plain('a') {serializer = 'shouted'}", 1), ("plain('a')", 0), ("loud('a')", 1), ("note('a')", 0)):
        shouted.clear()
        assert flowc.loads(text, app=here.app).run(here.app).value == "a"
        assert len(shouted) == written


def test_a_flow_takes_the_setting_where_nothing_else_is_said(shouted: list[Any]) -> None:
    app = flowc.App("settings", settings={"task_serializer": "shouted"}, set_as_current=False)
    app.task(name="same")(lambda x: x)
    app.task(name="plain", serializer="json")(lambda x: x)
    for text, written in (("same('a')", 1), ("plain('a')", 0), ("same('a') {serializer = 'json'}", 0)):
        shouted.clear()
        assert flowc.loads(text, app=app).run(app).value == "a"
        assert len(shouted) == written


def test_values_of_flows(here: Proj) -> None:
    value = flowc.loads("echo(2026-11-22, 2026-11-22T10:30:00Z, 1m30s)", app=here.app).run(here.app).value
    assert value[0] == [dt.date(2026, 11, 22), dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC), 90]
