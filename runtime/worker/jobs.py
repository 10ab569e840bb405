"""What a pool is given and what it answers. All of it can be pickled: it crosses to child processes as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from ..failures import Failure
from ..request import Context, Resend
from ..results.interface import Stored


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker that serves a broker does around its tasks; None in a job means that a flow's run does it instead.

    ``hostname``: the worker's name. ``limit``: bytes that a body may have after decompression. ``keeps``: whether there is a result store.
    """

    hostname: str
    limit: int
    keeps: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a call has ended that is not to run (any more): revoked, unknown, lost with its process."""

    state: str
    failure: Failure
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class TaskJob:
    """One call as it came from the broker, its body still serialized.

    ``key``: what its reports name it by; a call may come twice with one id. ``accept``: the serializers that may be read. ``limits``: hard
    and soft time limit in seconds. ``verdict``: do not run it, do only what follows from its end.
    ``started``: tell the state ``STARTED``. ``timed``: the run counts the seconds from when it begins.
    """

    key: Any
    headers: Mapping[str, Any]
    body: bytes | str
    content_type: str
    content_encoding: str
    accept: Collection[str] = ("json",)
    properties: Mapping[str, Any] = field(default_factory=dict)
    delivery_info: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[float | None, float | None] = (None, None)
    terms: Terms | None = None
    verdict: Verdict | None = None
    started: bool = False
    timed: bool = False

    @property
    def must_run(self) -> bool:
        """Whether it runs even when no further task is begun."""
        return self.verdict is not None

    @property
    def announced(self) -> bool:
        """Whether the pool says when it begins."""
        return self.timed or (self.terms is not None and self.verdict is None)


@dataclass(frozen=True, slots=True)
class HandlerJob:
    """One call of an errback, which needs no message: ``request`` and ``failure`` are those of the failed step."""

    key: str
    task: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    request: Context
    failure: Failure
    limits: tuple[float | None, float | None] = (None, None)
    must_run: bool = True
    announced: bool = False


@dataclass(frozen=True, slots=True)
class BodyJob:
    """A chord's header is complete: its body is to be sent with these results, by the task ``parent_id`` of the run ``root_id``."""

    key: Any
    body: Mapping[str, Any]
    results: list[Any]
    terms: Terms
    parent_id: str | None = None
    root_id: str | None = None
    limits: tuple[float | None, float | None] = (None, None)
    must_run: bool = True
    announced: bool = False


Job: TypeAlias = TaskJob | HandlerJob | BodyJob


@dataclass(frozen=True, slots=True)
class Begun:
    """A job begins now: from here on it can not be taken back. ``worker``: the thread or process that runs it."""

    key: Any
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A task has told a state: ``meta`` is packed (:func:`flowc.runtime.codec.pack`)."""

    key: Any
    state: str
    meta: Any


@dataclass(frozen=True, slots=True)
class Part:
    """A task of a chord's header has ended: ``meta`` is its document, ``chord`` the body's signature, ``root_id`` that of its run."""

    group_id: str
    index: int
    chord: Mapping[str, Any]
    meta: Mapping[str, Any]
    root_id: str | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """What is left to do for a call from a broker when it has ended: documents to keep, parts of chords, and what becomes of its message.

    ``rejected``: None to acknowledge it; True to give it back to its queue, False to drop it.
    ``duplicate``: it had ended before, and did not run again. ``noted``: lines for the log, about errors in what follows.
    """

    documents: tuple[Stored, ...] = ()
    parts: tuple[Part, ...] = ()
    rejected: bool | None = None
    duplicate: bool = False
    noted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A job has ended: ``result`` is packed. Times are seconds of ``time.monotonic``.

    ``state``: ``SUCCESS``, ``FAILURE``, ``REVOKED``, ``RETRY``, ``IGNORED`` or ``REJECTED``. ``resend``: what ``self.retry`` asked for,
    where the run has to see to it (in a flow).
    """

    key: Any
    state: str
    result: Any
    failure: Failure | None
    started: float
    finished: float
    worker: str
    resend: Resend | None = None
    following: Following | None = None


class Outcome(NamedTuple):
    """How a job has ended, before it is dated: the fields of :class:`Ended`."""

    state: str
    result: Any = None
    failure: Failure | None = None
    resend: Resend | None = None
    following: Following | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A job was taken back before it began."""

    key: Any


@dataclass(frozen=True, slots=True)
class Relayed:
    """A child process asks its parent to do something with the ``publisher`` or ``backend`` that the parent alone has."""

    what: str
    method: str
    args: tuple[Any, ...]


Report: TypeAlias = Begun | Told | Ended | Dropped | Relayed
