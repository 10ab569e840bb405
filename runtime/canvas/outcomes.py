"""The tree of results of a canvas: what each part's is, and whose parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..calling.applying import ignores
from .lowering import Call, Sequence_

if TYPE_CHECKING:
    from ..app import App


def results_of(app: App, items: Sequence_) -> list[Any]:
    """The result of each item, in order: an ``AsyncResult`` or ``GroupResult`` whose ``parent`` is the one before it."""
    from ..result import AsyncResult, GroupResult

    def of_call(call: Call, parent: Any) -> Any:
        made = AsyncResult(call.options["task_id"], app=app, parent=parent)
        made.ignored = ignores(app, call.options, call.type or app.tasks.get(call.task))
        return made

    found: list[Any] = []
    parent: Any = None
    for item in items:
        if isinstance(item, Call):
            parent = of_call(item, parent)
        else:
            ends = [
                of_call(member[0], None) if len(member) == 1 and isinstance(member[0], Call) else results_of(app, member)[-1]
                for member in item.members
            ]
            parent = GroupResult(item.id, ends, app=app, parent=parent)
        found.append(parent)
    return found
