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

    found: list[Any] = []
    parent: Any = None
    for item in items:
        if isinstance(item, Call):
            parent = AsyncResult(item.options["task_id"], app=app, parent=parent)
            parent.ignored = ignores(app, item.options, item.type or app.tasks.get(item.task))
        else:
            parent = GroupResult(item.id, [results_of(app, member)[-1] for member in item.members], app=app, parent=parent)
        found.append(parent)
    return found
