"""What follows from the end of a call, however it came about: documents, errbacks, the rest of its chain, its part of a chord."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from ..failures import Failure
from ..request import Context
from ..results.interface import Stored
from ..task import Task
from .attempt import FAILURE, IGNORED, REJECTED, RETRY, REVOKED, SUCCESS
from .chords import part_of, parts_of_chain
from .errbacks import call_errbacks
from .jobs import Following, Outcome
from .publishing import chain_rest
from .writing import document


class Ending(NamedTuple):
    """How a call has ended. ``result`` is packed; ``rejected``: as in :class:`~flowc.runtime.worker.jobs.Following`."""

    state: str
    failure: Failure | None = None
    result: Any = None
    rejected: bool | None = None


def end(app: Any, task: Task | None, context: Context, ending: Ending, *, keeps: bool = True) -> Outcome:
    """Do what follows from an end, and say what is left to do.

    Args:
        app: whose settings hold.
        task: the task, if it is registered here.
        context: the request of the call; it is current, so that what is sent now counts as its children.
        ending: the end.
        keeps: whether there is a result store.
    """
    state, failure, result, rejected = ending
    kept = keeps and _is_kept(app, task, context, failure is not None)
    if state == SUCCESS and not kept and context.chord is None:
        return Outcome(state, result, following=_NOTHING)
    if state == IGNORED or (state == REJECTED and rejected):
        return Outcome(state, failure=_without_frames(failure), following=Following(rejected=rejected))
    noted: list[str] = []
    documents: list[Stored] = []
    if state in (FAILURE, REJECTED) and context.errbacks:
        documents, noted = call_errbacks(app, context, failure or _UNKNOWN, hostname=context.hostname or "")
    kept_state = FAILURE if state == REJECTED else state
    extended = app.conf.result_extended
    if failure is None:
        meta = document(context, kept_state, result, extended=extended)
    else:
        meta = document(context, kept_state, failure.as_json(), failure.traceback or None, extended=extended)
    parts = []
    if state != RETRY:
        part = part_of(context, meta)
        parts = [] if part is None else [part]
    if state in (FAILURE, REJECTED, REVOKED):
        more, further = parts_of_chain(context, meta, chain_rest(context))
        parts += further
        documents = (more if kept else []) + documents
    if kept:
        documents = [Stored(meta, context.reply_to, context.correlation_id), *documents]
    following = Following(tuple(documents), tuple(parts), rejected, noted=tuple(noted))
    return Outcome(state, result, _without_frames(failure), following=following)


_UNKNOWN = Failure("Exception", "builtins", "")
_NOTHING = Following()


def _without_frames(failure: Failure | None) -> Failure | None:
    """The failure without the live exception, which holds the task's frames."""
    return failure if failure is None or failure.exception is None else replace(failure, exception=None)


def _is_kept(app: Any, task: Task | None, context: Context, failed: bool) -> bool:
    """Whether a document of this call is kept."""
    if not context.ignore_result:
        return True
    if not failed:
        return False
    return bool(app.conf.task_store_errors_even_if_ignored if task is None else task.store_errors_even_if_ignored)
