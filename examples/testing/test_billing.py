"""Tests of billing.flow: weeks pass in milliseconds, and nobody is sent anything."""

from __future__ import annotations

from typing import Any

import pytest
from tasks import app

from flowc.testing import sequence, takes

DAY = 86_400

STUBS: dict[str, Any] = {
    "hours": [{"day": "2026-11-02", "hours": 7.5}, {"day": "2026-11-03", "hours": 4}],
    "send": "sent",
    "remind": "reminded",
    "hand_over": "handed over",
    "tell": None,
}


def test_an_invoice_goes_its_way(flow: Any) -> None:
    run = flow.run("billing.flow", params={"customer": "grace"}, app=app, stubs=STUBS)
    assert run.ok
    assert run.order == ["worked", "invoice", "sent", "reminded", "hand_over#1"]
    # make_invoice has no stub: it is the application's own
    assert run["invoice"].result == {"number": 2002, "customer": "grace", "amount": 92_000}
    assert run["send"].args == (run["invoice"].result,)
    assert run["reminded"].began == 14 * DAY
    assert run["hand_over"].began == 44 * DAY


def test_sending_is_tried_again(flow: Any) -> None:
    """The stub has the options of the application's task: it waits a minute, then two."""
    stubs = {**STUBS, "send": sequence(ConnectionError, ConnectionError("busy"), "sent")}
    run = flow.run("billing.flow", app=app, stubs=stubs)
    assert [(call.at, call.state) for call in run.calls("send")] == [(0, "RETRY"), (60, "RETRY"), (180, "SUCCESS")]
    assert run["reminded"].began == 180 + 14 * DAY


def test_sales_is_told_when_sending_fails_for_good(flow: Any) -> None:
    run = flow.run("billing.flow", app=app, stubs=STUBS, fail={"send": ConnectionError("no route")})
    assert run["sent"].state == "FAILURE"
    assert run["sent"].retries == 5
    assert run.skipped == ["reminded", "hand_over#1"]
    (call,) = run.handlers
    request, exc, _, channel = call.args
    assert (request.task, str(exc), channel) == ("billing.send", "no route", "sales")
    assert call.at == 60 + 120 + 240 + 480 + 960


def test_nobody_waits_for_the_time_sheets_for_ever(flow: Any) -> None:
    run = flow.run("billing.flow", app=app, stubs={**STUBS, "hours": takes(2 * 3600, [])})
    assert run["worked"].error == "TimeoutError: no end within 3600s"
    assert [(call.step, call.args[3], call.at) for call in run.handlers] == [("worked", "operations", 3600)]


@pytest.mark.parametrize(("customer", "amount"), [("ada", 0), ("grace", 8_000)])
def test_what_a_stub_is_called_with(flow: Any, customer: str, amount: int) -> None:
    """A stub may be a function; it gets what the task would get."""

    def hours(name: str) -> list[dict[str, Any]]:
        return [{"day": "2026-11-02", "hours": 1}] if name == "grace" else []

    run = flow.run("billing.flow", params={"customer": customer}, app=app, stubs={**STUBS, "hours": hours})
    assert run["invoice"].result["amount"] == amount
