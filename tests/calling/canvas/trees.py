"""Random canvases: as trees, as what they come to, and as one writes them with flowc or with Celery."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Step:
    """``note(before, tag)``: the text of what came before with a tag behind it."""

    tag: str
    immutable: bool = False


@dataclass(frozen=True)
class Chain:
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Group:
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Chord:
    header: tuple[Any, ...]
    body: Any


def trees(*, least_group: int = 1, immutable: bool = True) -> st.SearchStrategy[Any]:
    """Canvases of a few parts each, nested a few times."""
    steps = st.builds(Step, st.sampled_from("abcdefgh"), st.booleans() if immutable else st.just(False))

    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        some = st.lists(inner, min_size=1, max_size=3).map(tuple)
        side = st.lists(inner, min_size=least_group, max_size=3).map(tuple)
        return st.one_of(st.builds(Chain, some), st.builds(Group, side), st.builds(Chord, side, inner))

    return st.recursive(steps, wider, max_leaves=8)


def sampled(seed: int, count: int) -> list[Any]:
    """The same ``count`` canvases for a seed. No group is a group's own member: Celery turns those round."""
    draw = random.Random(seed)

    def tree(depth: int, within: bool) -> Any:
        kind = draw.choice(["chain", "group", "chord"]) if depth else "step"
        if kind == "step" or (depth < 3 and draw.random() < 0.4):
            return Step(draw.choice("abcdefgh"), draw.random() < 0.3)
        if kind == "chain":
            return Chain(tuple(tree(depth - 1, within) for _ in range(draw.randint(2, 3))))
        side = tuple(tree(depth - 1, True) for _ in range(draw.randint(2, 3)))
        if kind == "chord" or within:
            return Chord(side, tree(depth - 1, within))
        return Group(side)

    return [tree(3, False) for _ in range(count)]


def note(before: Any, tag: str) -> str:
    """What the tasks of these canvases do."""
    return f"{text(before)}{tag}"


def only(tag: str) -> str:
    """What immutable ones do."""
    return tag


def text(value: Any) -> str:
    """Lists as ``[a,b]``."""
    return f"[{','.join(map(text, value))}]" if isinstance(value, (list, tuple)) else str(value)


def letters(value: Any) -> str:
    """What a canvas came to, without the brackets and commas of lists: Celery unrolls groups of one."""
    return text(value).translate(str.maketrans("", "", "[],"))


def expected(tree: Any, before: Any) -> Any:
    """What a canvas comes to: the value of a step or chain, the list of a group."""
    if isinstance(tree, Step):
        return only(tree.tag) if tree.immutable else note(before, tree.tag)
    if isinstance(tree, Group):
        return [value for part in tree.parts for value in ends(part, before)]
    parts = tree.parts if isinstance(tree, Chain) else (Group(tree.header), tree.body)
    for part in parts:
        before = expected(part, before)
    return before


def ends(tree: Any, before: Any) -> list[Any]:
    """What a member puts into its group's list: a group in a group is flat, and so is one at the end of a chain."""
    value = expected(tree, before)
    return value if isinstance(value, list) else [value]


def written(tree: Any, lib: Any, note: Any, only: Any, *, operators: bool = False) -> Any:
    """The canvas itself. ``lib`` has ``chain``, ``group`` and ``chord``; ``operators``: chains by ``|``."""
    if isinstance(tree, Step):
        return only.si(tree.tag) if tree.immutable else note.s(tree.tag)
    if isinstance(tree, Chord):
        header = [written(part, lib, note, only, operators=operators) for part in tree.header]
        return lib.chord(header, written(tree.body, lib, note, only, operators=operators))
    parts = [written(part, lib, note, only, operators=operators) for part in tree.parts]
    if isinstance(tree, Group):
        return lib.group(parts)
    if not operators:
        return lib.chain(parts)
    made = parts[0]
    for part in parts[1:]:
        made = made | part
    return made
