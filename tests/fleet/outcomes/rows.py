"""What can become of a step on a stock worker, and what a driven run makes of it: rows that go as steps of one flow."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import flowc
from flowc.compiler.plan import Call
from flowc.runtime.broker.inspecting import Command, Inspector, make_inspector
from flowc.runtime.fleet.driver import drive
from flowc.runtime.fleet.patience import Patience
from flowc.runtime.fleet.watching import Watching
from flowc.runtime.outcome import RunEvent, RunResult
from tests.fleet.watch.listening import QUICK
from tests.runtime.plans import call, plan


@dataclass(frozen=True)
class Row:
    """A step and its end.

    Attributes:
        task: without ``proj.``.
        args: of the call.
        state: that it ends in.
        told: a pattern of its result or its error; None: not looked at.
        options: of the step.
    """

    task: str
    args: tuple[Any, ...] = ()
    state: str = "SUCCESS"
    told: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Place:
    """A broker with workers, and where they keep results (None: nowhere, so that the run asks for events)."""

    broker: str
    backend: str | None
    queue: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def app(self) -> flowc.App:
        """An application that calls the tasks there and has none."""
        return flowc.App("outcomes", broker=self.broker, backend=self.backend, settings=dict(self.settings), set_as_current=False)

    def drive(
        self,
        *calls: Call,
        patience: Patience = QUICK,
        on_event: Callable[[RunEvent], None] | None = None,
        timeout: float | None = 90,
        preflight: bool = False,
    ) -> RunResult:
        """Run steps that may depend on each other."""
        with self.app() as app:
            return drive(
                plan(*calls),
                app,
                make_watching=partial(Watching, patience=patience),
                on_event=on_event,
                timeout=timeout,
                preflight=preflight,
            )

    def revoke(self, task_id: str) -> None:
        """Have workers know that this is not to begin."""
        with self.app() as app:
            app.control.revoke(task_id)
            inspector = make_inspector(app.broker)
            until = time.monotonic() + 60
            while not self._is_revoked(inspector, task_id):
                assert time.monotonic() < until
            inspector.close()

    @staticmethod
    def _is_revoked(inspector: Inspector, task_id: str) -> bool:
        (answers,) = inspector.ask([Command("revoked", {})], 5.0)
        return bool(answers.by_host) and all(task_id in told for told in answers.by_host.values())

    def call(self, id_: str, task: str, *args: Any, **options: Any) -> Call:
        """A step in this place's queue."""
        return call(id_, f"proj.{task}", *args, options={"queue": self.queue, **options})

    def check(self, rows: Mapping[str, Row], patience: Patience = QUICK) -> RunResult:
        """Run all rows at once, and compare."""
        result = self.drive(*(self.call(name, row.task, *row.args, **row.options) for name, row in rows.items()), patience=patience)
        shown = {step.id: (str(step.state), step.error or repr(step.result)) for step in result.steps}
        wrong = {
            name: shown[name]
            for name, row in rows.items()
            if shown[name][0] != row.state or (row.told is not None and not re.search(row.told, shown[name][1]))
        }
        assert not wrong, f"not as expected: {wrong}; notes: {result.notes}"
        return result


def key() -> str:
    """A key for notes that no other test has."""
    return uuid.uuid4().hex


def common() -> dict[str, Row]:
    """What ends alike on every pool."""
    return {
        "success": Row("add", (2, 3), "SUCCESS", "^5$"),
        "ignored_result": Row("ignored", (4,), "SUCCESS", "^4$"),
        "exception": Row("boom", ("bad", 7), "FAILURE", r"^Boom: \('bad', 7\)"),
        "bad_arguments": Row("add", (1,), "FAILURE", "^TypeError: .*missing"),
        "unserialisable": Row("unserialisable", (), "FAILURE", "EncodeError"),
        "retried": Row("retrying", (key(), 2, "ok"), "SUCCESS", "^'ok'$"),
        "retried_by_options": Row("autoretrying", (key(), 2, "ok"), "SUCCESS", "^'ok'$"),
        "retries_exhausted": Row("retrying", (key(), 99), "FAILURE", "^ConnectionError"),
        "replaced": Row("replaced", (2, 3), "SUCCESS", "^5$"),
        "rejected": Row("reject", (), "FAILURE", "Reject"),
        "requeued": Row("requeue_once", (key(), "ok"), "SUCCESS", "^'ok'$"),
        "ignored": Row("ignore", (), "LOST", "StepLostError: .*worker"),
        "expired": Row("add", (1, 1), "REVOKED", "expired", {"expires": 0.001}),
        "unknown": Row("no_such_task", (), "FAILURE", "NotRegistered"),
    }
