"""What is learned of the steps that stock workers run, from wherever it comes: replies, states, events, probes. Frozen data.

Each fact names the message by its task id. Facts come late, twice and in any order; whoever takes them counts the first end alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from ..outcome import Noted


@dataclass(frozen=True, slots=True)
class Returned:
    """The link of a step came: its result, already in Python's form. ``worker``: who says so, where known."""

    task_id: str
    result: Any
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """The errback of a step came. It does not say what was raised: a :class:`Seen` with ``FAILURE`` does."""

    task_id: str
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A state that a result document, an rpc reply or an event told.

    ``status``: Celery's word, or one of the task's own (``PROGRESS``). ``result``: for ``FAILURE`` ``RETRY`` ``REVOKED`` a map of
    ``exc_type exc_message exc_module`` where known, else what the task told or returned. ``source``: ``backend``, ``rpc``, ``event`` or
    ``probe``. ``complete``: whether ``result`` is the value itself; events shorten it.
    """

    task_id: str
    status: str
    result: Any = None
    traceback: str | None = None
    source: str = "backend"
    worker: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Alive:
    """Some worker knows the step: an answer or an event says so. ``state``: ``received``, ``scheduled`` or ``started``."""

    task_id: str
    state: str
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody knows the step any more: no worker, no queue, and nothing was heard of it for ``silent`` seconds. ``why`` is for people."""

    task_id: str
    why: str
    silent: float


Fact: TypeAlias = Returned | Raised | Seen | Alive | Lost
#: A fact about a step, or a remark about the fleet for whoever watches the run.
News: TypeAlias = Fact | Noted


def alike(one: object, other: object) -> bool:
    """Whether two results or metas are equal; not, where they are nested too deeply to be compared."""
    try:
        return one == other
    except RecursionError:
        return False
