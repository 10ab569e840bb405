"""Flat lists as Celery's messages carry them: the steps of a chain as dicts, the last one first; a fan and what follows it as a chord."""

from __future__ import annotations

from typing import Any

from ..ids import new_id
from .lowering import Call, Fan, Item, Sequence_
from .plain import LINKS, plain

#: So many groups may follow one another directly: each nests the dicts of a message one level deeper.
MOST_NESTED = 8

#: Gives the list of a header's results on as it is. Every worker has it, Celery's too.
ACCUMULATE = "celery.accumulate"


def identify(items: Sequence_, reply_to: str | None) -> None:
    """Give an id to everything that has none, and the reply queue to calls that a worker will send."""
    stack: list[Item] = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, Call):
            item.options.setdefault("task_id", new_id())
            if reply_to is not None:
                item.options.setdefault("reply_to", reply_to)
        else:
            item.id = item.id or new_id()
            for member in item.members:
                stack.extend(member)


def relieve(items: Sequence_) -> Sequence_:
    """The list with a call between groups where too many of them follow one another directly."""
    made: Sequence_ = []
    run = 0
    for item in items:
        run = run + 1 if isinstance(item, Fan) else 0
        if run > MOST_NESTED:
            made.append(Call(ACCUMULATE, (), {"index": 0}, {}, False))
            run = 1
        made.append(item)
    return made


def wire(items: Sequence_) -> list[dict[str, Any]]:
    """The steps as dicts, the last one first."""
    steps: list[dict[str, Any]] = []
    for item in reversed(items):
        if isinstance(item, Call):
            steps.append(_call(item))
        elif steps:
            steps.append(_chord(item, steps.pop()))
        else:
            steps.append(_group(item))
    return steps


def _call(call: Call) -> dict[str, Any]:
    kwargs = call.kwargs
    if call.task.startswith("celery.") and "task" in kwargs:  # a map's own task
        kwargs = {**kwargs, "task": plain(kwargs["task"])}
    return _dict(call.task, call.args, kwargs, plain_options(call.options), None, call.immutable)


def _group(fan: Fan) -> dict[str, Any]:
    return _dict("celery.group", (), {"tasks": _members(fan)}, {"task_id": fan.id}, "group", False)


def _chord(fan: Fan, body: dict[str, Any]) -> dict[str, Any]:
    return _dict("celery.chord", (), {"kwargs": {}, "header": _members(fan), "body": body}, {"task_id": fan.id}, "chord", False)


def _members(fan: Fan) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for member in fan.members:
        steps = wire(member)
        if len(steps) == 1:
            made.append(steps[0])
        else:
            steps.reverse()
            made.append(_dict("celery.chain", (), {"tasks": steps}, {}, "chain", False))
    return made


def _dict(task: str, args: Any, kwargs: Any, options: dict[str, Any], subtask_type: str | None, immutable: bool) -> dict[str, Any]:
    return {"task": task, "args": list(args), "kwargs": kwargs, "options": options, "subtask_type": subtask_type, "immutable": immutable}


def plain_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options whose signatures are plain dicts."""
    for key in LINKS:
        if options.get(key):
            made = dict(options)
            for link in LINKS:
                if made.get(link):
                    made[link] = _plainly(made[link])
            return made
    return options


def _plainly(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [one if type(one) is dict else plain(one) for one in value]
    return value if type(value) is dict else plain(value)
