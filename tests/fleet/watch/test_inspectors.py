"""What an inspector makes of what stands in a queue."""

from __future__ import annotations

import json

import pytest

from flowc.runtime.broker.inspector_redis import _ids


def test_the_id_of_a_message_is_found() -> None:
    assert "run.x" in _ids(json.dumps({"body": "W10=", "headers": {"task": "t", "id": "run.x"}}).encode())


@pytest.mark.parametrize("other", [rb'"id": "\q"', rb'"id": "\ud8"', b'"id": "\xff"'])
def test_what_is_no_message_hides_no_other(other: bytes) -> None:
    assert "run.x" in _ids(other + b', "id": "run.x"')
