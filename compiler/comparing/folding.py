"""Nodes that differ in the same way, taken together: 300 members of a group whose option changed are one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from .model import Change, Node, Status
from .pairing import stem

#: What nodes have in common that are told in one line.
_Key: TypeAlias = tuple[str, str, str, str, str | None, tuple[Change, ...]]


class Fold(NamedTuple):
    """Nodes with the same status and changes, whose names differ in nothing but a number; in order."""

    nodes: tuple[Node, ...]

    @property
    def status(self) -> Status:
        """Of all of them."""
        return self.nodes[0].status

    @property
    def changes(self) -> tuple[Change, ...]:
        """Of all of them."""
        return self.nodes[0].changes

    @property
    def name(self) -> str:
        """The id; of several the first and the last."""
        first, last = self.nodes[0].id, self.nodes[-1].id
        return first if first == last else f"{first} … {last}"


def fold(nodes: tuple[Node, ...]) -> Iterator[Fold]:
    """Fold them; each stands where its first node does."""
    folds: dict[_Key, list[Node]] = {}
    for node in nodes:
        was = None if node.was is None or stem(node.was) == stem(node.id) else node.was
        key = (node.kind, node.status, stem(node.id) if node.changes or node.id.endswith("]") else node.id, node.task, was, node.changes)
        folds.setdefault(key, []).append(node)
    for some in folds.values():
        yield Fold(tuple(some))
