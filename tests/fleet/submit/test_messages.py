"""Messages that carry themselves: what is in them, and what comes of it, without any server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings

import flowc
from flowc.runtime.fleet.messages import weave
from flowc.runtime.redact import Redactor

from ...calling.canvas.tiny_worker import TinyWorker
from .flows import application, flows
from .opened import RUN, opened, steps, woven

CAT = application()


@pytest.fixture
def app() -> Iterator[flowc.App]:
    with flowc.App("proj", broker="redis://127.0.0.1:1/0", backend="redis://127.0.0.1:1/0", set_as_current=False) as made:
        yield made


@settings(deadline=None)
@given(flows())
def test_messages_lead_to_what_the_flow_means(text: str) -> None:
    flow = flowc.loads(text, app=CAT)
    assume(flow.plan.canvas().whole)
    wanted = flow.run(CAT, pool="solo")
    app = application()
    messages = weave(flow.plan, flow.plan.canvas(), RUN, app, Redactor())
    worker = TinyWorker(app)
    for group_id, size in messages.chords:
        app.backend.open_chord(group_id, size)
    worker.send_many(messages.sendings)
    worker.run()
    assert worker.failed == []
    ran = {message["id"] for message in worker.sent}
    assert len(ran) == len(worker.sent), "a step ran twice"
    found = app.backend.get_many([f"{RUN}.{call.id}" for call in flow.plan.calls])
    assert {id_: meta["result"] for id_, meta in found.items()} == {f"{RUN}.{step.id}": step.result for step in wanted.steps}
