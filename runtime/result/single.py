"""The result of one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import errors
from ..current import current_app
from ..results.interface import PROPAGATE_STATES, READY_STATES, Backend, Meta
from . import reading
from .base import ResultBase
from .dependencies import Family
from .described import NOTHING, Described
from .guard import refuse_inside_task
from .waiting import wait_for

if TYPE_CHECKING:
    from ..app import App


class AsyncResult(Described, Family):
    """What is known of one call: its state, and its value once it has ended.

    Args:
        id: the call's id.
        backend: where results are kept; that of the application if None.
        task_name: Celery's; not needed.
        app: the application; the current one if None.
        parent: the result that comes before it in a chain.

    Source: ``celery.result.AsyncResult`` of Celery's reference.
    """

    __slots__ = ("__weakref__", "_app", "_backend", "_final", "_value", "id", "ignored", "parent")

    #: What :meth:`get` raises when its time is over.
    TimeoutError = errors.TimeoutError

    def __init__(
        self,
        id: str,  # noqa: A002  (Celery's name)
        backend: Backend | None = None,
        task_name: str | None = None,
        app: App | None = None,
        parent: ResultBase | None = None,
    ) -> None:
        if not id or not isinstance(id, str):
            raise ValueError(f"AsyncResult needs the id of a call, a text, not {id!r}")
        self.id = id
        self.parent = parent
        #: Set where the call ignores its result: then there is nothing to wait for.
        self.ignored = False
        self._app = app
        self._backend = backend
        self._final: Meta | None = None
        self._value: Any = None

    @property
    def app(self) -> App:
        return self._app or current_app()

    @property
    def backend(self) -> Backend:
        """Where results are kept."""
        return self._backend or self.app.backend

    @property
    def task_id(self) -> str:
        """The call's id."""
        return self.id

    def leaves(self) -> list[AsyncResult]:
        return [self]

    # ------------------------------------------------------------------------------------------------------------- waiting
    def get(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        interval: float = 0.5,
        no_ack: bool = True,
        follow_parents: bool = True,
        callback: Callable[[str, Any], Any] | None = None,
        on_message: Callable[[dict[str, Any]], Any] | None = None,
        on_interval: Callable[[], Any] | None = None,
        disable_sync_subtasks: bool = True,
    ) -> Any:
        """Wait until the call has ended, and return what it returned (None at once if its result is ignored).

        Args:
            timeout: seconds to wait at most; None: no limit; 0: do not wait.
            propagate: raise what the task raised; else it is returned.
            interval: seconds between two calls of ``on_interval``.
            no_ack: Celery's; without effect.
            follow_parents: with ``propagate``: raise also what a task before it in its chain raised.
            callback: called with id and value in the end.
            on_message: called with each state message (``task_id status result traceback children``), in order, the final one too.
            on_interval: called without arguments while it waits.
            disable_sync_subtasks: refuse to wait inside a task.

        Raises:
            TimeoutError: it has not ended within ``timeout`` seconds; it goes on.
            TaskRevokedError: it was revoked or has expired.
            RuntimeError: called inside a task.
            Exception: what the task raised.
        """
        if self.ignored:
            return None
        if disable_sync_subtasks:
            refuse_inside_task()
        # not the members of a group: it is a chord's header, whose failure becomes that of the body
        parents = [parent for parent in self.parents() if isinstance(parent, AsyncResult)] if follow_parents and propagate else []
        if self._final is None:
            self._wait(parents, timeout, interval, on_message, on_interval)
        elif on_message is not None:
            on_message(reading.message(self.app, self._final))
        return self.maybe_throw(propagate=propagate, callback=callback)

    wait = get

    def _wait(
        self,
        parents: list[AsyncResult],
        timeout: float | None,
        interval: float,
        on_message: Callable[[dict[str, Any]], Any] | None,
        on_interval: Callable[[], Any] | None,
    ) -> None:
        """Wait for the end of the call itself; the failure of a parent is raised when it is seen."""

        def tell(meta: Meta) -> None:
            if on_message is not None and meta["task_id"] == self.id:
                on_message(reading.message(self.app, meta))

        waited = {leaf.id: leaf for leaf in parents if leaf._final is None and not leaf.ignored}
        for leaf in parents:
            if leaf._final is not None:
                leaf.maybe_throw()
        told = None if on_message is None else tell
        ids = [*waited, self.id]
        for meta in wait_for(self.backend, ids, timeout=timeout, interval=interval, on_message=told, on_interval=on_interval):
            if meta["task_id"] == self.id:
                self._settle(meta)
                return
            waited[meta["task_id"]]._settle(meta)
            waited[meta["task_id"]].maybe_throw()

    def _settle(self, meta: Meta) -> None:
        """This is its final document."""
        self._final = meta
        self._value = reading.value(self.app, meta)

    def _document(self) -> Meta:
        """The newest document; the final one is asked for once."""
        if self._final is not None:
            return self._final
        meta = self.backend.get(self.id)
        if meta is None:
            return NOTHING
        if meta["status"] in READY_STATES:
            self._settle(meta)
        return meta

    def maybe_throw(self, propagate: bool = True, callback: Callable[[str, Any], Any] | None = None) -> Any:
        """Raise what the task raised, if it has; else return its value, and call ``callback`` with id and value."""
        meta = self._document()
        value = self.result
        if propagate and meta["status"] in PROPAGATE_STATES:
            raise value
        if callback is not None:
            callback(self.id, value)
        return value

    maybe_reraise = maybe_throw

    # -------------------------------------------------------------------------------------------------------------- deeds
    def forget(self) -> None:
        """Remove what is kept of it and of its parents."""
        leaves = [self, *(leaf for parent in self.parents() for leaf in parent.leaves())]
        for leaf in leaves:
            leaf._final = leaf._value = None
        self.backend.forget([leaf.id for leaf in leaves])

    def revoke(
        self, connection: Any = None, terminate: bool = False, signal: str | None = None, wait: bool = False, timeout: float | None = None
    ) -> Any:
        """Tell all workers not to run it. Arguments as for :func:`flowc.runtime.result.revoking.revoke`."""
        from .revoking import revoke

        return revoke(self.app, self.id, connection, terminate, signal, wait, timeout)

    def as_list(self) -> list[str]:
        """Its id and those of its parents."""
        return [self.id, *(parent.id for parent in self.parents())]

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.id}>"

    def __hash__(self) -> int:
        return hash(self.id)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AsyncResult):
            return other.id == self.id
        return other == self.id if isinstance(other, str) else NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.id, None, None, None, self.parent)
