"""``self.replace(sig)``: a signature takes the place of the task that runs.

Source: ``Task.replace`` of Celery's reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Ignore, ImproperlyConfigured
from .launching import prepared, start
from .lowering import Call, Fan, link, link_errors
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
