"""Every example of Celery's "Calling Tasks" and of the canvas guide's primitives: as a flow and as Python, here and on stock workers."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import flowc
from flowc.runtime.outcome import RunResult

from .. import noting
from ..shared import SharedStock
from .calling import CALLING
from .canvas import CANVAS
from .example import DEADLINE, Example, Project

EXAMPLES = {f"{where}: {example.name}": example for where, part in (("calling", CALLING), ("canvas", CANVAS)) for example in part}

#: Those whose flow no example before has.
FLOWS = {name: EXAMPLES[name] for name in {example.flow: name for name, example in reversed(EXAMPLES.items())}.values()}

#: In `make test`, a stock worker runs each flow in one way: driven, or submitted where it can be.
DRIVEN = [name for place, (name, example) in enumerate(FLOWS.items()) if place % 2 == 0 or not example.carried]

#: What shows the same as others, in messages by the hundred.
WIDE = ("canvas: broken down", "canvas: group of a hundred", "canvas: chunks of a thousand")


def every(examples: Mapping[str, Example], *, everyday: bool = True, without: Collection[str] = ()) -> pytest.MarkDecorator:
    """All of these examples; some are for `make soak`: those ``without``, and where it is not for ``everyday``, wide ones."""
    marks = {name: pytest.mark.soak if name in without or (name in WIDE and not everyday) else () for name in examples}
    return pytest.mark.parametrize("example", [pytest.param(example, id=name, marks=marks[name]) for name, example in examples.items()])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project in memory, with a worker in this process."""
    notes = tmp_path_factory.mktemp("notes")
    with (
        pytest.MonkeyPatch.context() as patch,
        flowc.App("proj", broker="memory://", backend="cache+memory://", set_as_current=False) as app,
    ):
        patch.setenv(noting.FOLDER, str(notes))
        with app.embedded_worker(concurrency=4):
            yield Project(app, lambda key: noting.recorded(key, notes), "celery")


@pytest.fixture(scope="module")
def there(stock_redis: SharedStock) -> Iterator[Project]:
    """The project on a stock worker."""
    with flowc.App("proj", broker=stock_redis.broker, backend=stock_redis.backend, set_as_current=False) as app:
        yield Project(app, stock_redis.calls, stock_redis.queue)


def check_notes(expected: list[Any] | None, project: Project) -> None:
    """Wait for what tasks should have noted, and no more."""
    if expected is None:
        return
    until = time.monotonic() + DEADLINE
    while len(project.calls(project.key)) < len(expected) and time.monotonic() < until:
        time.sleep(0.01)
    found = [nameless(note) for note in project.calls(project.key)]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def nameless(note: Any) -> Any:
    """A handler's note without ids."""
    if not isinstance(note, list):
        return note
    return [note[0], "ID", *(re.sub(r"[0-9a-f]{8}[0-9a-f-]{24,28}(\.[a-z#0-9]+)?", "ID", text) for text in note[2:])]


def check(example: Example, result: RunResult, project: Project, notes: list[Any] | None) -> None:
    states = {step.task: step.state.value for step in result.steps if step.state.value != "SUCCESS"}
    assert states == example.states, result
    if not example.states:
        assert result.value == example.value
    assert all(handler.ok for handler in result.handlers), result.handlers
    check_notes(notes, project)


def flow(example: Example, project: Project) -> flowc.Flow:
    project.key = uuid.uuid4().hex
    return flowc.loads(example.flow.replace("KEY", project.key).replace("QUEUE", project.queue), app=project.app)


@every(FLOWS)
def test_as_a_flow_here(example: Example, here: Project) -> None:
    check(example, flow(example, here).run(here.app), here, example.notes)


@every(FLOWS, everyday=False, without=FLOWS.keys() - set(DRIVEN))
def test_as_a_flow_driven_on_a_stock_worker(example: Example, there: Project) -> None:
    check(example, flow(example, there).drive(there.app, timeout=DEADLINE, preflight=False), there, example.notes)
    if "heard" in example.flow:
        assert [message["result"] for message in there.heard] == [{"progress": 50}, {"progress": 90}, example.value]


@every({name: example for name, example in FLOWS.items() if example.carried}, without=DRIVEN)
def test_as_a_flow_submitted_to_a_stock_worker(example: Example, there: Project) -> None:
    notes = example.notes if example.sent is None else example.sent
    check(example, flow(example, there).submit(there.app).wait(DEADLINE), there, notes)


@every(EXAMPLES)
def test_as_python(example: Example, here: Project) -> None:
    here.key = uuid.uuid4().hex
    assert example.python(here) == example.value
    check_notes(example.notes if example.said is None else example.said, here)


@every(EXAMPLES, everyday=False)
def test_as_python_on_a_stock_worker(example: Example, there: Project) -> None:
    there.key = uuid.uuid4().hex
    assert example.python(there) == example.value
    check_notes(example.notes if example.said is None else example.said, there)


def test_a_chain_as_a_graph(tmp_path: Path, here: Project) -> None:
    made = flowc.loads("proj.add(4, 4) -> proj.mul(8) -> proj.mul(10)", app=here.app)
    graph = made.graph
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (3, 2)
    (tmp_path / "graph.dot").write_text(made.dot())
    assert (tmp_path / "graph.dot").read_text().count("->") == 2
