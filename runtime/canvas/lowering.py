"""Any canvas as a flat list of what comes one after the other: calls, and fans of such lists side by side.

A chain is its steps in turn. A chord is a fan (its header) followed by its body. A group is a fan. So every upgrade of Celery's ("a group
and a task behind it are a chord") is nothing but a fan that something follows, and is left to :mod:`.wiring`. What a canvas as a
whole has, goes to its parts: arguments and most options to what comes first, callbacks, the id and the place in an outer group to what
comes last, errbacks to each.

Lists nest only where a group's member is itself a chain or chord; bodies of bodies are flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from .chain import chain
from .chord import chord
from .group import group
from .mapping import chunks
from .signature import Signature, maybe_signature

#: Options of what comes last in a canvas.
ENDING = ("task_id", "group_id", "group_index", "chord", "chain")
#: Options of a chord that are not its body's: when to start, and by what to send.
_HEADER_ONLY = ("countdown", "eta", "parent_id", "connection", "producer", "publisher", "add_to_parent")


@dataclass(slots=True)
class Call:
    """One call of a task. ``type``: the task, where it is at hand."""

    task: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    options: dict[str, Any]
    immutable: bool
    type: Any = None

    def starts(self) -> Iterator[Call]:
        """The calls that come first: this one."""
        yield self

    def ends(self) -> Iterator[Call]:
        """The calls that come last: this one."""
        yield self


@dataclass(slots=True)
class Fan:
    """Lists side by side, none of them empty. ``id``: of the group. ``barrier``: a chord's header, whose body runs even if it is empty."""

    members: list[Sequence_]
    id: str | None
    barrier: bool

    def starts(self) -> Iterator[Call]:
        """The first call of each member, in order, where it begins with several all of them."""
        return self._edge(0)

    def ends(self) -> Iterator[Call]:
        """The last call of each member, in order."""
        return self._edge(-1)

    def _edge(self, side: int) -> Iterator[Call]:
        stack: list[Item] = [member[side] for member in reversed(self.members)]
        while stack:
            item = stack.pop()
            if isinstance(item, Call):
                yield item
            else:
                stack.extend(member[side] for member in reversed(item.members))


Item: TypeAlias = Call | Fan
Sequence_: TypeAlias = list[Item]


class _Close(NamedTuple):
    """Marks the end of a canvas' parts: its options go to what has come since ``start``."""

    start: int
    options: Mapping[str, Any]
    body: bool


def lower(root: Signature, options: Mapping[str, Any] | None = None) -> Sequence_:
    """The flat form of a canvas, made of new objects: the canvas itself is not changed.

    Args:
        root: any signature.
        options: further ones, over its own.
    """
    items: Sequence_ = []
    stack: list[Any] = [root]
    while stack:
        one = stack.pop()
        if type(one) is _Close:
            _close(items, one)
            continue
        sig = maybe_signature(one)
        own = sig["options"]
        if options:
            own, options = {**own, **options}, None
        if isinstance(sig, chunks):
            sig = sig.group()
        if isinstance(sig, chain):
            if own:
                stack.append(_Close(len(items), own, False))
            stack.extend(reversed(sig.tasks))
        elif isinstance(sig, chord):
            items.append(_header(sig, own))
            if sig.body is not None:
                if own:
                    stack.append(_Close(len(items), own, True))
                stack.append(sig.body)
        elif isinstance(sig, group):
            items.append(_fan(sig.tasks, own, barrier=False))
        else:
            items.append(_call(sig, own))
    return without_empty(items)


def prepend(item: Item, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None) -> None:
    """Give arguments to what comes first: in front of its own, and over its named ones; immutable calls take none."""
    if not args and not kwargs:
        return
    for call in item.starts():
        if not call.immutable:
            if args:
                call.args = (*args, *call.args)
            if kwargs:
                call.kwargs = {**call.kwargs, **kwargs}


def place(items: Sequence_, group_id: str, index: int, body: dict[str, Any] | None) -> int:
    """Make a list part of a group: what comes last in it has the group's id, its index and, in a chord, the body.

    A call that a body waits for already stays in its group. One that is in a group alone does not: nobody counts those.

    Returns:
        The next free index.
    """
    for call in items[-1].ends():
        if not call.options.get("chord"):
            call.options["group_id"] = group_id
            call.options["group_index"] = index
            if body is not None:
                call.options["chord"] = body
        index += 1
    return index


