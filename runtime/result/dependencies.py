"""The tree of calls that came from one call."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import IncompleteStream
from .base import ResultBase


def iterdeps(result: Any, intermediate: bool) -> Iterator[tuple[ResultBase | None, ResultBase]]:
    """A result and its children's children, level by level, each with its parent in the tree.

    Raises:
        IncompleteStream: one has not ended, and ``intermediate`` is false.
    """
    stack: deque[tuple[Any, Any]] = deque([(None, result)])
    while stack:
        parent, node = stack.popleft()
        yield parent, node
        if node.ready():
            stack.extend((node, child) for child in node.children or ())
        elif not intermediate:
            raise IncompleteStream(f"{node!r} has not ended; collect(intermediate=True) goes past it")


def collect(result: Any, intermediate: bool, options: Mapping[str, Any]) -> Iterator[tuple[ResultBase, Any]]:
    """As :func:`iterdeps`, with each one's value, which is waited for."""
    for _, node in iterdeps(result, intermediate):
        found: Any = node
        yield node, found.get(**options)
