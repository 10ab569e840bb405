"""Whether two trees say the same: equal but for their spans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any

from . import tree


def _names(node: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(node) if field.name != "span")


_NODES = {node: _names(node) for node in vars(tree).values() if isinstance(node, type) and is_dataclass(node)}

#: What gets the parts of a node that has several, of one that has a single part, and the nodes that have none.
_SEVERAL: dict[type, Callable[[Any], tuple[Any, ...]]] = {node: attrgetter(*names) for node, names in _NODES.items() if len(names) > 1}
_SINGLE: dict[type, Callable[[Any], Any]] = {node: attrgetter(*names) for node, names in _NODES.items() if len(names) == 1}
_EMPTY = frozenset(node for node, names in _NODES.items() if not names)


def same(one: tree.Module, other: tree.Module) -> bool:
    """Whether two trees differ in nothing but spans. Takes no stack: a tree may be deep."""
    pairs: list[tuple[Any, Any]] = [(one, other)]
    while pairs:
        a, b = pairs.pop()
        kind = a.__class__
        if kind is not b.__class__:
            return False
        if kind in _SEVERAL:
            parts = _SEVERAL[kind]
            pairs += zip(parts(a), parts(b), strict=True)
        elif kind in _SINGLE:
            part = _SINGLE[kind]
            pairs.append((part(a), part(b)))
        elif kind is tuple:
            if len(a) != len(b):
                return False
            pairs += zip(a, b, strict=True)
        elif kind not in _EMPTY and a != b:
            return False
    return True
