"""Queues that no worker reads: what was sent there waits, without a word, until somebody starts one that does."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from ..broker.inspecting import Command, Inspector
from .asking import Asking
from .destinations import merged_options, queue_of
from .hosts import queues_of

if TYPE_CHECKING:
    from .submission import Submission

#: Seconds that workers have to say which queues they read.
PATIENCE = 0.3
#: Steps whose queues are worked out: of a flow with more, the rest mostly goes to the same.
_MOST = 1000
#: Where a step goes that a worker sends, if nothing here says where: or elsewhere, if the worker's settings do.
_UNDECIDED = "celery"
#: Queues that are looked at.
_MOST_QUEUES = 20
#: Steps, or queues, that a remark names.
_NAMED = 3


def remark(queue: str, steps: list[str], read: Collection[str]) -> str:
    """What to say of a queue that no worker reads.

    Args:
        queue: its name.
        steps: that go there.
        read: the queues that workers read, as far as that is known.
    """
    said = f"no worker reads the queue {queue!r}, where {_some(steps)} {'goes' if len(steps) == 1 else 'go'}"
    return f"{said}; {_instead(queue, read)}" if read else said


def look_for_readers(submission: Submission) -> tuple[str, ...]:
    """Remarks about the queues of a submitted flow that no worker reads; none where some worker does not answer soon, and may read them.

    Takes some milliseconds, or :data:`PATIENCE` where workers are slow. A broker that fails meanwhile is no matter.
    """
    if not submission.app.broker.traits.fanout:  # so no worker can be asked
        return ()
    queues = _destinations(submission)
    asking = Asking(submission.app.broker)
    try:
        return asking.attempt(lambda inspector: tuple(_remarks(inspector, queues))) or ()
    finally:
        asking.close()


def _remarks(inspector: Callable[[], Inspector], queues: Mapping[str, list[str]]) -> Iterator[str]:
    there = inspector()
    consumers = {queue: there.standing(queue).consumers for queue in list(queues)[:_MOST_QUEUES]}
    if None not in consumers.values():  # RabbitMQ: the broker knows
        yield from (remark(queue, queues[queue], ()) for queue, count in consumers.items() if not count)
        return
    (answers,) = there.ask([Command("active_queues", {})], PATIENCE)
    if answers.listeners == 0:
        yield "no worker is there: what was sent waits until one comes"
    elif answers.listeners is not None and len(answers.by_host) >= answers.listeners:
        read = frozenset[str]().union(*queues_of(answers.by_host).values())
        yield from (remark(queue, steps, read) for queue, steps in queues.items() if read and queue not in read)


def _destinations(submission: Submission) -> Mapping[str, list[str]]:
    """The steps that go to each queue, as far as it is decided here: later ones may go where the settings of workers say."""
    app = submission.app
    found: dict[str, list[str]] = {}
    for call in submission.plan.calls[:_MOST]:
        queue = queue_of(app, call.task, merged_options(app, call))
        if queue != _UNDECIDED or not call.trigger.needs:
            found.setdefault(queue, []).append(call.id)
    return found


def _instead(queue: str, read: Collection[str]) -> str:
    near = difflib.get_close_matches(queue, sorted(read), 1)
    if near:
        return f"did you mean {near[0]!r}?"
    more = f" and {len(read) - _NAMED} more" if len(read) > _NAMED else ""
    return f"workers read {', '.join(map(repr, sorted(read)[:_NAMED]))}{more}"


def _some(steps: list[str]) -> str:
    more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
    return ("step " if len(steps) == 1 else "steps ") + ", ".join(steps[:_NAMED]) + more
