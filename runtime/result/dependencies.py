"""The tree of calls that came from one call."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from ..errors import IncompleteStream
from .base import ResultBase


class Family(ResultBase):
    """A result with children, and their children."""

    __slots__ = ()

    def iterdeps(self, intermediate: bool = False) -> Iterator[tuple[ResultBase | None, ResultBase]]:
        """Itself and all calls that came from it, level by level, each with the one that made it. Raises as :meth:`collect`."""
        stack: deque[tuple[Any, Any]] = deque([(None, self)])
        while stack:
            parent, node = stack.popleft()
            yield parent, node
            if node.ready():
                stack.extend((node, child) for child in node.children or ())
            elif not intermediate:
                raise IncompleteStream(f"{node!r} has not ended; collect(intermediate=True) goes past it")

    def collect(self, intermediate: bool = False, **kwargs: Any) -> Iterator[tuple[ResultBase, Any]]:
        """Itself and all calls that came from it, each with its value; waits for each. ``kwargs``: those of ``get``.

        Raises:
            IncompleteStream: one has not ended, and ``intermediate`` is false.
        """
        for _, node in self.iterdeps(intermediate):
            found: Any = node
            yield node, found.get(**kwargs)

    def get_leaf(self) -> Any:
        """The value of the last call that came from it."""
        return [value for _, value in self.collect()][-1]
