"""The stored messages are those that the versions of Celery write today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...servers.rabbitmq import RabbitServer
from ...servers.redis import RedisServer
from .capture import capture
from .comparing import differences
from .stored import VERSIONS, over, stored


@pytest.mark.soak
@pytest.mark.parametrize("version", VERSIONS)
def test_celery_still_writes_what_is_stored(version: str, tmp_path: Path) -> None:
    out = tmp_path / "captured.json"
    with RedisServer(tmp_path / "r", appendfsync=None) as redis, RabbitServer(tmp_path / "b") as rabbitmq:
        capture(version, out, redis.url, rabbitmq.url)
    found = json.loads(out.read_text())
    assert set(found) == set(stored(version))
    for name, record in stored(version).items():
        for broker in ("redis", "rabbitmq"):
            assert differences(over(broker, record), over(broker, found[name])) == [], name
