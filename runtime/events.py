"""What goes into the engine and what comes out of it: frozen facts, without clock or connection."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from .failures import Failure


class State(StrEnum):
    """The state of a step. ``PENDING`` steps at the end of a run were never sent: the run was stopped before.

    ``LOST``: it was sent to a fleet of workers, and nobody knows any more what became of it.
    """

    PENDING = "PENDING"
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    REVOKED = "REVOKED"
    LOST = "LOST"
    SKIPPED = "SKIPPED"


# ------------------------------------------------------------------------------------------------------------------ in
@dataclass(frozen=True, slots=True)
class Told:
    """A step told a state of its own with ``update_state``."""

    id: str
    state: str
    meta: Any


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A step returned."""

    id: str
    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A step raised, or could not be sent."""

    id: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Revoked:
    """A step expired or was stopped."""

    id: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody knows what became of a step that was sent: for the run it has failed."""

    id: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class HandlerEnded:
    """A handler that the engine asked for has ended, with or without an error of its own."""

    number: int
    failure: Failure | None


Event: TypeAlias = Told | Succeeded | Failed | Revoked | Lost | HandlerEnded


# ----------------------------------------------------------------------------------------------------------------- out
@dataclass(frozen=True, slots=True)
class Ready:
    """Everything that the step needs is there: send it when there is room (:meth:`Engine.send`)."""

    id: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """The step will never run, because ``because`` did not succeed."""

    id: str
    because: str


@dataclass(frozen=True, slots=True)
class CallHandler:
    """Call the handler for the failed step; answer with :class:`HandlerEnded` and the same number."""

    number: int
    scope: str
    handler: str
    step: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Notify:
    """Call the listener with a state of the step."""

    scope: str
    handler: str
    step: str
    state: str
    result: Any
    traceback: str | None


Action: TypeAlias = Ready | Skipped | CallHandler | Notify
