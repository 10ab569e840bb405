"""``celery.chord_unlock``: how stock clients complete a chord where the result store does not count its parts, as in a database.

They send this task with the chord's header: it looks whether all of it has ended, tries again after a pause if not, and else sends the
body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .errors import MaxRetriesExceededError
from .failures import failure_of
from .results.interface import READY_STATES, Meta

#: Seconds between two looks, where the client says nothing else (Celery's ``result_chord_retry_interval``).
INTERVAL = 1.0


def unlock_chord(
    task: Any,
    group_id: str,
    callback: Mapping[str, Any],
    interval: float | None = None,
    max_retries: int | None = None,
    result: Sequence[Any] = (),
    **_: Any,
) -> Any:
    """See that a chord's body is sent when its header has ended, or fails with it.

    Args:
        task: this task, bound.
        group_id: of the header.
        callback: the body's signature.
        interval: seconds until the next look.
        max_retries: how often it looks again; None: for ever.
        result: the header's results, each as its ``as_tuple()``.

    Raises:
        Retry: the header has not ended.
    """
    found = task.app.backend.get_many([task_id for form in result for task_id in _ids(form)])
    if any(task_id not in found or found[task_id]["status"] not in READY_STATES for form in result for task_id in _ids(form)):
        try:
            raise task.retry(countdown=INTERVAL if interval is None else interval, max_retries=max_retries)
        except MaxRetriesExceededError as exc:
            failed = {"task_id": group_id, "status": "FAILURE", "result": failure_of(exc, keep=False).as_json()}
            return _complete(task, group_id, callback, [failed])
    return _complete(task, group_id, callback, [_member(form, found) for form in result])


def _ids(form: Any) -> Iterator[str]:
    """The tasks whose results a form stands for."""
    (name, _), members = form
    if members is None:
        yield name
    else:
        for member in members:
            yield from _ids(member)


def _member(form: Any, found: Mapping[str, Meta]) -> Meta:
    """What a member of a header has come to: a task's document, for a group one with the list of its values, or the first failure in it."""
    (name, _), members = form
    if members is None:
        return found[name]
    metas = [_member(member, found) for member in members]
    failed = next((meta for meta in metas if meta["status"] != "SUCCESS"), None)
    return failed or {"task_id": name, "status": "SUCCESS", "result": [meta["result"] for meta in metas]}


def _complete(task: Any, group_id: str, callback: Mapping[str, Any], metas: list[Meta]) -> Any:
    """Count the members as parts of a chord of which this call is the last: what follows is then the same as for any chord."""
    if not metas:
        task.app.signature(callback).apply_async(([],))
        return None
    last = {"status": "SUCCESS", "result": None} if any(meta["status"] != "SUCCESS" for meta in metas) else metas.pop()
    backend, context = task.app.backend, task.request
    counted = f"{group_id}.unlocked"
    backend.open_chord(counted, len(metas) + 1)
    for index, meta in enumerate(metas):
        backend.chord_part(counted, index, meta)
    context.chord, context.group, context.group_index = callback, counted, len(metas)
    return last["result"]
