"""Sends a canvas: what can start now, each with what follows it. Returns the tree of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..calling.applying import checked, remember
from ..calling.call_options import check_options
from ..errors import EncodeError, ImproperlyConfigured
from .lowering import Call, Fan, Sequence_, lower, place, prepend, without_empty
from .outcomes import results_of
from .signature import Signature, maybe_signature
from .wiring import identify, relieve, wire

if TYPE_CHECKING:
    from ..app import App
    from ..sending import Sending


def launch(
    sig: Signature, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None, options: Mapping[str, Any], *, eager: bool = False
) -> Any:
    """Send a chain, group or chord.

    Args:
        sig: the canvas; it is not changed.
        args: before the arguments of what comes first.
        kwargs: over its named ones.
        options: over the canvas' own; None stands for: not given.
        eager: run it here instead.

    Returns:
        The result of what comes last, with its parents.

    Raises:
        TypeError, ValueError, EncodeError, OperationalError: as for ``T.apply_async``; nothing was sent when arguments do not fit.
        ImproperlyConfigured: a chord, and a result backend that cannot count its header.
    """
    try:
        return _launch(sig, args, kwargs, options, eager)
    except RecursionError:
        raise EncodeError("this canvas is nested too deeply: groups of chains of groups can be so some hundred times") from None


def _launch(sig: Signature, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None, options: Mapping[str, Any], eager: bool) -> Any:
    given = {key: value for key, value in options.items() if value is not None}
    throw = given.pop("throw", None) if eager else None
    check_options(given)
    app = sig.app
    items = prepared(sig, given)
    if not items:
        from ..result import GroupResult

        return GroupResult(given.get("task_id"), [], app=app) if sig["subtask_type"] == "group" else None
    prepend(items[0], () if sig["immutable"] else args, {} if sig["immutable"] else kwargs)
    return start(app, items, eager=eager, throw=throw)


def prepared(sig: Signature, options: Mapping[str, Any]) -> Sequence_:
    """The flat form of a canvas and of the chain that it is a step of."""
    items = lower(sig, options)
    rest = list(_rest(items, sig, options))
    while rest and (not items or isinstance(items[-1], Fan)):  # what follows a group is its body
        items = without_empty([*items, *lower(maybe_signature(rest.pop()))])
    if rest and isinstance(last := items[-1], Call):
        last.options["chain"] = rest
    return relieve(items)


def _rest(items: Sequence_, sig: Signature, options: Mapping[str, Any]) -> Sequence[Any]:
    """The steps behind the whole canvas, the last one first: dicts, as a worker hands them on."""
    if items and isinstance(last := items[-1], Call):
        own: Sequence[Any] = last.options.pop("chain", None) or ()
        return own
    given: Sequence[Any] = options.get("chain") or sig["options"].get("chain") or ()
    return given


def start(app: App, items: Sequence_, *, eager: bool = False, throw: bool | None = None) -> Any:
    """Send a flat list."""
    if eager or app.conf.task_always_eager:
        from .eagerly import run_eagerly

        return run_eagerly(app, items, throw)
    backend = app.backend
    if not backend.keeps_groups and _has_chord(items):
        raise ImproperlyConfigured(
            "a chord needs a result backend that can count the tasks of its header, as memory://, sqlite:// and redis:// can; "
            "set result_backend (chains and groups work without)"
        )
    identify(items, backend.reply_to)
    results = results_of(app, items)
    messages: list[Sending] = []
    counts: list[tuple[str, int]] = []
    _begin(app, items, messages, counts)
    for group_id, size in counts:
        backend.open_chord(group_id, size)
    if len(messages) == 1:
        app.sender.send(messages[0])
    elif messages:
        app.sender.send_many(messages)
    first = items[0]
    options = next(first.starts()).options if not isinstance(first, Fan) or first.members else {}
    remember(results[0], options, first.type if isinstance(first, Call) else None)
    return results[-1]


def _has_chord(items: Sequence_) -> bool:
    stack = [items]
    while stack:
        part = stack.pop()
        for number, item in enumerate(part):
            if isinstance(item, Fan):
                if number < len(part) - 1:
                    return True
                stack.extend(item.members)
    return False


def _begin(app: App, items: Sequence_, messages: list[Sending], counts: list[tuple[str, int]]) -> None:
    """Collect the messages that can leave now, and the headers that are to be counted."""
    first = items[0]
    if len(items) == 1 and isinstance(first, Call):  # by far the most
        messages.append(checked(app, first.task, first.args, first.kwargs, first.options, first.type))
        return
    if isinstance(first, Fan) and not first.members and len(items) > 1:  # a header without tasks: the body runs at once
        items = items[1:]
        prepend(items[0], ([],), None)
        first = items[0]
    steps = wire(items[1:])
    last = items[-1]
    behind = last.options.pop("chain", None) if isinstance(last, Call) and len(items) > 1 else None
    if behind:
        steps[:1] = [{**steps[0], "options": {key: value for key, value in steps[0]["options"].items() if key != "chain"}}]
        steps = [*behind, *steps]
    if isinstance(first, Call):
        if steps:
            first.options["chain"] = steps
        messages.append(checked(app, first.task, first.args, first.kwargs, first.options, first.type))
        return
    body = steps.pop() if steps else None
    if body is not None and steps:
        body["options"] = {**body["options"], "chain": steps}
    assert first.id is not None
    index = 0
    for member in first.members:
        index = place(member, first.id, index, body)
    if body is not None:
        counts.append((first.id, index))
    for member in first.members:
        _begin(app, member, messages, counts)
