"""What flowc publishes for the calls of ``calls.py``, in the form of ``capture.py``."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from typing import Any

import flowc
from flowc.runtime.sending import PriorityWarning

from . import calls, wire


def captured(broker: str, backend: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """The messages of each call; by name. ``counts``: how many a worker sends for each. The queues' names are those of ``calls.py``."""
    app = flowc.App("proj", broker=broker, backend=backend, settings=calls.SETTINGS, set_as_current=False)
    found: dict[str, Any] = {}
    with app, wire.Taps(broker, calls.QUEUES) as taps, warnings.catch_warnings():
        warnings.simplefilter("ignore", PriorityWarning)  # the queues on RabbitMQ have none
        project = calls.Project(app, flowc)
        for name, make in calls.CALLS.items():
            now = dt.datetime.now(dt.UTC)
            make(project)
            found[name] = {"now": now.isoformat(), "messages": taps.take()}
        with app.embedded_worker([calls.DEFAULT], concurrency=1):
            for name, make in calls.STARTS.items():
                now = dt.datetime.now(dt.UTC)
                make(project)
                found[f"worker-{name}"] = {"now": now.isoformat(), "messages": taps.await_held(counts[f"worker-{name}"])}
        assert taps.take() == [], "more messages than those that were waited for"
    return found
