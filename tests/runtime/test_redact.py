from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.compiler.plan import Late, PlanError
from flowc.runtime.app import App
from flowc.runtime.driver import bind, run
from flowc.runtime.failures import failure_of
from flowc.runtime.outcome import RunEvent
from flowc.runtime.redact import MASK, Redactor

from .plans import Ref, call, handler, on_error, on_message, plan, step

SECRET = "s3cr\"e't\\\n"
SECRETS = {"KEY": SECRET, "PIN": "0042"}
app = App("vault")
leaks: list[str] = []


@app.task(name="leak")
def leak(value: Any, how: str = "return") -> Any:
    if how == "raise":
        raise ValueError(f"cannot use {value!r}", value)
    return {"got": [value], f"key {value}": 1}


@app.task(name="tells", bind=True)
def tells(self: Any, value: Any) -> None:
    self.update_state(state="PROGRESS", meta={"value": value})
    self.update_state(state=f"AT {value}", meta=json.dumps(value))


@app.task(name="shown", bind=True)
def shown(self: Any, value: Any) -> list[Any]:
    return [self.request.argsrepr, self.request.headers, value == SECRET]


@app.task(name="handle")
def handle(request: Any, exc: BaseException, traceback: str) -> None:
    leaks.append(f"{request.args} {request.kwargs} {exc!r} {exc} {traceback}")


@app.task(name="listen")
def listen(message: dict[str, Any]) -> None:
    leaks.append(repr(message))


def clean(text: str) -> bool:
    forms = (SECRET, repr(SECRET)[1:-1], json.dumps(SECRET)[1:-1], "s3cr")
    return not any(form in text for form in forms)


@pytest.mark.parametrize("pool", ["threads", "processes", "solo"])
def test_a_secret_shows_nowhere(pool: str) -> None:
    leaks.clear()
    events: list[RunEvent] = []
    key = Late("secret", ("KEY",))
    errors, messages = on_error("e", handler("h", "handle")), on_message("m", handler("l", "listen"))
    parts = [
        call("a", "leak", key, scope="m"),
        call("b", "leak", key, "raise", scope="e"),
        call("c", "tells", key, scope="m"),
        call("d", "leak", Ref("a", ("got", 0, "x"))),
    ]
    result = run(plan(*parts, errors, messages, value=Ref("a")), app, pool=pool, secrets=SECRETS, on_event=events.append)
    assert clean(repr(result))
    assert clean(repr(result.shown_value))
    assert clean(repr(events))
    assert leaks
    assert all(clean(text) for text in leaks)
    assert result.value == {"got": [SECRET], f"key {SECRET}": 1}  # a program that asks for the value gets it
    assert str(step(result, "b").error).startswith("ValueError: ('cannot use ")


def test_a_task_gets_the_secret_but_no_header_has_it() -> None:
    key = Late("secret", ("KEY",))
    parts = call("a", "shown", key, options={"headers": {"token": Late("secret", ("WORD",))}})
    result = run(plan(parts, value=Ref("a")), app, pool="solo", secrets={**SECRETS, "WORD": "abracadabra"})
    assert result.value == ["('***',)", {"token": MASK}, True]


def test_a_secret_handed_on_as_a_number_is_masked() -> None:
    redactor = Redactor(["0042"])
    assert redactor.value([42, 42.0, 43, True, "at 0042 or 42"]) == [MASK, MASK, 43, True, "at *** or ***"]


def test_without_secrets_nothing_is_copied() -> None:
    value = [1, {"a": "b"}]
    assert Redactor().value(value) is value
    assert not Redactor([""])


def test_a_secret_inside_another_is_masked_whole() -> None:
    assert Redactor(["abc", "abcdef"]).text("abcdef abc") == "*** ***"


def test_the_live_exception_goes_only_if_it_shows_the_secret() -> None:
    redactor = Redactor(["hush"])
    for text, kept in (("hush", False), ("loud", True)):
        assert (redactor.failure(failure_of(ValueError(text))).exception is not None) == kept


@given(st.text(min_size=1), st.text(), st.text())
def test_any_secret_is_masked_in_any_writing(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    writings = (secret, repr(secret), json.dumps(secret), json.dumps({"a": secret}, ensure_ascii=False), repr((repr(secret), 1)))
    for text in (*writings, *map(json.dumps, writings)):
        masked = redactor.text(before + text + after)
        assert MASK in masked
        if not set(secret) & set(before + after + MASK):
            assert secret not in masked


def test_a_secret_that_an_option_cannot_be_is_not_quoted() -> None:
    priority = call("a", "t", options={"queue": Late("secret", ("KEY",))})
    with pytest.raises(PlanError) as caught:
        bind(plan(priority), secrets={"KEY": "s3cr\x00et-and-more"})
    assert "s3cr" not in str(caught.value)


def test_late_values_are_bound_once_and_missing_ones_are_named() -> None:
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    bound, redactor = bind(
        plan(call("a", "t", Late("now"), Late("env", ("HOME",)), Late("secret", ("KEY",)))), now=now, env={"HOME": "/h"}, secrets=SECRETS
    )
    assert bound.calls[0].args == (now, "/h", SECRET)
    assert redactor.text(SECRET) == MASK
    with pytest.raises(PlanError, match="NOPE"):
        bind(plan(call("a", "t", Late("secret", ("NOPE",)))), now=now, env={}, secrets={})
