"""What all results have in common: an id, a parent, and the form in which they travel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ..app import App

#: Celery's form: ``((id, form of the parent), None)``, with a list of forms instead of None for a group.
Form: TypeAlias = tuple[tuple[str, Any], Any]


class ResultBase:
    """The base of results."""

    __slots__ = ()

    id: str
    parent: ResultBase | None

    @property
    def app(self) -> App:
        raise NotImplementedError

    def leaves(self) -> list[Any]:
        """The results of single tasks in it, itself included."""
        raise NotImplementedError

    def _members(self) -> list[Form] | None:
        return None

    def parents(self) -> list[ResultBase]:
        """What came before it in its chain, the nearest first."""
        found: list[ResultBase] = []
        node = self.parent
        while node is not None:
            found.append(node)
            node = node.parent
        return found

    def as_tuple(self) -> Form:
        """Celery's form of it, which :func:`result_from_tuple` reads."""
        form: Form | None = None
        for node in reversed(self.parents()):  # a chain may be long: no recursion
            form = ((node.id, form), node._members())
        return ((self.id, form), self._members())
