"""One flow on each target, and what came of it in a form that can be compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flowc
from flowc.runtime.celery_app import adopt
from flowc.runtime.outcome import RunResult

from ..noting import FOLDER, recorded
from ..shared import SharedStock
from .growing import Tree, as_json, handlers, text

ROOT = Path(__file__).parents[3]

#: Seconds that a handler which stock workers call may take, after the last step has ended.
PATIENCE = 20.0


@dataclass(frozen=True)
class Outcome:
    """What came of a flow. ``steps``: state and result (or error) of each. ``called``: for each scope, the notes of its handler."""

    value: Any
    steps: dict[str, tuple[str, Any]]
    called: dict[int, list[Any]]

    @property
    def counts(self) -> dict[int, int]:
        """How often each handler was called."""
        return {number: len(notes) for number, notes in self.called.items()}


def outcome(result: RunResult, tree: Tree, notes: dict[int, list[Any]]) -> Outcome:
    """That of a run."""
    steps = {step.id: (str(step.state), step.error if step.failure is not None else step.result) for step in result.steps}
    return Outcome(result.value if result.has_value else None, steps, notes)


def _notes(tree: Tree, key: str, folder: Path) -> dict[int, list[Any]]:
    """What the handlers have noted, with the ids of steps in place of those of messages."""
    found: dict[int, list[Any]] = {}
    for number in handlers(tree):
        found[number] = sorted([what, id_.partition(".")[2], kind, said] for what, id_, kind, said in recorded(f"{key}{number}", folder))
    return found


def _settled(tree: Tree, key: str, folder: Path, wanted: dict[int, int]) -> dict[int, list[Any]]:
    """The notes, once each handler has been called as often as is wanted."""
    until = time.monotonic() + PATIENCE
    while True:
        notes = _notes(tree, key, folder)
        if all(len(notes[number]) >= count for number, count in wanted.items()) or time.monotonic() > until:
            return notes
        time.sleep(0.02)


class Targets:
    """The ways on which a flow can run.

    Args:
        stock: a stock worker.
        folder: for notes of what runs here.
    """

    def __init__(self, stock: SharedStock, folder: Path) -> None:
        from tests.fleet.proj import app as celery_app

        self.stock = stock
        self.folder = folder
        self.here = adopt(celery_app)
        self.app = flowc.App("differential", broker=stock.broker, backend=stock.backend, set_as_current=False)

    def embedded(self, tree: Tree) -> Outcome:
        """In this process, by Celery's own task objects."""
        key = uuid.uuid4().hex
        os.environ[FOLDER] = str(self.folder)
        result = flowc.loads(text(tree, key)).run(self.here)
        return outcome(result, tree, _notes(tree, key, self.folder))

    def driven(self, tree: Tree) -> Outcome:
        """On the stock worker, step by step."""
        key = uuid.uuid4().hex
        result = flowc.loads(text(tree, key)).drive(self.app, timeout=60)
        return outcome(result, tree, _notes(tree, key, self.stock.notes))

    def submitted(self, tree: Tree, wanted: dict[int, int]) -> tuple[Outcome, tuple[str, ...]] | None:
        """On the stock worker, by messages that carry it all; with the remarks. None where no message can.

        Args:
            wanted: how often each handler is called at least: the end of a handler is seen by what it notes alone.
        """
        key = uuid.uuid4().hex
        flow = flowc.loads(text(tree, key))
        if not flow.plan.canvas().whole:
            return None
        submission = flow.submit(self.app)
        result = submission.wait(60)
        return outcome(result, tree, _settled(tree, key, self.stock.notes, wanted)), submission.notes

    def close(self) -> None:
        self.app.close()


class CeleryClient:
    """A process with Celery's own client."""

    def __init__(self, stock: SharedStock) -> None:
        self.stock = stock
        env = {**os.environ, "PEER_BROKER": stock.broker, "PEER_BACKEND": stock.backend, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.fleet.differential.peer"],
            env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, tree: Tree, wanted: dict[int, int]) -> tuple[dict[str, tuple[str, Any]], dict[int, list[Any]]]:
        """The states and results by the steps' tags, and the notes of the handlers; ``wanted`` as for :meth:`Targets.submitted`."""
        key = uuid.uuid4().hex
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"tree": as_json(tree), "key": key}) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return {number: tuple(ended) for number, ended in told.items()}, _settled(tree, key, self.stock.notes, wanted)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def targets(stock: SharedStock, folder: Path) -> Iterator[Targets]:
    """The targets, closed at the end; the environment is as it was."""
    before = os.environ.get(FOLDER)
    made = Targets(stock, folder)
    try:
        yield made
    finally:
        made.close()
        if before is None:
            os.environ.pop(FOLDER, None)
        else:
            os.environ[FOLDER] = before
