"""What was submitted, as frozen data, and what a failed submission has left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ...compiler.plan import Canvas, Location, Plan, Ref
from ..redact import Redactor

if TYPE_CHECKING:
    from ..app import App
    from ..outcome import RunEvent, RunResult

#: Ids that an error's text names.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class SubmittedStep:
    """A step that was submitted.

    Attributes:
        id: that of the step.
        task: its task's name.
        task_id: the id of its message, by which its result is found.
        how: ``message`` (sent now), ``link`` (inside the message of ``by``), ``header`` or ``body`` (of the chord ``by``).
        by: the step or group that starts it; None for ``message``.
        where: where it was written.
    """

    id: str
    task: str
    task_id: str
    how: Literal["message", "link", "header", "body"]
    by: str | None
    where: Location


@dataclass(frozen=True, slots=True)
class Submission:
    """A flow that was sent to a fleet of workers, and runs there by itself.

    Attributes:
        run_id: the id of the run: the root id of each message.
        flow: the flow's name.
        steps: by the step's id, in the order of the plan.
        messages: how many messages were sent.
        bytes: their size.
        notes: what will be different from a run that is driven.
        result: the handle of the flow's value: an ``AsyncResult`` where that is a step's result, a ``GroupResult`` where it is a group's;
            else None.
        began: when it was sent, by ``time.monotonic()``; from then on a run's seconds are counted.
    """

    run_id: str
    flow: str
    steps: Mapping[str, SubmittedStep]
    messages: int
    bytes: int
    notes: tuple[str, ...] = ()
    result: Any = None
    began: float = field(default_factory=time.monotonic, repr=False, compare=False, kw_only=True)
    plan: Plan = field(repr=False, compare=False, kw_only=True)
    app: App = field(repr=False, compare=False, kw_only=True)
    redactor: Redactor = field(default_factory=Redactor, repr=False, compare=False, kw_only=True)

    def wait(
        self, timeout: float | None = None, on_event: Callable[[RunEvent], None] | None = None, *, lost_after: float | None = None
    ) -> RunResult:
        """Wait for the end of every step, as the result backend tells it.

        Args:
            timeout: seconds to wait at most; then the result says ``timed_out``, and the flow goes on.
            on_event: called in this thread with each event, as by ``Flow.run``.
            lost_after: seconds after which a step that nobody knows is lost; by default some minutes, or hours where workers do not answer.

        Raises:
            UsageError: results are not kept, or ``lost_after`` is not above zero.
            BackendError: the result store cannot be reached.
        """
        from .awaiting import wait
        from .patience import Patience

        return wait(self, timeout, on_event, patience=Patience.losing_after(lost_after))


class SubmissionFailed(Exception):
    """The broker failed while a flow was being sent.

    What was sent runs. A new submission is another run, with other ids: it does all steps anew.

    Attributes:
        run_id: the id of the run.
        sent: the task ids of the messages that the broker has.
        uncertain: those that were on their way: the broker may have them.
        unsent: those that were not sent.
    """

    def __init__(self, run_id: str, sent: tuple[str, ...], uncertain: tuple[str, ...], unsent: tuple[str, ...], why: str) -> None:
        self.run_id = run_id
        self.sent = sent
        self.uncertain = uncertain
        self.unsent = unsent
        super().__init__(self._said(why.rstrip(".")))

    def _said(self, why: str) -> str:
        if not self.sent and not self.uncertain:
            return f"{why}. Nothing was sent, so the flow can be submitted again"
        total = len(self.sent) + len(self.uncertain) + len(self.unsent)
        parts = [f"{why}. Of the {total:,} messages of run {self.run_id} the broker has {len(self.sent):,}"]
        if self.uncertain:
            parts.append(f"delivery is uncertain of {len(self.uncertain):,} ({_named(self.uncertain)})")
        if self.unsent:
            parts.append(f"{len(self.unsent):,} were not sent ({_named(self.unsent)})")
        return "; ".join(parts) + ". What the broker has will run; to submit the flow again is another run, which does that once more"


def _named(ids: tuple[str, ...]) -> str:
    return ", ".join(ids[:_MOST_NAMED]) + (" …" if len(ids) > _MOST_NAMED else "")


def described(
    plan: Plan, canvas: Canvas, run_id: str, app: App, redactor: Redactor, ids: Mapping[str, str], *, messages: int, size: int
) -> Submission:
    """The submission of a plan.

    Args:
        plan: the bound plan.
        canvas: how messages carry it.
        run_id: the id of the run.
        app: where it was sent.
        redactor: masks its secrets.
        ids: by step and group, the id of its message or in the result store.
        messages: how many messages there are.
        size: their bytes.
    """
    calls = {call.id: call for call in plan.calls}
    carried = {found.id: found for found in canvas.carried}
    glue = {found.id for found in canvas.carried if found.glue is not None}
    steps: dict[str, SubmittedStep] = {}
    for id_, call in calls.items():
        how, by = carried[id_].how, carried[id_].by
        if by in glue and by is not None:  # no step of the flow: it belongs to a group
            by = by.rpartition(".")[0]
        steps[id_] = SubmittedStep(id_, call.task, ids[id_], how, by, call.where)
    notes = tuple(dict.fromkeys(f"{remark.where}: {remark.reason}" for remark in canvas.remarks))
    result = _handle(plan, app, ids)
    return Submission(run_id, plan.name, steps, messages, size, notes, result, plan=plan, app=app, redactor=redactor)


def _handle(plan: Plan, app: App, ids: Mapping[str, str]) -> Any:
    """The handle of the value of a plan: made from its groups inside out, so that no depth recurses."""
    value = plan.value
    if not isinstance(value, Ref) or value.path:
        return None
    steps = {call.id for call in plan.calls}
    if value.id in steps:
        return app.AsyncResult(ids[value.id])
    groups = {group.id: group for group in plan.groups}
    made: dict[str, Any] = {}
    waiting = [value.id]
    while waiting:
        at = groups[waiting[-1]]
        if not all(isinstance(member, Ref) and not member.path for member in at.members):
            return None
        members = [member.id for member in at.members if isinstance(member, Ref)]
        inner = [id_ for id_ in members if id_ in groups and id_ not in made]
        if inner:
            waiting += inner
            continue
        results = [made[id_] if id_ in made else app.AsyncResult(ids[id_]) for id_ in members]
        made[waiting.pop()] = app.GroupResult(ids[at.id], results)
    return made[value.id]
