"""The result of a task that was run here and now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import TaskRevokedError
from ..results.interface import Meta
from .base import ResultBase
from .guard import refuse_inside_task
from .single import AsyncResult

if TYPE_CHECKING:
    from ..app import App


class EagerResult(AsyncResult):
    """What ``T.apply()`` returns: an :class:`AsyncResult` whose task has ended already, in this process.

    Args:
        id: the call's id.
        ret_value: what it returned, or the exception that it raised.
        state: ``SUCCESS``, ``FAILURE``, ``RETRY`` …
        traceback: of the exception.
        name: the task's name.
    """

    __slots__ = ()

    def __init__(
        self,
        id: str,  # noqa: A002  (Celery's name)
        ret_value: Any,
        state: str,
        traceback: str | None = None,
        name: str | None = None,
        *,
        app: App | None = None,
    ) -> None:
        super().__init__(id, app=app)
        self._final = {"task_id": id, "status": state, "result": ret_value, "traceback": traceback, "children": [], "name": name}
        self._value = ret_value

    def _document(self) -> Meta:
        assert self._final is not None
        return self._final

    def _settle(self, meta: Meta) -> None:
        """It has ended already."""

    def ready(self) -> bool:
        return True

    def get(self, timeout: float | None = None, propagate: bool = True, disable_sync_subtasks: bool = True, **_: Any) -> Any:  # type: ignore[override]  # the other arguments have no effect
        """What it returned; raises what it raised."""
        if disable_sync_subtasks:
            refuse_inside_task()
        value = self._value
        if self.state == "SUCCESS" or not propagate:
            return value
        raise value if isinstance(value, BaseException) else Exception(value)

    wait = get  # type: ignore[assignment]

    def forget(self) -> None:
        """Nothing is kept anywhere else."""

    def revoke(self, *_: Any, **__: Any) -> None:
        """It has ended: its value is replaced by a ``TaskRevokedError``."""
        self._value = TaskRevokedError("revoked")
        self._final = {**self._document(), "status": "REVOKED", "result": self._value, "traceback": None}

    def iterdeps(self, intermediate: bool = False) -> Iterator[tuple[ResultBase | None, ResultBase]]:
        yield None, self

    def __reduce__(self) -> tuple[Any, ...]:
        meta = self._document()
        return EagerResult, (self.id, meta["result"], meta["status"], meta["traceback"], meta["name"])
