"""What a worker tells of a call that it holds."""

from __future__ import annotations

import pytest

from flowc.runtime.broker.interface import Delivery
from flowc.runtime.worker.described import waiting


def held(**headers: str) -> Delivery:
    body = '[["hunter2"], {"pw": "hunter2"}, {}]'
    return Delivery({"id": "x", "task": "t", **headers}, {}, body, "application/json", "utf-8", {}, None)


def test_arguments_are_told_as_they_are() -> None:
    told = waiting(held(argsrepr="('hunter2',)", kwargsrepr="{'pw': 'hunter2'}"), "me@here")
    assert (told["args"], told["kwargs"]) == (["hunter2"], {"pw": "hunter2"})


@pytest.mark.parametrize("masked", [{"argsrepr": "('***',)"}, {"kwargsrepr": "{'pw': '***'}"}, {"argsrepr": "(…, '***')"}])
def test_arguments_with_secrets_are_told_as_their_caller_shows_them(masked: dict[str, str]) -> None:
    told = waiting(held(**masked), "me@here")
    assert "hunter2" not in str(told)
    assert (told["args"], told["kwargs"]) == (masked.get("argsrepr"), masked.get("kwargsrepr"))
