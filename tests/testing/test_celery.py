"""The tasks of a Celery application in a flow under test: their own code runs as on Celery's workers, and stubs have their options."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from celery import Celery

import flowc
from flowc.testing import run, sequence

HOUR = 3600


@pytest.fixture(scope="module")
def app() -> Any:
    app: Any = Celery(f"shop{uuid.uuid4().hex}", broker="redis://nowhere.invalid/0", set_as_current=False)

    @app.task(name="shop.send", shared=False, autoretry_for=(ConnectionError,), retry_backoff=60, max_retries=3)  # type: ignore[untyped-decorator]
    def send(order: int) -> str:
        raise AssertionError("the stub is called instead")

    @app.task(name="shop.ask", shared=False, bind=True, max_retries=None)  # type: ignore[untyped-decorator]
    def ask(self: Any, order: int) -> Any:
        if self.request.retries < 3:
            raise self.retry(countdown=HOUR)
        return order + self.request.retries

    @app.task(name="shop.tell", shared=False)  # type: ignore[untyped-decorator]
    def tell(request: Any, exc: Exception, traceback: str) -> None:
        told.append((request.task, repr(exc)))

    @app.task(name="shop.both", shared=False)  # type: ignore[untyped-decorator]
    def both() -> None:
        ask.delay(1)

    told: list[Any] = []
    app.told = told
    return app


def test_its_own_tasks_run(app: Any) -> None:
    ran = run(flowc.loads("shop.ask(4) -> shop.send !> shop.tell"), app=app, stubs={"send": lambda order: f"sent {order}"})
    assert ran.value == "sent 7"
    assert [call.at for call in ran.calls("ask")] == [0, HOUR, 2 * HOUR, 3 * HOUR]


def test_stubs_have_the_options_of_its_tasks(app: Any) -> None:
    flow = flowc.loads("shop.send(1) !> shop.tell")
    ran = run(flow, app=app, stubs={"send": sequence(ConnectionError, ConnectionError, "sent")})
    assert ([call.at for call in ran.calls("send")], ran.value) == ([0, 60, 180], "sent")
    ran = run(flow, app=app, fail={"send": ConnectionError("no route")})
    assert [call.at for call in ran.calls("send")] == [0, 60, 180, 420]
    assert app.told == [("shop.send", "ConnectionError('no route')")]  # its own handler was called
    assert [call.task for call in ran.handlers] == ["shop.tell"]


def test_its_broker_is_not_needed(app: Any) -> None:
    """What a task calls runs inside it, as in an embedded run."""
    assert run(flowc.loads("shop.both()"), app=app)["both"].state == "SUCCESS"
