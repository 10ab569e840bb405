"""``freeze`` of canvases: ids for every part, in place, before anything is sent."""

from __future__ import annotations

from typing import Any

from ..ids import new_id
from .chain import chain
from .chord import chord as chord_class  # the name is also an argument's
from .group import group
from .lowering import Call, lower
from .outcomes import results_of
from .signature import Signature, maybe_signature


def freeze(
    root: Signature,
    _id: str | None = None,
    group_id: str | None = None,
    chord: Any = None,
    root_id: str | None = None,
    parent_id: str | None = None,
    group_index: int | None = None,
) -> Any:
    """Give ids to the parts of a canvas, those that it will be sent with. Returns the result of what comes last.

    Args:
        root: the canvas.
        _id: the id of what comes last (of the group, where that is one).
        group_id: the group that what comes last is to be a part of.
        chord: the body behind that group.
        root_id: the id of the whole.
        parent_id: the id of what comes before.
        group_index: the place in that group.
    """
    if not isinstance(root, chord_class) and _id is not None:
        root["options"].setdefault("task_id", _id)
    given = {"group_id": group_id, "chord": chord, "root_id": root_id, "parent_id": parent_id, "group_index": group_index}
    root["options"].update((key, value) for key, value in given.items() if value is not None)
    if isinstance(root, chord_class) and _id is not None and root.body is not None:
        root.body["options"].setdefault("task_id", _id)
    _identify(root)
    items = lower(root)
    for item in items:
        if isinstance(item, Call):
            item.options.setdefault("task_id", new_id())
    return results_of(root.app, items)[-1] if items else None


def _identify(root: Signature) -> None:
    stack: list[Any] = [root]
    while stack:
        sig = stack.pop()
        if isinstance(sig, chain):
            tasks = sig.tasks
            tasks[:] = [maybe_signature(task) for task in tasks]
            if tasks and (own := sig["options"].get("task_id")) and not isinstance(tasks[-1], (chain, group, chord_class)):
                tasks[-1]["options"].setdefault("task_id", own)
            stack.extend(tasks)
            continue
        sig["options"].setdefault("task_id", new_id())
        if isinstance(sig, group):
            stack.extend(sig.tasks)
        elif isinstance(sig, chord_class):
            stack.extend(sig.tasks.tasks if isinstance(sig.tasks, group) else sig.tasks)
            if sig.body is not None:
                stack.append(sig.body)
