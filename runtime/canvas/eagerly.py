"""Canvases that run here and now, one call after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..calling.applying import checked
from ..errors import ChordError
from .lowering import Call, Fan, Sequence_, lower, prepend
from .signature import maybe_signature
from .wiring import identify

if TYPE_CHECKING:
    from ..app import App


def run_eagerly(app: App, items: Sequence_, throw: bool | None = None) -> Any:
    """Run a flat list. What follows a failure has failed with it, as on a worker.

    Returns:
        The result of what comes last, with its parents.
    """
    if isinstance(last := items[-1], Call):
        for step in reversed(last.options.pop("chain", None) or ()):
            items = [*items, *lower(maybe_signature(step))]
    identify(items, None)
    return _run(app, items, throw)


def _run(app: App, items: Sequence_, throw: bool | None) -> Any:
    from ..calling.eager import run
    from ..result import EagerResult, GroupResult

    parent: Any = None
    for item in items:
        failed = _failure(parent)
        if failed is None and parent is not None:
            if _stopped(parent):
                return parent
            prepend(item, (_value(parent),), None)
        if isinstance(item, Fan):
            found: Any = GroupResult(item.id, [] if failed else [_run(app, member, throw) for member in item.members], app=app)
        elif failed is not None:
            found = EagerResult(item.options["task_id"], failed[0], "FAILURE", traceback=failed[1], name=item.task, app=app)
        else:
            found = run(app, checked(app, item.task, item.args, item.kwargs, item.options, item.type), throw)
        found.parent = parent
        parent = found
    return parent


def _leaves(result: Any) -> Iterator[Any]:
    """The results of calls in a result, in order; those of groups in groups too."""
    stack = [result]
    while stack:
        one = stack.pop()
        if hasattr(one, "results"):
            stack.extend(reversed(one.results))
        else:
            yield one


def _value(result: Any) -> Any:
    values = [leaf.result for leaf in _leaves(result)]
    return values if hasattr(result, "results") else values[0]


def _failure(result: Any) -> tuple[BaseException, str | None] | None:
    """What a step has failed with, and its traceback: a header fails as a whole."""
    if result is None:
        return None
    for leaf in _leaves(result):
        if leaf.state == "FAILURE":
            if hasattr(result, "results"):
                return ChordError(f"Dependency {leaf.id} raised {leaf.result!r}"), leaf.traceback
            return leaf.result, leaf.traceback
    return None


def _stopped(result: Any) -> bool:
    return not hasattr(result, "results") and result.state in ("IGNORED", "REJECTED")
