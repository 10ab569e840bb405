"""The results of a group, under one id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..current import current_app
from ..errors import DecodeError
from ..results.interface import Backend
from .base import ResultBase
from .resultset import ResultSet, _some

if TYPE_CHECKING:
    from ..app import App


class GroupResult(ResultSet):
    """A :class:`ResultSet` with an id: what a group returns.

    Args:
        id: the group's id.
        results: its members.
        parent: the result that comes before it in a chain.
        app: the application; that of the first member if None.

    Source: ``celery.result.GroupResult`` of Celery's reference.
    """

    __slots__ = ()

    def __init__(
        self,
        id: str | None = None,  # noqa: A002  (Celery's name)
        results: Iterable[Any] | None = None,
        parent: ResultBase | None = None,
        app: App | None = None,
        **_: Any,
    ) -> None:
        super().__init__(results or (), app=app)
        self.id = id or ""
        self.parent = parent

    @property
    def children(self) -> list[Any]:
        """Its members."""
        return self.results

    def save(self, backend: Backend | None = None) -> None:
        """Keep which members it has, for :meth:`restore`.

        Raises:
            NotImplementedError: the result backend keeps no groups.
        """
        (backend or self.backend).save_group(self.id, {"result": self.as_tuple()})

    def delete(self, backend: Backend | None = None) -> None:
        """Remove what :meth:`save` kept."""
        (backend or self.backend).forget_group(self.id)

    @classmethod
    def restore(
        cls,
        id: str,  # noqa: A002  (Celery's name)
        backend: Backend | None = None,
        app: App | None = None,
    ) -> GroupResult | None:
        """The group that was saved under that id; None if there is none.

        Raises:
            DecodeError: what is kept is no group.
        """
        from .tuples import result_from_tuple

        found = (backend or (app or current_app()).backend).load_group(id)
        if found is None:
            return None
        made = result_from_tuple(found["result"], app)
        if not isinstance(made, GroupResult):
            raise DecodeError(f"what is kept as the group {id} is no group")
        return made

    def __bool__(self) -> bool:
        return bool(self.id or self.results)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, GroupResult):
            return (other.id, other.results, other.parent) == (self.id, self.results, self.parent)
        return other == self.id if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:  # type: ignore[override]  # unlike a set's, its id stays
        return hash(self.id)

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.id} [{_some(self.results)}]>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.id, self.results, self.parent)
