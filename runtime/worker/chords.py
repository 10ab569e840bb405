"""Chords: a header's parts are counted in the result store; the worker that has the last one sends the body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import request as requests
from ..errors import ChordError
from ..failures import Failure, failure_of
from ..request import Context
from ..results.interface import Stored
from .attempt import FAILURE, SUCCESS
from .jobs import BodyJob, Following, Outcome, Part, TaskJob, Terms, Verdict
from .publishing import publish
from .reading import READY


def part_of(context: Context, meta: Mapping[str, Any]) -> Part | None:
    """The part of a chord that a call is, if it is one."""
    if context.chord is None or context.group is None:
        return None
    return Part(context.group, context.group_index or 0, context.chord, meta, context.root_id)


def parts_of_chain(context: Context, meta: Mapping[str, Any], rest: Iterable[Mapping[str, Any]]) -> tuple[list[Stored], list[Part]]:
    """What a failure means for the steps behind it in the chain: each has failed with it, also as a part of a chord.

    Returns:
        the documents of steps that have ids, and the parts.
    """
    documents: list[Stored] = []
    parts: list[Part] = []
    waiting = list(rest)
    for step in waiting:
        options = step.get("options") or {}
        failed: dict[str, Any] = {**meta, "task_id": options.get("task_id"), "children": [], "parent_id": context.id}
        failed.pop("group_id", None)
        if options.get("group_id") is not None:
            failed["group_id"] = options["group_id"]
        if options.get("task_id") is not None:
            documents.append(Stored(failed, options.get("reply_to"), options["task_id"]))
        if options.get("chord") is not None and options.get("group_id") is not None:
            parts.append(Part(options["group_id"], options.get("group_index") or 0, options["chord"], failed))
        body = (step.get("kwargs") or {}).get("body") if step.get("subtask_type") == "chord" else None
        if body is not None:  # what waits for a chord waits for its body
            waiting.append(body)
    return documents, parts


# ----------------------------------------------------------------------------------------------------------------- the last part
def completed(part: Part, metas: Sequence[Mapping[str, Any]], key: Any, terms: Terms) -> BodyJob | list[TaskJob]:
    """What is to be done when a header is complete: send the body with its results; or, if a part has failed, let the body fail."""
    failed = next((meta for meta in metas if meta.get("status") != SUCCESS), None)
    if failed is None:
        results = [meta.get("result") for meta in metas]
        return BodyJob(key, part.chord, results, terms, parent_id=part.meta.get("task_id"), root_id=part.root_id)
    return failing(part.chord, _chord_error(failed), key, terms)


def _chord_error(meta: Mapping[str, Any]) -> Failure:
    result = meta.get("result")
    why = f"{meta.get('status')}"
    if isinstance(result, Mapping) and "exc_type" in result:
        args = result.get("exc_message")
        shown = ", ".join(map(repr, args)) if isinstance(args, (list, tuple)) else repr(args)
        why = f"{result['exc_type']}({shown})"
    return failure_of(ChordError(f"Dependency {meta.get('task_id')} raised {why}"), keep=False)


def failing(body: Mapping[str, Any], failure: Failure, key: Any, terms: Terms) -> list[TaskJob]:
    """A body that will not run, as calls that end with this failure: their errbacks, callbacks' chains and chords hear of it.

    Of a chain, a group or a chord each task that has an id fails; errbacks of the whole are called once, for its last task.
    """
    errbacks: list[Any] = []
    leaves: list[Mapping[str, Any]] = []
    waiting = [body]
    while waiting:
        signature = waiting.pop()
        kind, kwargs = signature.get("subtask_type"), signature.get("kwargs") or {}
        if kind in ("chain", "group"):
            waiting.extend(reversed(kwargs.get("tasks") or []))
        elif kind == "chord":
            waiting.append(kwargs.get("body") or {})
        else:
            leaves.append(signature)
            continue
        errbacks += _listed((signature.get("options") or {}).get("link_error"))
    return [_failed_call(leaf, errbacks if number == len(leaves) else [], failure, key, terms) for number, leaf in enumerate(leaves, 1)]


def _failed_call(leaf: Mapping[str, Any], errbacks: list[Any], failure: Failure, key: Any, terms: Terms) -> TaskJob:
    options = leaf.get("options") or {}
    headers = {
        "id": options.get("task_id"), "task": leaf.get("task"), "group": options.get("group_id"),
        "group_index": options.get("group_index"), "root_id": options.get("root_id"), "parent_id": options.get("parent_id"),
        "ignore_result": options.get("ignore_result") or options.get("task_id") is None,
    }  # fmt: skip
    embed = {
        "callbacks": None, "errbacks": [*_listed(options.get("link_error")), *errbacks],
        "chain": options.get("chain"), "chord": options.get("chord"),
    }  # fmt: skip
    properties = {"reply_to": options.get("reply_to"), "correlation_id": options.get("task_id")}
    body: Any = (tuple(leaf.get("args") or ()), dict(leaf.get("kwargs") or {}), embed)
    return TaskJob(key, headers, body, READY, "", properties=properties, terms=terms, verdict=Verdict(FAILURE, failure))


def _listed(signatures: Any) -> list[Any]:
    return [signatures] if isinstance(signatures, Mapping) else list(signatures or ())


def send_body(job: BodyJob, app: Any) -> Outcome:
    """Send a chord's body with the results of its header. The header's task that ended last is its parent, as with Celery."""
    options = job.body.get("options") or {}
    parent_id, root_id = options.get("parent_id") or job.parent_id, options.get("root_id") or job.root_id
    parent = Context(id=parent_id, root_id=root_id, app=app, called_directly=False)
    requests.push(parent)
    try:
        publish(app, job.body, (job.results,), parent)
    except Exception as exc:  # an EncodeError, the broker out of reach for good, or whatever a router raises
        return Outcome(FAILURE, failure=failure_of(exc, keep=False), following=Following())
    finally:
        requests.pop()
    return Outcome(SUCCESS, following=Following())
