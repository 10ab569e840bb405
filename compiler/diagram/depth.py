"""What the user wants to see closer or from farther away: frames opened by name, and all below a depth closed."""

from __future__ import annotations

from collections.abc import Iterable

from ..plan import Plan
from .captions import own_name
from .escape import visible
from .model import BoxKind
from .renderers import DiagramError
from .sketch import FrameKey, Piece, Sketch


def frames_named(plan: Plan, names: Iterable[str]) -> frozenset[FrameKey]:
    """The sub-flow calls and groups of these names: their ids, what they are bound to, or the sub-flows' own.

    Raises:
        DiagramError: a name that the flow has no sub-flow or group of.
    """
    wanted = tuple(names)
    if not wanted:
        return frozenset()
    known: dict[str, set[FrameKey]] = {}
    for flow in plan.flows:
        for name in (flow.id, own_name(flow.id), flow.name):
            known.setdefault(name, set()).add(("flow", flow.id))
    for group in plan.groups:
        for name in (group.id, own_name(group.id)):
            known.setdefault(name, set()).add(("group", group.id))
    known.pop("", None)
    found: set[FrameKey] = set()
    for name in wanted:
        if name not in known:
            raise _unknown(name, known)
        found |= known[name]
    return frozenset(found)


def _unknown(name: str, known: Iterable[str]) -> DiagramError:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known)[:2000], 1)
    hint = f"Did you mean {visible(near[0])}?" if near else "The picture as JSON (--format json) lists its clusters."
    return DiagramError(f"the flow has no sub-flow or group called '{visible(name)}'", hint)


def around(whole: Sketch, named: frozenset[FrameKey]) -> frozenset[FrameKey]:
    """These frames and those that they are in: what must stay open so that they can be seen."""
    if not named:
        return named
    found: set[FrameKey] = set()
    for chain in {piece.frames for piece in whole.pieces.values()}:
        last = max((at for at, frame in enumerate(chain) if frame in named), default=-1)
        found.update(chain[: last + 1])
    return frozenset(found)


def close_below(whole: Sketch, depth: int, opened: frozenset[FrameKey]) -> Sketch:
    """Frames with ``depth`` frames or more around them become boxes, but for those that are opened and for groups of one box."""
    held: dict[FrameKey, int] = {}
    for piece in whole.pieces.values():
        if piece.kind not in ("errback", "listener", "join"):
            for frame in piece.frames:
                held[frame] = held.get(frame, 0) + 1
    into: dict[str, str] = {}
    new: dict[str, Piece] = {}
    for key, piece in whole.pieces.items():
        at = next((at for at, frame in enumerate(piece.frames) if at >= depth and frame not in opened), None)
        if at is not None and (piece.frames[at][0] == "flow" or held.get(piece.frames[at], 0) > 1):
            target, box = closed(piece, at)
            into[key] = target
            new.setdefault(target, box)
    return whole.merge(into, new) if into else whole


def closed(piece: Piece, at: int) -> tuple[str, Piece]:
    """The box that one of the frames around a piece becomes, and its id."""
    name, key = piece.frames[at]
    kind: BoxKind = "flow" if name == "flow" else "group"
    target = f"\0{kind} {key}"
    return target, Piece(target, kind, key, _kind_of(key), 1, 0, piece.frames[:at], None)


def _kind_of(key: str) -> str:
    """Sub-flow calls ``a/sub#1`` and ``a/sub#2`` look alike."""
    return key.rsplit("/", 1)[-1].split("#", 1)[0].split("[", 1)[0]
