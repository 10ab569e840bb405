"""Random flows as trees: as hypothesis draws them, and as text of the language."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st


@dataclass(frozen=True)
class Step:
    """One call: ``call`` gives back what it was called with, ``fail`` raises."""

    task: Literal["call", "fail"]
    number: int
    keyword: bool


@dataclass(frozen=True)
class Chain:
    """Parts that follow each other. ``thens``: for each but the first, whether it gets nothing from the one before."""

    parts: tuple[Tree, ...]
    thens: tuple[bool, ...]


@dataclass(frozen=True)
class Group:
    """Members side by side."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Handled:
    """A scope with an errback that notes its calls under ``key<number>``."""

    part: Tree
    number: int
    each: bool


Tree: TypeAlias = Step | Chain | Group | Handled


def trees(*, most: int = 9) -> st.SearchStrategy[Tree]:
    """Flows of at most so many steps; the steps and handlers of each are numbered."""
    steps = st.builds(Step, st.sampled_from(["call", "call", "call", "call", "call", "fail"]), st.just(0), st.booleans())

    def wider(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        chain = st.lists(st.tuples(inner, st.booleans()), min_size=2, max_size=3).map(
            lambda drawn: Chain(tuple(part for part, _ in drawn), tuple(then for _, then in drawn[1:]))
        )
        group = st.lists(inner, min_size=1, max_size=3).map(lambda parts: Group(tuple(parts)))
        handled = st.builds(Handled, inner, st.just(0), st.booleans())
        return st.one_of(chain, chain, group, group, handled)

    return st.recursive(steps, wider, max_leaves=most).map(lambda tree: _numbered(tree, itertools.count(1)))


def _numbered(tree: Tree, numbers: Iterator[int]) -> Tree:
    match tree:
        case Step(task, _, keyword):
            return Step(task, next(numbers), keyword)
        case Chain(parts, thens):
            return Chain(tuple(_numbered(part, numbers) for part in parts), thens)
        case Group(parts):
            return Group(tuple(_numbered(part, numbers) for part in parts))
        case Handled(part, _, each):
            return Handled(_numbered(part, numbers), next(numbers), each)


def text(tree: Tree, key: str) -> str:
    """The tree as a flow of one statement; ``key`` begins what the handlers note."""
    match tree:
        case Step(task, number, keyword):
            extra = f", k={number}" if keyword and task == "call" else ""
            return f'proj.{task}("s{number}"{extra})'
        case Chain(parts, thens):
            told = [_enclosed(part, key) for part in parts]
            return told[0] + "".join(f" {'=>' if then else '->'} {part}" for then, part in zip(thens, told[1:], strict=True))
        case Group(parts):
            return f"[{', '.join(_enclosed(part, key) for part in parts)}]"
        case Handled(part, number, each):
            return f'{_enclosed(part, key)} !> {"each " if each else ""}proj.on_error(key="{key}{number}")'


def _enclosed(tree: Tree, key: str) -> str:
    return f"({text(tree, key)})" if isinstance(tree, (Chain, Handled)) else text(tree, key)


def handlers(tree: Tree) -> list[int]:
    """The numbers of the scopes."""
    match tree:
        case Step():
            return []
        case Handled(part, number, _):
            return [*handlers(part), number]
        case _:
            return [number for part in tree.parts for number in handlers(part)]


def in_celery(tree: Tree) -> bool:
    """Whether a canvas means the same: a group in a group is flat there, and an errback of a group is called for each member."""
    match tree:
        case Step():
            return True
        case Handled(part):
            return _linear(part)
        case Chain(parts):
            return all(map(in_celery, parts)) and not any(isinstance(part, Chain | Handled) and not _linear(part) for part in parts)
        case Group(parts):
            return len(parts) > 1 and all(_linear(part) and in_celery(part) for part in parts)


def _linear(tree: Tree) -> bool:
    match tree:
        case Step():
            return True
        case Group() | Handled():
            return False
        case Chain(parts):
            return all(map(_linear, parts))


def as_json(tree: Tree) -> Any:
    """The tree for another process."""
    match tree:
        case Step(task, number, keyword):
            return {"task": task, "number": number, "keyword": keyword and task == "call"}
        case Chain(parts, thens):
            return {"chain": [as_json(part) for part in parts], "thens": list(thens)}
        case Group(parts):
            return {"group": [as_json(part) for part in parts]}
        case Handled(part, number, _):
            return {"handled": as_json(part), "number": number}
