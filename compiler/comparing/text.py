"""A difference as text, deterministic: for terminals, logs and snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...dsl.columns import visible
from .folding import Fold, fold
from .model import Change, Difference, Edge, Status
from .summary import summary

#: Dresses a part of a line: what it is (a status, or ``place``), and the text.
Paint = Callable[[str, str], str]

MARKS: dict[Status, str] = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
ARROWS = {"link": "->", "argument": "->", "then": "=>", "member": "in"}


def to_text(difference: Difference, paint: Paint = lambda _, text: text) -> str:
    """Counts, then every node with what changed, then the edges."""
    return "".join(f"{line}\n" for line in _lines(difference, paint))


def _lines(difference: Difference, paint: Paint) -> Iterator[str]:
    yield summary(difference)
    folds = list(fold(difference.nodes))
    if folds:
        yield ""
    for one in folds:
        yield from _node(one, paint)
    for change in (difference.value, difference.description):
        if change is not None:
            yield paint("changed", f"~ {change_text(change)}")
    if difference.edges:
        yield ""
    for edge in difference.edges:
        yield paint(edge.status, f"{MARKS[edge.status]} {edge_text(edge)}")


def _node(one: Fold, paint: Paint) -> Iterator[str]:
    node = one.nodes[0]
    name = visible(one.name)
    what = visible(node.call if one.status in ("added", "removed") else node.task)
    what = what if node.kind == "step" else f"{node.kind} {what}"
    many = f" ({len(one.nodes):,} {node.kind}s)" if len(one.nodes) > 1 else ""
    yield f"{paint(one.status, f'{MARKS[one.status]} {name}')}  {what}{many}  {paint('place', visible(str(node.where)))}"
    for change in one.changes:
        yield f"    {change_text(change)}"


def change_text(change: Change) -> str:
    """One change in a line."""
    if change.old is None:
        return visible(f"{change.what}: {change.new} (new)")
    if change.new is None:
        return visible(f"{change.what}: {change.old} (gone)")
    return visible(f"{change.what}: {change.old} → {change.new}")


def edge_text(edge: Edge) -> str:
    """An edge as the language writes it."""
    return visible(f"{edge.source} {ARROWS[edge.kind]} {edge.target}")
