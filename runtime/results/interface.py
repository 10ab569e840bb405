"""The interface of a result backend, and the form in which it keeps a result: Celery's, so that both sides can read it.

Sources: the sections "Result backend settings" and "Task result backends" of Celery's documentation; the documents were read from
stock workers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeAlias

#: A task's document: ``task_id status result traceback children date_done``, ``parent_id`` and ``group_id`` where it has them, and with
#: ``result_extended`` also ``name args kwargs worker retries queue``. ``result`` is already in the form that JSON carries: an exception
#: is ``{"exc_type", "exc_message", "exc_module"}``.
Meta: TypeAlias = Mapping[str, Any]

#: States after which nothing more comes.
READY_STATES = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
PROPAGATE_STATES = frozenset({"FAILURE", "REVOKED"})


class Stored(NamedTuple):
    """A state to keep: the document, and where replies go (rpc: the message's ``reply_to`` and ``correlation_id``)."""

    meta: Meta
    reply_to: str | None = None
    correlation_id: str | None = None


class Watch(ABC):
    """State messages of some tasks, each once and in order, from the moment it was opened; and what was there already."""

    @abstractmethod
    def next(self, timeout: float | None) -> Meta | None:
        """The next document of any of the tasks; None when ``timeout`` seconds (None: no limit) are over."""

    @abstractmethod
    def close(self) -> None:
        """Watch no longer."""


class Backend(ABC):
    """A result backend. Safe in threads; opened anew after a fork.

    ``reply_to``: the queue that calls must name as theirs (rpc), else None. ``keeps_groups``: whether groups and chords can be kept.
    """

    reply_to: str | None = None
    keeps_groups: bool = True

    @abstractmethod
    def store(self, states: Sequence[Stored]) -> None:
        """Keep these states, in order, in as few round trips as it can, and tell those who watch. A final state is never replaced by
        one that is not final."""

    @abstractmethod
    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        """The newest document of each task that has one."""

    def get(self, task_id: str) -> Meta | None:
        """The newest document of a task, or None: nothing is known of it (``PENDING``)."""
        return self.get_many([task_id]).get(task_id)

    @abstractmethod
    def watch(self, task_ids: Iterable[str]) -> AbstractContextManager[Watch]:
        """Watch tasks; final documents that are there already come first."""

    @abstractmethod
    def forget(self, task_ids: Sequence[str]) -> None:
        """Remove what is kept of these tasks."""

    @abstractmethod
    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        """Keep a group's document (``GroupResult.save``)."""

    @abstractmethod
    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        """A group's document, if there is one."""

    @abstractmethod
    def forget_group(self, group_id: str) -> None:
        """Remove a group's document."""

    @abstractmethod
    def open_chord(self, group_id: str, size: int) -> None:
        """A chord's header of ``size`` tasks is about to be sent: from now on its parts are counted."""

    @abstractmethod
    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        """A task of a header has ended. The documents of all of them, in order, for the one call that completes it; else None.

        A part that comes twice counts once. ``size`` may become known after the first parts came.
        """

    @abstractmethod
    def expire(self) -> int:
        """Remove what is older than ``result_expires``; how many documents went. Nothing where the store does so by itself."""

    @abstractmethod
    def close(self) -> None:
        """Close connections. It opens them again when it is used again."""

    def poll(self, task_ids: Sequence[str]) -> Iterator[Meta]:
        """The documents that are there now, for stores without messages."""
        yield from self.get_many(task_ids).values()
