"""The tasks of billing. None of them runs in the tests but `make_invoice`: the others would need what only production has."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypedDict

from flowc import App

app = App("billing")


class Day(TypedDict):
    day: dt.date
    hours: float


class Invoice(TypedDict):
    number: int
    customer: str
    amount: int


@app.task(name="billing.hours")
def hours(customer: str) -> list[Day]:
    raise NotImplementedError("asks the time sheets")


@app.task(name="billing.make_invoice")
def make_invoice(customer: str, hours: list[Day]) -> Invoice:
    amount = sum(round(day["hours"] * 8_000) for day in hours)
    return {"number": 2_000 + len(hours), "customer": customer, "amount": amount}


@app.task(name="billing.send", autoretry_for=(ConnectionError,), retry_backoff=60, retry_backoff_max=3600, max_retries=5)
def send(invoice: Invoice) -> str:
    raise NotImplementedError("talks to the mail server")


@app.task(name="billing.remind")
def remind(invoice: Invoice) -> str:
    raise NotImplementedError("talks to the mail server")


@app.task(name="billing.hand_over")
def hand_over(invoice: Invoice) -> str:
    raise NotImplementedError("talks to the collector")


@app.task(name="billing.tell")
def tell(request: Any, exc: BaseException, traceback: str, channel: str) -> None:
    raise NotImplementedError("writes into a chat")
