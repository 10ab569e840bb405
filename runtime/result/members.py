"""Results that have members: which, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .base import Form, ResultBase

if TYPE_CHECKING:
    from .single import AsyncResult


class Members(ResultBase):
    """A result that consists of others, which may consist of others themselves."""

    __slots__ = ()

    results: list[Any]

    def leaves(self) -> list[AsyncResult]:
        found: list[AsyncResult] = []
        stack: list[Any] = list(reversed(self.results))
        while stack:
            node = stack.pop()
            if isinstance(node, Members):
                stack.extend(reversed(node.results))
            else:
                found.append(node)
        return found

    def _members(self) -> list[Form] | None:
        return [result.as_tuple() for result in self.results]

    def add(self, result: Any) -> None:
        """Add a member that is not there yet."""
        if result not in self.results:
            self.results.append(result)

    def remove(self, result: Any) -> None:
        """Remove a member, given as such or by its id. Raises ``KeyError`` if it is not there."""
        try:
            self.results.remove(result)
        except ValueError:
            raise KeyError(result) from None

    def discard(self, result: Any) -> None:
        """Remove a member if it is there."""
        if result in self.results:
            self.results.remove(result)

    def update(self, results: Iterable[Any]) -> None:
        """Add those that are not there yet."""
        for result in results:
            self.add(result)

    def clear(self) -> None:
        """Remove all members."""
        self.results.clear()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: Any) -> Any:
        return self.results[index]