def _call(sig: Signature, own: Mapping[str, Any]) -> Call:
    return Call(sig["task"], sig["args"], sig["kwargs"], dict(own), sig["immutable"], sig._type)


def _header(sig: chord, own: Mapping[str, Any]) -> Fan:
    tasks, options = sig.tasks, {key: value for key, value in own.items() if key not in ENDING and key not in ("link", "link_error")}
    inner: Mapping[str, Any] = {}
    if isinstance(tasks, group):
        inner = tasks["options"]
        tasks = tasks.tasks
    made = _fan(tasks, {**inner, **options}, barrier=True)
    made.id = own.get("task_id") or made.id
    return made


def _fan(tasks: Iterable[Any], own: Mapping[str, Any], *, barrier: bool) -> Fan:
    members: list[Sequence_] = []
    for task in tasks:
        if type(task) is Signature:  # by far the most
            members.append([_call(task, task["options"])])
            continue
        member = lower(maybe_signature(task))
        if len(member) == 1 and isinstance(only := member[0], Fan) and not only.barrier:
            members.extend(only.members)  # groups in groups are flat
        elif member and not (isinstance(first := member[0], Fan) and not first.members and len(member) == 1):
            members.append(member)
    made = Fan(members, own.get("task_id"), barrier)
    if own:
        _spread(made, own)
    return made


def _spread(fan: Fan, own: Mapping[str, Any]) -> None:
    """Give a group's options to its members."""
    first = {key: value for key, value in own.items() if key not in ENDING and key not in ("link", "link_error")}
    if first:
        for call in fan.starts():
            call.options.update(first)
    if own.get("link") or own.get("link_error"):
        for call in fan.ends():
            link(call, "link", own.get("link"))
        for member in fan.members:
            link_errors(member, own.get("link_error"))
    if own.get("group_id") and own.get("chord"):  # frozen as the end of a member of another group
        for call in fan.ends():
            call.options.setdefault("group_id", own["group_id"])
            call.options.setdefault("chord", own["chord"])


def _close(items: Sequence_, end: _Close) -> None:
    """Give the options of a canvas to its parts."""
    part = items[end.start :]
    if not part:
        return
    left_out = (*ENDING, "link", "link_error", *(_HEADER_ONLY if end.body else ()))
    first = {key: value for key, value in end.options.items() if key not in left_out}
    if first:
        for call in part[0].starts():
            call.options.update(first)
    for call in part[-1].ends():
        link(call, "link", end.options.get("link"))
    link_errors(part, end.options.get("link_error"))
    last = part[-1]
    if isinstance(last, Call):
        for key in ENDING:
            if end.options.get(key) is not None:
                last.options.setdefault(key, end.options[key])
    elif end.options.get("group_id"):
        place([last], end.options["group_id"], end.options.get("group_index") or 0, end.options.get("chord"))


def link_errors(part: Iterable[Item], errbacks: Any) -> None:
    """Give errbacks to each call; a header that a body follows has none: the body fails with it."""
    if not errbacks:
        return
    stack = [list(part)]
    while stack:
        items = stack.pop()
        for number, item in enumerate(items):
            if isinstance(item, Call):
                link(item, "link_error", errbacks)
            elif number == len(items) - 1:
                stack.extend(item.members)


def link(call: Call, option: str, value: Any) -> None:
    if not value:
        return
    before = call.options.get(option) or ()
    linked = list(before) if isinstance(before, (list, tuple)) else [before]
    linked.extend(one for one in (value if isinstance(value, (list, tuple)) else (value,)) if one not in linked)
    call.options[option] = linked


def without_empty(items: Sequence_) -> Sequence_:
    """Groups without members do nothing where something else does; one alone is an empty result."""
    if not any(isinstance(item, Fan) and not item.members and not item.barrier for item in items):
        return items
    kept = [item for item in items if isinstance(item, Call) or item.members or item.barrier]
    return kept or items[:1]
