"""What a pool is given and what it answers. All of it can be pickled: it crosses to child processes as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..events import State
from ..failures import Failure
from ..request import Context


@dataclass(frozen=True, slots=True)
class TaskJob:
    """One call as it came from the broker, its body still serialized. ``accept``: the serializers that may be read."""

    id: str
    headers: Mapping[str, Any]
    body: bytes | str
    content_type: str
    content_encoding: str
    accept: tuple[str, ...] = ("json",)


@dataclass(frozen=True, slots=True)
class HandlerJob:
    """One call of an errback, which needs no message: ``request`` and ``failure`` are those of the failed step."""

    id: str
    task: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    request: Context
    failure: Failure


Job: TypeAlias = TaskJob | HandlerJob


@dataclass(frozen=True, slots=True)
class Told:
    """A task has told a state: ``meta`` is packed (:func:`flowc.runtime.codec.pack`)."""

    id: str
    state: str
    meta: Any


@dataclass(frozen=True, slots=True)
class Ended:
    """A job has ended: ``result`` is packed. Times are seconds of ``time.monotonic``."""

    id: str
    state: State
    result: Any
    failure: Failure | None
    started: float
    finished: float
    worker: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A job was taken back before it began."""

    id: str


Report: TypeAlias = Told | Ended | Dropped
