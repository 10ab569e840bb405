"""Row "sending retry": sending is tried again when the connection fails; and errors of the connection."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import kombu.exceptions
import pytest
from kombu.connection import Connection

import flowc
from flowc import App
from flowc.exceptions import OperationalError

from .gate import Gate
from .proj import DEADLINE, Proj, unique

#: The guide's keys, and its defaults.
DEFAULT = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
AT_ONCE = {"interval_start": 0, "interval_step": 0, "interval_max": 0}

Make = Callable[..., tuple[Gate, Proj]]


@pytest.fixture(params=["redis", "rabbitmq"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """An application that sends through a gate. A broker inside this process has no connection that could fail."""
    server = request.getfixturevalue(f"{request.param}_url")
    ending: list[Any] = []

    def made(shut: float, *, silent: bool = False, **settings: Any) -> tuple[Gate, Proj]:
        gate = Gate(server, shut, silent=silent).__enter__()
        app = App(
            "proj", broker=gate.url, backend="disabled://", settings={"task_default_queue": unique(), **settings}, set_as_current=False
        )
        ending.extend([lambda: gate.__exit__(None, None, None), app.close])
        proj = Proj(app, request.param, "disabled", (server, ""))
        proj.app.task(name="proj.add")(lambda x, y: x + y)
        return gate, proj

    yield made
    for end in reversed(ending):
        end()


def arrived(proj: Proj) -> int:
    """How many messages stand in the queue, asked for on a way of its own."""
    with Connection(proj.urls[0]) as connection:
        try:
            count: int = connection.default_channel.queue_declare(proj.queue, passive=True).message_count
        except Exception:  # RabbitMQ: there is no such queue
            return 0
        return count


def test_without_retries_it_fails_at_once(make: Make) -> None:
    gate, proj = make(math.inf)
    with pytest.raises(OperationalError):
        proj.add.apply_async((2, 2), retry=False)
    assert gate.came == 1
    assert arrived(proj) == 0


def test_when_the_retries_are_used_up_it_fails(make: Make) -> None:
    for retries in (0, 1, 4):
        gate, proj = make(math.inf)
        with pytest.raises(proj.add.OperationalError):
            proj.add.apply_async((2, 2), retry=True, retry_policy={**AT_ONCE, "max_retries": retries})
        assert gate.came == 1 + retries


def test_three_retries_by_default(make: Make) -> None:
    gate, proj = make(math.inf)
    assert dict(proj.app.conf.task_publish_retry_policy) == DEFAULT
    assert proj.app.conf.task_publish_retry is True
    with pytest.raises(OperationalError):
        proj.add.delay(2, 2)
    assert gate.came == 4


def test_a_retry_that_works(make: Make) -> None:
    gate, proj = make(3)
    proj.add.delay(2, 2)
    assert gate.came >= 4
    assert arrived(proj) == 1
    _, proj = make(2)
    proj.add.apply_async((2, 2), retry=True, retry_policy=DEFAULT)
    assert arrived(proj) == 1


def test_none_is_for_ever(make: Make) -> None:
    gate, proj = make(25)
    proj.add.apply_async((2, 2), retry=True, retry_policy={**AT_ONCE, "max_retries": None})
    assert gate.came >= 26
    assert arrived(proj) == 1


def test_what_a_policy_leaves_out_is_the_settings(make: Make) -> None:
    gate, proj = make(math.inf, task_publish_retry_policy={**AT_ONCE, "max_retries": 1})
    with pytest.raises(OperationalError):
        proj.add.delay(2, 2)
    assert gate.came == 2
    with pytest.raises(OperationalError):
        proj.add.apply_async((2, 2), retry_policy={"max_retries": 0})
    assert gate.came == 3


def test_the_setting_turns_it_off(make: Make) -> None:
    gate, proj = make(math.inf, task_publish_retry=False)
    with pytest.raises(OperationalError):
        proj.add.delay(2, 2)
    assert gate.came == 1
    with pytest.raises(OperationalError):
        proj.add.apply_async((2, 2), retry=True, retry_policy={**AT_ONCE, "max_retries": 1})
    assert gate.came == 3


def test_a_connection_that_was_lost_is_made_anew(make: Make) -> None:
    gate, proj = make(0)
    proj.add.delay(2, 2)
    gate.shut = 2
    for one in list(gate._open):
        one.close()
    proj.add.delay(2, 2)
    assert arrived(proj) == 2


def test_a_host_that_never_answers(make: Make) -> None:
    _, proj = make(0, silent=True, broker_connection_timeout=0.3)
    with pytest.raises(OperationalError):
        proj.add.apply_async((2, 2), retry=False)
    with pytest.raises(OperationalError):
        proj.add.apply_async((2, 2), retry_policy={**AT_ONCE, "max_retries": 1})


def test_other_errors_can_be_retried_too(make: Make) -> None:
    _, proj = make(0)
    from kombu.exceptions import TimeoutError  # noqa: A004  (the guide's)

    proj.add.apply_async((2, 2), retry=True, retry_policy={"max_retries": 3, "retry_errors": (TimeoutError,)})
    assert arrived(proj) == 1


def test_the_error_is_kombus_and_shows_no_password(make: Make) -> None:
    assert OperationalError is kombu.exceptions.OperationalError
    app = App("proj", broker="amqp://me:s3cret@127.0.0.1:1//", set_as_current=False)
    with app, pytest.raises(OperationalError) as caught:
        app.send_task("proj.add", (2, 2), retry=False)
    assert "s3cret" not in str(caught.value) + repr(caught.value)


def test_in_memory_and_files_it_may_be_said_too(proj: Proj) -> None:
    assert proj.add.apply_async((2, 2), retry=True, retry_policy=DEFAULT).get(timeout=DEADLINE) == 4
    assert proj.add.apply_async((2, 2), retry=False).get(timeout=DEADLINE) == 4
    with pytest.raises(TypeError, match="max_retries"):
        proj.add.apply_async((2, 2), retry_policy={"max_retris": 3})


# ------------------------------------------------------------------------------------------------------------------- flows
def test_policies_in_flows(here: Proj) -> None:
    text = """
        defaults {retry_policy = {interval_max: 1s}}
        add(2, 2) {retry = true, retry_policy = {max_retries: null, interval_start: 500ms}}
    """
    flow = flowc.loads(textwrap.dedent(text), app=here.app)
    (call,) = flow.plan.calls
    assert dict(call.options.get("retry_policy")) == {"interval_max": 1, "max_retries": None, "interval_start": 0.5}
    assert call.options.get("retry") is True
    assert flow.run(here.app).value == 4
    assert flowc.loads("add(2, 2) {retry = false}", app=here.app).run(here.app).value == 4
    with pytest.raises(flowc.FlowError, match="max_retries"):
        flowc.loads("add(2, 2) {retry_policy = {max_retris: 3}}", app=here.app)
