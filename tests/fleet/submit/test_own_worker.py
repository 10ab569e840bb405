"""Submitted flows on flowc's own worker, which reads the same messages."""

from __future__ import annotations

import uuid

from hypothesis import HealthCheck, assume, given, settings

import flowc

from .flows import cat, flows

PATIENCE = 60


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(flows())
def test_random_flows(text: str) -> None:
    flow = flowc.loads(text)
    assume(flow.plan.canvas().whole)
    name = uuid.uuid4().hex
    with flowc.App(
        "cat", broker="memory://", backend=f"memory://{name}", settings={"task_default_queue": name}, set_as_current=False
    ) as app:
        app.task(name="cat.cat")(cat)
        with app.embedded_worker(concurrency=2):
            result = flow.submit(app).wait(PATIENCE)
        assert result.ok, result
        assert result.value == flow.run(app, pool="solo").value
