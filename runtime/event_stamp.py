"""What every event has, whatever it tells: who, when, and the logical time. Source: "Monitoring and Management Guide", section "Events"."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any


def stamped(kind: str, fields: Mapping[str, Any], at: float, hostname: str, clock: int) -> dict[str, Any]:
    """A whole event.

    Args:
        kind: its type, such as ``task-received``.
        fields: those of that type.
        at: when it happened, in seconds since the epoch.
        hostname: who says it.
        clock: the logical clock.
    """
    return {
        "hostname": hostname, "utcoffset": _utc_offset(), "pid": os.getpid(), "clock": clock, **fields, "timestamp": at, "type": kind,
    }  # fmt: skip


def _utc_offset() -> float:
    """Hours to UTC, to the west positive."""
    return (time.altzone if time.localtime().tm_isdst else time.timezone) / 3600
