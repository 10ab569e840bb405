"""The messages of real Celery versions that ``capture.py`` has written."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

VERSIONS = ("5.5", "5.6", "5.7")


@cache
def stored(version: str) -> dict[str, Any]:
    """By call: ``now`` and ``messages``."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name(f"celery-{version}.json").read_text())
    return found


def over(broker: str, record: dict[str, Any]) -> dict[str, Any]:
    """A record with the properties that its messages have on ``redis`` or ``rabbitmq``."""
    messages = [{**message, "properties": message["rabbitmq"]} if broker == "rabbitmq" else message for message in record["messages"]]
    return {**record, "messages": messages}
