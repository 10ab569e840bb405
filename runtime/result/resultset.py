"""The results of several calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..current import current_app
from ..results.interface import PROPAGATE_STATES, Backend, Meta
from . import reading
from .guard import refuse_inside_task
from .members import Members
from .waiting import wait_for

if TYPE_CHECKING:
    from ..app import App
    from .single import AsyncResult


class ResultSet(Members):
    """Results that are asked and waited for together; members may be groups themselves.

    Args:
        results: the members, in the order in which their values are returned.
        app: the application; that of the first member if None.

    Source: ``celery.result.ResultSet`` of Celery's reference.
    """

    __slots__ = ("_app", "id", "parent", "results")

    def __init__(self, results: Iterable[Any] = (), app: App | None = None, **_: Any) -> None:
        self.id = ""
        self.parent = None
        self.results = list(results or ())
        self._app = app

    @property
    def app(self) -> App:
        if self._app is not None:
            return self._app
        return self.results[0].app if self.results else current_app()

    @property
    def backend(self) -> Backend:
        """Where results are kept."""
        backend: Backend = self.results[0].backend if self.results else self.app.backend
        return backend

    # ------------------------------------------------------------------------------------------------------------- waiting
    def get(
        self,
        timeout: float | None = None,
        propagate: bool = True,
        interval: float = 0.5,
        callback: Callable[[str, Any], Any] | None = None,
        no_ack: bool = True,
        on_message: Callable[[dict[str, Any]], Any] | None = None,
        disable_sync_subtasks: bool = True,
        on_interval: Callable[[], Any] | None = None,
    ) -> Any:
        """Wait until all have ended, and return their values as a list, in the order of the members.

        Args:
            timeout: seconds to wait for all together; None: no limit.
            propagate: raise the first exception that comes, without waiting for the others; else exceptions stand in the list.
            interval: seconds between two calls of ``on_interval``.
            callback: called with id and value of each as it ends; then nothing is returned.
            no_ack: Celery's; without effect.
            on_message: called with each state message of any of them.
            disable_sync_subtasks: refuse to wait inside a task.
            on_interval: called without arguments while it waits.

        Raises:
            TimeoutError: not all have ended in time.
            RuntimeError: called inside a task.
            Exception: what a task raised.
        """
        if disable_sync_subtasks:
            refuse_inside_task()
        for leaf in self._ending(timeout, interval, on_message, on_interval):
            if leaf.ignored:
                continue
            leaf.maybe_throw(propagate=propagate, callback=callback)
        return None if callback is not None else _values(self)

    join = join_native = get

    def iterate(self, timeout: float | None = None, propagate: bool = True, interval: float = 0.5) -> Iterator[Any]:
        """The values, as they come. Arguments and errors as for :meth:`get`."""
        for leaf in self._ending(timeout, interval, None, None):
            yield None if leaf.ignored else leaf.maybe_throw(propagate=propagate)

    def iter_native(
        self,
        timeout: float | None = None,
        interval: float = 0.5,
        no_ack: bool = True,
        on_message: Callable[[dict[str, Any]], Any] | None = None,
        on_interval: Callable[[], Any] | None = None,
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Id and document of each task, as they end. Arguments and errors as for :meth:`get`."""
        for leaf in self._ending(timeout, interval, on_message, on_interval):
            yield leaf.id, reading.message(self.app, leaf._document())

    def _ending(
        self,
        timeout: float | None,
        interval: float,
        on_message: Callable[[dict[str, Any]], Any] | None,
        on_interval: Callable[[], Any] | None,
    ) -> Iterator[AsyncResult]:
        """The members' tasks as they end: those that are known to have ended first."""
        awaited: dict[str, list[AsyncResult]] = {}
        for leaf in self.leaves():
            if leaf.ignored or leaf._final is not None:
                yield leaf
            else:
                awaited.setdefault(leaf.id, []).append(leaf)

        def tell(meta: Meta) -> None:
            assert on_message is not None
            on_message(reading.message(self.app, meta))

        told = None if on_message is None else tell
        for meta in wait_for(self.backend, list(awaited), timeout=timeout, interval=interval, on_message=told, on_interval=on_interval):
            for leaf in awaited[meta["task_id"]]:
                leaf._settle(meta)
                yield leaf

    # ------------------------------------------------------------------------------------------------- what is known of them
    def _look(self) -> list[AsyncResult]:
        """The tasks' results, with the final documents that are there: one round trip for all."""
        leaves = self.leaves()
        missing = [leaf for leaf in leaves if leaf._final is None and not leaf.ignored]
        if missing:
            found = self.backend.get_many([leaf.id for leaf in missing])
            for leaf in missing:
                if leaf.id in found and found[leaf.id]["status"] in _FINAL:
                    leaf._settle(found[leaf.id])
        return leaves

    def _states(self) -> list[str | None]:
        return [None if leaf._final is None else leaf._final["status"] for leaf in self._look()]

    def ready(self) -> bool:
        """Whether all have ended."""
        return all(self._states())

    def waiting(self) -> bool:
        """Whether one has not ended."""
        return not self.ready()

    def successful(self) -> bool:
        """Whether all have returned."""
        return all(state == "SUCCESS" for state in self._states())

    def failed(self) -> bool:
        """Whether one has raised."""
        return any(state == "FAILURE" for state in self._states())

    def completed_count(self) -> int:
        """How many have returned."""
        return sum(state == "SUCCESS" for state in self._states())

    def maybe_throw(self, callback: Callable[[str, Any], Any] | None = None, propagate: bool = True) -> None:
        """Raise what one of them raised, if it has; call ``callback`` with the id and value of the others."""
        for leaf in self._look():
            leaf.maybe_throw(callback=callback, propagate=propagate)

    maybe_reraise = maybe_throw

    # -------------------------------------------------------------------------------------------------------------- deeds
    def forget(self) -> None:
        """Remove what is kept of them."""
        leaves = self.leaves()
        for leaf in leaves:
            leaf._final = leaf._value = None
        self.backend.forget([leaf.id for leaf in leaves])

    def revoke(
        self, connection: Any = None, terminate: bool = False, signal: str | None = None, wait: bool = False, timeout: float | None = None
    ) -> Any:
        """Tell all workers not to run them. Arguments as for :func:`flowc.runtime.result.revoking.revoke`."""
        from .revoking import revoke

        return revoke(self.app, [leaf.id for leaf in self.leaves()], connection, terminate, signal, wait, timeout)

    def __eq__(self, other: object) -> bool:
        return other.results == self.results if isinstance(other, ResultSet) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # its members change

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: [{_some(self.results)}]>"


_FINAL = frozenset({"SUCCESS", *PROPAGATE_STATES})


def _values(results: ResultSet) -> list[Any]:
    """The values of members that have ended; a group's are a list."""
    return [_values(member) if isinstance(member, ResultSet) else None if member.ignored else member.result for member in results.results]


def _some(results: list[Any]) -> str:
    shown = ", ".join(str(result.id) for result in results[:10])
    return shown + (f", … {len(results) - 10} more" if len(results) > 10 else "")
