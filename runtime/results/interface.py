"""The interface of a result backend, and the form in which it keeps a result: Celery's, so that both sides can read it.

Sources: the sections "Result backend settings" and "Task result backends" of Celery's documentation; the documents were read from
stock workers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

#: A task's document: ``task_id status result traceback children date_done``, ``parent_id`` and ``group_id`` where it has them, and with
#: ``result_extended`` also ``name args kwargs worker retries queue``. ``result`` is already in the form that JSON carries: an exception
#: is ``{"exc_type", "exc_message", "exc_module"}``. A value that is stored may be a :class:`flowc.runtime.codec.Packed`: its text goes
#: into the document as it is.
Meta: TypeAlias = Mapping[str, Any]

#: States after which nothing more comes.
READY_STATES = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
PROPAGATE_STATES = frozenset({"FAILURE", "REVOKED"})
#: States whose result is an exception.
EXCEPTION_STATES = frozenset({"FAILURE", "REVOKED", "RETRY"})

#: How many states that are not final are kept of one task, for those who begin to watch it later; the oldest go first.
MOST_STATES = 1000


class Stored(NamedTuple):
    """A state to keep: the document, and where replies go (rpc: the message's ``reply_to`` and ``correlation_id``)."""

    meta: Meta
    reply_to: str | None = None
    correlation_id: str | None = None


class Watch(ABC):
    """State messages of some tasks, each once and, for each task, in order: those that are kept from before it was opened, then those
    that come. One thread owns it."""

    @abstractmethod
    def next(self, timeout: float | None) -> Meta | None:
        """The next document of any of the tasks; None when ``timeout`` seconds (None: no limit) are over.

        Raises:
            DecodeError: what was stored for a task cannot be read.
            BackendError: the store could not be reached, and every retry is used up.
        """

    @abstractmethod
    def close(self) -> None:
        """Watch no longer."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Backend(ABC):
    """A result backend. Safe in threads; opened anew after a fork.

    All but :meth:`close` raise ``BackendError`` when the store cannot be reached and every retry is used up.

    Attributes:
        reply_to: the queue that calls must name as theirs (rpc), else None. Reading it makes sure that the queue is there.
        keeps_groups: whether groups and chords can be kept.
        counts_stock_chords: whether stock workers count the parts of a chord as flowc's workers do. Where they do not, a chord whose header
            runs on stock workers is never complete.
        url: where it keeps results, without a password.
        note: what somebody should know who waited in vain.
    """

    keeps_groups: ClassVar[bool] = True
    counts_stock_chords: ClassVar[bool] = True
    url: str = ""
    note: ClassVar[str] = ""

    @property
    def reply_to(self) -> str | None:
        return None

    @abstractmethod
    def store(self, states: Sequence[Stored]) -> list[Stored]:
        """Keep these states, in order, in as few round trips as it can, and tell those who watch.

        A task ends once: after its first final state, whatever else is told of it is not taken. Returns what was not taken.

        Raises:
            EncodeError: a document cannot be carried by ``result_serializer``; none of the states is kept then.
        """

    @abstractmethod
    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        """The newest document of each task that has one.

        Raises:
            DecodeError: what was stored cannot be read.
        """

    def get(self, task_id: str) -> Meta | None:
        """The newest document of a task, or None: nothing is known of it (``PENDING``). Raises as :meth:`get_many`."""
        return self.get_many([task_id]).get(task_id)

    @abstractmethod
    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        """Watch tasks. ``progress`` false: for their final documents alone, which costs less."""

    @abstractmethod
    def forget(self, task_ids: Sequence[str]) -> None:
        """Remove what is kept of these tasks."""

    @abstractmethod
    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        """Keep a group's document: ``{"result": its as_tuple()}`` (``GroupResult.save``)."""

    @abstractmethod
    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        """A group's document, if there is one."""

    @abstractmethod
    def forget_group(self, group_id: str) -> None:
        """Remove a group's document."""

    @abstractmethod
    def open_chord(self, group_id: str, size: int) -> None:
        """A chord's header of ``size`` tasks is about to be sent: from now on its parts are counted, from the beginning."""

    @abstractmethod
    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        """So many tasks more belong to the header (a task of it has replaced itself with several)."""

    @abstractmethod
    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        """A task of a header has ended. All parts (``task_id status result``, in order) for the call that completes it; else None.

        A part that comes twice (same task id and index) counts once, its first document wins. ``size`` may become known after the first
        parts came. The call that got all parts sends the chord's body and then calls :meth:`close_chord`. Should it die before that,
        the same part (its task is delivered again) gets all parts again.
        """

    @abstractmethod
    def close_chord(self, group_id: str) -> None:
        """The chord's body was sent, or has failed: its parts are removed, and parts that come late count no more."""

    @abstractmethod
    def expire(self) -> int:
        """Remove what is older than ``result_expires``; how many documents went. Nothing where the store does so by itself."""

    @abstractmethod
    def close(self) -> None:
        """Close connections. It opens them again when it is used again."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"
