"""``self.replace(sig)``: a signature takes the place of the task that runs; ``self.add_to_chord(sig)``: one stands beside it.

Source: ``Task.replace`` and ``Task.add_to_chord`` of Celery's reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Ignore, ImproperlyConfigured
from .launching import prepared, start
from .lowering import Call, Fan, link, link_errors, lower
from .signature import Signature, maybe_signature
from .wiring import ACCUMULATE

if TYPE_CHECKING:
    from ..task import Task


def replace(task: Task, sig: Signature) -> Any:
    """See :meth:`flowc.runtime.task.Task.replace`."""
    request = task.request
    sig = maybe_signature(sig)
    if "chord" in sig["options"]:
        raise ImproperlyConfigured("a signature that replaces a task cannot be part of a chord already")
    items = prepared(sig, {})
    if not items:
        raise ImproperlyConfigured("a task cannot be replaced with an empty canvas")
    if request.called_directly or request.is_eager:
        return start(task.app, items, eager=True).get(disable_sync_subtasks=False)
    if isinstance(items[-1], Fan):  # the list of its results becomes the result of this task
        items.append(Call(ACCUMULATE, (), {"index": 0}, {}, False))
    last = items[-1]
    assert isinstance(last, Call)
    link(last, "link", request.callbacks)
    link_errors(items, request.errbacks)
    place = {"task_id": request.id, "group_id": request.group, "group_index": request.group_index, "chord": request.chord}
    last.options.update((key, value) for key, value in place.items() if value is not None)
    rest = [*(request.chain or ()), *(last.options.get("chain") or ())]
    if rest:
        last.options["chain"] = rest
    nesting = request.replaced_task_nesting + 1
    for item in items:
        for call in item.starts():
            call.options.setdefault("root_id", request.root_id)
            call.options["replaced_task_nesting"] = nesting
        for call in item.ends():
            call.options["replaced_task_nesting"] = nesting
            if request.reply_to:
                call.options.setdefault("reply_to", request.reply_to)
    start(task.app, items)
    raise Ignore("replaced by another task")


def add_to_chord(task: Task, sig: Signature, lazy: bool) -> Any:
    """See :meth:`flowc.runtime.task.Task.add_to_chord`."""
    request = task.request
    if not request.chord or request.group is None:
        raise ValueError(f"{task.name} is part of no chord now, so nothing can be added to it")
    added = maybe_signature(sig, clone=True)
    items = lower(added)
    if not items:
        raise ImproperlyConfigured("an empty canvas cannot be added to a chord")
    more = sum(1 for _ in items[-1].ends())
    added.freeze(group_id=request.group, chord=request.chord, root_id=request.root_id, group_index=request.group_index or 0)
    task.app.backend.add_to_chord(request.group, more)
    return added if lazy else added.delay()
