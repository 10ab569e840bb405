"""A flow as messages that carry themselves: one for each step that starts with the run, with all that follows inside it.

A chord's header that starts with the run leaves as a message for each of its members, not as one that holds them all; so the chord is
opened in the result store here, which a worker does for chords that come later. Where the store does not count (a database), all of it is
left to a worker: Celery's then look into the store again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...compiler.plan import Canvas, Plan
from ..canvas.lowering import Call, Sequence_, place
from ..canvas.wiring import wire
from ..errors import EncodeError
from ..sending import Sending
from .poison import Taster
from .weaving import Weaving

if TYPE_CHECKING:
    from ..app import App
    from ..redact import Redactor


@dataclass(frozen=True, slots=True)
class Messages:
    """What is to be sent.

    Attributes:
        sendings: the messages, in the order of the plan.
        steps: for each of them, the id of the step (or glue) that it starts.
        chords: the chords whose headers are among them, as (group id, size): they are opened first.
        ids: for each step and group, the id of its message or in the result store.
    """

    sendings: tuple[Sending, ...]
    steps: tuple[str, ...]
    chords: tuple[tuple[str, int], ...]
    ids: Mapping[str, str]


def weave(plan: Plan, canvas: Canvas, run_id: str, app: App, redactor: Redactor) -> Messages:
    """The messages of a flow.

    Args:
        plan: the bound plan.
        canvas: what messages can carry of it: all.
        run_id: the id of the run, which is every message's root id.
        app: whose settings, routes and tasks count.
        redactor: masks what messages show.

    Raises:
        EncodeError: groups are nested too deeply for a message; or a message would be one on which workers choke.
        QueueNotFound: a step names a queue that is not known, and may not be made.
        OperationalError: kombu's; the queue for replies could not be made.
    """
    weaving = Weaving(plan, canvas, run_id, app, redactor, app.backend.reply_to)
    collected = _Collected(app)
    heads = list(_heads(canvas))
    try:
        for head in heads:
            if app.backend.counts_stock_chords or not weaving.is_chord(head):
                collected.begin(weaving.line(head, sent=True))
            else:
                collected.begin(weaving.behind_glue(head))
    except RecursionError:
        raise EncodeError("groups are nested too deeply in one another for a message") from None
    steps = {weaving.task_id(carried.id): carried.id for carried in canvas.carried} | {weaving.start_id(head): head for head in heads}
    started = tuple(steps[sending.options["task_id"]] for sending in collected.sendings)
    named = (*(call.id for call in plan.calls), *(group.id for group in plan.groups))
    ids = {id_: weaving.task_id(id_) for id_ in named}
    return Messages(tuple(collected.sendings), started, tuple(collected.chords), ids)


def _heads(canvas: Canvas) -> Iterator[str]:
    """The steps and chords that start with the run, each once, in the order of the text."""
    chords = {chord.id: chord.by for chord in canvas.chords}
    seen: set[str] = set()
    for carried in canvas.carried:
        if carried.how == "message":
            yield carried.id
        elif carried.how == "header":
            at = carried.by
            while at is not None and at in chords and at not in seen:
                seen.add(at)
                above = chords[at]
                if above is None:
                    yield at
                at = above
    yield from (id_ for id_, by in chords.items() if by is None and id_ not in seen)


class _Collected:
    """The messages of lines, as they come."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._taster = Taster()
        self.sendings: list[Sending] = []
        self.chords: list[tuple[str, int]] = []

    def begin(self, items: Sequence_) -> None:
        """What of a line can leave now, with the rest inside it."""
        first = items[0]
        steps = wire(items[1:])
        if isinstance(first, Call):
            if steps:
                first.options["chain"] = steps
            self._send(first)
            return
        body = steps.pop()
        if steps:
            body["options"]["chain"] = steps
        assert first.id is not None
        index = 0
        for member in first.members:
            index = place(member, first.id, index, body)
        self.chords.append((first.id, index))
        for member in first.members:
            self.begin(member)

    def _send(self, call: Call) -> None:
        sending = Sending(call.task, call.args, call.kwargs, call.options, self._app.tasks.get(call.task))
        self._taster.taste(sending)
        self.sendings.append(sending)
