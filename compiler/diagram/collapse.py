"""Collapsing: how a picture of any flow stays small enough to read and quick to lay out.

Above the limit the following happens, in turn, each only as long as there are still too many boxes: steps that are alike (the same task
in the same place behind the same boxes) become one with a count; sub-flows become one box each, the innermost first, then groups;
rows of steps, each with one before and one behind it, lose their middle; and at last only the first boxes in text order stay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from .depth import around, closed
from .fold import FEW
from .model import BoxKind, LineKind
from .sketch import FrameKey, Near, Piece, Sketch

Frames: TypeAlias = frozenset[FrameKey]

HANDLERS = ("errback", "listener")
HANDLED = ("on_error", "on_message")

#: Pictures of more boxes than this are collapsed.
LIMIT = 200


def collapse(whole: Sketch, limit: int, named: Frames = frozenset()) -> tuple[Sketch, tuple[str, ...]]:
    """The sketch with at most ``limit`` boxes (two at least), and notes on how that was reached, none if nothing had to be done.

    What is directly inside a frame of ``named`` stays as it is, and is not counted.
    """
    whole = contract_joins(whole)
    limit = max(limit, 2) + sum(_kept(piece, named) for piece in whole.pieces.values())
    if len(whole.pieces) <= limit:
        return whole, ()
    small = _merge_alike(whole, named)
    for stage in _stages(whole, around(whole, named)):
        if len(small.pieces) <= limit:
            break
        changed = stage(small)
        if changed is not small:
            small = _merge_alike(contract_joins(changed), named)
    note = f"{_steps(whole):,} steps, collapsed: what is alike, inner sub-flows and groups are drawn as one box"
    left = len(small.pieces) - limit
    if left > 0:
        small = _cut(small, limit, named)
        note += f"; only the first {limit - 1:,} boxes are drawn"
    return small, (note,)


def _kept(piece: Piece, named: Frames) -> bool:
    """Whether the piece is directly inside one of these frames."""
    return bool(piece.frames) and piece.frames[-1] in named


def _stages(whole: Sketch, opened: Frames) -> Iterator[Callable[[Sketch], Sketch]]:
    """After each the alike are merged again, since that finds more among fewer."""
    kinds: tuple[BoxKind, ...] = ("flow", "group")
    chains = {piece.frames for piece in whole.pieces.values()}
    for kind in kinds:
        deepest = max(sum(frame[0] == kind for frame in frames) for frames in chains)
        for depth in range(deepest, 0, -1):
            yield partial(_close_frames, kind=kind, depth=depth, opened=opened)
    yield partial(_shorten_rows, opened=opened)


def _steps(whole: Sketch) -> int:
    return sum(piece.steps for piece in whole.pieces.values())


def contract_joins(small: Sketch) -> Sketch:
    """Without the joins that are not needed: of one box, or for one box, or of the same boxes as another."""
    if all(piece.kind != "join" for piece in small.pieces.values()):
        return small
    before, after = small.before(), small.after()
    into: dict[str, str] = {}
    known: dict[frozenset[str], str] = {}
    for key in _in_order(small, before):
        piece = small.pieces[key]
        if piece.kind != "join" or piece.scope is not None:
            continue
        tails = frozenset(into.get(tail, tail) for tail in before[key])
        heads = after[key]
        if len(tails) == 1:
            into[key] = next(iter(tails))
        elif len(heads) == 1 and "data" in heads.values() and small.pieces[next(iter(heads))].kind != "join":
            into[key] = next(iter(heads))
        else:
            other = known.setdefault(tails, key)
            if other != key:
                into[key] = other
    return small.merge({key: _last(into, key) for key in into}) if into else small


def _last(into: Mapping[str, str], key: str) -> str:
    while key in into:
        key = into[key]
    return key


def _merge_alike(small: Sketch, named: Frames) -> Sketch:
    before, after = small.before(), small.after()
    handling = any(piece.kind in HANDLERS for piece in small.pieces.values())
    leaders: dict[object, str] = {}
    others: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for key in _in_order(small, before):
        piece = small.pieces[key]
        if named and _kept(piece, named):
            first[key] = key
            continue
        feeds = frozenset([(first.get(tail, tail), kind) for tail, kind in before[key].items()])
        handled = [(small.pieces[head].task, kind) for head, kind in after[key].items() if kind in HANDLED] if handling else ()
        leader = leaders.setdefault((piece.kind, piece.task, piece.frames, feeds, frozenset(handled)), key)
        first[key] = leader
        if leader != key:
            others.setdefault(leader, []).append(key)
    into = {key: leader for leader, keys in others.items() if len(keys) >= FEW for key in keys}
    return small.merge(into) if into else small


def _in_order(small: Sketch, before: Near) -> Iterator[str]:
    """The pieces, each after those before it; what stands in a circle (folding can make one) comes last."""
    after = small.after()
    waiting = {key: len(tails) for key, tails in before.items()}
    ready = deque([key for key, number in waiting.items() if not number])
    while ready:
        key = ready.popleft()
        yield key
        for head in after[key]:
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    yield from (key for key, number in waiting.items() if number > 0)


def _close_frames(small: Sketch, kind: BoxKind, depth: int, opened: Frames) -> Sketch:
    """Each frame of a kind that has ``depth`` - 1 of its kind around it becomes a box, if it is not opened."""
    into: dict[str, str] = {}
    new: dict[str, Piece] = {}
    for key, piece in small.pieces.items():
        places = [at for at, frame in enumerate(piece.frames) if frame[0] == kind]
        if len(places) >= depth:
            at = places[depth - 1]
            if piece.frames[at] not in opened:
                target, box = closed(piece, at)
                into[key] = target
                new.setdefault(target, box)
    return small.merge(into, new) if into else small


def _shorten_rows(small: Sketch, opened: Frames) -> Sketch:
    """Of a row of steps, each with one before and one behind it, the first and the last stay; in an opened frame all do."""
    before, after = small.before(), small.after()
    behind: dict[str, str] = {}
    for key, piece in small.pieces.items():
        head = _only(small, after[key])
        if piece.kind not in HANDLERS and head and _only(small, before[head]) == key and small.pieces[head].frames == piece.frames:
            behind[key] = head
    inner = set(behind.values())
    into: dict[str, str] = {}
    new: dict[str, Piece] = {}
    for start in behind:
        if start in inner:
            continue
        row = [start]
        while row[-1] in behind:
            row.append(behind[row[-1]])
        middle = row[1:-1]
        if len(middle) > FEW and not opened.intersection(small.pieces[start].frames[-1:]):
            target = f"\0run {middle[0]}"
            new[target] = Piece(target, "run", middle[0], "", 1, 0, small.pieces[middle[0]].frames, None)
            into.update((key, target) for key in middle)
    return small.merge(into, new) if into else small


def _only(small: Sketch, near: Mapping[str, LineKind]) -> str | None:
    only = None
    for other in near:
        if small.pieces[other].kind not in HANDLERS:
            if only is not None:
                return None
            only = other
    return only


def _cut(small: Sketch, limit: int, named: Frames) -> Sketch:
    """The first boxes in text order, and one for all others."""
    rest = "\0rest"
    kept = {key for key, piece in small.pieces.items() if _kept(piece, named)}
    into = dict.fromkeys([key for key in small.pieces if key not in kept][limit - len(kept) - 1 :], rest)
    return small.merge(into, {rest: Piece(rest, "rest", next(iter(into)), "", 1, 0, (), None)})
